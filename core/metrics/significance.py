"""Whether a difference is more than chance: means with intervals, and paired tests.

Two questions are kept apart. *Over runs*: would other seeds or patterns give the same order of
methods (`paired_test`, `compare_methods`)? *Over examples*: would another test set of this size
give the same order of two finished runs (`mcnemar`, `paired_bootstrap`)? All intervals cover 95 %.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special  # scipy.stats takes a second to import

from core.errors import InputError
from core.metrics.answers import Floats
from core.metrics.groups import Measured, Setting, grouped, main_metric_of, measured, settings
from core.randomness import rng

EXACT_FLIPS = 12  # of up to so many pairs all 2**n sign patterns are counted, of more DRAWS of them
DRAWS = 10_000
_DRAWN_AT_ONCE = 1_000_000  # examples of resamples in memory at a time
_FLAT = 1e-12  # closer differences are equal: shares of some thousand examples lie farther apart

_Key = tuple[str, str, str, int, int]  # task, model, pattern, shots, seed


@dataclass(frozen=True)
class Summary:
    """The mean of `n` values, their sample standard deviation and the mean's 95 % t-interval.

    One value has no spread: then `sd`, `low` and `high` are None.
    """

    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PairedTest:
    """The values of two sides, compared pair by pair.

    Attributes:
        n: the number of pairs.
        difference: the mean of first minus second, with its 95 % t-interval `low` to `high`.
        p_t: the p-value of the paired t-test; where all differences are equal, t is undefined and
            this is `p_flips`.
        p_flips: the p-value of the sign-flip permutation test; at least 2 / 2**n, so that five
            pairs cannot reach 0.05.
    """

    n: int
    difference: float
    low: float
    high: float
    p_t: float
    p_flips: float


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of the examples that one of two runs has right and the other wrong.

    Attributes:
        only_a, only_b: how many examples only the first, and only the second, has right.
        p: the two-sided p-value of the binomial test.
    """

    only_a: int
    only_b: int
    p: float


class Side(NamedTuple):
    """One side of a comparison: a method, and its pattern and words where patterns are compared."""

    method: str
    pattern: str = ""
    words: str = ""


@dataclass(frozen=True)
class PairComparison:
    """A paired test of side `a` minus side `b`.

    `p_holm` is `test.p_t` corrected for the number of comparisons made together.
    """

    metric: str
    a: Side
    b: Side
    test: PairedTest
    p_holm: float


def summarise(values: Sequence[float]) -> Summary:
    """Mean, standard deviation and interval of values, `[n]`.

    Raises:
        InputError: there are no values.
    """
    if not len(values):
        raise InputError("There are no values to summarise. Choose runs that are done.")
    data = np.asarray(values, dtype=np.float64)
    n, mean = len(data), float(data.mean())
    if n == 1:
        return Summary(n, mean, None, None, None)
    sd = float(data.std(ddof=1))
    half = _half_width(sd, n)
    return Summary(n, mean, sd, mean - half, mean + half)


def paired_test(a: Sequence[float], b: Sequence[float]) -> PairedTest:
    """Compare two sides' values `[n]` of the same seeds and patterns, in the same order.

    Raises:
        InputError: the lengths differ, or there are fewer than two pairs.
    """
    _check_pairs(len(a), len(b), at_least=2)
    differences = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)  # [n]
    n, mean, sd = len(differences), float(differences.mean()), float(differences.std(ddof=1))
    half = _half_width(sd, n)
    p_flips = _sign_flips(differences)
    p_t = p_flips if sd < _FLAT else _t_test(n, mean, sd)
    return PairedTest(n, mean, mean - half, mean + half, p_t, p_flips)


def mcnemar(right_a: Sequence[bool], right_b: Sequence[bool]) -> McNemar:
    """Compare which examples two runs have right, `[N]` each, by McNemar's exact test.

    Raises:
        InputError: the lengths differ.
    """
    differences = _example_differences(right_a, right_b)
    only_a, only_b = int((differences > 0).sum()), int((differences < 0).sum())
    p = 2 * float(special.bdtr(min(only_a, only_b), only_a + only_b, 0.5))
    return McNemar(only_a, only_b, min(1.0, p))


