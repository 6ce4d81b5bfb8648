"""Bars, intervals and shares in percent, and the colour that a label has everywhere."""

from __future__ import annotations

from html import escape

from core.metrics.classification import Evaluation

COLOURS = ("#3b82f6", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8b5cf6", "#a3a300", "#64748b", "#0d9488")


def colour(index: int) -> str:
    """The colour of label number `index`, the same everywhere."""
    return COLOURS[index % len(COLOURS)]


def bar(name: str, share: float, fill: str, value: str = "") -> str:
    """A name, a bar as long as its share of 1, and the share (or `value`) in figures."""
    style = f"width:{100 * share:.1f}%;background:{fill}"
    track = f'<span class="cl-track"><span class="cl-fill" style="{style}"></span></span>'
    return (f'<div class="cl-bar"><span class="cl-name" title="{escape(name)}">{escape(name)}</span>{track}'
            f'<span class="cl-value">{escape(value or found_percent(share))}</span></div>')


def interval_bar(found: Evaluation) -> str:
    """A proportion and its 95 % interval on a line from 0 to 100 %."""
    left, width = 100 * found.low, 100 * (found.high - found.low)
    return (f'<span class="cl-interval" title="95 %"><span class="cl-track">'
            f'<span class="cl-range" style="left:{left:.1f}%;width:{width:.1f}%"></span>'
            f'<span class="cl-point" style="left:{100 * found.accuracy:.1f}%"></span></span>'
            f'<small>95 %: {100 * found.low:.0f} – {100 * found.high:.0f} %</small></span>')


def found_percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"
