"""Values of a whole test set from statistics of its single examples, with bootstrap intervals.

BLEU, NIST, TER and chrF are no means over examples: counts are added up first. A resample of the
examples is then a weighted sum of their counts, so that a thousand resamples cost one product of
matrices. Koehn, Statistical Significance Tests for Machine Translation Evaluation (2004).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.answers import Floats, TextAnswers, once
from core.randomness import rng

DRAWS = 1000
_NUMBERS_AT_ONCE = 4_000_000  # of resampled counts in memory as floats
Counts = npt.NDArray[np.uint8]


def always(answers: TextAnswers) -> bool:  # noqa: ARG001
    """Every text can be measured."""
    return True


@dataclass(frozen=True)
class TextScore:
    """How a metric of texts comes from statistics of the examples.

    Attributes:
        statistics: `[N, S]`, a row for each example.
        value: from the sum of rows, `[S]`, to the value of these examples together.
        sentence: the same for the row of one example, where that is another formula.
        applies: whether the answers can be measured so; if not, all values are NaN, at no cost.
    """

    statistics: Callable[[TextAnswers], Floats]
    value: Callable[[Floats], float]
    sentence: Callable[[Floats], float] | None = None
    applies: Callable[[TextAnswers], bool] = always

    def measure(self, answers: TextAnswers) -> float:
        """The value of all examples together; NaN without examples."""
        if not self._is_measured(answers):
            return math.nan
        return self.value(self.statistics(answers).sum(0))

    def scores(self, answers: TextAnswers) -> Floats:
        """The score of each example, `[N]`."""
        if not self._is_measured(answers):
            return np.full(answers.n, math.nan)
        score = self.sentence or self.value
        return np.array([score(row) for row in self.statistics(answers)], dtype=np.float64)

    def interval(self, answers: TextAnswers) -> tuple[float, float]:
        """The 95 % percentile interval of the value, over resampled examples."""
        if not self._is_measured(answers):
            return math.nan, math.nan
        return percentiles(self.value(sums) for sums in _sums(answers, self.statistics(answers)))

    def _is_measured(self, answers: TextAnswers) -> bool:
        return answers.n > 0 and self.applies(answers)


def mean_of(scores: Callable[[TextAnswers], Floats],
            applies: Callable[[TextAnswers], bool] = always) -> TextScore:
    """The score whose value is the mean of its scores `[N]` of the examples."""
    def statistics(answers: TextAnswers) -> Floats:
        return np.column_stack([scores(answers), np.ones(answers.n)])  # [N, 2]

    return TextScore(statistics, _mean, applies=applies)


def _mean(sums: Floats) -> float:
    return float(sums[0] / sums[1])


@once
def resamples(answers: TextAnswers) -> Counts:
    """How often each resample holds each example, `[DRAWS, N]`, for at least one example.

    All metrics of the same number of examples see the same resamples.
    """
    n = answers.n
    random = rng(0, "bootstrap", n)
    drawn = np.empty((DRAWS, n), dtype=np.uint8)
    for row in drawn:
        counts = np.bincount(random.integers(0, n, size=n), minlength=n)
        row[:] = np.minimum(counts, 255)
    return drawn


def resamples_in_parts(answers: TextAnswers) -> Iterator[Floats]:
    """The same as floats `[D, N]`, so many at a time that they fit into memory."""
    drawn = resamples(answers)
    rows = max(1, _NUMBERS_AT_ONCE // answers.n)
    for start in range(0, DRAWS, rows):
        yield drawn[start : start + rows].astype(np.float64)


def percentiles(values: Iterator[float] | Floats) -> tuple[float, float]:
    """The ends of the middle 95 % of values."""
    low, high = np.nanquantile(np.fromiter(values, dtype=np.float64), [0.025, 0.975])
    return float(low), float(high)


def _sums(answers: TextAnswers, statistics: Floats) -> Floats:
    """The sum of statistics `[N, S]` over each resample, `[DRAWS, S]`."""
    return np.concatenate([counts @ statistics for counts in resamples_in_parts(answers)])