def paired_bootstrap(scores_a: Sequence[float], scores_b: Sequence[float],
                     seed: int) -> tuple[float, float]:
    """The 95 % percentile interval of the difference of mean scores, first minus second.

    The scores are `[N]`, one for each example; the examples are resampled 10,000 times.

    Raises:
        InputError: the lengths differ, or there are no examples.
    """
    differences = _example_differences(scores_a, scores_b)
    n = len(differences)
    _check_pairs(n, n, at_least=1)
    random = rng(seed, "paired bootstrap")
    right_or_wrong = np.isin(differences, (1, -1, 0)).all()
    means = (_resampled_shares if right_or_wrong else _resampled_means)(differences, random)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction of m p-values.

    The smallest is multiplied by m, the next by m - 1 …; none falls below the one before it.
    Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979).
    """
    order = np.argsort(p_values, kind="stable")
    ascending = np.asarray(p_values, dtype=np.float64)[order]
    factors = np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(factors * ascending))
    return [float(p) for p in corrected]


def compare_methods(records: Sequence[Measured], metric: str | None = None,
                    by: Literal["method", "pattern"] = "method") -> list[PairComparison]:
    """Compare every two methods, or every two pairs of method and pattern, over their shared runs.

    Runs are matched on task, model, shots and seed, and on the pattern where the methods share
    patterns. Methods that share none (one has no pattern, or takes several as one) are compared by
    their means over patterns. A method without training examples has no seed: it is matched with
    each seed of the other. Two that share fewer than two runs are left out. The metric is the runs'
    main metric unless one is named.
    """
    metric = metric or main_metric_of(records)
    sides = _sides(measured(records, metric), by)
    tests = []
    for (a, runs_a), (b, runs_b) in combinations(sides.items(), 2):
        values_a, values_b = _matched(runs_a, runs_b, metric)
        if len(values_a) > 1:
            tests.append((a, b, paired_test(values_a, values_b)))
    corrected = holm([test.p_t for _, _, test in tests])
    return [PairComparison(metric, a, b, test, p)
            for (a, b, test), p in zip(tests, corrected, strict=True)]


def summary_rows(records: Sequence[Measured], metric: str | None = None) -> list[dict[str, Any]]:
    """Rows with the mean over seeds for each method, pattern and shots, sorted.

    With one run, `sd` and both ends of `ci95` are None. Runs of different tasks, models, label
    words or options are in different rows. The metric is the runs' main metric unless one is named.
    """
    metric = metric or main_metric_of(records)
    groups = grouped(measured(records, metric))
    return [_summary_row(setting, [run.metrics[metric] for run in runs], metric)
            for setting, runs in sorted(groups.items())]


def difference_rows(records: Sequence[Measured], metric: str | None = None) -> list[dict[str, Any]]:
    """Rows with the difference, first minus second, of every two methods that share runs."""
    return [_difference_row(comparison) for comparison in compare_methods(records, metric)]


def _summary_row(setting: Setting, values: Sequence[float], metric: str) -> dict[str, Any]:
    summary = summarise(values)
    return {"method": setting.method, "pattern": setting.pattern, "shots": setting.shots,
            "metric": metric, "n": summary.n, "mean": summary.mean, "sd": summary.sd,
            "ci95": [summary.low, summary.high]}


def _difference_row(comparison: PairComparison) -> dict[str, Any]:
    test = comparison.test
    return {"a": comparison.a.method, "b": comparison.b.method, "metric": comparison.metric,
            "n": test.n, "difference": test.difference, "ci95": [test.low, test.high],
            "p": test.p_t, "p_holm": comparison.p_holm}


def _half_width(sd: float, n: int) -> float:
    """Half of the 95 % t-interval of a mean."""
    return float(special.stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)


def _t_test(n: int, mean: float, sd: float) -> float:
    """The two-sided p-value of the one-sample t-test of n differences."""
    return float(2 * special.stdtr(n - 1, -abs(mean) / (sd / math.sqrt(n))))


def _sign_flips(differences: Floats) -> float:
    """The share of sign patterns of differences `[n]` whose mean is at least as far from zero.

    Sign patterns are all counted if there are few, else drawn.
    """
    n = len(differences)
    if n <= EXACT_FLIPS:
        flips = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1  # [2**n, n]
        return _as_far(flips, differences) / (1 << n)
    flips = rng(0, "sign flips").integers(0, 2, size=(DRAWS, n))  # [DRAWS, n]
    return (_as_far(flips, differences) + 1) / (DRAWS + 1)


def _as_far(flips: npt.NDArray[np.int64], differences: Floats) -> int:
    """How many rows of flips `[P, n]` leave the sum of differences `[n]` as far from zero."""
    total = float(differences.sum())
    sums = total - 2 * (flips @ differences)  # [P]
    return int((np.abs(sums) >= abs(total) - _FLAT * len(differences)).sum())


def _example_differences(scores_a: Sequence[float], scores_b: Sequence[float]) -> Floats:
    """First minus second for each example, `[N]`: 1, -1 or 0 where scores are 0 or 1."""
    _check_pairs(len(scores_a), len(scores_b), at_least=0)
    return np.asarray(scores_a, dtype=np.float64) - np.asarray(scores_b, dtype=np.float64)


def _resampled_shares(differences: Floats, random: np.random.Generator) -> Floats:
    """The mean of each of DRAWS resamples of differences `[N]` that are 1, -1 or 0, `[DRAWS]`.

    A resample is fully described by how many examples only the first, only the second, and both or
    neither have right, so these three counts are drawn rather than the examples.
    """
    n = len(differences)
    shares = [(differences == value).mean() for value in (1, -1, 0)]
    counts = random.multinomial(n, shares, size=DRAWS)  # [DRAWS, 3]
    means: Floats = (counts[:, 0] - counts[:, 1]) / n
    return means


def _resampled_means(differences: Floats, random: np.random.Generator) -> Floats:
    """The mean of each of DRAWS resamples of differences `[N]`, `[DRAWS]`."""
    n = len(differences)
    at_once = max(1, _DRAWN_AT_ONCE // n)
    parts = []
    for start in range(0, DRAWS, at_once):
        size = min(at_once, DRAWS - start)
        drawn = differences[random.integers(0, n, size=(size, n))]  # [size, N]
        parts.append(drawn.mean(1))
    return np.concatenate(parts)


def _check_pairs(a: int, b: int, at_least: int) -> None:
    if a != b:
        raise InputError("A paired comparison needs as many values on both sides; there are {a} "
                         "and {b}. Compare runs of the same seeds or examples.", a=a, b=b)
    if a < at_least:
        raise InputError("A paired comparison needs at least {needed} pairs; there are {count}. "
                         "Run more seeds or patterns of both methods.",
                         needed=at_least, count=a)


def _sides(runs: Sequence[Measured],
           by: Literal["method", "pattern"]) -> dict[Side, list[Measured]]:
    """The runs of each side."""
    sides: dict[Side, list[Measured]] = defaultdict(list)
    for setting, run in zip(settings(runs), runs, strict=True):
        method = Side(setting.method)
        side = Side(setting.method, setting.pattern, setting.words) if by == "pattern" else method
        sides[side].append(run)
    return sides


def _matched(a: Sequence[Measured], b: Sequence[Measured],
             metric: str) -> tuple[list[float], list[float]]:
    """The values of both sides that belong together; several of one side are averaged."""
    by_pattern = bool({run.pattern for run in a} & {run.pattern for run in b})
    means_a, means_b = _means(a, metric, by_pattern), _means(b, metric, by_pattern)
    keys = sorted(means_a.keys() | means_b.keys())
    pairs = [(_mean_at(means_a, key), _mean_at(means_b, key)) for key in keys]
    both = [(x, y) for x, y in pairs if x is not None and y is not None]
    return [x for x, _ in both], [y for _, y in both]


def _means(runs: Sequence[Measured], metric: str, by_pattern: bool) -> dict[_Key, float]:
    """The mean value of the runs that have the same key."""
    values: dict[_Key, list[float]] = defaultdict(list)
    for run in runs:
        pattern = run.pattern if by_pattern else ""
        seed = run.seed if run.shots else 0
        values[run.task, run.model, pattern, run.shots, seed].append(run.metrics[metric])
    return {key: float(np.mean(several)) for key, several in values.items()}


def _mean_at(means: dict[_Key, float], key: _Key) -> float | None:
    """The mean for a key; that of a method without training examples serves all shots and seeds."""
    return means.get(key, means.get((*key[:3], 0, 0)))
