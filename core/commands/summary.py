"""A study's document as text: its table of means, paired differences, and the runs that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.commands.command import align

_NONE = "–"  # where there is no value


def summary_text(document: Mapping[str, Any]) -> str:
    """What `run` and `report` print of a study's document."""
    means = [("method", "pattern", "K", "n", "mean", "sd", "95 %"),
             *map(_mean_cells, document["summary"])]
    differences = [("paired difference", "n", "mean", "95 %", "p", "p (Holm)"),
                   *map(_difference_cells, document["differences"])]
    tables = [means, differences] if document["differences"] else [means]
    failed = [f"\n{run['id']} {run['status']}: {run['error'] or ''}"
              for run in document["runs"] if run["status"] != "done"]
    return "\n\n".join(map(align, tables)) + "".join(failed)


def _mean_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    from core.metrics.metric import metric_named

    metric = metric_named(row["metric"])
    ends = [metric.shown(metric.within(end)) for end in row["ci95"] if end is not None]
    deviation = _NONE if row["sd"] is None else metric.shown(row["sd"])
    return (row["method"], row["pattern"] or _NONE, str(row["shots"]), str(row["n"]),
            metric.shown(row["mean"]), deviation, " – ".join(ends) or _NONE)


def _difference_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    from core.metrics.metric import metric_named

    signed = metric_named(row["metric"]).signed
    return (f"{row['a']} − {row['b']}", str(row["n"]), signed(row["difference"]),
            " – ".join(map(signed, row["ci95"])), f"{row['p']:.3f}", f"{row['p_holm']:.3f}")
