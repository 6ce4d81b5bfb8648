"""iPET: PET in generations, whose models train each other on ever more examples (arXiv 2001.07676,
section 3.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.data.task import Example
from core.learning.distillation import StudentOptions, share_right
from core.learning.members import plans, train_member, untrained
from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.options import option
from core.learning.pseudo_labels import Drawn, Growth, draw_generation, new_counts
from core.learning.stages import StagedProgress
from core.learning.trained_ensemble import (
    TrainedEnsemble,
    check_ensemble,
    distilled,
    pattern_weights,
    pool_rows,
)


@dataclass(frozen=True)
class IpetOptions(StudentOptions):
    """How the generations grow."""

    generations: int = option(2, "generations after the first (the paper: 3)", 1, 10)
    factor: float = option(5.0,
                           "how many times as many examples each generation learns from; never "
                           "more than there are unlabelled ones (the paper: 5)", 1.1, 100.0)
    teachers: float = option(0.25,
                             "share of the other models that label for one, at least one (the "
                             "paper: 0.25)", 0.01,
                             1.0)
    likeliest: int = option(100,
                            "with K = 0, each label is first drawn from so many examples, those "
                            "likeliest for it",
                            1, 100_000)


class Ipet(Method[IpetOptions]):
    """PET over several generations: models label examples for each other, and every generation
    learns from more.

    With K = 0 it starts from the pretrained model alone.
    """

    name = "ipet"
    title = "iPET"
    paper = "arXiv 2001.07676"
    options = IpetOptions
    kinds = ("classification", "choice")
    ensemble = True
    multi_mask = True
    needs_shots = False
    details = ("stages",)
    baseline = "head"

    def stages(self, options: IpetOptions, patterns: int = 1) -> tuple[Stage, ...]:
        """The models of each generation, and the classifier."""
        models = patterns * options.repetitions
        return (*(Stage(f"generation {number}", options.steps, models)
                  for number in range(options.generations + 1)),
                Stage("classifier", options.student_steps))

    def check(self, problem: Problem, options: IpetOptions) -> None:
        """Also: several patterns and a pool; language modelling only where the model knows masks.
        """
        super().check(problem, options)
        check_ensemble(self.name, problem, options)

    def learn(self, problem: Problem, options: IpetOptions, progress: Progress) -> Learned:
        """Train a generation, let it label for the next, and distil the last."""
        staged = StagedProgress(progress, self.stages(options, len(problem.pvps)), problem.schema)
        rows, weights = pool_rows(problem, options), pattern_weights(problem)
        pool = [problem.split.unlabelled[row] for row in rows]
        planned = plans(problem, options.repetitions)
        nothing = Drawn((), ())
        ensemble = TrainedEnsemble(problem, staged)
        given = [nothing] * len(planned)
        for generation in range(options.generations + 1):
            if generation:
                logits = ensemble.log_probs(pool)
                given = _drawn(problem, logits, generation, options, ensemble.weights)
                ensemble = TrainedEnsemble(problem, staged)
                _report(staged, problem, rows, given, generation)
            for plan, each in zip(planned, given, strict=True):
                examples = [*problem.split.train, *_labelled(problem, pool, each)]
                part = staged.part(options.steps)
                member = train_member(problem, plan, options, examples, pool,
                                      part) if examples else untrained(
                    problem, plan)
                ensemble.add(member, weights[plan.pvp], generation=generation,
                             examples=len(examples))
        return distilled(ensemble, rows, ensemble.log_probs(pool), options)


def _drawn(problem: Problem, logits: np.ndarray, generation: int, options: IpetOptions,
           weights: Sequence[float]) -> list[Drawn]:
    """What each model is given for a generation, from 1; at most the whole pool together."""
    labelled = problem.gold(problem.split.train)
    known = np.bincount(labelled,
                        minlength=len(
                            problem.schema.labels)).tolist() if labelled else [
                                0] * len(problem.schema.labels)
    counts = new_counts(known, options.factor, generation - 1)
    most = logits.shape[1]
    if sum(counts) > most:
        counts = [count * most // sum(counts) for count in counts]
    start = options.likeliest if generation == 1 and not labelled else 0
    return draw_generation(logits, counts, Growth(options.teachers, problem.seed),
                           weights if options.weighted and labelled else None, start)


def _labelled(problem: Problem, pool: Sequence[Example], drawn: Drawn) -> list[Example]:
    return [replace(pool[row], label=problem.schema.labels[label]) for row, label in drawn.rows]


def _report(staged: StagedProgress, problem: Problem, rows: Sequence[int], given: Sequence[Drawn],
            generation: int) -> None:
    """How many examples the generation was given, how many correctly, and unused labels."""
    right = [share_right(problem, [rows[row] for row,
                                   _ in each.rows], [label for _, label in each.rows])
             for each in given]
    known = [each for each in right if each is not None]
    staged.add("generation", generation=generation,
               drawn=float(np.mean([len(each.rows) for each in given])),
               right=float(np.mean(known)) if known else None,
               missing=sorted({problem.schema.labels[label] for each in given
                               for label in each.missing}))
