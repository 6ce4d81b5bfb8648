"""Runs side by side: in which settings they differ, and which examples one answers better."""

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
EXAMPLE = ["text_a", "text_b", "more", "gold", "references"]  # equal in rows of the same example

Better = Literal["a", "b", "both", "neither", "equal"]


@dataclass(frozen=True)
class ComparedSettings:
    """The settings and options of several runs.

    Attributes:
        shared: those that are the same for all.
        differing: for each run, in their order, the others. An option is compared among the runs
            whose method has it; the rows of other methods lack it. Words are among them only if
            runs with one pattern differ in their words.
    """

    shared: dict[str, object]
    differing: list[dict[str, object]]

    @property
    def names(self) -> list[str]:
        """The settings in which any two runs differ."""
        return list(dict.fromkeys(name for row in self.differing for name in row))


def distinct(runs: Iterable[Run]) -> list[Run]:
    """Of equal runs one, so that none counts twice: the latest that is done, else the latest."""
    kept: dict[str, Run] = {}
    for run in runs:
        earlier = kept.get(run.spec.fingerprint)
        if earlier is None or run.status == "done" or earlier.status != "done":
            kept[run.spec.fingerprint] = run
    return list(kept.values())


def compare_settings(records: Sequence[RunRecord]) -> ComparedSettings:
    """Part the settings of runs into those that are the same for all and those that differ."""
    rows = [_settings(record) for record in records]
    values: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name, value in row.items():
            values[name].add(repr(value))
    differing = [name for name in values if len(values[name]) > 1]
    pairs = {(record.pattern, record.words) for record in records}
    if len(pairs) == len(values["pattern"]) and "words" in differing:
        differing.remove("words")
    first = rows[0] if rows else {}
    shared = {name: value for name, value in first.items()
              if len(values[name]) == 1 and all(name in row for row in rows)}
    return ComparedSettings(
        shared, [{name: row[name] for name in differing if name in row} for row in rows])


def _settings(record: RunRecord) -> dict[str, object]:
    return {**{name: getattr(record, name) for name in SETTINGS}, **record.options}


def opponents(records: Sequence[RunRecord]) -> tuple[str | None, str | None]:
    """The ids of two runs worth comparing.

    The best by the main metric, and the best of another method, if possible with the same seed.
    """
    metric = metric_named(main_metric_of(records))
    ranked = sorted(measured(records, metric.name),
                    key=lambda record: metric.order(record.metrics[metric.name]))
    if not ranked:
        return None, None
    best, *others = ranked
    others.sort(key=lambda other: (
        other.task != best.task, other.method == best.method, other.seed != best.seed))
    return best.id, others[0].id if others else None


@dataclass(frozen=True)
class SideBySide:
    """The answers of two runs, a and b, to the examples that both were measured on.

    Attributes:
        metric: what the scores are of.
        rows: in the order of run a: text_a, text_b, more, gold, references; for each run (`_a`,
            `_b`) its answer, score, and the probability of the label that it predicts; and
            `better`: the run whose answer is better, "a" or "b". Of equally good answers "both"
            or "neither" is right if all scores are 0 or 1; otherwise they are "equal".
        right_or_wrong: whether all scores are 0 or 1.
    """

    metric: Metric
    rows: pd.DataFrame
    right_or_wrong: bool

    def scores(self, side: Literal["a", "b"]) -> list[float]:
        """A run's score for each example."""
        return [float(score) for score in self.rows[f"score_{side}"]]

    def right(self, side: Literal["a", "b"]) -> list[bool]:
        """Whether a run answers each example correctly."""
        return [bool(right) for right in self.rows["better"].isin([side, "both"])]

    def where(self, better: Better) -> pd.DataFrame:
        """The examples with this value of `better`.

        The wrong answers with the highest probability come first, or else the largest differences.
        """
        chosen = self.rows[self.rows["better"] == better]
        if self.right_or_wrong:
            wrong = {"a": ["b"], "b": ["a"], "neither": ["a", "b"]}.get(better, [])
            order = chosen[[f"probability_{side}" for side in wrong]].mean(axis=1)
        else:
            order = (chosen["score_a"] - chosen["score_b"]).abs()
        return chosen.loc[order.sort_values(ascending=False, kind="stable").index]


