"""From a predictor and examples to the table of what it answers: the same for a run, for Use and for files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.data.further_texts import format_texts
from core.data.task import Example
from core.metrics.answers import Floats, LabelAnswers, TextAnswers

CHUNK = 128  # examples answered between two reports of progress

LogProbs = npt.NDArray[np.float32]  # [N, C]
Report = Callable[[int, int], None]
_T = TypeVar("_T")


class Classifier(Protocol):
    """Answers with one of the labels."""

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""


class Generator(Protocol):
    """Answers with texts."""

    def generate(self, examples: Sequence[Example]) -> list[str]:
        """A text for each example."""


@dataclass(frozen=True)
class LabelPredictions:
    """What a classifier makes of examples: label log-probabilities `[N, C]`, in the order of `labels`."""

    examples: tuple[Example, ...]
    labels: tuple[str, ...]
    log_probs: LogProbs = field(repr=False)

    def answers(self) -> LabelAnswers:
        """Beside the right labels, to be measured; every example has one."""
        return LabelAnswers(self.log_probs, [self.labels.index(example.label or "") for example in self.examples])

    def table(self, scores: Floats | None = None) -> pd.DataFrame:
        """A row for each example: its texts, the `predicted` label, and `p:LABEL` for each label's probability.

        With `scores`, `[N]`, of measured examples also their `gold` label and `score`.
        """
        probabilities = np.exp(self.log_probs)
        measured = {} if scores is None else {"gold": [example.label for example in self.examples]}
        predicted = [self.labels[index] for index in self.log_probs.argmax(1)] if self.examples else []
        return pd.DataFrame({
            **_texts(self.examples), **measured, "predicted": predicted, **_scored(scores),
            **{f"p:{label}": probabilities[:, at] for at, label in enumerate(self.labels)}})


@dataclass(frozen=True)
class TextPredictions:
    """What a generator writes for examples: one text each."""

    examples: tuple[Example, ...]
    outputs: tuple[str, ...] = field(repr=False)

    def answers(self) -> TextAnswers:
        """Beside the references, to be measured."""
        return TextAnswers(self.outputs, [example.references for example in self.examples])

    def table(self, scores: Floats | None = None) -> pd.DataFrame:
        """A row for each example: its texts and the `output`.

        With `scores`, `[N]`, of measured examples also their `references`, each on a line of its own, and `score`.
        """
        measured = {} if scores is None else {
            "references": ["\n".join(example.references) for example in self.examples]}
        return pd.DataFrame({**_texts(self.examples), **measured, "output": list(self.outputs), **_scored(scores)})


Predictions = LabelPredictions | TextPredictions


def predict(predictor: Classifier | Generator, labels: Sequence[str], examples: Sequence[Example],
            report: Report | None = None) -> Predictions:
    """Ask a predictor about examples.

    Args:
        predictor: a classifier for the `labels`, or a generator if there are none.
        report: called with how many examples are done, and of how many; raises to stop. Without it all are asked at
            once, so that a run's batches, and with them the last digits of its probabilities, depend on nothing else.
    """
    if labels:
        classifier = cast(Classifier, predictor)
        answers = _in_chunks(classifier.log_probs, examples, report) or [np.empty((0, len(labels)), np.float32)]
        return LabelPredictions(tuple(examples), tuple(labels), np.concatenate(answers))
    generator = cast(Generator, predictor)
    outputs = _in_chunks(generator.generate, examples, report)
    return TextPredictions(tuple(examples), tuple(text for part in outputs for text in part))


def _in_chunks(ask: Callable[[Sequence[Example]], _T], examples: Sequence[Example],
               report: Report | None) -> list[_T]:
    if report is None:
        return [ask(examples)] if examples else []
    answers = []
    for start in range(0, len(examples), CHUNK):
        report(start, len(examples))
        answers.append(ask(examples[start : start + CHUNK]))
    report(len(examples), len(examples))
    return answers


def _texts(examples: Sequence[Example]) -> dict[str, list[str]]:
    """The columns of texts; further texts stand in one column, each on a line of its own."""
    more = {"more": [format_texts(example.more) for example in examples]} if any(
        example.more for example in examples) else {}
    return {"text_a": [example.text_a for example in examples], "text_b": [example.text_b for example in examples],
            **more}


def _scored(scores: Floats | None) -> dict[str, Any]:
    return {} if scores is None else {"score": scores}
