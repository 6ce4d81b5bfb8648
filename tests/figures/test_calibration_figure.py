"""Reliability diagrams."""

from __future__ import annotations

import numpy as np
import pytest

from core.figures.calibration import calibration_figure

PROBABILITIES = np.array([[0.9, 0.1], [0.95, 0.05], [0.35, 0.65], [0.3, 0.7]])


def test_points_are_bins_with_wilson_intervals() -> None:
    _, bins, _ = calibration_figure(PROBABILITIES, [0, 1, 1, 1], bins=2).data
    assert bins.x == pytest.approx((0.8,))  # all four confidences are above one half
    assert bins.y == (0.75,)
    assert bins.error_y.array == pytest.approx((0.2044,), abs=1e-4)  # Wilson 0.3006 to 0.9544
    assert bins.error_y.arrayminus == pytest.approx((0.4494,), abs=1e-4)


def test_bars_count_examples() -> None:
    bars = calibration_figure(PROBABILITIES, [0, 1, 1, 1]).data[2]
    assert (bars.x, bars.y) == (pytest.approx((0.65, 0.85, 0.95)), (2, 1, 1))


def test_the_error_is_in_the_caption() -> None:
    title = calibration_figure(PROBABILITIES, [0, 1, 1, 1]).layout.xaxis.title.text
    assert "Expected calibration error: 42.5 points" in title


def test_without_predictions_there_is_a_message() -> None:
    figure = calibration_figure(np.zeros((0, 2)), [])
    assert figure.layout.annotations[0].text == "No predictions to show yet."