def outputs_of(a: pd.DataFrame, b: pd.DataFrame | None = None) -> pd.DataFrame:
    """What a run answers, or what two runs answer to the examples that both were measured on.

    A row for each example, in the order of run a: the texts, and by run (`_a`, `_b`) its answer
    and score.
    """
    if b is None:
        return _answers(a).rename(columns={"answer": "answer_a", "score": "score_a"})
    return _joined(a, b)


def side_by_side(a: pd.DataFrame, b: pd.DataFrame, metric: Metric) -> SideBySide:
    """Join the predictions of two runs, whose scores are of the metric.

    Raises:
        DataError: the runs share no example.
    """
    rows = _joined(a, b)
    score_a, score_b = rows["score_a"], rows["score_b"]
    right_or_wrong = bool(score_a.isin((0, 1)).all() and score_b.isin((0, 1)).all())
    right = score_a == (1 if metric.higher_is_better else 0)
    equal = np.where(right, "both", "neither") if right_or_wrong else "equal"
    rows["better"] = np.select(
        [metric.better(score_a, score_b), metric.better(score_b, score_a)], ["a", "b"], equal)
    return SideBySide(metric, rows, right_or_wrong)


def _joined(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    rows = _answers(a).merge(_answers(b), on=[*EXAMPLE, "copy"], suffixes=("_a", "_b"))
    if rows.empty:
        raise DataError("These two runs were measured on different examples. Choose two runs of "
                        "the same task.")
    return rows.drop(columns="copy")


def label_probabilities(predictions: Sequence[pd.DataFrame],
                        labels: Sequence[str]) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Label probabilities `[N, C]` and the N gold label indices, of one or several runs."""
    filled = [table for table in predictions if len(table)]
    if not filled or not labels:
        return np.zeros((0, len(labels))), []
    pooled = pd.concat(filled)
    probabilities = pooled[[f"p:{label}" for label in labels]].to_numpy(float)  # [N, C]
    return probabilities, [labels.index(label) for label in pooled["gold"]]


def spread_rows(records: Sequence[RunRecord], metric: str,
                over: Literal["pattern", "seed"]) -> list[dict[str, Any]]:
    """How much results vary, as rows with n, mean, sd, lowest and highest.

    Over seeds, a row is a method with one pattern and its values are runs; over patterns, a row is
    a method and its values are the means of patterns. With one value, `sd` is None.
    """
    values: dict[Setting, list[float]] = defaultdict(list)
    for setting, runs in grouped(measured(records, metric)).items():
        results = [run.metrics[metric] for run in runs]
        if over == "seed":
            values[setting] = results
        else:
            values[setting._replace(pattern="", words="")].append(summarise(results).mean)
    return [_spread(setting, values[setting]) for setting in sorted(values)]


def _spread(setting: Setting, values: Sequence[float]) -> dict[str, Any]:
    summary = summarise(values)
    return {"method": setting.method, "pattern": setting.pattern, "shots": setting.shots,
            "n": len(values), "mean": summary.mean, "sd": summary.sd,
            "lowest": min(values), "highest": max(values)}


def _answers(predictions: pd.DataFrame) -> pd.DataFrame:
    """Examples with their answer, its score and probability.

    `copy` numbers the rows of an example that occurs several times.
    """
    rows = predictions.reindex(columns=EXAMPLE, fill_value="")
    rows["answer"] = predictions["output" if "output" in predictions else "predicted"]
    rows["probability"] = predictions.filter(regex="^p:").max(axis=1)
    if "score" in predictions:
        rows["score"] = predictions["score"]
    else:  # tables of earlier versions
        rows["score"] = (predictions["predicted"] == predictions["gold"]).astype(float)
    rows["copy"] = rows.groupby(EXAMPLE).cumcount()
    return rows
