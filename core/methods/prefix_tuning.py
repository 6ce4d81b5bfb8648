"""Prefix-Tuning: a frozen model and a short prefix of free keys and values (arXiv 2101.00190)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import torch

from core.errors import SpecError
from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.options import option
from core.learning.predictors import prompt_predictor
from core.learning.prefix_predictor import PrefixClassifier, PrefixTextPredictor, for_prefix
from core.learning.text_predictor import DecodingOptions, check_can_write
from core.learning.text_training import Reduction, train_to_write
from core.learning.training import FineTuningOptions, Schedule, Trained, train
from core.models.backbone import Backbone
from core.models.pieces import Spelling, string_ids
from core.models.prefix_parameters import (
    Parametrisation,
    PrefixParameters,
    new_parameters,
    start_from_words,
)
from core.models.prefix_places import prefix_shapes
from core.randomness import stream_seed

_RATES: Mapping[Parametrisation, float] = {"mlp": 1e-3, "flat": 1e-2, "embedding": 1e-2,
                                           "infix": 1e-3}
_RANDOM = "random"


@dataclass(frozen=True)
class PrefixTuningOptions(DecodingOptions, FineTuningOptions):
    """The prefix, and how long and how fast it is trained."""

    length: int = option(5, "positions of the prefix; several, such as 1, 5, 10, make a run each; "
                            "with words to begin with, it has as many as they have tokens", 1, 200,
                         several=True)
    parametrisation: str = option(
        "mlp", "mlp: small embeddings through a network, which the paper found stable; flat: the "
               "keys and values themselves; embedding: virtual tokens in the first layer alone; "
               "infix: positions between source and text",
        choices=("mlp", "flat", "embedding", "infix"))
    middle: int = option(512, "width of the mlp's middle layer (the paper: 512, for summaries 800)",
                         1, 4096)
    begin_with: str = option(
        _RANDOM, "random, or words whose keys and values the prefix begins with, such as "
                 "summarize; real words help with few examples (the paper, section 7.4)")
    prefix_layers: int = option(0, "only so many layers, those next to the answer, have a prefix; "
                                   "0 means all", 0, 1000)
    loss_of: str = option("per-text",
                          "per-text: the loss of a text is the sum over its tokens, as in the "
                          "paper's code; per-token: all tokens of a batch count alike",
                          choices=("per-text", "per-token"), kinds=("generation",))
    learning_rate: float = option(
        0.0, "size of the first update; 0 chooses 1e-3 for mlp and infix, 1e-2 for flat and "
             "embedding", 0.0, 1.0)
    top_layers: int = option(0, "of no effect: the model's layers are not trained", 0, 1000,
                             kinds=())
    dropout: bool = option(False, "keep the frozen model's dropout on while training, as the "
                                  "paper's code does for BART")
    separator: bool = option(True, "causal models read their end token between source and text, "
                                   "as the paper's do", kinds=("generation",))

    def schedule(self, problem: Problem) -> Schedule:
        """The training schedule; the rate is the prefix's, which is larger than a model's."""
        kind = cast(Parametrisation, self.parametrisation)
        rate = self.learning_rate or _RATES[kind]
        return replace(super().schedule(problem), learning_rate=rate, top_layers=0)


class PrefixTuning(Method[PrefixTuningOptions]):
    """Leaves the model as it is and trains keys and values before everything that it reads; only
    they are stored.
    """

    name = "prefix-tuning"
    title = "Prefix-tuning"
    paper = "arXiv 2101.00190"
    options = PrefixTuningOptions
    kinds = ("classification", "generation")
    families = ("causal", "seq2seq")
    multi_mask = True
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "e2e": {"learning_rate": 8e-5, "batch_size": 10, "length": 5, "steps": 21_035,
                "evaluate_every": 1000, "beams": 5},
        "webnlg": {"learning_rate": 5e-5, "batch_size": 5, "length": 5, "steps": 18_025,
                   "evaluate_every": 1000, "beams": 5},
        "dart": {"learning_rate": 5e-5, "batch_size": 5, "length": 10, "steps": 62_659 * 2,
                 "evaluate_every": 5000, "beams": 5},
        "xsum": {"learning_rate": 5e-5, "batch_size": 14, "length": 100, "steps": 437_250,
                 "evaluate_every": 5000, "middle": 800, "beams": 6, "length_penalty": 0.8},
        "few tables": {"learning_rate": 5e-5, "batch_size": 10, "steps": 200,
                       "begin_with": "table-to-text:", "beams": 5},
        "few summaries": {"learning_rate": 5e-5, "batch_size": 5, "steps": 200,
                          "begin_with": "summarize", "middle": 800, "beams": 6},
    }

    def stages(self, options: PrefixTuningOptions,
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """One training."""
        return (Stage("", options.steps),)

    def check(self, problem: Problem, options: PrefixTuningOptions) -> None:
        """Check also that the model takes a prefix, and that it leaves room for the texts.

        Raises:
            InputError: it does not.
        """
        super().check(problem, options)
        if problem.schema.kind == "generation":
            check_can_write(problem, self.name)
        prefix_shapes(problem.backbone.model)
        if options.parametrisation == "infix" and problem.schema.kind != "generation":
            raise SpecError(
                "An infix stands between a source and the text that is written. Choose another "
                "'parametrisation' for tasks whose answers are labels.")
        length = prefix_length(problem.backbone, options)
        room = length + (options.max_tokens if problem.schema.kind == "generation" else 0)
        if room >= problem.backbone.max_length:
            raise SpecError(
                "A prefix of {length} positions and what is to be written leave no room for a "
                "source: {model!r} has {most} positions. Choose a shorter prefix.",
                length=length, model=problem.backbone.name, most=problem.backbone.max_length)

    def learn(self, problem: Problem, options: PrefixTuningOptions,
              progress: Progress) -> Learned:
        """Train a prefix; keep that of the step which was best on the development examples."""
        backbone = frozen(problem.backbone, dropout=options.dropout)
        parameters = begin(backbone, options, problem.seed)
        trained_size = sum(weight.numel() for weight in parameters.parameters())
        learn_one = _write if problem.schema.kind == "generation" else _classify
        predictor, trained = learn_one(problem, backbone, parameters, options, progress)
        if options.dropout:  # a copy, whose dropout was on
            backbone.model.train(False)
        return Learned(predictor, {
            **trained.metrics(), "prefix_length": float(prefix_length(backbone, options)),
            "trained_parameters": float(trained_size),
            "stored_parameters": float(predictor.prefix.size if predictor.prefix else 0)})


def frozen(backbone: Backbone, *, dropout: bool) -> Backbone:
    """The backbone itself, or, where its dropout is to be on, a copy, still frozen."""
    if not dropout:
        return backbone
    copied = backbone.trainable_copy()
    copied.model.requires_grad_(False).train()
    return copied


def first_words(backbone: Backbone, options: PrefixTuningOptions) -> list[int]:
    """The tokens of the words that the prefix begins with; none if it begins at random."""
    text = options.begin_with.strip()
    return [] if text == _RANDOM else list(string_ids(Spelling(text), backbone))


def prefix_length(backbone: Backbone, options: PrefixTuningOptions) -> int:
    """How many positions the prefix has."""
    return len(first_words(backbone, options)) or options.length


def begin(backbone: Backbone, options: PrefixTuningOptions, seed: int) -> PrefixParameters:
    """The parameters of the prefix before training."""
    words = first_words(backbone, options)
    torch.manual_seed(stream_seed(seed, "prefix"))
    kind = cast(Parametrisation, options.parametrisation)
    parameters = new_parameters(backbone, kind, len(words) or options.length, options.middle,
                                options.prefix_layers)
    parameters.to(backbone.placement.device)
    if words:
        start_from_words(parameters, backbone, words)
    return parameters


def _write(problem: Problem, backbone: Backbone, parameters: PrefixParameters,
           options: PrefixTuningOptions, progress: Progress) -> tuple[PrefixTextPredictor, Trained]:
    predictor = PrefixTextPredictor(backbone, problem.pvps[0].pattern, options.decoding(),
                                    prefix=parameters().detached(), separator=options.separator)
    trained = train_to_write(parameters, predictor, problem, options.schedule(problem), progress,
                             cast(Reduction, options.loss_of), parameters)
    predictor.prefix = parameters().detached()
    return predictor, trained


def _classify(problem: Problem, backbone: Backbone, parameters: PrefixParameters,
              options: PrefixTuningOptions, progress: Progress) -> tuple[PrefixClassifier, Trained]:
    split, gold = problem.split, torch.tensor(problem.gold(problem.split.train))
    roomy = for_prefix(backbone, prefix_length(backbone, options))
    predictor = PrefixClassifier(prompt_predictor(roomy, problem.pvps[0]), parameters().detached())

    def loss(batch: list[int]) -> torch.Tensor:
        examples = [split.train[index] for index in batch]
        return predictor.loss(examples, gold[batch], parameters())

    def evaluate() -> float:
        predictor.prefix = parameters().detached()
        return problem.score(predictor, split.dev) or 0.0

    trained: Any = train(parameters, loss, len(split.train), options.schedule(problem),
                         problem.seed, evaluate, progress, metric=problem.metric)
    predictor.prefix = parameters().detached()
    return predictor, trained
