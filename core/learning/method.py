"""What every method is: it takes a Problem and gives a Predictor, and reports its Progress."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from core.data.split import FewShotSplit
from core.data.task import Example, Kind, Schema
from core.errors import SpecError
from core.learning.checkpoint import CheckpointStore
from core.learning.options import Options
from core.metrics.answers import Answers, LabelAnswers, TextAnswers
from core.metrics.metric import Metric, development, main_metric
from core.models.backbone import Backbone
from core.models.families import Family
from core.models.multi_mask import text_ids
from core.models.scorers import check_words, scorer_for
from core.models.whole_prompt import text_follows
from core.prompts.pvp import PVP

Watch = Callable[[int, str], object]  # the index of an example, and its text so far
LogProbs = npt.NDArray[np.float32]  # [N, C]
Detail = Literal["candidates", "stages"]
OptionsT = TypeVar("OptionsT", bound=Options)


class Progress(Protocol):
    """Called after each step; raises Cancelled when a person has stopped the run."""

    def __call__(self, step: int, total: int, *, loss: float | None = None,
                 dev_score: float | None = None,
                 found: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Report that `step` of `total` is done, with the training loss or the development score if
        new.

        `found` is all that a search has found so far, best first, as plain values.
        """


class Classifier(Protocol):
    """Answers with one of the labels."""

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""

    def save(self, folder: Path) -> None:
        """Write a folder that transformers loads: weights, tokenizer, and `cloze.json`."""


class Generator(Protocol):
    """Answers with texts."""

    def generate(self, examples: Sequence[Example], watch: Watch | None = None) -> list[str]:
        """A text for each example.

        `watch` is told of each row and its text as it grows, and raises to stop.
        """

    def save(self, folder: Path) -> None:
        """Write a folder that transformers loads: weights, tokenizer, and `cloze.json`."""


Predictor = Classifier | Generator  # what a method has learned


@dataclass(frozen=True)
class Problem:
    """Everything that a method may see; the test part is not in it.

    Attributes:
        schema: what an example holds and what an answer is; its labels are in the order of every
            `[N, C]` array.
        pvps: one for most methods, several for ensembles, none for methods without prompts.
        split: K examples per label to train, K to develop, and the unlabelled pool.
        backbone: shared and read-only.
        seed: decides everything random.
        other_model: loads a further model by its name, for methods that need one.
        checkpoints: where what is finished is saved; None saves nothing.
    """

    schema: Schema
    pvps: tuple[PVP, ...]
    split: FewShotSplit
    backbone: Backbone
    seed: int
    other_model: Callable[[str], Backbone] | None = None
    checkpoints: CheckpointStore | None = None

    @property
    def metric(self) -> Metric:
        """The main metric of the task's kind, by which development examples are scored."""
        return main_metric(self.schema.kind)

    def gold(self, examples: Sequence[Example]) -> list[int]:
        """Label indices of labelled examples."""
        return [self.schema.labels.index(example.label or "") for example in examples]

    def score(self, predictor: Predictor, examples: Sequence[Example],
              metric: Metric | None = None) -> float | None:
        """How good a predictor is on labelled examples, by the main or another metric."""
        if not examples:
            return None
        return (metric or self.metric).measure(self._answers(predictor, examples))

    def _answers(self, predictor: Predictor, examples: Sequence[Example]) -> Answers:
        if self.schema.kind == "generation":
            outputs = cast(Generator, predictor).generate(examples)
            return text_answers(outputs, examples)
        return LabelAnswers(cast(Classifier, predictor).log_probs(examples), self.gold(examples))

    def dev_metrics(self, score: float | None) -> dict[str, float]:
        """A development score as a run's record keeps it; empty where there is none."""
        return {} if score is None else {development(self.metric).name: score}


@dataclass(frozen=True)
class Learned:
    """The result of a method.

    Attributes:
        predictor: what answers in the end.
        metrics: numbers found while learning (dev_accuracy, best_step …).
        measure: for methods that train further models, measures these on labelled examples too.
    """

    predictor: Predictor
    metrics: dict[str, float] = field(default_factory=dict)
    measure: Callable[[Sequence[Example]], dict[str, float]] | None = None


@dataclass(frozen=True)
class Stage:
    """A part of a run: `models` of a kind, each trained for so many `steps`."""

    name: str
    steps: int
    models: int = 1


@dataclass(frozen=True)
class SearchFacts:
    """What a method searches.

    Attributes:
        kind: what the command line calls it.
        title: what is searched, as people read it.
        score: what ranks candidates before they are fine-tuned: accuracy on the training examples
            without training, or log-probability.
        short_names: names of options that search files may shorten.
        finds: whether it finds patterns or label words.
    """

    kind: str
    title: str
    score: Literal["zero_shot", "log_probability"]
    short_names: Mapping[str, str]
    finds: Literal["patterns", "words"]


