"""Prompt-based fine-tuning, the core of LM-BFF (arXiv 2012.15723, section 4), which its searches
share.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core.errors import SpecError
from core.learning.demonstrations import Demonstrations
from core.learning.method import Learned, Problem, Progress
from core.learning.options import option
from core.learning.predictors import demonstrated_predictor, prompt_predictor
from core.learning.prompting import PromptPredictor
from core.learning.training import FineTuningOptions, train
from core.models.backbone import Backbone
from core.models.compact import compact, expand


@dataclass(frozen=True)
class PromptFineTuningOptions(FineTuningOptions):
    """How long and how fast to train, and what is shown beside the question."""

    demonstrations: bool = option(False,
                                  "show an answered example of each label beside the question, "
                                  "drawn anew at each step")
    contexts: int = option(4,
                           "answers are averaged over this many draws of demonstrations (the "
                           "paper: 16)", 1, 64)
    similar: float = option(0.5,
                            "share of each label's examples, those most like the question by "
                            "Sentence-BERT, that "
                                 "demonstrations are drawn from; 1 takes all", 0.01, 1.0)
    demonstration_tokens: int = option(50,
                                       "longer texts of demonstrations are cut to this many tokens",
                                       4, 512)


def fine_tune(problem: Problem, options: PromptFineTuningOptions, progress: Progress) -> Learned:
    """Fine-tune a copy of the backbone through the first pattern; keep the best checkpoint."""
    split = problem.split
    whole = options.weight_decay > 0 or problem.schema.kind == "choice"
    backbone = problem.backbone.trainable_copy() if whole else compact(
        problem.backbone,
        _predictor(problem.backbone, problem, options).tokens([*split.train, *split.dev]))
    predictor = _predictor(backbone, problem, options)
    gold = torch.tensor(problem.gold(split.train))
    trained = train(
        backbone.model, lambda batch: predictor.loss([split.train[i] for i in batch], gold[batch]),
        len(split.train), options.schedule(problem), problem.seed,
        lambda: problem.score(predictor, split.dev) or 0.0, progress, metric=problem.metric,
    )
    return Learned(predictor if whole
                   else _predictor(expand(backbone, problem.backbone), problem, options),
                   trained.metrics())


def check_demonstrations(problem: Problem, options: PromptFineTuningOptions) -> None:
    """Raise a SpecError if there are too few examples for the demonstrations."""
    if options.demonstrations and problem.split.shots < 2:
        raise SpecError(
            "Demonstrations need K ≥ 2, one example to ask about and one to show; K is {shots}.",
                        shots=problem.split.shots)
    if options.demonstrations and problem.schema.kind == "choice":
        raise SpecError(
            "Demonstrations show an example of each label, and each example of this task brings "
            "its own answers. Leave them off.")


def _predictor(backbone: Backbone, problem: Problem,
               options: PromptFineTuningOptions) -> PromptPredictor:
    if not options.demonstrations:
        return prompt_predictor(backbone, problem.pvps[0])
    return demonstrated_predictor(backbone, problem.pvps[0], Demonstrations(
        problem.split.train, options.contexts, options.similar, options.demonstration_tokens,
        problem.seed))
