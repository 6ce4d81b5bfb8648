"""Calibration: of the answers given with a probability of 80 %, 80 % should be right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.labels import wilson_interval


@dataclass(frozen=True)
class Bin:
    """The examples whose highest label probability lies above `start` and up to `end`.

    Attributes:
        n: the number of examples.
        confidence: the mean of their highest probabilities.
        accuracy, low, high: the share right and the ends of its 95 % Wilson interval.
    """

    start: float
    end: float
    n: int
    confidence: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """How well the probabilities of labels are calibrated.

    Attributes:
        bins: those that hold examples, from low to high confidence.
        error: the expected calibration error: |accuracy - confidence| of the bins, averaged over
            examples; NaN without examples.
    """

    bins: tuple[Bin, ...]
    error: float


def calibrate(probabilities: npt.NDArray[np.floating], gold: Sequence[int],
              bins: int = 10) -> Calibration:
    """Compare confidence with accuracy in bins of equal width.

    Confidence is the highest of an example's label probabilities `[N, C]`.
    Guo et al., On Calibration of Modern Neural Networks (2017), section 2.
    """
    if not len(gold):
        return Calibration((), math.nan)
    confidence = probabilities.max(1)  # [N]
    right = probabilities.argmax(1) == np.asarray(gold)  # [N]
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)  # [N]
    filled = []
    for index in np.unique(bin_of):
        inside = bin_of == index
        start, end = edges[index : index + 2]
        filled.append(_bin(float(start), float(end), confidence[inside], right[inside]))
    gaps = sum(group.n * abs(group.accuracy - group.confidence) for group in filled)
    return Calibration(tuple(filled), gaps / len(gold))


def _bin(start: float, end: float, confidence: npt.NDArray[np.floating],
         right: npt.NDArray[np.bool_]) -> Bin:
    """The bin of the examples with this confidence, `[n]`, that are right or wrong, `[n]`."""
    n, hits = len(right), int(right.sum())
    low, high = wilson_interval(hits, n)
    return Bin(start, end, n, float(confidence.mean()), hits / n, low, high)
