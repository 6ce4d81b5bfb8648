"""Standard fine-tuning: a new classification head on the encoder, the baseline of every paper here.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from core.learning.classifier import HeadPredictor, check_has_classifier, with_head
from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.training import FineTuningOptions, train
from core.models.compact import compact, expand


class Head(Method[FineTuningOptions]):
    """Fine-tunes the whole model with a new classification layer and no prompt: the baseline of
    few-shot prompting.
    """

    name = "head"
    title = "Classification head"
    paper = "arXiv 1810.04805"
    options = FineTuningOptions
    uses_pattern = False
    preselected = True

    def stages(self, options: FineTuningOptions,
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """One training."""
        return (Stage("", options.steps),)

    def check(self, problem: Problem, options: FineTuningOptions) -> None:
        """Also: transformers has a sequence classifier of the model's type."""
        super().check(problem, options)
        check_has_classifier(problem.backbone)

    def learn(self, problem: Problem, options: FineTuningOptions, progress: Progress) -> Learned:
        """Fine-tune a copy of the encoder with a new head; keep the best checkpoint."""
        labels, split = problem.schema.labels, problem.split
        fresh = with_head(problem.backbone, labels, problem.seed)
        encoded = HeadPredictor(fresh, labels).encode(split.train)
        used = {token for each in [*encoded, *HeadPredictor(fresh, labels).encode(split.dev)]
                for token in each.ids}
        whole = options.weight_decay > 0
        predictor = HeadPredictor(fresh if whole else compact(fresh, used), labels)
        gold = torch.tensor(problem.gold(split.train))
        trained = train(
            predictor.backbone.model,
            lambda batch: F.cross_entropy(predictor.logits([encoded[i] for i in batch]),
                                          gold[batch].to(
                problem.backbone.placement.device)),
            len(encoded), options.schedule(problem), problem.seed,
            lambda: problem.score(predictor, split.dev) or 0.0, progress, metric=problem.metric,
        )
        return Learned(predictor if whole
                       else HeadPredictor(expand(predictor.backbone, fresh), labels),
                       trained.metrics())
