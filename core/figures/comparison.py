"""Which differences are more than chance: a forest plot."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures.rows import Rows
from core.figures.text import Translate, plain, sentence, titled, wrapped
from core.figures.theme import BLUE, INK, LINE, empty_figure, new_figure
from core.figures.wording import axis_title
from core.metrics.metric import metric_named
from core.metrics.significance import PairComparison, Side

MAX_PAIRS = 40  # with more, those with the smallest p-values are shown
LEVEL = 0.05
_WIDTH = 42  # letters of a heading


def paired_figure(comparisons: Sequence[PairComparison], translate: Translate = lambda text: text) -> go.Figure:
    """A row for each pair: the mean difference, its 95% interval, and its Holm-corrected p-value."""
    if not comparisons:
        return empty_figure(translate("Nothing to compare yet: two methods need two runs each with the same seeds."))
    chosen = list(comparisons)
    if len(chosen) > MAX_PAIRS:
        chosen = sorted(chosen, key=lambda each: each.p_holm)[:MAX_PAIRS]
    rows, placed = Rows(translate("difference, p"), right=118), []
    for each in chosen:
        rows.heading(_heading(each.a, each.b), _sides(each))
        placed.append((each, rows.row()))
        rows.write(placed[-1][1], f"{_signed(each.test.difference, each.metric)}, {_p(each.p_holm)}")
    metric = metric_named(chosen[0].metric)
    unit = translate("percentage points; right of zero, the first is higher") if metric.is_share else translate(
        "right of zero, the first is higher")
    title = sentence(translate, "{metric}: difference", metric=axis_title(metric, translate))
    traces = [_trace([pair for pair in placed if (pair[0].p_holm < LEVEL) == clear], clear, translate)
              for clear in (True, False)]
    layout = rows.layout()
    layout["shapes"].append({"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1,
                             "line": {"color": LINE, "width": 1.5}})
    axis = {"title": {"text": titled(title, unit)}, "tickformat": "+.3~f"}
    return new_figure(traces, xaxis=axis, showlegend=True, **layout)


def _trace(pairs: Sequence[tuple[PairComparison, float]], clear: bool, translate: Translate) -> go.Scatter:
    color = BLUE if clear else INK
    name = sentence(translate, "p < {level}" if clear else "p ≥ {level}", level=LEVEL)
    scale = [metric_named(each.metric).scale for each, _ in pairs]
    halves = [by * (each.test.high - each.test.difference) for by, (each, _) in zip(scale, pairs, strict=True)]
    return go.Scatter(x=[by * each.test.difference for by, (each, _) in zip(scale, pairs, strict=True)],
                      y=[place for _, place in pairs], mode="markers", name=name, hoverinfo="text",
                      error_x={"array": halves, "thickness": 1.8, "width": 5, "color": color},
                      marker={"color": color, "size": 11, "symbol": "diamond" if clear else "diamond-open"},
                      hovertext=[_facts(each, translate) for each, _ in pairs])


def _heading(a: Side, b: Side) -> str:
    """Both sides on one line if they fit a telephone, otherwise on two, elided."""
    alike = a[:2] == b[:2]  # only the words tell them apart
    first, second = (" · ".join(filter(None, side if alike else side[:2])) for side in (a, b))
    if len(first) + len(second) <= _WIDTH:
        return plain(f"{first}  −  {second}")
    return f"{wrapped(first, _WIDTH, 1)}<br>− {wrapped(second, _WIDTH, 1)}"


def _sides(each: PairComparison) -> str:
    """Both sides in full."""
    first, second = ("<br>".join(wrapped(text, 60, 8) for text in side if text) for side in (each.a, each.b))
    return f"<b>{first}</b><br>− <b>{second}</b>"


def _signed(value: float, metric: str) -> str:
    return ("+" if value >= 0 else "−") + metric_named(metric).spread(abs(value))


def _p(value: float) -> str:
    return f"p={value:.3f}" if value >= 0.001 else "p<0.001"


def _facts(each: PairComparison, translate: Translate) -> str:
    test = each.test
    return "<br>".join((
        _sides(each),
        sentence(translate, "difference {difference}, 95% interval {low} to {high}, over {n} pairs",
                 difference=_signed(test.difference, each.metric), low=_signed(test.low, each.metric),
                 high=_signed(test.high, each.metric), n=test.n),
        sentence(translate, "Holm-corrected {p}", p=_p(each.p_holm)),
        sentence(translate, "uncorrected: t-test {p_t}, sign flips {p_flips}", p_t=_p(test.p_t), p_flips=_p(test.p_flips)),
    ))
