"""An ensemble whose models are trained one after another, and the classifier that learns from it
(PET, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.data.task import Example
from core.errors import SpecError
from core.learning.checkpoints import answered_once
from core.learning.classifier import check_has_classifier
from core.learning.distillation import StudentOptions, label_pool, train_student
from core.learning.ensemble import EnsemblePredictor
from core.learning.members import Member
from core.learning.merging import Floats, merge
from core.learning.method import Learned, Problem
from core.learning.predictors import prompt_predictor
from core.learning.stages import Row, StagedProgress
from core.metrics.metric import METRICS
from core.randomness import rng


class TrainedEnsemble:
    """The members of an ensemble as they come, with the rows that people see of them."""

    def __init__(self, problem: Problem, stages: StagedProgress) -> None:
        self.problem, self.stages = problem, stages
        self.members: list[Member] = []
        self.weights: list[float] = []
        self.rows: list[Row] = []

    def add(self, member: Member, weight: float | None, **facts: object) -> None:
        """Take a member in; `weight` is its accuracy before training, None without examples."""
        self.members.append(member)
        self.weights.append(weight or 0.0)
        plan = member.plan
        self.rows.append(self.stages.add(
            "model", **plan.pvp.as_dict(), repetition=plan.repetition, seed=plan.seed,
            before=weight,
            dev_score=member.dev_score, **facts))

    def log_probs(self, examples: Sequence[Example]) -> Floats:
        """Each member's log-probabilities for examples of the run itself, `[M, N, C]`."""
        return answered_once(
            self.problem.checkpoints, f"answers-{len(self.stages.rows)}",
            (len(self.members), len(examples), len(self.problem.schema.labels)),
            lambda: np.stack([each.predictor.log_probs(examples) for each in self.members]))

    def merged(self, logits: Floats, options: StudentOptions) -> Floats:
        """The members' logits `[M, N, C]` as one, `[N, C]`."""
        return merge(logits, self.weights if options.weighted else None)

    def learned(self, options: StudentOptions) -> Learned:
        """The members together, without a classifier that learns from them."""
        together = EnsemblePredictor([each.predictor for each in self.members],
                                     self.weights if options.weighted else None)
        metrics = self.problem.dev_metrics(self.problem.score(together, self.problem.split.dev))
        return Learned(together, metrics, lambda examples: self.measure(examples, options))

    def measure(self, examples: Sequence[Example], options: StudentOptions) -> dict[str, float]:
        """Report how good the members are on labelled examples, each alone and together."""
        gold = np.array(self.problem.gold(examples))
        logits = np.stack([each.log_probs(examples, self.problem.backbone)
                           for each in self.members])
        alone = [float((each.argmax(1) == gold).mean()) for each in logits]
        for row, right in zip(self.rows[-len(alone):], alone, strict=True):
            row["test_accuracy"] = right
        together = float((self.merged(logits, options).argmax(1) == gold).mean())
        self.stages.add("ensemble", test_accuracy=together)
        return {"accuracy_members": float(np.mean(alone)),
                "accuracy_members_sd": float(np.std(alone, ddof=1)),
                "accuracy_ensemble": together}


def distilled(ensemble: TrainedEnsemble, rows: Sequence[int], logits: Floats,
              options: StudentOptions) -> Learned:
    """The classifier that learns from an ensemble's logits `[M, N, C]` on the pool's `rows`.

    In multiple choice there is none: no classifier can name the answers, so the ensemble itself
    answers.
    """
    problem, stages = ensemble.problem, ensemble.stages
    if problem.schema.kind == "choice":
        return ensemble.learned(options)
    targets = label_pool(stages, problem, rows, ensemble.merged(logits, options),
                         options.temperature)
    pool = [problem.split.unlabelled[row] for row in rows]
    student, facts = train_student(problem, pool, targets, options,
                                   stages.part(options.student_steps))
    stages.add("classifier", **facts)
    metrics = {"pool": float(len(rows)), **problem.dev_metrics(facts["dev_score"])}
    return Learned(student, metrics, lambda examples: ensemble.measure(examples, options))


def pool_rows(problem: Problem, options: StudentOptions) -> list[int]:
    """Which unlabelled examples are used: all, or so many of them at random."""
    count = len(problem.split.unlabelled)
    chosen = rng(problem.seed, "pool").permutation(count)[: options.pool]
    return sorted(int(row) for row in chosen)


def pattern_weights(problem: Problem) -> dict[object, float | None]:
    """For each pattern the pretrained model's training accuracy; None without examples."""
    return {pvp: problem.score(prompt_predictor(problem.backbone, pvp), problem.split.train,
                               METRICS["accuracy"])
            for pvp in problem.pvps}


def check_ensemble(method: str, problem: Problem, options: StudentOptions) -> None:
    """Raise SpecError if no ensemble, or no classifier that learns from it, can be trained."""
    if len(problem.pvps) < 2:
        raise SpecError(
            "The method {method!r} lets several patterns vote, and one is chosen. Choose two or "
            "more, or train with 'lm-bff' instead.", method=method)
    if not problem.split.unlabelled and problem.schema.kind != "choice":
        raise SpecError(
            "The method {method!r} needs unlabelled examples, and none are left: all {count} "
            "training rows are used for training and development. Choose a smaller K or add "
            "unlabelled rows.",
                        method=method, count=len(problem.split.train) + len(problem.split.dev))
    if problem.schema.kind != "choice":
        check_has_classifier(problem.backbone)
    if options.alpha > 0 and problem.backbone.family != "masked":
        raise SpecError(
            "Auxiliary language modelling needs a masked model, and {model!r} is a {family} "
            "model. Set alpha to 0.", model=problem.backbone.name, family=problem.backbone.family)
