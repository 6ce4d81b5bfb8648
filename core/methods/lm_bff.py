"""Prompt-based fine-tuning, the core of LM-BFF (arXiv 2012.15723, section 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core.errors import SpecError
from core.methods.demonstrating import DemonstratedPredictor, Demonstrations
from core.methods.method import Learned, Method, Problem, Progress
from core.methods.options import Options, option
from core.methods.prompting import PromptPredictor
from core.methods.several import asking, check_words
from core.methods.training import Schedule, default_learning_rate, train
from core.models.backbone import Backbone
from core.models.compact import compact, expand


@dataclass(frozen=True)
class FineTuningOptions(Options):
    """How long and how fast to train."""

    steps: int = option(100, "updates of the weights (the papers use 1,000 on large models)", 1, 100_000)
    batch_size: int = option(8, "examples in each update", 1, 256)
    learning_rate: float = option(0.0, "size of the first update; 0 chooses 5e-5 for small models and 1e-5 for large "
                                       "ones, as the papers", 0.0, 1.0)
    evaluate_every: int = option(20, "steps between looks at the development examples; the best checkpoint is kept", 1,
                                 100_000)
    weight_decay: float = option(0.0, "AdamW's weight decay", 0.0, 1.0)

    def schedule(self, problem: Problem) -> Schedule:
        """The training schedule for a problem."""
        rate = self.learning_rate or default_learning_rate(problem.backbone)
        return Schedule(self.steps, self.batch_size, rate, self.evaluate_every, self.weight_decay)


@dataclass(frozen=True)
class LmBffOptions(FineTuningOptions):
    """How long and how fast to train, and what is shown beside the question."""

    demonstrations: bool = option(False, "show an answered example of each label beside the question, drawn anew at "
                                         "each step")
    contexts: int = option(4, "answers are averaged over this many draws of demonstrations (the paper: 16)", 1, 64)
    similar: float = option(0.5, "share of each label's examples, those most like the question by Sentence-BERT, that "
                                 "demonstrations are drawn from; 1 takes all", 0.01, 1.0)
    demonstration_tokens: int = option(50, "longer texts of demonstrations are cut to this many tokens", 4, 512)


class LmBff(Method):
    """Fine-tunes the whole model through the pattern, so that the label words become the answers; no new weights."""

    name = "lm-bff"
    title = "LM-BFF fine-tuning"
    paper = "arXiv 2012.15723"
    options = LmBffOptions
    chooses = True

    def steps(self, options: Options, patterns: int = 1) -> int:  # noqa: ARG002
        """One for each update."""
        assert isinstance(options, LmBffOptions)
        return options.steps

    def check(self, problem: Problem, options: Options) -> None:
        """Also: demonstrations need one example to ask about and one to show."""
        super().check(problem, options)
        check_demonstrations(problem, options)
        if problem.choosing:
            check_words(problem)

    def learn(self, problem: Problem, options: Options, progress: Progress) -> Learned:
        """Fine-tune a copy of the backbone; keep the checkpoint that was best on the development examples."""
        assert isinstance(options, LmBffOptions)
        pvp, split = problem.pvps[0], problem.split
        asked = asking(problem.backbone, pvp)
        whole = options.weight_decay > 0 or problem.choosing
        backbone = problem.backbone.trainable_copy() if whole else compact(
            problem.backbone, asked.tokens([*split.train, *split.dev]))
        predictor = _predictor(backbone, problem, options)
        gold = torch.tensor(problem.gold(split.train))
        trained = train(
            backbone.model, lambda batch: predictor.loss([split.train[i] for i in batch], gold[batch]),
            len(split.train), options.schedule(problem), problem.seed,
            lambda: problem.score(predictor, split.dev) or 0.0, progress, metric=problem.metric,
        )
        return Learned(predictor if whole else _predictor(expand(backbone, problem.backbone), problem, options),
                       trained.metrics())


def check_demonstrations(problem: Problem, options: Options) -> None:
    """Raise a SpecError if `options` ask for demonstrations and there are too few examples for them."""
    if isinstance(options, LmBffOptions) and options.demonstrations and problem.split.shots < 2:
        raise SpecError("Demonstrations need K ≥ 2, one example to ask about and one to show; K is {shots}.",
                        shots=problem.split.shots)
    if isinstance(options, LmBffOptions) and options.demonstrations and problem.choosing:
        raise SpecError("Demonstrations show an example of each label, and each example of this task brings its own "
                        "answers. Leave them off.")


def _predictor(backbone: Backbone, problem: Problem, options: LmBffOptions) -> PromptPredictor:
    if not options.demonstrations:
        return asking(backbone, problem.pvps[0])
    return DemonstratedPredictor(backbone, problem.pvps[0], Demonstrations(
        problem.split.train, options.contexts, options.similar, options.demonstration_tokens, problem.seed))
