"""PET: several patterns, each with models of its own, label the pool for one classifier (arXiv 2001.07676)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.data.task import Example
from core.errors import SpecError
from core.methods.ensembling import EnsemblePredictor
from core.methods.members import Member, accuracy, plans, train_member
from core.methods.merging import Floats, merge
from core.methods.method import Learned, Method, Problem, Progress
from core.methods.options import Options
from core.methods.resuming import answered_once
from core.methods.several import asking, check_words
from core.methods.stages import Row, Stages
from core.methods.student import StudentOptions, label_pool, train_student
from core.randomness import rng


class Pet(Method):
    """Trains models for several patterns; together they label unlabelled texts, from which a classifier learns."""

    name = "pet"
    title = "PET"
    paper = "arXiv 2001.07676"
    options = StudentOptions
    ensemble = True
    several_tokens = True
    chooses = True

    def steps(self, options: Options, patterns: int = 1) -> int:
        """Those of all models, and the classifier's."""
        assert isinstance(options, StudentOptions)
        return patterns * options.repetitions * options.steps + options.student_steps

    def steps_on(self, problem: Problem, options: StudentOptions) -> int:
        """Those on a problem; where examples bring their own answers no classifier is trained."""
        return self.steps(options, len(problem.pvps)) - options.student_steps * problem.choosing

    def check(self, problem: Problem, options: Options) -> None:
        """Also: several patterns and a pool; language modelling only where the model knows masks."""
        assert isinstance(options, StudentOptions)
        super().check(problem, options)
        check_ensemble(self.name, problem, options)

    def learn(self, problem: Problem, options: Options, progress: Progress) -> Learned:
        """Train every member, merge what they make of the pool, and distil it."""
        assert isinstance(options, StudentOptions)
        stages = Stages(progress, self.steps_on(problem, options))
        rows, weights = pool_rows(problem, options), pattern_weights(problem)
        pool = [problem.split.unlabelled[row] for row in rows]
        team = Team(problem, stages)
        for plan in plans(problem, options.repetitions):
            member = train_member(problem, plan, options, problem.split.train, pool, stages.part(options.steps))
            team.add(member, weights[plan.pvp])
        return distilled(team, rows, team.log_probs(pool), options)


class Team:
    """The members of an ensemble as they come, with the rows that people see of them."""

    def __init__(self, problem: Problem, stages: Stages) -> None:
        self.problem, self.stages = problem, stages
        self.members: list[Member] = []
        self.weights: list[float] = []
        self.rows: list[Row] = []

    def add(self, member: Member, weight: float | None, **facts: object) -> None:
        """Take a member in; `weight` is its accuracy before training, None without training examples."""
        self.members.append(member)
        self.weights.append(weight or 0.0)
        plan = member.plan
        self.rows.append(self.stages.add(
            "model", **plan.pvp.as_dict(), repetition=plan.repetition, seed=plan.seed, before=weight,
            dev_accuracy=member.dev_accuracy, **facts))

    def log_probs(self, examples: Sequence[Example]) -> Floats:
        """What each member makes of examples whose texts it was made for, `[M, N, C]`."""
        return answered_once(
            self.problem.checkpoints, f"answers-{len(self.stages.rows)}",
            (len(self.members), len(examples), len(self.problem.labels)),
            lambda: np.stack([each.predictor.log_probs(examples) for each in self.members]))

    def merged(self, logits: Floats, options: StudentOptions) -> Floats:
        """The members' logits `[M, N, C]` as one, `[N, C]`."""
        return merge(logits, self.weights if options.weighted else None)

    def learned(self, options: StudentOptions) -> Learned:
        """The members together, without a classifier that learns from them."""
        together = EnsemblePredictor([each.predictor for each in self.members],
                                     self.weights if options.weighted else None)
        dev = self.problem.split.dev
        known = accuracy(together, self.problem, dev)
        metrics = {} if known is None else {"dev_accuracy": known}
        return Learned(together, metrics, lambda examples: self.measure(examples, options))

    def measure(self, examples: Sequence[Example], options: StudentOptions) -> dict[str, float]:
        """How good the members are on labelled examples, each alone and together; tells it beside their other facts."""
        gold = np.array(self.problem.gold(examples))
        logits = np.stack([each.log_probs(examples, self.problem.backbone) for each in self.members])
        alone = [float((each.argmax(1) == gold).mean()) for each in logits]
        for row, right in zip(self.rows[-len(alone):], alone, strict=True):
            row["test_accuracy"] = right
        together = float((self.merged(logits, options).argmax(1) == gold).mean())
        self.stages.add("ensemble", test_accuracy=together)
        return {"accuracy_members": float(np.mean(alone)), "accuracy_members_sd": float(np.std(alone, ddof=1)),
                "accuracy_ensemble": together}


def distilled(team: Team, rows: Sequence[int], logits: Floats, options: StudentOptions) -> Learned:
    """The classifier that learns from what a team makes of the pool's `rows`, logits `[M, N, C]`.

    Where examples bring their own answers there is none: no classifier can name them, so the team itself answers.
    """
    problem, stages = team.problem, team.stages
    if problem.choosing:
        return team.learned(options)
    targets = label_pool(stages, problem, rows, team.merged(logits, options), options.temperature)
    pool = [problem.split.unlabelled[row] for row in rows]
    student, facts = train_student(problem, pool, targets, options, stages.part(options.student_steps))
    stages.add("classifier", **facts)
    metrics = {"pool": float(len(rows))}
    if facts["dev_accuracy"] is not None:
        metrics["dev_accuracy"] = facts["dev_accuracy"]
    return Learned(student, metrics, lambda examples: team.measure(examples, options))


def pool_rows(problem: Problem, options: StudentOptions) -> list[int]:
    """Which unlabelled examples are used: all, or so many of them at random."""
    count = len(problem.split.unlabelled)
    chosen = rng(problem.seed, "pool").permutation(count)[: options.pool]
    return sorted(int(row) for row in chosen)


def pattern_weights(problem: Problem) -> dict[object, float | None]:
    """For each pattern the accuracy of the pretrained model on the training examples; None if there are none."""
    return {pvp: accuracy(asking(problem.backbone, pvp), problem, problem.split.train) for pvp in problem.pvps}


def check_ensemble(method: str, problem: Problem, options: StudentOptions) -> None:
    """Raise a SpecError if an ensemble of patterns cannot be trained on this problem."""
    if len(problem.pvps) < 2:
        raise SpecError("The method {method!r} lets several patterns vote, and one is chosen. Choose two or more, or "
                        "train with 'lm-bff' instead.", method=method)
    if not problem.split.unlabelled and not problem.choosing:
        raise SpecError("The method {method!r} needs unlabelled examples, and none are left: all {count} training rows "
                        "are used for training and development. Choose a smaller K or add unlabelled rows.",
                        method=method, count=len(problem.split.train) + len(problem.split.dev))
    check_words(problem)
    if options.alpha > 0 and problem.backbone.family != "masked":
        raise SpecError("Auxiliary language modelling needs a masked model, and {model!r} is a {family} model. Set "
                        "alpha to 0.", model=problem.backbone.name, family=problem.backbone.family)
