"""Exact match of written texts."""

from __future__ import annotations

import pytest

from core.metrics.answers import TextAnswers
from core.metrics.evaluation import evaluate
from core.metrics.labels import wilson_interval


@pytest.mark.parametrize(
    ("output", "references", "score"),
    [
        ("Alimentum is a pub.", ["It is a pub.", "Alimentum is a pub."], 1.0),
        (" a pub\n", ["a pub "], 1.0),
        ("a  pub", ["a pub"], 0.0),
        ("A pub", ["a pub"], 0.0),
        ("", ["a pub"], 0.0),
        ("", [" "], 1.0),
        ("a pub", [], 0.0),
    ],
)
def test_an_output_matches_any_of_its_references(
    output: str, references: list[str], score: float
) -> None:
    assert evaluate(TextAnswers([output], [references]), "generation").scores.tolist() == [score]


def test_texts_have_a_share_with_its_interval_and_no_confusion() -> None:
    found = evaluate(TextAnswers(["a", "b", "c"], [["a"], ["x", "b"], ["x"]]), "generation")
    low, high = wilson_interval(2, 3)
    assert found.metrics == {
        "exact_match": 2 / 3,
        "exact_match_low": low,
        "exact_match_high": high,
        "n": 3.0,
    }
    assert (found.metric.name, found.confusion) == ("exact_match", [])
