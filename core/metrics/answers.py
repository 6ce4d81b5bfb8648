"""What metrics measure: the answers to examples, with the right label or references of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


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
    """

    outputs: Sequence[str]
    references: Sequence[Sequence[str]]

    @property
    def n(self) -> int:
        """The number of examples."""
        return len(self.outputs)


Answers = LabelAnswers | TextAnswers
