"""Accuracy with its interval, macro F1, confusion and calibration of label probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Evaluation:
    """How predictions compare with gold labels.

    Attributes:
        n: examples counted.
        accuracy, low, high: share right and its 95 % Wilson interval.
        macro_f1: mean over labels of F1 (0 for a label that is neither gold nor predicted).
        confusion: `[C, C]` counts, rows gold, columns predicted.
    """

    n: int
    accuracy: float
    low: float
    high: float
    macro_f1: float
    confusion: npt.NDArray[np.int64]

    def metrics(self) -> dict[str, float]:
        """The numbers that a run's record keeps."""
        return {"accuracy": self.accuracy, "accuracy_low": self.low, "accuracy_high": self.high,
                "macro_f1": self.macro_f1, "n": float(self.n)}


def evaluate(log_probs: npt.NDArray[np.float32], gold: Sequence[int]) -> Evaluation:
    """Compare label log-probabilities `[N, C]` with gold label indices; the first label wins ties."""
    labels = log_probs.shape[1]
    predicted = log_probs.argmax(1)
    confusion = np.zeros((labels, labels), dtype=np.int64)
    np.add.at(confusion, (np.asarray(gold, dtype=np.int64), predicted), 1)
    right, n = int(np.trace(confusion)), len(gold)
    low, high = wilson_interval(right, n)
    return Evaluation(n, right / n if n else math.nan, low, high, macro_f1(confusion), confusion)


def wilson_interval(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval for a proportion (95 % by default); (0, 1) for no observations."""
    if n == 0:
        return 0.0, 1.0
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def macro_f1(confusion: npt.NDArray[np.int64]) -> float:
    """Mean over labels of the harmonic mean of precision and recall."""
    right = np.diag(confusion).astype(float)
    total = confusion.sum(0) + confusion.sum(1)
    return float(np.divide(2 * right, total, out=np.zeros_like(right), where=total > 0).mean())
