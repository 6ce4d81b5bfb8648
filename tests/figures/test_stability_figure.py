"""Box plots hold the values of runs, or the means of patterns."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from made_up_runs import run, runs, study

from core.figures.stability import stability_figure


def boxes(figure: go.Figure) -> list[tuple[str, list[float]]]:
    return [(box.name, list(box.x)) for box in figure.data]


def test_over_seeds_a_box_holds_the_runs_of_a_pattern() -> None:
    assert boxes(stability_figure(study(), over="seed")) == [
        ("zero-shot", [0.60]),
        ("lm-bff", [0.80, 0.82, 0.84]),
        ("zero-shot", [0.70]),
        ("lm-bff", [0.70, 0.74, 0.78]),
        ("head", [0.60, 0.65, 0.70]),
    ]


def test_over_patterns_a_box_holds_the_means_of_patterns() -> None:
    found = dict(boxes(stability_figure(study(), over="pattern")))
    assert found == {
        "zero-shot": [0.60, 0.70],
        "head": pytest.approx([0.65]),
        "lm-bff": pytest.approx([0.82, 0.74]),
    }


def test_all_points_are_shown_with_their_facts() -> None:
    figure = stability_figure(study(), over="seed")
    assert {box.boxpoints for box in figure.data} == {"all"}
    assert all(len(box.hovertext) == len(box.x) for box in figure.data)
    assert "seed 21" in figure.data[1].hovertext[1]


def test_spread_is_written() -> None:
    annotations = stability_figure(study(), over="seed").layout.annotations
    texts = [annotation.text for annotation in annotations]
    spreads = [text for text in texts if text[0].isdigit() or text == "–"]
    assert spreads == ["–", "2.0", "–", "4.0", "5.0"]


def test_methods_are_named_once() -> None:
    shown = [box.name for box in stability_figure(study(), over="seed").data if box.showlegend]
    assert sorted(shown) == ["head", "lm-bff", "zero-shot"]


@pytest.mark.parametrize(
    ("over", "message"), [("seed", "run more seeds"), ("pattern", "run more patterns")]
)
def test_single_points_say_what_is_missing(over: str, message: str) -> None:
    text = stability_figure([run("lm-bff", 0.8)], over=over).layout.xaxis.title.text
    one_line = text.replace("<br>", " ").replace("</span> <span style='font-size:11px'>", " ")
    assert message in one_line


def test_shots_are_kept_apart() -> None:
    records = [*runs("lm-bff", (0.8, 0.9)), *runs("lm-bff", (0.6, 0.7), shots=8)]
    assert boxes(stability_figure(records, over="pattern")) == [("lm-bff", [pytest.approx(0.85)]),
                                                                ("lm-bff", [pytest.approx(0.65)])]
