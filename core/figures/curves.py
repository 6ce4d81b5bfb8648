"""How good methods are over a number: training examples, prefix length, stored parameters."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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

_MOST_TICKS = 12
_RunsByPlace = dict[float, list[RunRecord]]


_TITLES = {"shots": "Training examples per label (K)", "examples": "Training examples (K)",
           "length": "Prefix length (positions)", "size": "Stored parameters"}
_HINTS = {
    "shots": "A curve needs runs with several K, e.g. 8, 16 and 32.",
    "examples": "A curve needs runs with several K, e.g. 8, 16 and 32.",
    "length": "A curve needs runs with several prefix lengths, e.g. 1, 5 and 10.",
    "size": "A curve needs runs that store different numbers of parameters.",
}
_FACTS = {"shots": "K = {place}", "examples": "K = {place}", "length": "length {place}",
          "size": "{place} stored parameters"}


@dataclass(frozen=True)
class _Across:
    """What stands on the logarithmic axis across.

    Attributes:
        name: of its texts.
        place: of a run; 0 for runs without, which are drawn as a line across.
        options: options that decide the place, so that curves are not told apart by them.
        fields: settings that do.
    """

    name: str
    place: Callable[[RunRecord], float]
    options: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()


def _prefix_length(record: RunRecord) -> float:
    """The positions of a run's prefix, of which words to begin with decide the number; or 0."""
    length = record.options.get("length", 0)
    return record.metrics.get("prefix_length", float(length) if isinstance(length, int) else 0.0)


_SHOTS = _Across("shots", lambda record: record.shots, fields=frozenset({"shots"}))
_EXAMPLES = replace(_SHOTS, name="examples")
_LENGTH = _Across("length", _prefix_length, frozenset({"length"}))
_SIZE = _Across("size", lambda record: record.metrics.get("stored_parameters", 0.0),
                frozenset({"length", "prefix_layers", "top_layers"}))


def shots_figure(records: Sequence[RunRecord], metric: str | None = None,
                 translate: Translate = str) -> go.Figure:
    """Draw the mean over patterns and seeds for each number of training examples.

    The 95 % interval of the mean is a band. A method without training examples is a dotted line
    across. The metric is the runs' main metric unless one is named.
    """
    measure = metric_named(metric or main_metric_of(records))
    across = _EXAMPLES if measure.kinds == ("generation",) else _SHOTS
    return _figure(records, measure, across, translate)


def length_figure(records: Sequence[RunRecord], metric: str | None = None,
                  translate: Translate = str) -> go.Figure:
    """Draw the mean for each length of a prefix; see `shots_figure` (arXiv 2101.00190, 7.1)."""
    measure = metric_named(metric or main_metric_of(records))
    return _figure(records, measure, _LENGTH, translate)


def size_figure(records: Sequence[RunRecord], metric: str | None = None,
                translate: Translate = str) -> go.Figure:
    """Draw the mean for each number of parameters that a run stores; see `shots_figure`."""
    measure = metric_named(metric or main_metric_of(records))
    return _figure(records, measure, _SIZE, translate)


def curves_worth_drawing(records: Sequence[RunRecord], metric: str) -> dict[str, bool]:
    """By the name of each figure, whether the runs have several places on its axis."""
    done = measured(records, metric)
    return {across.name: len({across.place(record) for record in done} - {0}) > 1
            for across in (_SHOTS, _LENGTH, _SIZE)}


def _figure(records: Sequence[RunRecord], metric: Metric, across: _Across,
            translate: Translate) -> go.Figure:
    curves = _runs_by_curve(measured(records, metric.name), across, translate)
    if not curves:
        return empty_figure(translate(NOTHING))
    ticks = sorted({place for runs in curves.values() for place in runs if place})
    ends = _ends(ticks)
    traces: list[go.Scatter] = []
    for name, style in styles(curves).items():
        traces += _Curve(name, style, curves[name], ends, metric, across, translate).traces()
    return new_figure(traces, xaxis=_axis(ticks, ends, across, translate),
                      yaxis=value_axis(metric, translate), height=440, showlegend=True)


