"""What metrics measure: the answers to examples, with the right label or references of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.prompts.text_to_text import written_label

Floats = npt.NDArray[np.float64]


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
    """

    outputs: Sequence[str]
    references: Sequence[Sequence[str]]

    @property
    def n(self) -> int:
        """The number of examples."""
        return len(self.outputs)


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
