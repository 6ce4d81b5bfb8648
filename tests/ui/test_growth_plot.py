"""iPET's generations at a glance: what is drawn where."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from ui.train.growth_plot import Grown, grown, growth_plot

FOUND = [Grown(0, 32, 32, None, (0.5, 0.6, 0.7)), Grown(1, 160, 32, 0.82, (0.7, 0.72, 0.74)),
         Grown(2, 800, 32, 0.78, (0.71, 0.73, 0.75))]


def translate(text: str) -> str:
    return text


def drawn(found: list[Grown], planned: int = 3) -> list[ElementTree.Element]:
    """The plots, read as XML."""
    return [ElementTree.fromstring(svg)
            for svg in re.findall("<svg.*?</svg>", growth_plot(found, planned, translate))]


def of(plot: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [mark for mark in plot if mark.get("class", "").split(" ")[-1] == f"cl-growth-{kind}"]


def numbers(marks: list[ElementTree.Element], key: str) -> list[float]:
    return [float(mark.attrib[key]) for mark in marks]


def test_sizes_are_bars_on_one_scale_with_their_growth() -> None:
    sizes, _ = drawn(FOUND)
    hand, given = (numbers(of(sizes, f"bar-{kind}"), "height") for kind in ("hand", "given"))
    assert hand == pytest.approx([hand[0]] * 3)
    assert [given[1] / given[0],
            given[1] / hand[0]] == pytest.approx([768 / 128, 768 / 32], rel=0.02)
    assert ["".join(mark.itertext()) for mark in of(sizes, "value")] == ["32", "160×5", "800×5"]
    assert sizes.get("aria-label") == "Examples a model learns from: 32, 160, 800"


def test_accuracies_are_points_and_means() -> None:
    _, accuracies = drawn(FOUND)
    singles = numbers(of(accuracies, "single"), "cy")
    assert len(singles) == 9
    means = numbers(of(accuracies, "spot-model"), "cy")
    assert means == pytest.approx([sum(singles[at : at + 3]) / 3 for at in (0, 3, 6)], abs=0.2)
    right = [y + 3.8 for y in numbers(of(accuracies, "spot-given"), "y")]
    # upwards is less: labels get worse, models better
    assert right[0] < right[1] < means[2] < means[1]
    assert [mark.text for mark in of(accuracies, "on-given")] == ["82 %", "78 %"]
    assert [mark.text for mark in of(accuracies, "on-model")] == ["60 %", "72 %", "73 %"]
    above, below = (numbers(of(accuracies, f"on-{kind}"), "y") for kind in ("given", "model"))
    assert above[1] < right[1] < means[2] < below[2]  # the values do not meet between the lines
    assert accuracies.get(
        "aria-label") == "given labels: 82.0 %, 78.0 %; models, development: 60.0 %, 72.0 %, 73.0 %"
    assert all(0 < float(mark.attrib["y"]) < 172 for mark in accuracies.iter("text"))


def test_generations_to_come_have_their_place() -> None:
    early, whole = (drawn(FOUND[:count], 3)[0] for count in (1, 3))
    for plot in (early, whole):
        assert [mark.text for mark in of(plot, "name")] == ["0", "1", "2"]
    assert numbers(of(early, "bar-hand"), "x") == numbers(of(whole, "bar-hand"), "x")[:1]


def test_what_nobody_knows_is_not_drawn() -> None:
    unknown = [Grown(0, 0, 0, None, ()), Grown(1, 10, 0, None, ())]
    assert len(drawn(unknown)) == 1
    assert "given labels" not in growth_plot(unknown, 2, translate)
    some = [Grown(0, 8, 8, None, (0.5,)), Grown(1, 40, 8, None, (0.6,))]
    assert "given labels" not in growth_plot(some, 2, translate)
    assert "models, development" in growth_plot(some, 2, translate)


def test_many_generations_and_large_sets_fit() -> None:
    many = [Grown(at, 32 * 2.0**at, 32, 0.9 if at else None, (0.8,) * 9) for at in range(11)]
    sizes, accuracies = drawn(many, 11)
    assert [mark.text for mark in of(sizes, "value")][-2:] == ["16.4k", "32.8k"]
    assert "×" not in "".join(sizes.itertext())
    assert len(of(accuracies, "on-given")) == 2
    xs = numbers(of(accuracies, "single"), "cx")
    assert max(xs[:9]) < min(xs[9:18])
    assert max(xs) < 320


def test_generations_are_read_from_rows() -> None:
    def model(generation: int, examples: int, dev: float | None) -> dict[str, Any]:
        return {"stage": "model", "generation": generation, "examples": examples, "dev_score": dev}

    rows = [model(0, 8, 0.5), model(0, 8, 0.7), model(1, 39, 0.75)]
    expected = [{"stage": "generation", "generation": at, "drawn": drawn, "right": right,
                 "missing": []}
            for at, drawn, right in ((1, 31.5, 0.75), (2, 190.0, None))]
    assert grown(expected, rows) == [Grown(0, 8, 8, None, (0.5, 0.7)),
                                     Grown(1, 39, 8, 0.75, (0.75,)),
                                 Grown(2, 198, 8, None, ())]
    assert grown([], [model(0, 0, None)]) == [Grown(0, 0, 0, None, ())]
