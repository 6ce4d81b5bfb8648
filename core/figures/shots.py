"""The gain from more training examples: a curve for each method."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.rows import jitter
from core.figures.text import Translate, captioned, sentence
from core.figures.theme import Style, empty_figure, faded, new_figure, styles
from core.figures.wording import (
    NOTHING,
    differing_fields,
    run_facts,
    series_name,
    summary_facts,
    value_axis,
)
from core.metrics.groups import Setting, grouped, main_metric_of, measured
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import Summary, summarise
from core.runs.records import RunRecord

_RunsByShots = dict[int, list[RunRecord]]


def shots_figure(records: Sequence[RunRecord], metric: str | None = None,
                 translate: Translate = str) -> go.Figure:
    """Draw the mean over patterns and seeds for each number of training examples per label.

    The 95 % interval of the mean is a band. A method without training examples is a dotted line
    across. The metric is the runs' main metric unless one is named.
    """
    measure = metric_named(metric or main_metric_of(records))
    curves = _runs_by_curve(measured(records, measure.name), translate)
    if not curves:
        return empty_figure(translate(NOTHING))
    ticks = sorted({shots for runs in curves.values() for shots in runs if shots})
    ends = _ends(ticks)
    traces: list[go.Scatter] = []
    for name, style in styles(curves).items():
        traces += _Curve(name, style, curves[name], ends, measure, translate).traces()
    return new_figure(traces, xaxis=_shots_axis(ticks, ends, translate),
                      yaxis=value_axis(measure, translate), height=440, showlegend=True)


def _runs_by_curve(records: Sequence[RunRecord], translate: Translate) -> dict[str, _RunsByShots]:
    """For the name of each curve, its runs by K in ascending order."""
    groups: dict[Setting, list[RunRecord]] = defaultdict(list)
    for setting, runs in grouped(records).items():
        groups[setting._replace(pattern="", words="")].extend(runs)
    fields = differing_fields(groups) - {"shots", "words"}
    curves: dict[str, _RunsByShots] = defaultdict(dict)
    for setting in sorted(groups, key=lambda setting: setting.shots):
        curves[series_name(setting, fields, translate)][setting.shots] = groups[setting]
    return curves


def _ends(ticks: Sequence[int]) -> tuple[float, float]:
    """The ends of the axis, with some room beside the first and the last K."""
    if not ticks:
        return 1.0, 2.0
    room = 1.15 if len(ticks) > 1 else 2
    return ticks[0] / room, ticks[-1] * room


def _shots_axis(ticks: Sequence[int], ends: tuple[float, float],
                translate: Translate) -> dict[str, Any]:
    """A logarithmic axis; with fewer than two K, its caption says what a curve needs."""
    caption = ""
    if len(ticks) < 2:
        caption = translate("A curve needs runs with several K, e.g. 8, 16 and 32.")
    title = captioned(translate("Training examples per label (K)"), caption)
    return {
        "type": "log", "tickvals": ticks, "ticktext": [str(shots) for shots in ticks],
        "range": [math.log10(end) for end in ends], "title": {"text": title},
    }


@dataclass(frozen=True)
class _Curve:
    """What is drawn of one method: its runs by K, in its style, between the ends of the axis."""

    name: str
    style: Style
    runs: Mapping[int, Sequence[RunRecord]]
    ends: tuple[float, float]
    metric: Metric
    translate: Translate

    def traces(self) -> list[go.Scatter]:
        """The band of intervals, the runs, and the line of means."""
        summaries = self._summaries()
        if list(summaries) == [0]:
            return [self._band({}), self._points(), self._line_across(summaries[0])]
        return [self._band(summaries), self._points(), self._line(summaries)]

    def _summaries(self) -> dict[int, Summary]:
        return {shots: summarise([self._value(run) for run in runs])
                for shots, runs in self.runs.items()}

    def _band(self, summaries: Mapping[int, Summary]) -> go.Scatter:
        """A closed outline: the lower ends of the intervals, then the upper ones backwards."""
        band = [(shots, summary.low, summary.high) for shots, summary in summaries.items()
                if shots and summary.low is not None]
        shots = [shots for shots, _, _ in band]
        lows, highs = [low for _, low, _ in band], [high for _, _, high in band]
        return go.Scatter(
            x=[*shots, *reversed(shots)], y=[*lows, *reversed(highs)], mode="lines",
            fill="toself", fillcolor=faded(self.style.color, 0.14), line={"width": 0},
            hoverinfo="skip", legendgroup=self.name, showlegend=False,
        )

    def _points(self) -> go.Scatter:
        """A small point for each run that has training examples."""
        placed = [(shots * 2 ** jitter(index, 0.12), run)
                  for shots, runs in self.runs.items() if shots for index, run in enumerate(runs)]
        color = faded(self.style.color, 0.45)
        return go.Scatter(
            x=[place for place, _ in placed],
            y=[self._value(run) for _, run in placed],
            hovertext=[run_facts(run, self.metric, self.translate) for _, run in placed],
            hoverinfo="text", mode="markers", legendgroup=self.name, showlegend=False,
            marker={"color": color, "symbol": self.style.symbol, "size": 5},
        )

    def _line(self, summaries: Mapping[int, Summary]) -> go.Scatter:
        facts = []
        for shots, summary in summaries.items():
            k = sentence(self.translate, "K = {shots}", shots=shots)
            facts.append(f"<b>{self.name}</b>  {k}  {self._facts(summary)}")
        return self._means(list(summaries), list(summaries.values()), facts)

    def _line_across(self, summary: Summary) -> go.Scatter:
        facts = f"<b>{self.name}</b>  {self._facts(summary)}"
        return self._means(self.ends, [summary] * 2, [facts] * 2, dash="dot", mode="lines")

    def _value(self, run: RunRecord) -> float:
        return run.metrics[self.metric.name]

    def _facts(self, summary: Summary) -> str:
        return summary_facts(summary, self.metric, self.translate)

    def _means(self, places: Sequence[float], summaries: Sequence[Summary], facts: Sequence[str],
               dash: str = "solid", mode: str = "lines+markers") -> go.Scatter:
        color = self.style.color
        return go.Scatter(
            x=places, y=[summary.mean for summary in summaries], mode=mode,
            hovertext=facts, hoverinfo="text", name=self.name, legendgroup=self.name,
            line={"color": color, "width": 2, "dash": dash},
            marker={"color": color, "symbol": self.style.symbol, "size": 9},
        )
