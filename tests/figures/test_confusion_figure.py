"""Confusion heat maps."""

from __future__ import annotations

import numpy as np
import pytest

from core.figures.confusion import MAX_SHOWN, MAX_WRITTEN, confusion_figure


def test_colours_are_shares_of_rows_and_texts_are_counts() -> None:
    cells, numbers = confusion_figure([[30, 10], [0, 5]], ["bad", "good"]).data
    assert np.array(cells.z).tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert list(numbers.text) == ["30<br>75%", "10<br>25%", "0<br>0%", "5<br>100%"]
    assert list(zip(numbers.y, numbers.x, strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_facts_name_both_labels() -> None:
    facts = confusion_figure([[30, 10], [0, 5]], ["bad", "<good>"]).data[0].hovertext
    names = "gold <b>bad</b>, predicted <b>&lt;good&gt;</b>"
    assert facts[0][1] == f"{names}: 10 examples, 25% of the row"


def test_gold_labels_run_downwards() -> None:
    low, high = confusion_figure(np.eye(3, dtype=int), list("abc")).layout.yaxis.range
    assert (low, high) == (2.5, -0.5)


def test_a_label_without_examples_has_an_empty_row() -> None:
    assert confusion_figure([[3, 1], [0, 0]], ["a", "b"]).data[0].z[1] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("labels", "traces", "angle"),
    [(2, 2, 0), (6, 2, -45), (MAX_WRITTEN, 2, -45), (MAX_WRITTEN + 1, 1, -90), (60, 1, -90)],
)
def test_many_labels_have_turned_names_and_no_numbers(labels: int, traces: int, angle: int) -> None:
    names = [f"label {index}" for index in range(labels)]
    figure = confusion_figure(np.eye(labels, dtype=int), names)
    assert (len(figure.data), figure.layout.xaxis.tickangle) == (traces, angle)
    assert figure.data[0].showscale == (traces == 1)
    assert figure.layout.height <= 900


def test_of_very_many_labels_those_with_most_mistakes_are_drawn() -> None:
    counts = np.eye(150, dtype=int) * 4
    counts[140, 3] = 4
    figure = confusion_figure(counts, [f"label {index}" for index in range(150)])
    shown = figure.layout.xaxis.ticktext
    assert (len(shown), figure.layout.height) == (MAX_SHOWN, 900)
    assert {"label 3", "label 140"} <= set(shown)
    assert figure.data[0].z[shown.index("label 140")][shown.index("label 3")] == 0.5
    assert "60 of 150 labels, those with most" in figure.layout.xaxis.title.text


def test_long_labels_are_elided_and_whole_under_the_pointer() -> None:
    name = "a label that is much too long"
    figure = confusion_figure([[1, 0], [0, 1]], [name, "b"])
    assert figure.layout.xaxis.ticktext == ("a label that is…", "b")
    assert name in figure.data[0].hovertext[0][0]
