"""Metrics of labels: accuracy with its interval, macro F1 and the confusion matrix."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from core.metrics.answers import Floats, LabelAnswers


def right_labels(answers: LabelAnswers) -> Floats:
    """1 for each example whose label is right, else 0, `[N]`."""
    gold = np.asarray(answers.gold, dtype=np.intp)
    return np.equal(answers.predicted, gold).astype(np.float64)


def share(scores: Floats) -> float:
    """The share of ones among scores `[N]` of 0 or 1; NaN if there are no scores."""
    return int(scores.sum()) / len(scores) if len(scores) else math.nan


def share_interval(scores: Floats) -> tuple[float, float]:
    """The 95 % Wilson interval of the share of ones among scores `[N]` of 0 or 1."""
    return wilson_interval(int(scores.sum()), len(scores))


def confusion_counts(answers: LabelAnswers) -> npt.NDArray[np.int64]:
    """The confusion matrix: counts `[C, C]`, rows gold, columns predicted.

    Answers that are no label are not in it: see `missed_counts`.
    """
    labels, gold = answers.log_probs.shape[1], np.asarray(answers.gold, dtype=np.int64)
    confusion = np.zeros((labels, labels), dtype=np.int64)
    valid = answers.predicted >= 0
    np.add.at(confusion, (gold[valid], answers.predicted[valid]), 1)
    return confusion


def missed_counts(answers: LabelAnswers) -> npt.NDArray[np.int64]:
    """How many examples of each gold label were answered with what is no label, `[C]`."""
    gold = np.asarray(answers.gold, dtype=np.int64)[answers.predicted < 0]
    return np.bincount(gold, minlength=answers.log_probs.shape[1])


def invalid_share(answers: LabelAnswers) -> float:
    """The share of written answers that are no label; NaN where labels were compared instead."""
    return share((answers.predicted < 0).astype(np.float64)) if answers.written else math.nan


def most_confused(confusion: npt.NDArray[np.int64], most: int) -> list[int]:
    """Up to `most` labels of a confusion matrix `[C, C]`, those with most mistakes, in order."""
    right = np.diag(confusion)
    mistakes = confusion.sum(0) + confusion.sum(1) - 2 * right  # [C]
    return sorted(np.argsort(-mistakes, kind="stable")[:most].tolist())


def macro_f1(confusion: npt.NDArray[np.int64],
             missed: npt.NDArray[np.int64] | None = None) -> float:
    """The mean over labels of F1, the harmonic mean of precision and recall.

    `confusion` is `[C, C]`; `missed`, `[C]`, counts further examples of each gold label that were
    answered with no label at all. F1 is 0 for a label that is neither gold nor predicted anywhere.
    """
    right = np.diag(confusion).astype(float)  # [C]
    total = confusion.sum(0) + confusion.sum(1)  # [C], predicted and gold
    total = total if missed is None else total + missed
    f1 = np.divide(2 * right, total, out=np.zeros_like(right), where=total > 0)
    return float(f1.mean())


def wilson_interval(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of a share, by default the 95 % one; (0, 1) without observations.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).
    """
    if n == 0:
        return 0.0, 1.0
    share = right / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
