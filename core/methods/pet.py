"""PET: several patterns, each with models of its own, label the pool for one classifier (arXiv
2001.07676).
"""

from __future__ import annotations

from core.learning.distillation import StudentOptions
from core.learning.members import plans, train_member
from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.stages import StagedProgress
from core.learning.trained_ensemble import (
    TrainedEnsemble,
    check_ensemble,
    distilled,
    pattern_weights,
    pool_rows,
)


class Pet(Method[StudentOptions]):
    """Trains models for several patterns; together they label unlabelled texts, from which a
    classifier learns.
    """

    name = "pet"
    title = "PET"
    paper = "arXiv 2001.07676"
    options = StudentOptions
    kinds = ("classification", "choice")
    ensemble = True
    multi_mask = True
    details = ("stages",)
    baseline = "head"

    def stages(self, options: StudentOptions, patterns: int = 1) -> tuple[Stage, ...]:
        """The models of all patterns, and the classifier."""
        return (Stage("models", options.steps, patterns * options.repetitions),
                Stage("classifier", options.student_steps))

    def check(self, problem: Problem, options: StudentOptions) -> None:
        """Also: several patterns and a pool; language modelling only where the model knows masks.
        """
        super().check(problem, options)
        check_ensemble(self.name, problem, options)

    def learn(self, problem: Problem, options: StudentOptions, progress: Progress) -> Learned:
        """Train every member, merge what they make of the pool, and distil it."""
        staged = StagedProgress(progress, self.stages(options, len(problem.pvps)), problem.schema)
        rows, weights = pool_rows(problem, options), pattern_weights(problem)
        pool = [problem.split.unlabelled[row] for row in rows]
        ensemble = TrainedEnsemble(problem, staged)
        for plan in plans(problem, options.repetitions):
            member = train_member(problem, plan, options, problem.split.train, pool,
                                  staged.part(options.steps))
            ensemble.add(member, weights[plan.pvp])
        return distilled(ensemble, rows, ensemble.log_probs(pool), options)
