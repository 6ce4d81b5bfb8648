"""Confidence bins and the expected calibration error, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.metrics.calibration import calibrate
from core.metrics.labels import wilson_interval

FOUR = np.array([[0.9, 0.1], [0.95, 0.05], [0.35, 0.65], [0.3, 0.7]])


def test_bins_by_hand() -> None:
    low, middle, high = calibrate(FOUR, [0, 1, 1, 1]).bins
    assert (low.n, middle.n, high.n) == (2, 1, 1)
    found = (low.start, low.end, low.confidence, low.accuracy)
    assert found == pytest.approx((0.6, 0.7, 0.675, 1.0))
    assert (low.low, low.high) == wilson_interval(2, 2)
    found = (high.start, high.end, high.confidence, high.accuracy)
    assert found == pytest.approx((0.9, 1.0, 0.95, 0.0))


def test_error_is_the_weighted_gap() -> None:
    assert calibrate(FOUR, [0, 1, 1, 1]).error == pytest.approx((2 * 0.325 + 0.1 + 0.95) / 4)


def test_perfect_calibration_has_no_error() -> None:
    found = calibrate(np.array([[0.75, 0.25]] * 4), [0, 0, 0, 1])
    assert (len(found.bins), found.error) == (1, 0.0)


@pytest.mark.parametrize(("confidence", "index"), [(1.0, 4), (0.8, 3), (0.81, 4), (0.5, 2)])
def test_ends_of_bins(confidence: float, index: int) -> None:
    [found] = calibrate(np.array([[confidence, 1 - confidence]]), [0], bins=5).bins
    assert found.start == pytest.approx(index / 5)


def test_nothing_to_calibrate() -> None:
    found = calibrate(np.zeros((0, 2)), [])
    assert found.bins == ()
    assert math.isnan(found.error)
