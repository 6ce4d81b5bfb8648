"""Bars, intervals, shares in percent and tags, in the colour that a label has everywhere."""

from __future__ import annotations

from html import escape

from core.metrics.evaluation import Evaluation
from core.metrics.metric import Metric

COLOURS = ("#3b82f6", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8b5cf6", "#a3a300",
           "#64748b", "#0d9488")


def colour(index: int) -> str:
    """The colour of label number `index`, the same everywhere."""
    return COLOURS[index % len(COLOURS)]


def bar(name: str, share: float, fill: str, value: str = "") -> str:
    """A name, a bar as long as its share of 1, and the share (or `value`) in figures."""
    return ('<div class="cl-bar"><span class="cl-name" '
            f'title="{escape(name)}">{escape(name)}</span>{track(share, fill)}'
            f'<span class="cl-value">{escape(value or found_percent(share))}</span></div>')


def track(share: float, fill: str) -> str:
    """A bar as long as its share of 1, without words."""
    return ('<span class="cl-track"><span class="cl-fill" '
            f'style="width:{100 * share:.1f}%;background:{fill}"></span></span>')


def label_tag(name: str, index: int) -> str:
    """The name of label number `index` on its colour."""
    return f'<span class="cl-tag" style="background:{colour(index)}">{escape(name)}</span>'


def metric_text(value: float, metric: Metric) -> str:
    """A metric's value: shares as percentages."""
    return found_percent(value) if metric.is_share else metric.shown(value)


def range_text(low: float, high: float, metric: Metric) -> str:
    """An interval of a metric's values: 71.3 – 79.8 %."""
    if metric.is_share:
        return f"{100 * low:.1f} – {100 * high:.1f} %"
    return f"{metric.shown(low)} – {metric.shown(high)}"


def interval_bar(found: Evaluation) -> str:
    """A share and its 95 % interval on a line from 0 to 100 %; nothing for other metrics."""
    if found.interval is None or not found.metric.is_share:
        return ""
    low, high = found.interval
    left, width = 100 * low, 100 * (high - low)
    return (f'<span class="cl-interval" title="95 %"><span class="cl-track">'
            f'<span class="cl-range" style="left:{left:.1f}%;width:{width:.1f}%"></span>'
            f'<span class="cl-point" style="left:{100 * found.value:.1f}%"></span></span>'
            f'<small>95 %: {100 * low:.0f} – {100 * high:.0f} %</small></span>')


def found_percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"
