"""Runs side by side: the settings in which they differ, and the examples that one has right and another wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import DataError
from core.metrics.groups import Setting, grouped, measured
from core.metrics.significance import summarise
from core.runs.records import RunRecord
from core.runs.run import Run

SETTINGS = ("task", "model", "method", "pattern", "words", "shots", "seed")
EXAMPLE = ["text_a", "text_b", "more", "gold"]  # what makes two rows of predictions the same example

Right = Literal["a", "b", "both", "neither"]


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
    """The ids of two runs worth comparing: the best, and the best of another method, if possible with its seed."""
    ranked = sorted(measured(records, "accuracy"), key=lambda each: -each.metrics["accuracy"])
    if not ranked:
        return None, None
    best, *others = ranked
    others.sort(key=lambda each: (each.task != best.task, each.method == best.method, each.seed != best.seed))
    return best.id, others[0].id if others else None


def side_by_side(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Join the predictions of two runs on the examples that both were measured on, in the order of the first.

    Columns: text_a, text_b, more, gold, predicted_a, probability_a (of the predicted label), predicted_b,
    probability_b, and right: which of the two runs is right, "a", "b", "both" or "neither".

    Raises:
        DataError: the runs share no example.
    """
    joined = _answers(a).merge(_answers(b), on=[*EXAMPLE, "copy"], suffixes=("_a", "_b")).drop(columns="copy")
    if joined.empty:
        raise DataError("These two runs were measured on different examples. Choose two runs of the same task.")
    right_a, right_b = (joined[f"predicted_{side}"] == joined["gold"] for side in "ab")
    joined["right"] = np.select([right_a & right_b, right_a, right_b], ["both", "a", "b"], "neither")
    return joined


def examples_where(joined: pd.DataFrame, right: Right) -> pd.DataFrame:
    """The examples of `side_by_side` that these runs have right; the surest of the wrong answers first."""
    wrong = {"a": ["b"], "b": ["a"], "neither": ["a", "b"], "both": []}[right]
    chosen = joined[joined["right"] == right]
    surest = chosen[[f"probability_{side}" for side in wrong]].mean(axis=1)
    return chosen.loc[surest.sort_values(ascending=False, kind="stable").index]


def right_in(joined: pd.DataFrame, side: Literal["a", "b"]) -> list[bool]:
    """For each example of `side_by_side`: does this run have it right?"""
    return [bool(each) for each in joined["right"].isin([side, "both"])]


def label_probabilities(predictions: Sequence[pd.DataFrame],
                        labels: Sequence[str]) -> tuple[npt.NDArray[np.float64], list[int]]:
    """The probabilities `[N, C]` and gold label indices of the predictions of one or several runs."""
    filled = [table for table in predictions if len(table)]
    if not filled:
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
    """Example, answer and its probability; `copy` numbers examples that occur several times."""
    found = predictions.reindex(columns=[*EXAMPLE, "predicted"], fill_value="")
    found["probability"] = predictions.filter(regex="^p:").max(axis=1)
    found["copy"] = found.groupby(EXAMPLE).cumcount()
    return found
