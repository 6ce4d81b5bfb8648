"""Forest plots of paired differences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_up_runs import LONG, runs, study

from core.figures.comparison import MAX_PAIRS, paired_figure
from core.metrics.significance import PairComparison, PairedTest, Side, compare_methods


def comparison(p: float, name: str = "pet", metric: str = "accuracy") -> PairComparison:
    test = PairedTest(5, 0.03, 0.01, 0.05, p / 3, 0.0625)
    return PairComparison(metric, Side(name), Side("head"), test, p)


def test_rows_are_differences_in_points_with_intervals() -> None:
    found = compare_methods(study())
    drawn = {x: half for trace in paired_figure(found).data
             for x, half in zip(trace.x, trace.error_x.array, strict=True)}
    tests = [pair.test for pair in found]
    expected = {100 * test.difference: 100 * (test.high - test.difference) for test in tests}
    assert drawn == pytest.approx(expected)


@pytest.mark.parametrize(("p", "shown"), [(0.049, [1, 0]), (0.05, [0, 1]), (1.0, [0, 1])])
def test_clear_differences_are_drawn_apart(p: float, shown: list[int]) -> None:
    assert [len(trace.x) for trace in paired_figure([comparison(p)]).data] == shown


def test_corrected_p_is_written_and_the_others_are_under_the_pointer() -> None:
    figure = paired_figure([comparison(0.03)])
    assert figure.layout.annotations[-1].text == "+3.0, p=0.030"
    facts = figure.data[0].hovertext[0]
    assert "Holm-corrected p=0.030" in facts
    assert "t-test p=0.010, sign flips p=0.062" in facts


def test_patterns_are_named_where_they_are_compared() -> None:
    records = [*runs("lm-bff", (0.8, 0.82)), *runs("lm-bff", (0.7, 0.75), pattern=LONG)]
    heading = paired_figure(compare_methods(records, by="pattern")).layout.annotations[1]
    assert heading.text.split("<br>") == ["lm-bff · {text_a} It was {mask}.",
                                          "− lm-bff · {mask} is how I would call it, i…"]
    assert LONG in heading.hovertext.replace("<br>", " ")


def test_words_are_named_where_nothing_else_differs() -> None:
    a, b = Side("pet", "{mask}", "x=bad"), Side("pet", "{mask}", "x=poor")
    figure = paired_figure([replace(comparison(0.03), a=a, b=b)])
    heading = figure.layout.annotations[1].text
    assert heading == "pet · {mask} · x=bad  −  pet · {mask} · x=poor"


def test_too_many_pairs_leave_the_smallest_p_values() -> None:
    many = [comparison(0.9 - index / 100, f"m{index}") for index in range(MAX_PAIRS + 20)]
    figure = paired_figure(many)
    texts = [annotation.text for annotation in figure.layout.annotations]
    names = [text for text in texts if text.endswith("head")]
    assert len(names) == MAX_PAIRS
    assert names[0].startswith(f"m{MAX_PAIRS + 19} ")


def test_differences_of_scores_are_no_percentages() -> None:
    figure = paired_figure([comparison(0.03, metric="bleu")])
    assert figure.data[0].x == (0.03,)
    assert "percentage" not in figure.layout.xaxis.title.text
