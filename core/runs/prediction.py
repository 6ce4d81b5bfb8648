"""From a predictor and examples to a table of predictions: the same for runs and for Use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from core.data.further_texts import format_texts
from core.data.task import Example, Schema
from core.learning.method import (
    Classifier,
    Generator,
    LogProbs,
    Predictor,
    Watch,
    text_answers,
)
from core.metrics.answers import Floats, LabelAnswers, TextAnswers

CHUNK, TEXT_CHUNK = 128, 16  # examples answered, or written, between two reports of progress

Report = Callable[[int, int], None]
_T = TypeVar("_T")


@dataclass(frozen=True)
class LabelPredictions:
    """What a classifier predicts: label log-probabilities `[N, C]`, in the order of `labels`."""

    examples: tuple[Example, ...]
    labels: tuple[str, ...]
    log_probs: LogProbs = field(repr=False)

    def answers(self) -> LabelAnswers:
        """The predictions with the gold labels, to be measured; every example has one."""
        gold = [self.labels.index(example.label or "") for example in self.examples]
        return LabelAnswers(self.log_probs, gold)

    def table(self, scores: Floats | None = None) -> pd.DataFrame:
        """A row for each example: its texts, the `predicted` label, and each label's probability.

        Probabilities are in columns `p:LABEL`. With `scores`, `[N]`, of measured examples, there
        are also their `gold` label and `score`.
        """
        gold = {} if scores is None else {"gold": [example.label for example in self.examples]}
        best = self.log_probs.argmax(1) if self.examples else []  # [N]
        columns = zip(self.labels, np.exp(self.log_probs).T, strict=True)
        return pd.DataFrame({
            **_texts(self.examples), **gold,
            "predicted": [self.labels[index] for index in best], **_scores(scores),
            **{f"p:{label}": probabilities for label, probabilities in columns}})


@dataclass(frozen=True)
class TextPredictions:
    """What a generator writes: a text for each example."""

    examples: tuple[Example, ...]
    outputs: tuple[str, ...] = field(repr=False)

    def answers(self) -> TextAnswers:
        """The outputs with references and sources, to be measured."""
        return text_answers(self.outputs, self.examples)

    def table(self, scores: Floats | None = None) -> pd.DataFrame:
        """A row for each example: its texts and the `output`.

        With `scores`, `[N]`, of measured examples, there are also their `references`, each on a
        line of its own, and `score`.
        """
        texts = ["\n".join(example.references) for example in self.examples]
        references = {} if scores is None else {"references": texts}
        return pd.DataFrame({**_texts(self.examples), **references, "output": list(self.outputs),
                             **_scores(scores)})


Predictions = LabelPredictions | TextPredictions


def predict(predictor: Predictor, schema: Schema, examples: Sequence[Example],
            report: Report | None = None) -> Predictions:
    """Let a predictor answer examples.

    Args:
        predictor: a generator if the schema's answers are texts, else a classifier.
        report: called with how many examples are done, and of how many, for texts after each token;
            raises to stop. Without it all are answered at once, so that a run's batches, and with
            them the last digits of its probabilities, depend on nothing else.
    """
    if schema.kind == "generation":
        outputs = _written(cast(Generator, predictor), examples, report)
        return TextPredictions(tuple(examples), tuple(outputs))
    log_probs = _in_chunks(cast(Classifier, predictor).log_probs, examples, report)
    nothing = np.empty((0, len(schema.labels)), np.float32)
    return LabelPredictions(tuple(examples), schema.labels, np.concatenate(log_probs or [nothing]))


def _in_chunks(ask: Callable[[Sequence[Example]], _T], examples: Sequence[Example],
               report: Report | None) -> list[_T]:
    """The answers to each chunk of the examples, or to all of them if nothing is reported."""
    if report is None:
        return [ask(examples)] if examples else []
    answers = []
    for start in range(0, len(examples), CHUNK):
        report(start, len(examples))
        answers.append(ask(examples[start : start + CHUNK]))
    report(len(examples), len(examples))
    return answers


def _written(generator: Generator, examples: Sequence[Example],
             report: Report | None) -> list[str]:
    """A text for each example, written in chunks if anything is reported."""
    if report is None:
        return generator.generate(examples) if examples else []
    texts: list[str] = []
    for start in range(0, len(examples), TEXT_CHUNK):
        report(start, len(examples))
        watch = _reporting(report, start, len(examples))
        texts += generator.generate(examples[start : start + TEXT_CHUNK], watch)
    report(len(examples), len(examples))
    return texts


def _reporting(report: Report, done: int, total: int) -> Watch:
    def watch(row: int, text: str) -> None:  # noqa: ARG001
        report(done, total)
    return watch


def _texts(examples: Sequence[Example]) -> dict[str, list[str]]:
    """The columns of texts; further texts stand in one column, each on a line of its own."""
    columns = {"text_a": [example.text_a for example in examples],
               "text_b": [example.text_b for example in examples]}
    if any(example.more for example in examples):
        columns["more"] = [format_texts(example.more) for example in examples]
    return columns


def _scores(scores: Floats | None) -> dict[str, Any]:
    return {} if scores is None else {"score": scores}
