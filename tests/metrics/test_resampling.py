"""Bootstrap intervals of values of whole test sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from texts_to_measure import OUTPUTS, REFERENCES, restaurants, streams

from core.metrics.answers import TextAnswers
from core.metrics.metric import METRICS, metrics_of
from core.metrics.overlap import BLEU_E2E
from core.metrics.resampling import DRAWS, mean_of, resamples


def test_a_resample_holds_as_many_examples() -> None:
    drawn = resamples(restaurants())
    assert drawn.shape == (DRAWS, 5)
    assert (drawn.sum(1) == 5).all()
    assert drawn.mean(0) == pytest.approx(1, abs=0.1)
    assert (drawn == resamples(restaurants())).all()


def test_the_interval_is_that_of_bleu_over_resampled_examples() -> None:
    tool = BLEU(tokenize="13a", lowercase=True)
    values = []
    for counts in resamples(restaurants()):
        rows = np.repeat(np.arange(5), counts)
        references = [[stream[row] for row in rows] for stream in streams()]
        values.append(tool.corpus_score([OUTPUTS[row] for row in rows], references).score)
    expected = np.quantile(values, [0.025, 0.975])
    assert BLEU_E2E.interval(restaurants()) == pytest.approx(tuple(expected), abs=1e-9)


def test_the_interval_of_a_mean_is_near_the_normal_one() -> None:
    scores = np.random.default_rng(1).normal(3, 2, size=400)
    low, high = mean_of(lambda answers: scores).interval(TextAnswers([""] * 400, [[""]] * 400))
    half = 1.96 * scores.std() / math.sqrt(400)
    assert (low, high) == pytest.approx((scores.mean() - half, scores.mean() + half), abs=0.05)


WITH_INTERVALS = [metric.name for metric in metrics_of("generation") if metric.interval]


def test_all_metrics_of_texts_have_intervals_but_the_share_of_invalid_answers() -> None:
    assert {metric.name for metric in metrics_of("generation")} - set(WITH_INTERVALS) == {"invalid"}


@pytest.mark.parametrize("name", WITH_INTERVALS)
def test_every_interval_holds_its_value(name: str) -> None:
    metric = METRICS[name]
    numbers = name in ("pearson", "spearman")
    answers = (TextAnswers(["1", "2.5", "4", "x", "3"], [["1.2"], ["2"], ["5"], ["3"], ["2"]])
               if numbers else TextAnswers(OUTPUTS, REFERENCES, restaurants().sources))
    assert metric.interval is not None
    low, high = metric.interval(answers)
    assert low - 1e-12 <= metric.measure(answers) <= high + 1e-12
    assert low < high


@pytest.mark.parametrize("name", WITH_INTERVALS)
def test_without_examples_there_is_no_value(name: str) -> None:
    metric, nothing = METRICS[name], TextAnswers([], [])
    assert math.isnan(metric.measure(nothing))
    assert metric.scores is None or metric.scores(nothing).shape == (0,)
    assert metric.interval is not None
    assert metric.interval(nothing) == (0, 1) or all(map(math.isnan, metric.interval(nothing)))
