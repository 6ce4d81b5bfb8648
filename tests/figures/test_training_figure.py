"""Learning curves."""

from __future__ import annotations

import math

import pytest

from core.figures.training import learning_curve_figure

CURVE = [{"step": 1, "loss": 0.9, "dev_accuracy": None}, {"step": 2, "loss": 0.7, "dev_accuracy": 0.6},
         {"step": 3, "loss": math.nan, "dev_accuracy": None}, {"step": 4, "loss": 0.5, "dev_accuracy": 0.8},
         {"step": 6, "loss": 0.4, "dev_accuracy": 0.8}, {"step": 8, "loss": 0.3, "dev_accuracy": 0.7}]


def test_each_line_holds_the_steps_at_which_its_value_is_known() -> None:
    loss, accuracy, _ = learning_curve_figure(CURVE).data
    assert (loss.x, loss.y) == ((1, 2, 4, 6, 8), (0.9, 0.7, 0.5, 0.4, 0.3))
    assert (accuracy.x, accuracy.y) == ((2, 4, 6, 8), (0.6, 0.8, 0.8, 0.7))
    assert (loss.yaxis, accuracy.yaxis) == (None, "y2")


def test_the_first_of_the_best_steps_is_marked() -> None:
    best = learning_curve_figure(CURVE).data[2]
    assert (best.x, best.y, best.name) == ((4,), (0.8,), "best: step 4, accuracy 80.0%")


@pytest.mark.parametrize(("name", "traces", "left", "right"), [
    ("loss", 1, True, False), ("dev_accuracy", 2, False, True)])
def test_one_kind_of_value_has_one_axis(name: str, traces: int, left: bool, right: bool) -> None:
    figure = learning_curve_figure([{"step": 5, "loss": None, "dev_accuracy": None, name: 0.5}])
    assert len(figure.data) == traces
    assert (figure.layout.yaxis.visible, figure.layout.yaxis2.visible) == (left, right)


@pytest.mark.parametrize("curve", [[], [{"step": 1, "loss": None, "dev_accuracy": None}], [{"step": 1}]])
def test_nothing_learned_is_said(curve: list) -> None:
    figure = learning_curve_figure(curve)
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text.startswith("Nothing was learned")
