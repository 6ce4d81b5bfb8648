"""Is a difference more than chance? Means with intervals, paired tests over seeds and patterns or over examples.

Two questions are kept apart. *Over runs*: would other seeds or patterns give the same order of methods (`paired_test`,
`compare_methods`)? *Over examples*: would another test set of this size give the same order of two finished runs
(`mcnemar`, `paired_bootstrap`)? All intervals cover 95 %.
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
from core.metrics.groups import Measured, grouped, main_metric_of, measured, settings
from core.randomness import rng

EXACT_FLIPS = 12  # up to 2**12 sign patterns are all counted, beyond that DRAWS of them
DRAWS = 10_000
_DRAWN_AT_ONCE = 1_000_000  # examples of resamples, so that they need little memory
_FLAT = 1e-12  # differences closer than this are equal: they come from shares of a few thousand examples

_Key = tuple[str, str, str, int, int]  # task, model, pattern, shots, seed


@dataclass(frozen=True)
class Summary:
    """Mean of `n` values, their sample standard deviation and the 95 % t-interval of the mean.

    One value says nothing about spread: then `sd`, `low` and `high` are None.
    """

    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PairedTest:
    """Two equally long lists of values, compared pair by pair.

    Attributes:
        n: pairs.
        difference: mean of first minus second, with its 95 % t-interval `low` to `high`.
        p_t: of the paired t-test. Where all differences are equal, t is undefined and this is `p_flips`.
        p_flips: of the sign-flip permutation test; never below 2 / 2**n, so five pairs cannot reach 0.05.
    """

    n: int
    difference: float
    low: float
    high: float
    p_t: float
    p_flips: float


@dataclass(frozen=True)
class McNemar:
    """How many examples only the first, and only the second, has right; `p` of the exact binomial test."""

    only_a: int
    only_b: int
    p: float


class Side(NamedTuple):
    """What is compared: a method, with a pattern and its words where patterns are compared, else with empty ones."""

    method: str
    pattern: str = ""
    words: str = ""


@dataclass(frozen=True)
class PairComparison:
    """Side `a` minus side `b`; `p_holm` is `test.p_t` corrected for the number of comparisons made together."""

    metric: str
    a: Side
    b: Side
    test: PairedTest
    p_holm: float


def summarise(values: Sequence[float]) -> Summary:
    """Describe values.

    Raises:
        InputError: there are none.
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
    """Compare values of the same seeds and patterns, in the same order.

    Raises:
        InputError: different lengths, or fewer than two pairs.
    """
    _check_pairs(len(a), len(b), at_least=2)
    differences = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    n, mean, sd = len(differences), float(differences.mean()), float(differences.std(ddof=1))
    p_flips = _sign_flips(differences)
    half = _half_width(sd, n)
    flat = sd < _FLAT
    p_t = p_flips if flat else float(2 * special.stdtr(n - 1, -abs(mean) / (sd / math.sqrt(n))))
    return PairedTest(n, mean, mean - half, mean + half, p_t, p_flips)


def mcnemar(right_a: Sequence[bool], right_b: Sequence[bool]) -> McNemar:
    """Compare which examples two runs have right, by McNemar's exact test.

    Raises:
        InputError: different lengths.
    """
    differences = _example_differences(right_a, right_b)
    only_a, only_b = int((differences > 0).sum()), int((differences < 0).sum())
    p = 2 * float(special.bdtr(min(only_a, only_b), only_a + only_b, 0.5))
    return McNemar(only_a, only_b, min(1.0, p))


def paired_bootstrap(scores_a: Sequence[float], scores_b: Sequence[float], seed: int) -> tuple[float, float]:
    """95 % percentile interval of the difference of mean scores, from 10,000 resamples of the examples.

    Where all scores are 0 or 1, a resample is fully described by how many examples only the first, only the second,
    and both or neither have right, so these three counts are drawn rather than the examples.

    Raises:
        InputError: different lengths, or no examples.
    """
    differences = _example_differences(scores_a, scores_b)
    n = len(differences)
    _check_pairs(n, n, at_least=1)
    dice = rng(seed, "paired bootstrap")
    if np.isin(differences, (1, -1, 0)).all():
        shares = [(differences == value).mean() for value in (1, -1, 0)]
        counts = dice.multinomial(n, shares, size=DRAWS)
        means = (counts[:, 0] - counts[:, 1]) / n
    else:
        means = _resampled_means(differences, dice)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: the smallest of m p-values times m, the next times m - 1, …, never decreasing."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(factors * np.asarray(p_values, dtype=np.float64)[order]))
    return [float(each) for each in corrected]


def compare_methods(records: Sequence[Measured], metric: str | None = None,
                    by: Literal["method", "pattern"] = "method") -> list[PairComparison]:
    """Compare every two methods, or every two pairs of method and pattern, over the runs that they share.

    Runs are matched on task, model, shots and seed, and methods that share patterns on the pattern too. Methods that
    share none (one has no pattern, or takes several as one) are compared by their means over patterns. A method without
    training examples has no seed: it stands beside each seed of the other. Two that share fewer than two runs are
    left out. The metric is the runs' main metric unless one is named.
    """
    metric = metric or main_metric_of(records)
    runs = measured(records, metric)
    sides: dict[Side, list[Measured]] = defaultdict(list)
    for setting, run in zip(settings(runs), runs, strict=True):
        side = Side(setting.method, setting.pattern, setting.words) if by == "pattern" else Side(setting.method)
        sides[side].append(run)
    tests = []
    for (a, runs_a), (b, runs_b) in combinations(sides.items(), 2):
        values_a, values_b = _matched(runs_a, runs_b, metric)
        if len(values_a) > 1:
            tests.append((a, b, paired_test(values_a, values_b)))
    corrected = holm([test.p_t for _, _, test in tests])
    return [PairComparison(metric, a, b, test, p) for (a, b, test), p in zip(tests, corrected, strict=True)]