def _runs_by_curve(records: Sequence[RunRecord], across: _Across,
                   translate: Translate) -> dict[str, _RunsByPlace]:
    """For the name of each curve, its runs by their place in ascending order."""
    alike = [_without(record, across.options) for record in records]
    groups: dict[Setting, list[RunRecord]] = defaultdict(list)
    for setting, runs in grouped(alike).items():
        groups[setting._replace(pattern="", words="")].extend(runs)
    fields = differing_fields(groups) - {"words", *across.fields}
    found: dict[str, _RunsByPlace] = defaultdict(lambda: defaultdict(list))
    for setting, runs in groups.items():
        for run in runs:
            found[series_name(setting, fields, translate)][across.place(run)].append(run)
    return {name: dict(sorted(curve.items())) for name, curve in found.items()}


def _without(record: RunRecord, options: frozenset[str]) -> RunRecord:
    """A record whose place can be read still, but whose setting does not name these options."""
    kept = {name: value for name, value in record.options.items() if name not in options}
    metrics = dict(record.metrics)
    if "length" in options and "length" in record.options:
        metrics.setdefault("prefix_length", _prefix_length(record))
    return replace(record, options=kept, metrics=metrics)


def _ends(ticks: Sequence[float]) -> tuple[float, float]:
    """The ends of the axis, with some room beside the first and the last place."""
    if not ticks:
        return 1.0, 2.0
    room = 1.15 if len(ticks) > 1 else 2
    return ticks[0] / room, ticks[-1] * room


def _axis(ticks: Sequence[float], ends: tuple[float, float], across: _Across,
          translate: Translate) -> dict[str, Any]:
    """A logarithmic axis; with fewer than two places, its caption says what a curve needs."""
    caption = translate(_HINTS[across.name]) if len(ticks) < 2 else ""
    title = {"text": captioned(translate(_TITLES[across.name]), caption)}
    reach = [math.log10(end) for end in ends]
    if len(ticks) > _MOST_TICKS:
        return {"type": "log", "range": reach, "title": title}
    return {"type": "log", "range": reach, "title": title, "tickvals": ticks,
            "ticktext": [_short(place) for place in ticks]}


def _short(number: float) -> str:
    """A number with three digits: 5, 230k, 1.35M."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e3 if unit == 'k' else size):.3g}{unit}"
    return f"{number:g}"


@dataclass(frozen=True)
class _Curve:
    """What is drawn of one method: its runs by place, in its style, between the axis' ends."""

    name: str
    style: Style
    runs: Mapping[float, Sequence[RunRecord]]
    ends: tuple[float, float]
    metric: Metric
    across: _Across
    translate: Translate

    def traces(self) -> list[go.Scatter]:
        """The band of intervals, the runs, and the line of means."""
        summaries = self._summaries()
        if list(summaries) == [0]:
            return [self._band({}), self._points(), self._line_across(summaries[0])]
        return [self._band(summaries), self._points(), self._line(summaries)]

    def _summaries(self) -> dict[float, Summary]:
        return {place: summarise([self._value(run) for run in runs])
                for place, runs in self.runs.items()}

    def _band(self, summaries: Mapping[float, Summary]) -> go.Scatter:
        """A closed outline: the lower ends of the intervals, then the upper ones backwards."""
        band = [(place, summary.low, summary.high) for place, summary in summaries.items()
                if place and summary.low is not None]
        places = [place for place, _, _ in band]
        lows, highs = [low for _, low, _ in band], [high for _, _, high in band]
        return go.Scatter(
            x=[*places, *reversed(places)], y=[*lows, *reversed(highs)], mode="lines",
            fill="toself", fillcolor=faded(self.style.color, 0.14), line={"width": 0},
            hoverinfo="skip", legendgroup=self.name, showlegend=False,
        )

    def _points(self) -> go.Scatter:
        """A small point for each run that has a place."""
        placed = [(place * 2 ** jitter(index, 0.12), run)
                  for place, runs in self.runs.items() if place for index, run in enumerate(runs)]
        color = faded(self.style.color, 0.45)
        return go.Scatter(
            x=[place for place, _ in placed],
            y=[self._value(run) for _, run in placed],
            hovertext=[run_facts(run, self.metric, self.translate) for _, run in placed],
            hoverinfo="text", mode="markers", legendgroup=self.name, showlegend=False,
            marker={"color": color, "symbol": self.style.symbol, "size": 5},
        )

    def _line(self, summaries: Mapping[float, Summary]) -> go.Scatter:
        facts = []
        for place, summary in summaries.items():
            where = sentence(self.translate, _FACTS[self.across.name], place=f"{place:,.0f}")
            facts.append(f"<b>{self.name}</b>  {where}  {self._facts(summary)}")
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
