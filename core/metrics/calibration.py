"""Do probabilities keep their word? Of what is answered with 80 % certainty, 80 % should be right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.labels import wilson_interval


@dataclass(frozen=True)
class Bin:
    """Examples whose highest probability lies in `start` to `end` (the upper end belongs to it).

    Attributes:
        n: how many.
        confidence: their mean highest probability.
        accuracy, low, high: share right and its 95 % Wilson interval.
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
    """The bins that hold examples, and the expected calibration error: mean |accuracy - confidence| over examples."""

    bins: tuple[Bin, ...]
    error: float


def calibrate(probabilities: npt.NDArray[np.floating], gold: Sequence[int], bins: int = 10) -> Calibration:
    """Compare the highest of the label probabilities `[N, C]` with the share right, in bins of equal width.

    Guo et al., On Calibration of Modern Neural Networks (2017), section 2.
    """
    if not len(gold):
        return Calibration((), math.nan)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == np.asarray(gold)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found = []
    for index in np.unique(place):
        inside = place == index
        n, hits = int(inside.sum()), int(right[inside].sum())
        found.append(Bin(float(edges[index]), float(edges[index + 1]), n, float(confidence[inside].mean()), hits / n,
                         *wilson_interval(hits, n)))
    error = sum(each.n * abs(each.accuracy - each.confidence) for each in found) / len(gold)
    return Calibration(tuple(found), error)