def summary_rows(records: Sequence[Measured], metric: str | None = None) -> list[dict[str, Any]]:
    """A row for each method, pattern and shots over its seeds, as the command line prints it, sorted.

    With one run, `sd` and both ends of `ci95` are None. Runs of different tasks, models, label words or options are
    never put into one row. The metric is the runs' main metric unless one is named.
    """
    metric, rows = metric or main_metric_of(records), []
    for setting, runs in sorted(grouped(measured(records, metric)).items()):
        summary = summarise([run.metrics[metric] for run in runs])
        rows.append({"method": setting.method, "pattern": setting.pattern, "shots": setting.shots, "metric": metric,
                     "n": summary.n, "mean": summary.mean, "sd": summary.sd, "ci95": [summary.low, summary.high]})
    return rows


def difference_rows(records: Sequence[Measured], metric: str | None = None) -> list[dict[str, Any]]:
    """A row for every two methods that share runs, as the command line prints it: the first minus the second."""
    return [{"a": each.a.method, "b": each.b.method, "metric": each.metric, "n": each.test.n,
             "difference": each.test.difference, "ci95": [each.test.low, each.test.high], "p": each.test.p_t,
             "p_holm": each.p_holm}
            for each in compare_methods(records, metric)]


def _half_width(sd: float, n: int) -> float:
    """Half of the 95 % t-interval of a mean."""
    return float(special.stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)


def _sign_flips(differences: Floats) -> float:
    """Share of sign patterns whose mean is at least as far from zero: all of them if few, else drawn ones."""
    n = len(differences)
    if n <= EXACT_FLIPS:
        flips = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
        return _as_far(flips, differences) / (1 << n)
    flips = rng(0, "sign flips").integers(0, 2, size=(DRAWS, n))
    return (_as_far(flips, differences) + 1) / (DRAWS + 1)


def _as_far(flips: npt.NDArray[np.int64], differences: Floats) -> int:
    """How many rows of flips leave the sum of the differences at least as far from zero as it is."""
    total = float(differences.sum())
    sums = total - 2 * (flips @ differences)
    return int((np.abs(sums) >= abs(total) - _FLAT * len(differences)).sum())


def _example_differences(scores_a: Sequence[float], scores_b: Sequence[float]) -> Floats:
    """First minus second for each example: 1, -1 or 0 where scores are 0 or 1."""
    _check_pairs(len(scores_a), len(scores_b), at_least=0)
    return np.asarray(scores_a, dtype=np.float64) - np.asarray(scores_b, dtype=np.float64)


def _resampled_means(differences: Floats, dice: np.random.Generator) -> Floats:
    """The mean of each of DRAWS resamples of the examples."""
    n = len(differences)
    at_once = max(1, _DRAWN_AT_ONCE // n)
    parts = [min(at_once, DRAWS - start) for start in range(0, DRAWS, at_once)]
    return np.concatenate([differences[dice.integers(0, n, size=(part, n))].mean(1) for part in parts])


def _check_pairs(a: int, b: int, at_least: int) -> None:
    if a != b:
        raise InputError("A paired comparison needs as many values on both sides; there are {a} and {b}. Compare runs "
                         "of the same seeds or examples.", a=a, b=b)
    if a < at_least:
        raise InputError("A paired comparison needs at least {needed} pairs; there are {count}. Run more seeds or "
                         "patterns of both methods.", needed=at_least, count=a)


def _matched(a: Sequence[Measured], b: Sequence[Measured], metric: str) -> tuple[list[float], list[float]]:
    """The values of both sides that belong together, in a fixed order; several of one side are averaged."""
    by_pattern = bool({each.pattern for each in a} & {each.pattern for each in b})
    means_a, means_b = _means(a, metric, by_pattern), _means(b, metric, by_pattern)
    pairs = [(_at(means_a, key), _at(means_b, key)) for key in sorted(means_a.keys() | means_b.keys())]
    both = [(x, y) for x, y in pairs if x is not None and y is not None]
    return [x for x, _ in both], [y for _, y in both]


def _means(runs: Sequence[Measured], metric: str, by_pattern: bool) -> dict[_Key, float]:
    values: dict[_Key, list[float]] = defaultdict(list)
    for run in runs:
        key = (run.task, run.model, run.pattern if by_pattern else "", run.shots, run.seed if run.shots else 0)
        values[key].append(run.metrics[metric])
    return {key: float(np.mean(each)) for key, each in values.items()}


def _at(means: dict[_Key, float], key: _Key) -> float | None:
    """The value for a key; that of a method without training examples holds for all shots and seeds."""
    return means.get(key, means.get((*key[:3], 0, 0)))
