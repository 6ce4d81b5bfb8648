"""What is measured of labels: accuracy with its interval, macro F1, confusion."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from core.metrics.answers import Floats, LabelAnswers


def right_labels(answers: LabelAnswers) -> Floats:
    """1 for each example whose label is right, else 0, `[N]`."""
    return np.equal(answers.predicted, np.asarray(answers.gold, dtype=np.intp)).astype(np.float64)


def share(scores: Floats) -> float:
    """The share of scores of 0 or 1 that are 1; NaN if there are none."""
    return int(scores.sum()) / len(scores) if len(scores) else math.nan


def share_interval(scores: Floats) -> tuple[float, float]:
    """The 95 % Wilson interval of that share."""
    return wilson_interval(int(scores.sum()), len(scores))


def confusion_counts(answers: LabelAnswers) -> npt.NDArray[np.int64]:
    """How often each label was taken for each: counts `[C, C]`, rows gold, columns predicted."""
    labels = answers.log_probs.shape[1]
    confusion = np.zeros((labels, labels), dtype=np.int64)
    np.add.at(confusion, (np.asarray(answers.gold, dtype=np.int64), answers.predicted), 1)
    return confusion


def macro_f1(confusion: npt.NDArray[np.int64]) -> float:
    """Mean over labels of the harmonic mean of precision and recall; 0 for a label that never occurs."""
    right = np.diag(confusion).astype(float)
    total = confusion.sum(0) + confusion.sum(1)
    return float(np.divide(2 * right, total, out=np.zeros_like(right), where=total > 0).mean())


def wilson_interval(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval for a proportion (95 % by default); (0, 1) for no observations."""
    if n == 0:
        return 0.0, 1.0
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
