"""Runs side by side: the settings in which they differ, and the examples that one answers better than another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import DataError
from core.metrics.groups import Setting, grouped, main_metric_of, measured
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import summarise
from core.runs.records import RunRecord
from core.runs.run import Run

SETTINGS = ("task", "model", "method", "pattern", "words", "shots", "seed")
EXAMPLE = ["text_a", "text_b", "more", "gold", "references"]  # what makes two rows of predictions the same example

Better = Literal["a", "b", "both", "neither", "equal"]


@dataclass(frozen=True)
class ComparedSettings:
    """What decides several runs.

    Attributes:
        shared: the settings and options that are the same for all.
        differing: for each run, in their order, the others. An option is compared among the runs whose method has
            it; the rows of other methods lack it. Words count only where a pattern comes with several.
    """

    shared: dict[str, object]
    differing: list[dict[str, object]]

    @property
    def names(self) -> list[str]:
        """The settings in which any two runs differ."""
        return list(dict.fromkeys(name for row in self.differing for name in row))


def distinct(runs: Iterable[Run]) -> list[Run]:
    """Equal runs once, or they would be counted as several: the latest that is done, else the latest."""
    found: dict[str, Run] = {}
    for run in runs:
        earlier = found.get(run.spec.fingerprint)
        if earlier is None or run.status == "done" or earlier.status != "done":
            found[run.spec.fingerprint] = run
    return list(found.values())


def compare_settings(records: Sequence[RunRecord]) -> ComparedSettings:
    """Part the settings of runs into those that are the same for all and those that tell them apart."""
    rows = [{**{name: getattr(each, name) for name in SETTINGS}, **each.options} for each in records]
    values: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name, value in row.items():
            values[name].add(repr(value))
    differing = [name for name, each in values.items() if len(each) > 1]
    if len({(each.pattern, each.words) for each in records}) == len(values["pattern"]) and "words" in differing:
        differing.remove("words")
    shared = {name: value for name, value in (rows[0] if rows else {}).items()
              if len(values[name]) == 1 and all(name in row for row in rows)}
    return ComparedSettings(shared, [{name: row[name] for name in differing if name in row} for row in rows])


def opponents(records: Sequence[RunRecord]) -> tuple[str | None, str | None]:
    """The ids of two runs worth comparing: the best by the main metric, and the best of another method, if possible
    with its seed."""
    metric = metric_named(main_metric_of(records))
    ranked = sorted(measured(records, metric.name), key=lambda record: metric.order(record.metrics[metric.name]))
    if not ranked:
        return None, None
    best, *others = ranked
    others.sort(key=lambda each: (each.task != best.task, each.method == best.method, each.seed != best.seed))
    return best.id, others[0].id if others else None


@dataclass(frozen=True)
class SideBySide:
    """The answers of two runs, a and b, to the examples that both were measured on.

    Attributes:
        metric: what scores are of.
        rows: in the order of the first: text_a, text_b, more, gold, references, and for either side (`_a`, `_b`)
            the answer, its score, and probability, that of the predicted label; and `better`: which of the two answers
            is, "a" or "b"; of equally good ones "both" or "neither" is right where scores are 0 or 1, else "equal".
        right_or_wrong: whether all scores are 0 or 1.
    """

    metric: Metric
    rows: pd.DataFrame
    right_or_wrong: bool

    def scores(self, side: Literal["a", "b"]) -> list[float]:
        """A run's score for each example."""
        return [float(score) for score in self.rows[f"score_{side}"]]

    def right(self, side: Literal["a", "b"]) -> list[bool]:
        """For each example: does this run have it right?"""
        return [bool(each) for each in self.rows["better"].isin([side, "both"])]

    def where(self, better: Better) -> pd.DataFrame:
        """The examples that are answered so: the surest of the wrong answers, or the largest difference, first."""
        chosen = self.rows[self.rows["better"] == better]
        wrong = {"a": ["b"], "b": ["a"], "neither": ["a", "b"]}.get(better, [])
        order = chosen[[f"probability_{side}" for side in wrong]].mean(axis=1) if self.right_or_wrong else (
            chosen["score_a"] - chosen["score_b"]).abs()
        return chosen.loc[order.sort_values(ascending=False, kind="stable").index]


def side_by_side(a: pd.DataFrame, b: pd.DataFrame, metric: Metric) -> SideBySide:
    """Join the predictions of two runs, whose scores are of the metric.

    Raises:
        DataError: the runs share no example.
    """
    joined = _answers(a).merge(_answers(b), on=[*EXAMPLE, "copy"], suffixes=("_a", "_b")).drop(columns="copy")
    if joined.empty:
        raise DataError("These two runs were measured on different examples. Choose two runs of the same task.")
    score_a, score_b = (joined[f"score_{side}"] for side in "ab")
    right_or_wrong = bool(score_a.isin((0, 1)).all() and score_b.isin((0, 1)).all())
    alike = np.where(score_a == (1 if metric.higher_is_better else 0), "both", "neither") if right_or_wrong else "equal"
    joined["better"] = np.select([metric.better(score_a, score_b), metric.better(score_b, score_a)], ["a", "b"], alike)
    return SideBySide(metric, joined, right_or_wrong)


def label_probabilities(predictions: Sequence[pd.DataFrame],
                        labels: Sequence[str]) -> tuple[npt.NDArray[np.float64], list[int]]:
    """The probabilities `[N, C]` and gold label indices of the predictions of one or several runs."""
    filled = [table for table in predictions if len(table)]
    if not filled or not labels:
        return np.zeros((0, len(labels))), []
    pooled = pd.concat(filled)
    return pooled[[f"p:{label}" for label in labels]].to_numpy(float), [labels.index(each) for each in pooled["gold"]]


def spread_rows(records: Sequence[RunRecord], metric: str, over: Literal["pattern", "seed"]) -> list[dict[str, Any]]:
    """How much results vary, as rows with n, mean, sd, lowest and highest.

    Over seeds, a row is a method with one pattern and its values are runs; over patterns, a row is a method and its
    values are the means of patterns. With one value, `sd` is None.
    """
    values: dict[Setting, list[float]] = defaultdict(list)
    for setting, runs in grouped(measured(records, metric)).items():
        results = [run.metrics[metric] for run in runs]
        if over == "seed":
            values[setting] = results
        else:
            values[setting._replace(pattern="", words="")].append(summarise(results).mean)
    return [{"method": setting.method, "pattern": setting.pattern, "shots": setting.shots, "n": len(each),
             "mean": summarise(each).mean, "sd": summarise(each).sd, "lowest": min(each), "highest": max(each)}
            for setting, each in sorted(values.items())]


def _answers(predictions: pd.DataFrame) -> pd.DataFrame:
    """Example, answer, its score and probability; `copy` numbers examples that occur several times."""
    found = predictions.reindex(columns=EXAMPLE, fill_value="")
    found["answer"] = predictions["output" if "output" in predictions else "predicted"]
    found["probability"] = predictions.filter(regex="^p:").max(axis=1)
    found["score"] = predictions["score"] if "score" in predictions else (  # older tables have none
        predictions["predicted"] == predictions["gold"]).astype(float)
    found["copy"] = found.groupby(EXAMPLE).cumcount()
    return found
