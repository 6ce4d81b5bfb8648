"""How much results vary over the wording of the pattern and over the seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import plotly.graph_objects as go

from core.figures.rows import Rows, clusters
from core.figures.text import Translate, escaped
from core.figures.theme import Style, empty_figure, faded, new_figure, styles
from core.figures.wording import (
    NOTHING,
    conditions,
    differing_fields,
    heading,
    pattern_text,
    run_facts,
    summary_facts,
    value_axis,
)
from core.metrics.groups import Setting, grouped, main_metric_of, measured
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import summarise
from core.runs.records import RunRecord

_Groups = Mapping[Setting, Sequence[RunRecord]]
_Points = list[tuple[float, str]]  # values, and the facts about each for the pointer
_Over = Literal["pattern", "seed"]

_CAPTIONS = {
    "seed": ("A box: one method with one pattern. A point: one seed.",
             "One run each: run more seeds to see how much the result varies."),
    "pattern": ("A box: one method. A point: the mean of one pattern over its seeds.",
                "One pattern each: run more patterns to see how much the wording matters."),
}


def stability_figure(records: Sequence[RunRecord], metric: str | None = None,
                     over: _Over = "seed", translate: Translate = str) -> go.Figure:
    """Draw box plots with all points.

    Over seeds, a box is a method with one pattern and a point is a run. Over patterns, a box is a
    method and a point is a pattern's mean over its seeds, so that the variation over seeds does not
    count as variation over patterns. The metric is the runs' main metric unless one is named.
    """
    measure = metric_named(metric or main_metric_of(records))
    groups = grouped(measured(records, measure.name))
    if not groups:
        return empty_figure(translate(NOTHING))
    points_of = _over_seeds if over == "seed" else _over_patterns
    boxes = points_of(groups, measure, translate)
    rows, traces = _rows(boxes, differing_fields(groups), over, measure, translate)
    several, single = _CAPTIONS[over]
    caption = translate(several if any(len(points) > 1 for points in boxes.values()) else single)
    axis = value_axis(measure, translate, caption)
    return new_figure(traces, xaxis=axis, showlegend=True, **rows.layout())


def _over_seeds(groups: _Groups, metric: Metric, translate: Translate) -> dict[Setting, _Points]:
    """A box for each setting, with its runs as points."""
    return {setting: [(run.metrics[metric.name], run_facts(run, metric, translate)) for run in runs]
            for setting, runs in groups.items()}


def _over_patterns(groups: _Groups, metric: Metric, translate: Translate) -> dict[Setting, _Points]:
    """A box for each setting without its pattern, with the means of patterns as points."""
    boxes: dict[Setting, _Points] = defaultdict(list)
    for setting, runs in groups.items():
        summary = summarise([run.metrics[metric.name] for run in runs])
        pattern = pattern_text(setting, translate, 60, 8)
        facts = summary_facts(summary, metric, translate)
        box = setting._replace(pattern="", words="")
        text = f"<b>{escaped(setting.method)}</b><br>{pattern}<br>{facts}"
        boxes[box].append((summary.mean, text))
    return boxes


def _rows(boxes: Mapping[Setting, _Points], fields: frozenset[str], over: _Over, metric: Metric,
          translate: Translate) -> tuple[Rows, list[go.Box]]:
    """The rows with their headings and standard deviations, and the boxes in them."""
    style_of = styles(setting.method for setting in boxes)
    methods = list(style_of)
    rows = Rows(translate("sd"), right=44)
    traces: list[go.Box] = []
    for members in clusters(boxes, methods, fields):
        rows.heading(*_heading(members[0], fields, over, translate))
        for setting in members:
            place = rows.row()
            rows.write(place, _sd(boxes[setting], metric))
            box = _box(setting.method, style_of[setting.method], boxes[setting], place)
            first = all(other.legendgroup != setting.method for other in traces)
            traces.append(box.update(showlegend=first, legendrank=methods.index(setting.method)))
    return rows, traces


def _heading(setting: Setting, fields: frozenset[str], over: _Over,
             translate: Translate) -> tuple[str, str]:
    """The heading of the rows of a setting, and its text under the pointer."""
    if over == "seed":
        return heading(setting, fields, translate), pattern_text(setting, translate, 60, 12)
    return " · ".join(conditions(setting, fields, translate)), ""


def _sd(points: _Points, metric: Metric) -> str:
    sd = summarise([value for value, _ in points]).sd
    return "–" if sd is None else metric.spread(sd)


def _box(method: str, style: Style, points: _Points, place: float) -> go.Box:
    return go.Box(
        x=[value for value, _ in points], y=[place] * len(points), orientation="h", width=18,
        boxpoints="all", pointpos=0, jitter=0.5,
        line={"color": style.color, "width": 1.5}, fillcolor=faded(style.color, 0.18),
        marker={"color": style.color, "symbol": style.symbol, "size": 6},
        hovertext=[facts for _, facts in points], hoverinfo="text", hoveron="points",
        name=escaped(method), legendgroup=method,
    )