class Method(ABC, Generic[OptionsT]):
    """A way to learn from a few examples. Its docstring's first paragraph is what people read about
    it.

    Attributes:
        name: as study files hold it; title: as people read it; paper: where it comes from.
        options: its Options class.
        kinds: the kinds of task that it serves; families: the model families that it works on.
        trains: whether it changes weights.
        uses_pattern, ensemble: whether it needs a pattern, and whether it takes several as one.
        uses_shots, uses_seed: whether its result depends on the training examples or on any
            randomness.
        needs_shots: whether it needs labelled examples to train at all.
        multi_mask: whether a label word may have several tokens, each with a mask of its own.
        reads_on: whether causal models may be asked through patterns whose texts go on after the
            mask; searches of label words look at the mask alone.
        details: what its runs show beside metrics: the candidates of a search, or the stages of a
            training.
        search: what it searches, for methods that do.
        baseline: the method whose result on the same examples stands beside its own.
        preselected: whether it is chosen where nobody has chosen yet.
        presets: settings of its paper by name, each with the values of some options.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    options: type[OptionsT]
    kinds: ClassVar[tuple[Kind, ...]] = ("classification",)
    families: ClassVar[tuple[Family, ...]] = ("masked", "seq2seq", "causal")
    trains: ClassVar[bool] = True
    uses_pattern: ClassVar[bool] = True
    ensemble: ClassVar[bool] = False
    uses_shots: ClassVar[bool] = True
    uses_seed: ClassVar[bool] = True
    needs_shots: ClassVar[bool] = True
    multi_mask: ClassVar[bool] = False
    reads_on: ClassVar[bool] = True
    details: ClassVar[tuple[Detail, ...]] = ()
    search: ClassVar[SearchFacts | None] = None
    baseline: ClassVar[str] = ""
    preselected: ClassVar[bool] = False
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {}

    @abstractmethod
    def learn(self, problem: Problem, options: OptionsT, progress: Progress) -> Learned:
        """Learn from the problem's split and return a predictor."""

    @abstractmethod
    def stages(self, options: OptionsT, patterns: int = 1) -> tuple[Stage, ...]:
        """The parts of a run in their order; `patterns` counts those that it takes as one."""

    def steps(self, options: OptionsT, patterns: int = 1) -> int:
        """How many steps a run reports, for estimates of time."""
        return sum(stage.steps * stage.models for stage in self.stages(options, patterns))

    def check(self, problem: Problem, options: OptionsT) -> None:  # noqa: ARG002
        """Check, before anything starts, that the method can work on this problem.

        Raises:
            InputError: it cannot.
        """
        if problem.backbone.family not in self.families:
            raise SpecError(
                "The method {method!r} works on {families} models; {model!r} is a {family} model.",
                            method=self.name, families=" and ".join(self.families),
                model=problem.backbone.name,
                            family=problem.backbone.family)
        if self.trains and self.uses_shots and self.needs_shots and not problem.split.train:
            raise SpecError("The method {method!r} trains on examples, and K is 0. Choose K ≥ 1.",
                            method=self.name)
        if problem.schema.kind != "generation":
            for pvp in problem.pvps:
                self._check_pvp(pvp, problem)

    def _check_pvp(self, pvp: PVP, problem: Problem) -> None:
        scorer = scorer_for(pvp.verbalizer, problem.backbone, pvp.pattern)
        follows = scorer == "whole prompt" and text_follows(pvp.pattern)
        if follows and not self.reads_on:
            raise SpecError(
                "The method {method!r} looks at the {field} alone, and {model!r} reads from left "
                "to right: it would not see the text after it. Move the {field} behind the texts.",
                method=self.name, field="{mask}", model=problem.backbone.name)
        if scorer in ("multi-mask", "whole prompt") and not (self.multi_mask or follows):
            scorer = "single mask"
        check_words(pvp.verbalizer, scorer, problem.backbone)
        if pvp.pattern.masks != 1:
            raise SpecError(
                "The method {method!r} needs exactly one {field}; the pattern {pattern!r} has "
                "{count}.",
                            method=self.name, field="{mask}", pattern=str(pvp.pattern),
                count=pvp.pattern.masks)
        if scorer == "multiple choice":
            for example in (*problem.split.train, *problem.split.dev):
                for label in problem.schema.labels:
                    text_ids(example.text(label), problem.backbone)

    def other_models(self, options: OptionsT) -> tuple[str, ...]:  # noqa: ARG002
        """Names of the further models that the method asks by `Problem.other_model`."""
        return ()

    @classmethod
    def summary(cls) -> str:
        """What the method does, in a sentence or two."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


def text_answers(outputs: Sequence[str], examples: Sequence[Example]) -> TextAnswers:
    """The texts written for examples, with the references and sources of these, to be measured."""
    return TextAnswers(outputs, [example.references for example in examples],
                       [example.text_a for example in examples])


def write_note(folder: Path, **facts: object) -> None:
    """Write `cloze.json` beside saved weights: how prompts are made and labels read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cloze.json").write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n",
                                       encoding="utf-8")
