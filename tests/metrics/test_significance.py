"""Summaries, paired tests and comparisons, against scipy and hand arithmetic."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from made_up_runs import LONG, SHORT, run, runs, study
from scipy import stats

from core.errors import InputError
from core.metrics.significance import (
    PairedTest,
    Side,
    Summary,
    compare_methods,
    difference_rows,
    holm,
    mcnemar,
    paired_bootstrap,
    paired_test,
    summarise,
    summary_rows,
)


def random_pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(n)
    return random.normal(0.80, 0.03, n), random.normal(0.78, 0.03, n)


def exact_p_of_flips(differences: np.ndarray) -> float:
    """The p-value of scipy's sign-flip test over all sign patterns."""
    found = stats.permutation_test((differences,), np.mean, permutation_type="samples",
                                   n_resamples=np.inf)
    return float(found.pvalue)


def percentile_interval(differences: np.ndarray) -> tuple[float, float]:
    """scipy's 95 % bootstrap interval of the mean."""
    found = stats.bootstrap((differences,), np.mean, method="percentile", rng=1)
    return found.confidence_interval.low, found.confidence_interval.high


@pytest.mark.parametrize("n", [2, 3, 5, 50])
def test_summary_agrees_with_scipy(n: int) -> None:
    values, _ = random_pairs(n)
    found = summarise(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.n == n
    assert (found.mean, found.sd) == pytest.approx((values.mean(), stats.tstd(values)))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_summary_by_hand() -> None:
    found = summarise([1.0, 2.0, 3.0])
    half = 4.302653 / math.sqrt(3)  # t(0.975, 2) and sd 1
    assert (found.mean, found.sd) == (2.0, 1.0)
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half), abs=1e-6)


def test_one_value_says_nothing_about_spread() -> None:
    assert summarise([0.7]) == Summary(1, 0.7, None, None, None)


def test_no_values_cannot_be_summarised() -> None:
    with pytest.raises(InputError, match="no values"):
        summarise([])


@pytest.mark.parametrize("n", [2, 5, 12])
def test_paired_test_agrees_with_scipy(n: int) -> None:
    a, b = random_pairs(n)
    found, expected = paired_test(a, b), stats.ttest_rel(a, b)
    interval = expected.confidence_interval(0.95)
    p_flips = exact_p_of_flips(a - b)
    assert (found.n, found.difference) == (n, pytest.approx((a - b).mean()))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p_t == pytest.approx(expected.pvalue)
    assert found.p_flips == pytest.approx(p_flips)


@pytest.mark.parametrize(("differences", "p"), [
    ((0.1, 0.2, 0.3), 2 / 8), ((0.1, 0.2, -0.1), 6 / 8), ((0.1, -0.1), 1.0), ((0.01,) * 5, 2 / 32)])
def test_sign_flips_by_hand(differences: tuple[float, ...], p: float) -> None:
    assert paired_test(differences, [0.0] * len(differences)).p_flips == p


def test_many_pairs_are_flipped_at_random_but_reproducibly() -> None:
    a, b = random_pairs(13)
    assert paired_test(a, b).p_flips == pytest.approx(exact_p_of_flips(a - b), abs=0.02)
    assert paired_test(a, b) == paired_test(a, b)


@pytest.mark.parametrize(
    ("a", "b", "p"), [((0.85, 0.9, 0.8), (0.8, 0.85, 0.75), 0.25), ((0.8, 0.7), (0.8, 0.7), 1.0)]
)
def test_equal_differences_have_the_p_value_of_sign_flips(a: tuple, b: tuple, p: float) -> None:
    found = paired_test(a, b)
    assert (found.p_t, found.p_flips) == (p, p)
    assert (found.low, found.high) == pytest.approx((found.difference, found.difference))


