"""What metrics measure: the answers to examples, with the right label or references of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_T = TypeVar("_T")


@dataclass(frozen=True)
class LabelAnswers:
    """Answers that are labels, as the probabilities of all labels.

    Attributes:
        log_probs: label log-probabilities, `[N, C]`.
        gold: the index of each example's gold label, `[N]`.
    """

    log_probs: npt.NDArray[np.float32]
    gold: Sequence[int]

    @property
    def n(self) -> int:
        """The number of examples."""
        return len(self.gold)

    @property
    def predicted(self) -> npt.NDArray[np.intp]:
        """The index of the most probable label, `[N]`; the first label wins ties."""
        predicted: npt.NDArray[np.intp] = self.log_probs.argmax(1)  # [N, C] -> [N]
        return predicted


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
