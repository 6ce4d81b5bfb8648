"""How good each method is with each pattern: every run, the mean and its spread; and the gain from more examples."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import plotly.graph_objects as go

from core.figures.rows import Rows, clusters, jitter
from core.figures.text import Translate, plain, sentence, titled
from core.figures.theme import Style, empty_figure, faded, new_figure, styles
from core.figures.wording import (
    NOTHING,
    heading,
    pattern_text,
    run_facts,
    series_name,
    summary_facts,
    value_axis,
    varied,
)
from core.metrics.groups import Setting, grouped, main_metric_of, measured
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import Summary, summarise
from core.runs.records import RunRecord

Groups = Mapping[Setting, Sequence[RunRecord]]
_MEAN, _RUNS = -4.0, 8.0  # pixels from the middle of a row: the mean above, the runs below


def score_figure(records: Sequence[RunRecord], metric: str | None = None, translate: Translate = lambda text: text) -> go.Figure:
    """A row for each pattern and method: the mean, ± sd (thick), its 95% interval (thin), and a point for each run.

    The metric is the runs' main metric unless one is named.
    """
    measure = metric_named(metric or main_metric_of(records))
    groups = grouped(measured(records, measure.name))
    if not groups:
        return empty_figure(translate(NOTHING))
    look = styles(setting.method for setting in groups)
    rows = Rows(translate("mean ± sd"), right=92)
    fields = varied(groups)
    places: dict[Setting, float] = {}
    for members in clusters(groups, list(look), fields):
        rows.heading(heading(members[0], fields, translate), pattern_text(members[0], translate, 60, 12))
        for setting in members:
            places[setting] = rows.row()
            rows.write(places[setting], _mean_and_sd(_summary(groups[setting], measure), measure))
    traces = chain.from_iterable(_method_traces(method, style, groups, places, measure, translate)
                                 for method, style in look.items())
    repeated = any(len(runs) > 1 for runs in groups.values())
    caption = translate("Large: mean. Thick: ± sd. Thin: 95% interval. Small: runs." if repeated else
                  "One run each: run more seeds to see how much the result varies.")
    return new_figure(traces, xaxis=value_axis(measure, translate, caption), showlegend=True, **rows.layout())


def shots_figure(records: Sequence[RunRecord], metric: str | None = None, translate: Translate = lambda text: text) -> go.Figure:
    """Mean over patterns and seeds for each number of training examples per label, with the 95% interval as a band.

    A method without training examples is a dotted line across. The metric is the runs' main metric unless one is named.
    """
    measure = metric_named(metric or main_metric_of(records))
    groups: dict[Setting, list[RunRecord]] = defaultdict(list)
    for setting, runs in grouped(measured(records, measure.name)).items():
        groups[setting._replace(pattern="", words="")].extend(runs)
    if not groups:
        return empty_figure(translate(NOTHING))
    fields = varied(groups) - {"shots", "words"}
    curves: dict[str, dict[int, list[RunRecord]]] = defaultdict(dict)
    for setting in sorted(groups, key=lambda each: each.shots):
        curves[series_name(setting, fields, translate)][setting.shots] = groups[setting]
    ticks = sorted({setting.shots for setting in groups if setting.shots})
    room = 1.15 if len(ticks) > 1 else 2
    ends = (ticks[0] / room, ticks[-1] * room) if ticks else (1.0, 2.0)
    traces = chain.from_iterable(_curve_traces(name, style, curves[name], ends, measure, translate)
                                 for name, style in styles(curves).items())
    missing = "" if len(ticks) > 1 else translate("A curve needs runs with several K, e.g. 8, 16 and 32.")
    axis = {"type": "log", "tickvals": ticks, "ticktext": [str(each) for each in ticks],
            "range": [math.log10(end) for end in ends],
            "title": {"text": titled(translate("Training examples per label (K)"), missing)}}
    return new_figure(traces, xaxis=axis, yaxis=value_axis(measure, translate), height=440, showlegend=True)


def _summary(runs: Sequence[RunRecord], metric: Metric) -> Summary:
    return summarise([run.metrics[metric.name] for run in runs])


def _mean_and_sd(summary: Summary, metric: Metric) -> str:
    sd = "" if summary.sd is None else f" ± {metric.spread(summary.sd)}"
    return metric.shown(summary.mean) + sd


def _method_traces(method: str, style: Style, groups: Groups, places: Mapping[Setting, float], metric: Metric,
                   translate: Translate) -> list[Any]:
    """Three traces: runs, ± sd, and the mean with its interval."""
    own = [(setting, groups[setting], _summary(groups[setting], metric)) for setting in groups
           if setting.method == method]
    runs = [(run, places[setting] + _RUNS + jitter(index, 9)) for setting, members, _ in own
            for index, run in enumerate(members)]
    bars = [(places[setting] + _MEAN, each.mean, each.sd) for setting, _, each in own if each.sd is not None]
    halves = [None if each.high is None else each.high - each.mean for _, _, each in own]
    unlisted = {"legendgroup": method, "showlegend": False}
    return [
        go.Scatter(x=[run.metrics[metric.name] for run, _ in runs], y=[place for _, place in runs], mode="markers",
                   marker={"color": faded(style.color, 0.6), "symbol": style.symbol, "size": 6},
                   hovertext=[run_facts(run, metric, translate) for run, _ in runs], hoverinfo="text", **unlisted),
        go.Scatter(x=[x for _, mean, sd in bars for x in (mean - sd, mean + sd, None)],
                   y=[place for place, _, _ in bars for _ in range(3)], mode="lines", hoverinfo="skip",
                   line={"color": faded(style.color, 0.35), "width": 8}, **unlisted),
        go.Scatter(x=[each.mean for _, _, each in own], y=[places[setting] + _MEAN for setting, _, _ in own],
                   error_x={"array": halves, "thickness": 1.5, "width": 4, "color": style.color}, mode="markers",
                   marker={"color": style.color, "symbol": style.symbol, "size": 11}, name=plain(method),
                   legendgroup=method, hoverinfo="text",
                   hovertext=[f"<b>{plain(method)}</b>  {summary_facts(each, metric, translate)}<br>"
                              f"{pattern_text(setting, translate, 60, 8)}" for setting, _, each in own]),
    ]


def _curve_traces(name: str, style: Style, curve: Mapping[int, Sequence[RunRecord]], ends: tuple[float, float],
                  metric: Metric, translate: Translate) -> list[Any]:
    """Band, runs, and the line of means."""
    summaries = {shots: _summary(runs, metric) for shots, runs in curve.items()}
    untrained = list(curve) == [0]
    places = list(ends) if untrained else [float(shots) for shots in curve]
    drawn = list(summaries.values()) * (2 if untrained else 1)
    facts = [f"<b>{name}</b>  " + ("" if untrained else sentence(translate, "K = {shots}", shots=int(place)) + "  ")
             + summary_facts(each, metric, translate) for place, each in zip(places, drawn, strict=True)]
    band = [(shots, each.low, each.high) for shots, each in summaries.items() if shots and each.low is not None]
    runs = [(shots * 2 ** jitter(index, 0.12), run) for shots, members in curve.items() if shots
            for index, run in enumerate(members)]
    unlisted = {"legendgroup": name, "showlegend": False}
    return [
        go.Scatter(x=[x for x, _, _ in band] + [x for x, _, _ in reversed(band)],
                   y=[low for _, low, _ in band] + [high for _, _, high in reversed(band)], mode="lines", fill="toself",
                   fillcolor=faded(style.color, 0.14), line={"width": 0}, hoverinfo="skip", **unlisted),
        go.Scatter(x=[x for x, _ in runs], y=[run.metrics[metric.name] for _, run in runs], mode="markers",
                   marker={"color": faded(style.color, 0.45), "symbol": style.symbol, "size": 5}, hoverinfo="text",
                   hovertext=[run_facts(run, metric, translate) for _, run in runs], **unlisted),
        go.Scatter(x=places, y=[each.mean for each in drawn], name=name, legendgroup=name,
                   mode="lines" if untrained else "lines+markers", hovertext=facts, hoverinfo="text",
                   line={"color": style.color, "width": 2, "dash": "dot" if untrained else "solid"},
                   marker={"color": style.color, "symbol": style.symbol, "size": 9}),
    ]
