"""Paired differences between methods or patterns: a forest plot."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures.rows import Rows
from core.figures.text import Translate, captioned, escaped, sentence, wrapped
from core.figures.theme import BLUE, INK, LINE, empty_figure, new_figure
from core.figures.wording import axis_title
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import PairComparison, Side

MAX_PAIRS = 40  # with more, those with the smallest p-values are shown
LEVEL = 0.05  # differences with a smaller p-value are clear
_WIDTH = 42  # letters of a heading
_NOTHING = "Nothing to compare yet: two methods need two runs each with the same seeds."

_POINTS_CAPTION = "percentage points; right of zero, the first is higher"
_CAPTION = "right of zero, the first is higher"
_ZERO = {
    "type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1,
    "line": {"color": LINE, "width": 1.5},
}

_Placed = list[tuple[PairComparison, float]]  # comparisons and the middles of their rows


def paired_figure(comparisons: Sequence[PairComparison], translate: Translate = str) -> go.Figure:
    """Draw a row for each pair: the mean difference, its 95 % interval, and Holm's p-value.

    Differences with p below `LEVEL` are drawn in a colour of their own.
    """
    if not comparisons:
        return empty_figure(translate(_NOTHING))
    metric = metric_named(comparisons[0].metric)
    rows, placed = _rows(comparisons, metric, translate)
    traces = [_trace(placed, clear, metric, translate) for clear in (True, False)]
    layout = rows.layout()
    layout["shapes"].append(_ZERO)
    axis = {"title": {"text": _title(metric, translate)}, "tickformat": "+.3~f"}
    return new_figure(traces, xaxis=axis, showlegend=True, **layout)


def _rows(comparisons: Sequence[PairComparison], metric: Metric,
          translate: Translate) -> tuple[Rows, _Placed]:
    """The rows with their headings and written differences, and the place of each comparison."""
    rows, placed = Rows(translate("difference, p"), right=118), []
    for pair in _chosen(comparisons):
        rows.heading(_heading(pair.a, pair.b), _sides(pair))
        place = rows.row()
        rows.write(place, f"{_signed(pair.test.difference, metric)}, {_p(pair.p_holm)}")
        placed.append((pair, place))
    return rows, placed


def _chosen(comparisons: Sequence[PairComparison]) -> Sequence[PairComparison]:
    """All comparisons; of too many, those with the smallest p-values."""
    if len(comparisons) <= MAX_PAIRS:
        return comparisons
    return sorted(comparisons, key=lambda pair: pair.p_holm)[:MAX_PAIRS]


def _title(metric: Metric, translate: Translate) -> str:
    title = sentence(translate, "{metric}: difference", metric=axis_title(metric, translate))
    return captioned(title, translate(_POINTS_CAPTION if metric.is_share else _CAPTION))


def _trace(placed: _Placed, clear: bool, metric: Metric, translate: Translate) -> go.Scatter:
    """The clear differences, or the others, with their intervals."""
    drawn = [(pair, place) for pair, place in placed if (pair.p_holm < LEVEL) == clear]
    halves = [metric.scale * (pair.test.high - pair.test.difference) for pair, _ in drawn]
    color = BLUE if clear else INK
    return go.Scatter(
        x=[metric.scale * pair.test.difference for pair, _ in drawn],
        y=[place for _, place in drawn], mode="markers",
        error_x={"array": halves, "thickness": 1.8, "width": 5, "color": color},
        marker={"color": color, "size": 11, "symbol": "diamond" if clear else "diamond-open"},
        hovertext=[_facts(pair, metric, translate) for pair, _ in drawn], hoverinfo="text",
        name=sentence(translate, "p < {level}" if clear else "p ≥ {level}", level=LEVEL),
    )


def _heading(a: Side, b: Side) -> str:
    """Both sides on one line if they fit a telephone, otherwise on two, elided."""
    parts = (a, b) if a[:2] == b[:2] else (a[:2], b[:2])  # words only if nothing else differs
    first, second = (" · ".join(filter(None, side)) for side in parts)
    if len(first) + len(second) <= _WIDTH:
        return escaped(f"{first}  −  {second}")
    return f"{wrapped(first, _WIDTH, 1)}<br>− {wrapped(second, _WIDTH, 1)}"


def _sides(pair: PairComparison) -> str:
    """Both sides in full."""
    first, second = ("<br>".join(wrapped(text, 60, 8) for text in side if text)
                     for side in (pair.a, pair.b))
    return f"<b>{first}</b><br>− <b>{second}</b>"


def _signed(value: float, metric: Metric) -> str:
    return ("+" if value >= 0 else "−") + metric.spread(abs(value))


def _p(value: float) -> str:
    return f"p={value:.3f}" if value >= 0.001 else "p<0.001"


def _facts(pair: PairComparison, metric: Metric, translate: Translate) -> str:
    """Everything about a comparison, for the pointer."""
    test = pair.test
    difference, low, high = (_signed(value, metric)
                             for value in (test.difference, test.low, test.high))
    return "<br>".join((
        _sides(pair),
        sentence(translate,
                 "difference {difference}, 95% interval {low} to {high}, over {n} pairs",
                 difference=difference, low=low, high=high, n=test.n),
        sentence(translate, "Holm-corrected {p}", p=_p(pair.p_holm)),
        sentence(translate, "uncorrected: t-test {p_t}, sign flips {p_flips}",
                 p_t=_p(test.p_t), p_flips=_p(test.p_flips)),
    ))
