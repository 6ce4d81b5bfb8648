"""Score against prefix length and stored parameters; against K see the tests of scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from made_up_runs import prefixes, run, runs, study
from scipy import stats

from core.figures.curves import curves_worth_drawing, length_figure, shots_figure, size_figure


def curve(figure: go.Figure, name: str) -> tuple[Any, Any, Any]:
    """The band, the points and the line of means of a method."""
    band, points, line = (trace for trace in figure.data if trace.legendgroup == name)
    return band, points, line


def test_the_length_of_a_prefix_is_the_place_of_its_runs() -> None:
    figure = length_figure(prefixes())
    band, points, line = curve(figure, "prefix-tuning")
    assert list(line.x) == [1, 5, 10]
    assert line.y == pytest.approx((0.32, 0.42, 0.43))
    assert len(points.x) == 9
    half = stats.t.ppf(0.975, 2) * 0.02 / np.sqrt(3)
    assert band.y[0] == pytest.approx(0.32 - half)
    assert (figure.layout.xaxis.type, figure.layout.xaxis.ticktext) == ("log", ("1", "5", "10"))


@pytest.mark.parametrize(("name", "mean"), [("fine-tuning", 0.46), ("zero-shot", 0.1)])
def test_methods_without_a_prefix_are_lines_across(name: str, mean: float) -> None:
    _, points, line = curve(length_figure(prefixes()), name)
    assert (line.line.dash, len(points.x)) == ("dot", 0)
    assert line.y == pytest.approx((mean, mean))


def test_words_to_begin_with_decide_the_length() -> None:
    (record,) = runs("prefix-tuning", (0.5,), options={"length": 5, "begin_with": "summarize"})
    found = replace(record, metrics={**record.metrics, "prefix_length": 2.0})
    _, _, line = curve(length_figure([found, *prefixes()], "accuracy"), "prefix-tuning")
    assert list(line.x) == [2]


def test_stored_parameters_put_methods_on_one_axis() -> None:
    figure = size_figure(prefixes())
    assert list(curve(figure, "prefix-tuning")[2].x) == [1000, 5000, 10_000]
    assert list(curve(figure, "fine-tuning")[2].x) == [2_000_000]
    assert curve(figure, "zero-shot")[2].line.dash == "dot"
    assert figure.layout.xaxis.ticktext == ("1000", "5000", "10k", "2M")


def test_options_other_than_the_axis_make_curves_of_their_own() -> None:
    flat = [replace(record, options={**record.options, "parametrisation": "flat"})
            for record in prefixes() if record.method == "prefix-tuning"]
    mlp = [replace(record, options={**record.options, "parametrisation": "mlp"})
           for record in flat]
    names = {trace.name for trace in length_figure([*flat, *mlp]).data if trace.name}
    assert names == {"prefix-tuning (parametrisation=flat)", "prefix-tuning (parametrisation=mlp)"}


def test_training_examples_of_texts_have_no_labels() -> None:
    assert shots_figure(prefixes()).layout.xaxis.title.text.startswith("Training examples (K)")
    assert shots_figure(study()).layout.xaxis.title.text.startswith("Training examples per label")


def test_curves_need_several_places() -> None:
    assert curves_worth_drawing(prefixes(), "exact_match") == {
        "shots": False, "length": True, "size": True}
    assert curves_worth_drawing([*study(), run("pet", 0.5, shots=8)], "accuracy") == {
        "shots": True, "length": False, "size": False}
    assert curves_worth_drawing(prefixes(), "accuracy") == {
        "shots": False, "length": False, "size": False}
    one = [record for record in prefixes() if record.options.get("length") == 5]
    assert "several prefix" in length_figure(one).layout.xaxis.title.text
