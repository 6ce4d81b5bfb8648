"""Accuracy, its interval, macro F1 and confusion, against scikit-learn, scipy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn_metrics

from core.metrics.answers import LabelAnswers, written_log_probs
from core.metrics.evaluation import Evaluation, evaluate
from core.metrics.labels import macro_f1, most_confused, wilson_interval


def test_the_most_confused_labels_keep_their_order() -> None:
    confusion = np.array([[9, 0, 0, 0], [0, 5, 0, 3], [0, 0, 9, 1], [0, 0, 0, 9]])
    assert most_confused(confusion, 2) == [1, 3]
    assert most_confused(confusion, 3) == [1, 2, 3]
    assert most_confused(confusion, 9) == [0, 1, 2, 3]


def random_predictions(labels: int, n: int = 200) -> tuple[np.ndarray, list[int]]:
    random = np.random.default_rng(labels)
    log_probs = np.log(random.dirichlet(np.ones(labels), n)).astype(np.float32)
    return log_probs, random.integers(0, labels, n).tolist()


def measured(log_probs: np.ndarray, gold: list[int]) -> Evaluation:
    return evaluate(LabelAnswers(log_probs, gold), "classification")


@pytest.mark.parametrize("labels", [2, 4, 6])
def test_agrees_with_sklearn(labels: int) -> None:
    log_probs, gold = random_predictions(labels)
    predicted = log_probs.argmax(1)
    found = measured(log_probs, gold)
    assert found.n == 200
    assert found.value == pytest.approx(sklearn_metrics.accuracy_score(gold, predicted))
    macro_f1 = sklearn_metrics.f1_score(gold, predicted, average="macro")
    assert found.metrics["macro_f1"] == pytest.approx(macro_f1)
    assert found.confusion == sklearn_metrics.confusion_matrix(gold, predicted).tolist()


@pytest.mark.parametrize(("right", "n"), [(0, 10), (1, 10), (7, 10), (10, 10), (423, 480), (1, 1)])
def test_interval_is_scipys_wilson_interval(right: int, n: int) -> None:
    expected = stats.binomtest(right, n).proportion_ci(method="wilson")
    assert wilson_interval(right, n) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_interval_without_observations_is_everything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_confusion_has_gold_in_rows_and_predictions_in_columns() -> None:
    log_probs = np.log(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], dtype=np.float32))
    assert measured(log_probs, [0, 1, 1]).confusion == [[1, 0], [1, 1]]


def test_first_label_wins_ties() -> None:
    found = measured(np.zeros((2, 3), dtype=np.float32), [0, 2])
    assert found.confusion == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize(("confusion", "expected"), [
    ([[3, 1], [2, 4]], (6 / 9 + 8 / 11) / 2),  # 2 right / (row + column)
    ([[5, 0], [5, 0]], (10 / 15 + 0) / 2),
    ([[4, 0, 0], [0, 4, 0], [0, 0, 0]], 2 / 3),  # a label that never occurs counts as 0
])
def test_macro_f1_by_hand(confusion: list[list[int]], expected: float) -> None:
    assert macro_f1(np.array(confusion)) == pytest.approx(expected)


def test_what_is_no_label_counts_as_wrong_and_as_missed() -> None:
    outputs, gold = ["bad", "Good", "good", "", "bad", "good "], [0, 1, 1, 0, 1, 1]
    log_probs = written_log_probs(outputs, ("bad", "good"))
    answers = LabelAnswers(log_probs, gold, written=True)
    assert answers.predicted.tolist() == [0, -1, 1, -1, 0, -1]
    found = evaluate(answers, "classification")
    assert found.scores.tolist() == [1, 0, 1, 0, 0, 0]
    assert (found.value, found.metrics["invalid"]) == (2 / 6, 3 / 6)
    assert found.confusion == [[1, 0], [1, 1]]
    named = [["bad", "good", "none"][index] for index in answers.predicted]
    theirs = sklearn_metrics.f1_score([("bad", "good")[index] for index in gold], named,
                                      labels=["bad", "good"], average="macro")
    assert found.metrics["macro_f1"] == pytest.approx(theirs)


def test_compared_labels_are_never_invalid() -> None:
    log_probs, gold = random_predictions(2)
    assert "invalid" not in measured(log_probs, gold).metrics


def test_metrics_are_plain_numbers() -> None:
    log_probs, gold = random_predictions(2)
    found = measured(log_probs, gold)
    right = int((log_probs.argmax(1) == gold).sum())
    low, high = wilson_interval(right, 200)
    assert list(found.metrics) == ["accuracy", "accuracy_low", "accuracy_high", "macro_f1", "n"]
    assert (found.value, found.interval, found.metrics["n"]) == (right / 200, (low, high), 200.0)
    assert {type(value) for value in found.metrics.values()} == {float}


def test_each_example_has_a_score() -> None:
    log_probs, gold = random_predictions(3)
    found = measured(log_probs, gold)
    assert found.metric.name == "accuracy"
    assert found.scores.tolist() == (log_probs.argmax(1) == gold).astype(float).tolist()


def test_no_examples_have_no_accuracy() -> None:
    found = measured(np.zeros((0, 2), dtype=np.float32), [])
    assert math.isnan(found.value)
    assert (found.n, found.interval) == (0, (0.0, 1.0))
