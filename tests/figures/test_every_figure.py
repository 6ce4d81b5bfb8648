"""What holds for all figures: look, translation, determinism, and a message without data."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest
from made_up_runs import prefixes, run, study

from core.figures.calibration import calibration_figure
from core.figures.comparison import paired_figure
from core.figures.confusion import confusion_figure
from core.figures.curves import length_figure, shots_figure, size_figure
from core.figures.scores import score_figure
from core.figures.stability import stability_figure
from core.figures.text import Translate
from core.figures.theme import CLEAR
from core.methods.registry import METHODS
from core.metrics.significance import compare_methods

SURE = np.array([[0.9, 0.1]])  # one example's probabilities of two labels
FIGURES: dict[str, Callable[[Translate], go.Figure]] = {
    "scores": lambda translate: score_figure(study(), translate=translate),
    "shots": lambda translate: shots_figure(study(), translate=translate),
    "length": lambda translate: length_figure(prefixes(), translate=translate),
    "size": lambda translate: size_figure(prefixes(), translate=translate),
    "seeds": lambda translate: stability_figure(study(), None, "seed", translate),
    "patterns": lambda translate: stability_figure(study(), None, "pattern", translate),
    "confusion": lambda translate: confusion_figure([[3, 1], [0, 2]], ["BAD", "GOOD"], translate),
    "calibration": lambda translate: calibration_figure(SURE, [0], translate=translate),
    "comparison": lambda translate: paired_figure(compare_methods(study()), translate),
}
EMPTY: dict[str, Callable[[], go.Figure]] = {
    "scores": lambda: score_figure([]),
    "shots": lambda: shots_figure([run("pet", 0.5, status="queued")]),
    "length": lambda: length_figure([]),
    "size": lambda: size_figure([]),
    "stability": lambda: stability_figure([run("pet", 0.5)], "exact_match"),
    "confusion": lambda: confusion_figure([], []),
    "confusion of nothing": lambda: confusion_figure([[0, 0], [0, 0]], ["a", "b"]),
    "calibration": lambda: calibration_figure(np.zeros((0, 3)), []),
    "comparison": lambda: paired_figure([]),
}


def same(text: str) -> str:
    return text


@pytest.fixture(params=FIGURES)
def make(request: pytest.FixtureRequest) -> Callable[[Translate], go.Figure]:
    return FIGURES[request.param]


def test_same_input_same_figure(make: Callable[[Translate], go.Figure]) -> None:
    assert make(same).to_json() == make(same).to_json()


def test_figures_are_transparent_and_as_wide_as_the_page(
    make: Callable[[Translate], go.Figure],
) -> None:
    figure = make(same)
    look = figure.layout.template.layout
    assert (look.paper_bgcolor, look.plot_bgcolor, look.autosize) == (CLEAR, CLEAR, True)
    assert (figure.layout.width, figure.layout.paper_bgcolor) == (None, None)


def test_json_holds_no_numbers_that_browsers_refuse(make: Callable[[Translate], go.Figure]) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads(make(same).to_json(), parse_constant=refuse)


def test_axes_and_legend_are_translated(make: Callable[[Translate], go.Figure]) -> None:
    figure = make(lambda text: f"译{text}")
    axes = (*figure.select_xaxes(), *figure.select_yaxes())
    titles = [axis.title.text for axis in axes if axis.title.text]
    small = "<span style='font-size:11px'>"
    captions = [title.split(small)[1] for title in titles if small in title]
    own_words = [trace.name for trace in figure.data if trace.name and trace.name not in METHODS]
    assert titles
    assert [text for text in (*titles, *captions, *own_words) if not text.startswith("译")] == []


def test_points_have_their_facts_under_the_pointer(make: Callable[[Translate], go.Figure]) -> None:
    for trace in make(same).data:
        drawn = trace.z if trace.type == "heatmap" else trace.x
        assert trace.hoverinfo == "skip" or len(trace.hovertext) == len(drawn)


@pytest.mark.parametrize("name", EMPTY)
def test_without_data_there_is_a_message(name: str) -> None:
    figure = EMPTY[name]()
    assert len(figure.data) == 0
    assert len(figure.layout.annotations[0].text) > 20