@pytest.mark.parametrize(("a", "b", "message"), [
    ([0.8], [0.7], "at least 2 pairs; there are 1"), ([], [], "there are 0"),
    ([0.8, 0.7], [0.7], "as many values on both sides; there are 2 and 1"),
])
def test_too_few_pairs_are_an_error(a: list[float], b: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        paired_test(a, b)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        (6, 0, 2 / 64),
        (3, 1, 10 / 16),
        (0, 0, 1.0),
        (2, 2, 1.0),
        (15, 4, stats.binomtest(4, 19).pvalue),
    ],
)
def test_mcnemar_counts_what_only_one_has_right(only_a: int, only_b: int, p: float) -> None:
    right_a = [True] * only_a + [False] * only_b + [True] * 9 + [False] * 3
    right_b = [False] * only_a + [True] * only_b + [True] * 9 + [False] * 3
    found = mcnemar(right_a, right_b)
    assert (found.only_a, found.only_b, found.p) == (only_a, only_b, pytest.approx(p))


def test_bootstrap_agrees_with_scipy() -> None:
    random = np.random.default_rng(0)
    right_a, right_b = random.random(300) < 0.8, random.random(300) < 0.7
    expected = percentile_interval(right_a.astype(float) - right_b)
    assert paired_bootstrap(right_a, right_b, seed=1) == pytest.approx(expected, abs=0.01)


def test_bootstrap_is_decided_by_its_seed() -> None:
    right_a, right_b = [True, False, True, True] * 20, [True, True, False, False] * 20
    assert paired_bootstrap(right_a, right_b, 7) == paired_bootstrap(right_a, right_b, 7)
    assert paired_bootstrap(right_a, right_a, 7) == (0.0, 0.0)


def test_bootstrap_of_scores_agrees_with_scipy() -> None:
    random = np.random.default_rng(0)
    scores_a, scores_b = random.random(300), random.random(300) * 0.9
    found = paired_bootstrap(scores_a, scores_b, seed=1)
    assert found == pytest.approx(percentile_interval(scores_a - scores_b), abs=0.005)
    assert found == paired_bootstrap(scores_a.tolist(), scores_b.tolist(), seed=1)


def test_the_metric_of_summaries_is_the_runs_own() -> None:
    records = [
        run("pet", 0.5, metrics={"exact_match": 0.25, "n": 4.0}),
        run("pet", 0.5, status="failed"),
    ]
    [row] = summary_rows(records)
    assert (row["metric"], row["mean"]) == ("exact_match", 0.25)


@pytest.mark.parametrize("compare", [mcnemar, lambda a, b: paired_bootstrap(a, b, 0)])
def test_other_examples_cannot_be_compared(compare: Callable[..., object]) -> None:
    with pytest.raises(InputError, match="there are 3 and 2"):
        compare([True, True, False], [True, False])


def test_bootstrap_needs_examples() -> None:
    with pytest.raises(InputError, match="at least 1 pairs"):
        paired_bootstrap([], [], 0)


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        # 4 × .005, 3 × .01, 2 × .03, then not below it
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
        ([0.01, 0.01, 0.01], [0.03, 0.03, 0.03]),
    ],
)
def test_holm_by_hand(p_values: list[float], corrected: list[float]) -> None:
    assert holm(p_values) == pytest.approx(corrected)


def pairs(comparisons: list) -> dict[tuple[str, str], PairedTest]:
    return {(pair.a.method, pair.b.method): pair.test for pair in comparisons}


def test_methods_are_matched_on_seed_whatever_the_order() -> None:
    records = [*runs("lm-bff", (0.80, 0.82, 0.84)), *reversed(runs("pet", (0.70, 0.75, 0.80)))]
    [found] = compare_methods(records)
    assert (found.a, found.b, found.metric) == (Side("lm-bff"), Side("pet"), "accuracy")
    assert found.test == paired_test([0.80, 0.82, 0.84], [0.70, 0.75, 0.80])
    assert found.p_holm == found.test.p_t


