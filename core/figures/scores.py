"""How good each method is with each pattern: every run, the mean and its spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.rows import Rows, clusters, jitter
from core.figures.text import Translate, escaped
from core.figures.theme import Style, empty_figure, faded, new_figure, styles
from core.figures.wording import (
    NOTHING,
    differing_fields,
    heading,
    pattern_text,
    run_facts,
    summary_facts,
    value_axis,
)
from core.metrics.groups import Setting, grouped, main_metric_of, measured
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import Summary, summarise
from core.runs.records import RunRecord

_MEAN, _RUNS = -4.0, 8.0  # pixels from the middle of a row: the mean above, the runs below


def score_figure(records: Sequence[RunRecord], metric: str | None = None,
                 translate: Translate = str) -> go.Figure:
    """Draw a row for each pattern and method.

    A row shows the mean, ± sd (thick), the mean's 95 % interval (thin), and a point for each run.
    The metric is the runs' main metric unless one is named.
    """
    measure = metric_named(metric or main_metric_of(records))
    groups = grouped(measured(records, measure.name))
    if not groups:
        return empty_figure(translate(NOTHING))
    summaries = {setting: _summary(runs, measure) for setting, runs in groups.items()}
    rows, places = _rows(summaries, measure, translate)
    drawn = [_Row(setting, places[setting], groups[setting], summary)
             for setting, summary in summaries.items()]
    axis = value_axis(measure, translate, _caption(drawn, translate))
    traces = _traces(drawn, measure, translate)
    return new_figure(traces, xaxis=axis, showlegend=True, **rows.layout())


def _summary(runs: Sequence[RunRecord], metric: Metric) -> Summary:
    return summarise([run.metrics[metric.name] for run in runs])


def _rows(summaries: Mapping[Setting, Summary], metric: Metric,
          translate: Translate) -> tuple[Rows, dict[Setting, float]]:
    """The rows with their headings and written means, and the place of each setting."""
    rows = Rows(translate("mean ± sd"), right=92)
    places: dict[Setting, float] = {}
    methods = list(styles(setting.method for setting in summaries))
    fields = differing_fields(summaries)
    for members in clusters(summaries, methods, fields):
        whole_pattern = pattern_text(members[0], translate, 60, 12)
        rows.heading(heading(members[0], fields, translate), whole_pattern)
        for setting in members:
            places[setting] = rows.row()
            rows.write(places[setting], _mean_and_sd(summaries[setting], metric))
    return rows, places


def _half_interval(summary: Summary) -> float | None:
    """The distance from the mean to the ends of its interval, if there is one."""
    return None if summary.high is None else summary.high - summary.mean


def _mean_and_sd(summary: Summary, metric: Metric) -> str:
    sd = "" if summary.sd is None else f" ± {metric.spread(summary.sd)}"
    return metric.shown(summary.mean) + sd


def _caption(rows: Sequence[_Row], translate: Translate) -> str:
    if any(len(row.runs) > 1 for row in rows):
        return translate("Large: mean. Thick: ± sd. Thin: 95% interval. Small: runs.")
    return translate("One run each: run more seeds to see how much the result varies.")


def _traces(rows: Sequence[_Row], metric: Metric, translate: Translate) -> list[go.Scatter]:
    traces: list[go.Scatter] = []
    for method, style in styles(row.setting.method for row in rows).items():
        own = [row for row in rows if row.setting.method == method]
        traces += _MethodTraces(method, style, own, metric, translate).all()
    return traces


@dataclass(frozen=True)
class _Row:
    """One row of a method: a setting, the middle of the row, its runs and their summary."""

    setting: Setting
    place: float
    runs: Sequence[RunRecord]
    summary: Summary


@dataclass(frozen=True)
class _MethodTraces:
    """What is drawn of one method: its rows in its style."""

    method: str
    style: Style
    rows: Sequence[_Row]
    metric: Metric
    translate: Translate

    def all(self) -> list[go.Scatter]:
        """Runs, ± sd, and the mean with its interval."""
        return [self._runs(), self._spread(), self._means()]

    def _runs(self) -> go.Scatter:
        placed = [(run, row.place + _RUNS + jitter(index, 9))
                  for row in self.rows for index, run in enumerate(row.runs)]
        color = faded(self.style.color, 0.6)
        return go.Scatter(
            x=[run.metrics[self.metric.name] for run, _ in placed],
            y=[place for _, place in placed],
            hovertext=[run_facts(run, self.metric, self.translate) for run, _ in placed],
            hoverinfo="text", mode="markers", legendgroup=self.method, showlegend=False,
            marker={"color": color, "symbol": self.style.symbol, "size": 6},
        )

    def _spread(self) -> go.Scatter:
        """A thick line from mean - sd to mean + sd; None ends a line."""
        x: list[float | None] = []
        y: list[float] = []
        for row in self.rows:
            if row.summary.sd is not None:
                x += [row.summary.mean - row.summary.sd, row.summary.mean + row.summary.sd, None]
                y += [row.place + _MEAN] * 3
        line = {"color": faded(self.style.color, 0.35), "width": 8}
        return go.Scatter(x=x, y=y, mode="lines", hoverinfo="skip", line=line,
                          legendgroup=self.method, showlegend=False)

    def _means(self) -> go.Scatter:
        color = self.style.color
        halves = [_half_interval(row.summary) for row in self.rows]
        return go.Scatter(
            x=[row.summary.mean for row in self.rows],
            y=[row.place + _MEAN for row in self.rows],
            error_x={"array": halves, "thickness": 1.5, "width": 4, "color": color},
            hovertext=[self._facts(row) for row in self.rows], hoverinfo="text",
            name=escaped(self.method), legendgroup=self.method, mode="markers",
            marker={"color": color, "symbol": self.style.symbol, "size": 11},
        )

    def _facts(self, row: _Row) -> str:
        facts = summary_facts(row.summary, self.metric, self.translate)
        pattern = pattern_text(row.setting, self.translate, 60, 8)
        return f"<b>{escaped(self.method)}</b>  {facts}<br>{pattern}"
