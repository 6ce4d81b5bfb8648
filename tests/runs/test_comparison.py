"""What tells runs apart, and where their answers differ."""

from dataclasses import replace

import pandas as pd
import pytest

from core.errors import DataError
from core.metrics.metric import metric_named
from core.runs.comparison import (
    compare_settings,
    distinct,
    label_probabilities,
    opponents,
    side_by_side,
    spread_rows,
)
from core.runs.records import RunRecord
from core.runs.run import Run, RunStatus
from core.runs.spec import RunSpec


def record(
    method: str = "lm-bff",
    seed: int = 13,
    pattern: str = "{text_a} It was {mask}.",
    words: str = "a=b",
    **options: object,
) -> RunRecord:
    return RunRecord(
        f"{method}{seed}", "reviews", "mini", method, pattern, words, 16, seed, options
    )


def predictions(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Rows of text, gold, predicted and its probability, of the labels yes and no."""
    return pd.DataFrame(
        [
            {
                "text_a": text,
                "text_b": "",
                "gold": gold,
                "predicted": predicted,
                "p:yes": p if predicted == "yes" else 1 - p,
                "p:no": p if predicted == "no" else 1 - p,
            }
            for text, gold, predicted, p in rows
        ]
    )


A = predictions(("one", "yes", "yes", 0.9), ("two", "yes", "yes", 0.6), ("three", "no", "yes", 0.7),
                ("four", "no", "no", 0.8), ("five", "yes", "no", 0.55))
B = predictions(("two", "yes", "no", 0.95), ("one", "yes", "no", 0.6), ("three", "no", "no", 0.8),
                ("four", "no", "no", 0.9), ("five", "yes", "no", 0.65))


@pytest.mark.parametrize(
    ("records", "names"),
    [
        ([record()], []),
        ([record(), record(seed=21)], ["seed"]),
        ([record(), record("head")], ["method"]),
        ([record(steps=10), record(steps=20, seed=21)], ["seed", "steps"]),
        ([record(steps=10, demonstrations=True), record("head", steps=10)], ["method"]),
        (
            [record(demonstrations=True), record(demonstrations=False), record("head")],
            ["method", "demonstrations"],
        ),
        ([record(), record(pattern="{mask}", words="b=a")], ["pattern"]),
        ([record(), record(words="b=a")], ["words"]),
        ([], []),
    ],
)
def test_only_settings_with_several_values_tell_runs_apart(
    records: list[RunRecord], names: list[str]
) -> None:
    assert compare_settings(records).names == names


def test_what_is_the_same_for_all_is_told_once() -> None:
    found = compare_settings([record(steps=10, demonstrations=True), record("head", steps=10)])
    assert found.shared == {
        "task": "reviews",
        "model": "mini",
        "pattern": "{text_a} It was {mask}.",
        "words": "a=b",
        "shots": 16,
        "seed": 13,
        "steps": 10,
    }
    assert found.differing == [{"method": "lm-bff"}, {"method": "head"}]


ACCURACY = metric_named("accuracy")


@pytest.mark.parametrize(("right", "texts"), [
    ("a", ["two", "one"]), ("b", ["three"]), ("both", ["four"]), ("neither", ["five"]),
])
def test_examples_are_found_by_who_is_right_the_surest_mistake_first(
    right: str, texts: list[str]
) -> None:
    assert side_by_side(A, B, ACCURACY).where(right)["text_a"].tolist() == texts


def test_both_answers_stand_beside_each_other_with_their_probabilities() -> None:
    row = side_by_side(A, B, ACCURACY).rows.iloc[1]
    assert (row["text_a"], row["gold"], row["answer_a"], row["answer_b"]) == (
        "two",
        "yes",
        "yes",
        "no",
    )
    assert (row["probability_a"], row["probability_b"]) == (0.6, 0.95)


def test_right_in_counts_shared_successes() -> None:
    joined = side_by_side(A, B, ACCURACY)
    assert joined.right_or_wrong
    assert joined.right("a") == [True, True, False, True, False]
    assert joined.right("b") == [False, False, True, True, False]
    assert joined.scores("b") == [0.0, 0.0, 1.0, 1.0, 0.0]


def texts(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Rows of source, output and score; each source has one reference."""
    return pd.DataFrame(
        [
            {
                "text_a": source,
                "text_b": "",
                "references": f"{source}.",
                "output": output,
                "score": score,
            }
            for source, output, score in rows
        ]
    )


@pytest.mark.parametrize(
    ("higher", "better"), [(True, ["b", "a", "equal", "a"]), (False, ["a", "b", "equal", "b"])]
)
def test_texts_are_compared_by_their_scores(higher: bool, better: list[str]) -> None:
    metric = replace(metric_named("exact_match"), higher_is_better=higher)
    one = texts(("one", "x", 0.2), ("two", "y", 0.9), ("three", "z", 0.5), ("four", "w", 0.4))
    other = texts(("four", "w", 0.3), ("three", "z", 0.5), ("two", "v", 0.1), ("one", "u", 0.4))
    found = side_by_side(one, other, metric)
    assert not found.right_or_wrong
    assert found.rows["better"].tolist() == better
    assert found.where("a" if higher else "b")["text_a"].tolist() == [
        "two",
        "four",
    ]  # the largest difference first
    assert found.rows.loc[1, ["references", "answer_a", "answer_b"]].tolist() == ["two.", "y", "v"]


def test_texts_that_match_or_not_are_right_or_wrong() -> None:
    found = side_by_side(
        texts(("one", "x", 1.0), ("two", "y", 0.0)),
        texts(("one", "x", 1.0), ("two", "y", 0.0)),
        metric_named("exact_match"),
    )
    assert found.rows["better"].tolist() == ["both", "neither"]
    assert found.where("neither")["text_a"].tolist() == ["two"]

def test_only_shared_examples_are_compared_and_repeated_ones_pair_up() -> None:
    twice = predictions(
        ("one", "yes", "yes", 0.9), ("one", "yes", "no", 0.8), ("six", "no", "no", 0.7)
    )
    joined = side_by_side(
        twice, predictions(("one", "yes", "no", 0.6), ("one", "yes", "yes", 0.7)), ACCURACY
    )
    assert joined.rows["better"].tolist() == ["a", "b"]


def test_runs_of_different_examples_cannot_be_compared() -> None:
    with pytest.raises(DataError, match="different examples"):
        side_by_side(A, predictions(("other", "yes", "yes", 0.9)), ACCURACY)


def run(name: str, status: RunStatus, seed: int = 13) -> Run:
    spec = RunSpec("reviews", "hash", "mini", "", "head", (), {}, 16, seed)
    return Run(name, "study", "me", spec, status, created=0.0)


@pytest.mark.parametrize(("runs", "kept"), [
    ([run("a", "done"), run("b", "done", seed=21)], ["a", "b"]),
    ([run("a", "done"), run("b", "done")], ["b"]),
    ([run("a", "failed"), run("b", "done")], ["b"]),
    ([run("a", "done"), run("b", "failed")], ["a"]),
    ([run("a", "failed"), run("b", "running")], ["b"]),
])
def test_equal_runs_are_counted_once(runs: list[Run], kept: list[str]) -> None:
    assert [each.id for each in distinct(runs)] == kept


def test_label_probabilities_of_several_runs_are_pooled() -> None:
    probabilities, gold = label_probabilities([A.head(1), pd.DataFrame(), B.tail(1)], ["no", "yes"])
    assert probabilities.round(2).tolist() == [[0.1, 0.9], [0.65, 0.35]]
    assert gold == [1, 1]
    assert label_probabilities([pd.DataFrame()], ["no", "yes"])[0].shape == (0, 2)


@pytest.mark.parametrize(
    ("over", "rows"),
    [
        ("seed", [("{mask} one", 2, 0.2, 0.4), ("{mask} two", 1, 0.9, 0.9)]),
        ("pattern", [("", 2, 0.3, 0.9)]),
    ],
)
def test_spread_over_patterns_is_that_of_their_means(
    over: str, rows: list[tuple[str, int, float, float]]
) -> None:
    results = [("{mask} one", 0.2), ("{mask} one", 0.4), ("{mask} two", 0.9)]
    records = [
        RunRecord(
            str(at),
            "reviews",
            "mini",
            "lm-bff",
            pattern,
            "",
            16,
            at,
            metrics={"accuracy": accuracy},
        )
        for at, (pattern, accuracy) in enumerate(results)
    ]
    found = spread_rows(records, "accuracy", over)
    assert [
        (each["pattern"], each["n"], round(each["lowest"], 9), each["highest"]) for each in found
    ] == rows


@pytest.mark.parametrize(
    ("runs", "pair"),
    [
        ([], (None, None)),
        ([("a", "head", 13, 0.5)], ("a", None)),
        ([("a", "head", 13, 0.5), ("b", "head", 21, 0.6)], ("b", "a")),
        (
            [
                ("a", "lm-bff", 13, 0.9),
                ("b", "lm-bff", 21, 0.8),
                ("c", "head", 21, 0.7),
                ("d", "head", 13, 0.6),
            ],
            ("a", "d"),
        ),
    ],
)
def test_opponents_are_of_different_methods_and_the_same_seed_if_possible(
        runs: list[tuple[str, str, int, float]], pair: tuple[str | None, str | None]) -> None:
    records = [
        RunRecord(name, "reviews", "mini", method, "", "", 16, seed, metrics={"accuracy": accuracy})
        for name, method, seed, accuracy in runs
    ]
    assert opponents(records) == pair
