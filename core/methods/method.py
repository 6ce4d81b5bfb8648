"""What every method is: it takes a Problem and gives a Predictor, reporting Progress as it goes."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from core.data.split import FewShotSplit
from core.data.task import Example
from core.errors import SpecError
from core.methods.options import Options
from core.methods.shelf import CheckpointStore
from core.models.backbone import Backbone, Family
from core.models.encoding import single_ids
from core.prompts.pvp import PVP

LogProbs = npt.NDArray[np.float32]  # [N, C]


class Progress(Protocol):
    """Told after each step; raises Cancelled when a person has stopped the run."""

    def __call__(self, step: int, total: int, *, loss: float | None = None, dev_accuracy: float | None = None,
                 found: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Report that `step` of `total` is done, with the training loss or the development accuracy if new.

        `found` is all that a search has found so far, best first, as plain values.
        """


class Predictor(Protocol):
    """What a method has learned."""

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""

    def save(self, folder: Path) -> None:
        """Write a folder that transformers loads: weights (safetensors), tokenizer, and how to ask."""


@dataclass(frozen=True)
class Problem:
    """Everything that a method may see; the test part is not in it.

    Attributes:
        labels: in the order of every `[N, C]` array.
        pvps: one for most methods, several for ensembles, none for methods without prompts.
        split: K examples per label to train, K to develop, and the unlabelled pool.
        backbone: shared and read-only.
        seed: decides everything random.
        other_model: loads a further model by its name, for methods that need one.
        choosing: whether each example brings its own answers, the texts that are called as the labels.
        checkpoints: where what is finished is saved; None saves nothing.
    """

    labels: tuple[str, ...]
    pvps: tuple[PVP, ...]
    split: FewShotSplit
    backbone: Backbone
    seed: int
    other_model: Callable[[str], Backbone] | None = None
    choosing: bool = False
    checkpoints: CheckpointStore | None = None

    def gold(self, examples: Sequence[Example]) -> list[int]:
        """Label indices of labelled examples."""
        return [self.labels.index(example.label or "") for example in examples]


@dataclass(frozen=True)
class Learned:
    """The result of a method.

    Attributes:
        predictor: what answers in the end.
        metrics: figures found on the way (dev_accuracy, best_step …).
        measure: for methods with models on the way, measures these too on the labelled examples that it is given.
    """

    predictor: Predictor
    metrics: dict[str, float] = field(default_factory=dict)
    measure: Callable[[Sequence[Example]], dict[str, float]] | None = None


class Method(ABC):
    """A way to learn from a few examples. Its docstring's first line is what people read about it.

    Attributes:
        name: as study files hold it; title: as people read it; paper: where it comes from.
        options: its Options class.
        trains: whether it changes weights.
        uses_pattern, ensemble: whether it needs a pattern, and whether it takes several as one.
        uses_shots, uses_seed: whether its result depends on the training examples or on any randomness.
        needs_shots: whether it needs labelled examples to train at all.
        families: the model families that it works on.
        single_token: whether label words must be single tokens; several_tokens: unless the model is a masked one.
        chooses: whether examples may bring their own answers.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    options: ClassVar[type[Options]]
    trains: ClassVar[bool] = True
    uses_pattern: ClassVar[bool] = True
    ensemble: ClassVar[bool] = False
    uses_shots: ClassVar[bool] = True
    uses_seed: ClassVar[bool] = True
    needs_shots: ClassVar[bool] = True
    single_token: ClassVar[bool] = True
    several_tokens: ClassVar[bool] = False
    chooses: ClassVar[bool] = False
    families: ClassVar[tuple[Family, ...]] = ("masked", "seq2seq", "causal")

    @abstractmethod
    def learn(self, problem: Problem, options: Options, progress: Progress) -> Learned:
        """Learn from the problem's split and return a predictor."""

    @abstractmethod
    def steps(self, options: Options, patterns: int = 1) -> int:
        """How many steps `learn` reports, for estimates of time; `patterns` counts those that it takes as one."""

    def check(self, problem: Problem, options: Options) -> None:  # noqa: ARG002
        """Raise an InputError, before anything starts, if the method cannot work on this problem."""
        if problem.backbone.family not in self.families:
            raise SpecError("The method {method!r} works on {families} models; {model!r} is a {family} model.",
                            method=self.name, families=" and ".join(self.families), model=problem.backbone.name,
                            family=problem.backbone.family)
        if self.trains and self.uses_shots and self.needs_shots and not problem.split.train:
            raise SpecError("The method {method!r} trains on examples, and K is 0. Choose K ≥ 1.", method=self.name)
        if problem.choosing and not self.chooses:
            raise SpecError("The method {method!r} needs the same labels for all examples, and each example of this "
                            "task brings its own answers. Those that choose among answers are 'zero-shot', 'lm-bff', "
                            "'pet' and 'ipet'.", method=self.name)
        for pvp in problem.pvps if self.single_token else ():
            if not (self.several_tokens and problem.backbone.family == "masked"):
                single_ids(pvp.verbalizer.all_words(), problem.backbone)
            if pvp.pattern.masks != 1:
                raise SpecError("The method {method!r} needs exactly one {field}; the pattern {pattern!r} has {count}.",
                                method=self.name, field="{mask}", pattern=str(pvp.pattern), count=pvp.pattern.masks)

    def other_models(self, options: Options) -> tuple[str, ...]:  # noqa: ARG002
        """Names of the further models that the method asks by `Problem.other_model`."""
        return ()

    @classmethod
    def summary(cls) -> str:
        """What the method does, in a sentence or two."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


def write_note(folder: Path, **facts: object) -> None:
    """Write beside saved weights how to ask them: `cloze.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cloze.json").write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
