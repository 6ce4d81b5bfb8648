"""What is measured: the answers to test examples, beside what would have been right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelAnswers:
    """Probabilities of labels.

    Attributes:
        log_probs: label log-probabilities, `[N, C]`.
        gold: the index of each example's right label, `[N]`.
    """

    log_probs: npt.NDArray[np.float32]
    gold: Sequence[int]

    @property
    def n(self) -> int:
        """How many examples."""
        return len(self.gold)

    @property
    def predicted(self) -> npt.NDArray[np.intp]:
        """The index of the most probable label, `[N]`; the first label wins ties."""
        found: npt.NDArray[np.intp] = self.log_probs.argmax(1)
        return found


@dataclass(frozen=True)
class TextAnswers:
    """Texts that were written.

    Attributes:
        outputs: one text for each example, `[N]`.
        references: for each example the texts that would be right, one or more.
    """

    outputs: Sequence[str]
    references: Sequence[Sequence[str]]

    @property
    def n(self) -> int:
        """How many examples."""
        return len(self.outputs)


Answers = LabelAnswers | TextAnswers