def test_difference_rows_hold_plain_values() -> None:
    [row] = difference_rows([*runs("lm-bff", (0.80, 0.82, 0.84)), *runs("pet", (0.70, 0.75, 0.80))])
    test = paired_test([0.80, 0.82, 0.84], [0.70, 0.75, 0.80])
    assert row == {
        "a": "lm-bff",
        "b": "pet",
        "metric": "accuracy",
        "n": 3,
        "difference": test.difference,
        "ci95": [test.low, test.high],
        "p": test.p_t,
        "p_holm": test.p_t,
    }


def test_methods_without_a_common_pattern_are_compared_by_means_over_patterns() -> None:
    found = pairs(compare_methods(study()))["lm-bff", "head"]
    assert (found.n, found.difference) == (3, pytest.approx(np.mean([0.75, 0.78, 0.81]) - 0.65))


def test_a_method_without_examples_is_matched_with_every_seed() -> None:
    found = pairs(compare_methods(study()))["zero-shot", "lm-bff"]
    expected = paired_test([0.6] * 3 + [0.7] * 3, [0.80, 0.82, 0.84, 0.70, 0.74, 0.78])
    assert found.n == 6
    assert (found.difference, found.p_t) == pytest.approx((expected.difference, expected.p_t))


@pytest.mark.parametrize(
    "change", [{"task": "headlines"}, {"model": "mini-causal"}, {"shots": 8}, {"seed": 1}]
)
def test_runs_of_other_circumstances_are_not_matched(change: dict) -> None:
    records = [
        *runs("lm-bff", (0.80, 0.82)),
        *runs("pet", (0.70, 0.75, 0.8)),
        run("lm-bff", 0.9, **change),
    ]
    assert compare_methods(records)[0].test.n == 2


def test_two_shared_runs_are_the_least() -> None:
    assert compare_methods([run("lm-bff", 0.8), run("head", 0.7, pattern="")]) == []
    assert compare_methods([]) == []


def test_patterns_are_compared_seed_by_seed() -> None:
    records = [
        *runs("lm-bff", (0.80, 0.82, 0.84)),
        *runs("lm-bff", (0.70, 0.74, 0.78), pattern=LONG),
    ]
    [found] = compare_methods(records, by="pattern")
    assert (found.a.pattern, found.b.pattern) == (SHORT, LONG)
    assert found.test == paired_test([0.80, 0.82, 0.84], [0.70, 0.74, 0.78])


def test_all_comparisons_are_corrected_together() -> None:
    several_patterns = runs("pet", (0.9, 0.91, 0.95), pattern=f"{SHORT} | {LONG}")
    found = compare_methods([*study(), *several_patterns])
    assert len(found) == 6
    assert [pair.p_holm for pair in found] == holm([pair.test.p_t for pair in found])


def test_summary_rows_are_sorted_and_plain() -> None:
    rows = summary_rows(study())
    assert rows == summary_rows(study()[::-1])
    assert [(row["method"], row["pattern"], row["shots"], row["n"]) for row in rows] == [
        ("head", "", 16, 3),
        ("lm-bff", LONG, 16, 3),
        ("lm-bff", SHORT, 16, 3),
        ("zero-shot", LONG, 0, 1),
        ("zero-shot", SHORT, 0, 1),
    ]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_summary_row_by_hand() -> None:
    [row] = summary_rows(runs("lm-bff", (0.80, 0.82, 0.84)))
    half = 4.302653 * 0.02 / math.sqrt(3)
    assert row == {"method": "lm-bff", "pattern": SHORT, "shots": 16, "metric": "accuracy", "n": 3,
                   "mean": pytest.approx(0.82), "sd": pytest.approx(0.02),
                   "ci95": pytest.approx([0.82 - half, 0.82 + half])}


def test_summary_row_of_one_run_has_no_spread() -> None:
    assert summary_rows([run("head", 0.7)]) == [
        {
            "method": "head",
            "pattern": SHORT,
            "shots": 16,
            "metric": "accuracy",
            "n": 1,
            "mean": 0.7,
            "sd": None,
            "ci95": [None, None],
        }
    ]


def test_summary_rows_are_of_finished_runs_only() -> None:
    assert summary_rows([run("head", 0.7, status="failed"), run("pet", math.nan)]) == []
