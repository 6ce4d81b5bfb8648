"""What metrics measure: the answers to examples, with the right label or references of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from core.prompts.text_to_text import written_label

Floats = npt.NDArray[np.float64]
_T = TypeVar("_T")


@dataclass(frozen=True)
class LabelAnswers:
    """Answers that are labels, as the probabilities of all labels.

    Attributes:
        log_probs: label log-probabilities, `[N, C]`; a row of -inf is an answer that is no label.
        gold: the index of each example's gold label, `[N]`.
        written: whether the answers were written freely, so that they may be no label.
    """

    log_probs: npt.NDArray[np.float32]
    gold: Sequence[int]
    written: bool = False

    @property
    def n(self) -> int:
        """The number of examples."""
        return len(self.gold)

    @property
    def predicted(self) -> npt.NDArray[np.intp]:
        """The index of the most probable label, `[N]`; -1 for an answer that is no label.

        The first label wins ties.
        """
        return predicted_labels(self.log_probs)


@dataclass(frozen=True)
class TextAnswers:
    """Answers that are generated texts.

    Attributes:
        outputs: the text generated for each example, `[N]`.
        references: the right texts of each example, usually one or more, `[N]` sequences.
        sources: what each output was written for, `[N]`; empty where that is not known.
        found: what metrics have found out about these answers and share (`once`).
    """

    outputs: Sequence[str]
    references: Sequence[Sequence[str]]
    sources: Sequence[str] = ()
    found: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def n(self) -> int:
        """The number of examples."""
        return len(self.outputs)


def once(measure: Callable[[TextAnswers], _T]) -> Callable[[TextAnswers], _T]:
    """A function of texts that several metrics ask: done once for the same answers."""

    @wraps(measure)
    def found(answers: TextAnswers) -> _T:
        if measure not in answers.found:
            answers.found[measure] = measure(answers)
        return cast(_T, answers.found[measure])

    return found


Answers = LabelAnswers | TextAnswers


def written_log_probs(outputs: Sequence[str], answers: Sequence[str]) -> npt.NDArray[np.float32]:
    """Written texts as label log-probabilities, `[N, C]`, given what is written for each label.

    0 for the label whose answer a text equals letter by letter, -inf for the others, and for all
    where none does.
    """
    log_probs = np.full((len(outputs), len(answers)), -np.inf, np.float32)
    for row, output in enumerate(outputs):
        found = written_label(output, answers)
        if found >= 0:
            log_probs[row, found] = 0.0
    return log_probs


def predicted_labels(log_probs: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """The index of the most probable label of each row of `[N, C]`; -1 where all are -inf."""
    invalid = np.isneginf(log_probs).all(1)  # [N]
    predicted: npt.NDArray[np.intp] = np.where(invalid, -1, log_probs.argmax(1))
    return predicted
