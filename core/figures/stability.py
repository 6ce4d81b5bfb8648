"""How much results vary with what should not matter: the wording of the pattern, and the seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import plotly.graph_objects as go

from core.figures.rows import Rows, clusters
from core.figures.text import Translate, plain
from core.figures.theme import Style, empty_figure, faded, new_figure, styles
from core.figures.wording import (
    NOTHING,
    circumstances,
    heading,
    pattern_text,
    run_facts,
    summary_facts,
    value_axis,
    varied,
)
from core.metrics.groups import Setting, grouped, main_metric_of, measured
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import summarise
from core.runs.records import RunRecord

Groups = Mapping[Setting, Sequence[RunRecord]]
Points = list[tuple[float, str]]  # values, and what the pointer tells about each

_CAPTIONS = {
    "seed": ("A box: one method with one pattern. A point: one seed.",
             "One run each: run more seeds to see how much the result varies."),
    "pattern": ("A box: one method. A point: the mean of one pattern over its seeds.",
                "One pattern each: run more patterns to see how much the wording matters."),
}


def stability_figure(records: Sequence[RunRecord], metric: str | None = None, over: Literal["pattern", "seed"] = "seed",
                     translate: Translate = lambda text: text) -> go.Figure:
    """Box plots with all points.

    Over seeds, a box is a method with one pattern and a point is a run. Over patterns, a box is a method and a point is
    a pattern's mean over its seeds, so that the seeds' share of the spread is not counted as the patterns'. The metric
    is the runs' main metric unless one is named.
    """
    measure = metric_named(metric or main_metric_of(records))
    groups = grouped(measured(records, measure.name))
    if not groups:
        return empty_figure(translate(NOTHING))
    boxes = _over_seeds(groups, measure, translate) if over == "seed" else _over_patterns(groups, measure, translate)
    look, fields = styles(setting.method for setting in boxes), varied(groups)
    rows, traces, named = Rows(translate("sd"), right=44), [], set()
    for members in clusters(boxes, list(look), fields):
        if over == "seed":
            rows.heading(heading(members[0], fields, translate), pattern_text(members[0], translate, 60, 12))
        else:
            rows.heading(" · ".join(circumstances(members[0], fields, translate)))
        for setting in members:
            place, method, sd = rows.row(), setting.method, summarise([value for value, _ in boxes[setting]]).sd
            rows.write(place, "–" if sd is None else measure.spread(sd))
            box = _box(method, look[method], boxes[setting], place)
            traces.append(box.update(showlegend=method not in named, legendrank=list(look).index(method)))
            named.add(method)
    several, single = _CAPTIONS[over]
    caption = translate(several if any(len(points) > 1 for points in boxes.values()) else single)
    return new_figure(traces, xaxis=value_axis(measure, translate, caption), showlegend=True, **rows.layout())


def _over_seeds(groups: Groups, metric: Metric, translate: Translate) -> dict[Setting, Points]:
    return {setting: [(run.metrics[metric.name], run_facts(run, metric, translate)) for run in runs]
            for setting, runs in groups.items()}


def _over_patterns(groups: Groups, metric: Metric, translate: Translate) -> dict[Setting, Points]:
    boxes: dict[Setting, Points] = defaultdict(list)
    for setting, runs in groups.items():
        summary = summarise([run.metrics[metric.name] for run in runs])
        facts = f"{pattern_text(setting, translate, 60, 8)}<br>{summary_facts(summary, metric, translate)}"
        box = setting._replace(pattern="", words="")
        boxes[box].append((summary.mean, f"<b>{plain(setting.method)}</b><br>{facts}"))
    return boxes


def _box(method: str, style: Style, points: Points, place: float) -> go.Box:
    return go.Box(x=[value for value, _ in points], y=[place] * len(points), orientation="h", width=18, boxpoints="all",
                  pointpos=0, jitter=0.5, line={"color": style.color, "width": 1.5}, fillcolor=faded(style.color, 0.18),
                  marker={"color": style.color, "symbol": style.symbol, "size": 6}, hoveron="points", hoverinfo="text",
                  hovertext=[facts for _, facts in points], name=plain(method), legendgroup=method)
