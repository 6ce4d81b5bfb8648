"""What runs wrote: their outputs beside the references, in an order, and by groups of examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from core.metrics.answers import Answers, LabelAnswers, TextAnswers
from core.metrics.metric import Metric

Order = Literal["row", "worst", "best", "apart"]
SEVERAL = (2, 12)  # different values of a column that makes groups: at least, and at most


def ordered(rows: pd.DataFrame, order: Order, metric: Metric) -> pd.DataFrame:
    """Rows with `score_a`, and `score_b` where two runs are shown, in an order.

    `row` leaves them as they are; `worst` and `best` go by the score of run a; `apart` puts those
    first whose scores differ most.
    """
    if order == "row":
        return rows
    if order == "apart":
        keys = -(rows["score_a"] - rows["score_b"]).abs()
    else:
        keys = rows["score_a"].map(metric.order) * (1 if order == "best" else -1)
    return rows.loc[keys.sort_values(kind="stable").index]


def columns_to_group_by(predictions: pd.DataFrame) -> list[str]:
    """The further columns of a run's examples that have few different values."""
    values = _further(predictions)
    fewest, most = SEVERAL
    return [str(name) for name in values if fewest <= values[name].nunique() <= most]


def measured_by_group(predictions: pd.DataFrame, column: str, metric: Metric,
                      labels: Sequence[str] = ()) -> dict[str, tuple[int, float]]:
    """For each value of a further column, how many examples have it and the metric over these.

    The values are in alphabetical order; examples without one are left out.
    """
    values = _further(predictions).get(column)
    if values is None:
        return {}
    groups = predictions.groupby(values, sort=True)
    return {str(name): (len(rows), metric.measure(_answers(rows, labels)))
            for name, rows in groups if name}


def answers_of(predictions: pd.DataFrame) -> TextAnswers:
    """The outputs of a run with their references and sources, to be measured or exported."""
    references = [text.split("\n") if text else [] for text in predictions["references"]]
    return TextAnswers(predictions["output"].tolist(), references, predictions["text_a"].tolist())


def _answers(predictions: pd.DataFrame, labels: Sequence[str]) -> Answers:
    if "output" in predictions:
        return answers_of(predictions)
    probabilities = predictions[[f"p:{label}" for label in labels]].to_numpy(float)  # [N, C]
    log_probs = np.log(np.maximum(probabilities, 1e-38)).astype(np.float32)
    return LabelAnswers(log_probs, [labels.index(label) for label in predictions["gold"]])


def _further(predictions: pd.DataFrame) -> pd.DataFrame:
    """The further texts of the examples, a column each; empty where an example has none."""
    if "more" not in predictions:
        return pd.DataFrame(index=predictions.index)
    rows = [dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)
            for text in predictions["more"]]
    return pd.DataFrame(rows, index=predictions.index).fillna("")
