"""The table of metrics, and what follows from it for names that runs hold."""

from __future__ import annotations

from typing import get_args

import pytest

from core.data.task import Kind
from core.metrics.metric import (
    METRICS,
    Metric,
    found_metrics,
    main_metric,
    main_metric_in,
    metric_named,
)

ERRORS = Metric("errors", "Errors", "Wrong answers.", ("choice",), len, higher_is_better=False)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_kind_has_a_main_metric_with_a_score_for_each_example(kind: Kind) -> None:
    assert main_metric(kind).scores is not None


def test_names_are_those_of_the_table() -> None:
    assert [metric.name for metric in METRICS.values()] == list(METRICS)
    assert all(metric.title and metric.explain and metric.kinds for metric in METRICS.values())


def test_a_development_score_is_its_metric_on_other_examples() -> None:
    found = metric_named("dev_accuracy")
    assert found.titled() == "Accuracy on development examples"
    assert (found.unit, found.higher_is_better) == ("share", True)
    assert metric_named("accuracy").titled() == metric_named("accuracy").head() == "Accuracy"
    chinese = {"Accuracy": "准确率"}
    assert found.head(lambda text: chinese.get(text, text)) == "准确率 (dev)"


def test_a_number_of_unknown_meaning_is_shown_as_it_is() -> None:
    for name in ("pool", "dev_pool"):
        assert (metric_named(name).titled(), metric_named(name).shown(3)) == (name, "3.00")


@pytest.mark.parametrize(
    ("metric", "shown", "signed", "spread", "within"),
    [
        (metric_named("accuracy"), "81.2%", "+81.2%", "81.2", 1.0),
        (ERRORS, "0.81", "+0.81", "0.81", 1.5),
    ],
)
def test_values_are_shown_in_their_unit(
    metric: Metric, shown: str, signed: str, spread: str, within: float
) -> None:
    assert metric.shown(0.812) == shown
    assert metric.signed(0.812) == signed
    assert metric.spread(0.812) == spread
    assert metric.within(1.5) == within


@pytest.mark.parametrize(("metric", "best"), [(metric_named("accuracy"), 3), (ERRORS, 1)])
def test_the_metric_knows_which_way_is_better(metric: Metric, best: int) -> None:
    assert sorted([2, 1, 3], key=metric.order)[0] == best
    beaten = [value for value in (1, 2, 3) if metric.better(best, value)]
    assert beaten == [value for value in (1, 2, 3) if value != best]


def test_a_runs_metrics_come_in_the_tables_order_development_scores_last() -> None:
    names = ["dev_accuracy", "n", "macro_f1", "accuracy_low", "best_step", "accuracy"]
    found = [metric.name for metric in found_metrics(names)]
    assert found == ["accuracy", "macro_f1", "dev_accuracy"]


@pytest.mark.parametrize(
    ("runs", "name"),
    [
        ([], "accuracy"),
        ([{}, {"macro_f1": 0.5}], "macro_f1"),
        ([{"macro_f1": 0.5}, {"accuracy": 0.5}], "accuracy"),
        ([{"exact_match": 0.5, "n": 3.0, "dev_accuracy": 1.0}], "exact_match"),
    ],
)
def test_the_main_metric_is_taken_from_the_runs(runs: list[dict[str, float]], name: str) -> None:
    assert main_metric_in(runs).name == name
