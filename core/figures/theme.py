"""The look of all figures: transparent, legible on any page, and safe for colour-blind readers.

A plot does not know whether its page is light or dark, so text and grid are mid-grey and every
colour has a contrast of at least 3 : 1 on both. The colours keep a CIELAB distance of 18 or more
from each other under normal, protan, deutan and tritan vision (Machado et al. 2009); symbols tell
methods apart without any colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from core.figures.text import wrapped

INK = "#7f838a"
GRID = "rgba(127,131,138,0.22)"
LINE = "rgba(127,131,138,0.6)"
CLEAR = "rgba(0,0,0,0)"
BLUE, ORANGE = "#8282ed", "#ed701c"


class Style(NamedTuple):
    """Colour and symbol of a method."""

    color: str
    symbol: str


STYLES: dict[str, Style] = {
    "zero-shot": Style("#808080", "diamond"),
    "in-context": Style("#bf69ae", "square"),
    "head": Style(ORANGE, "triangle-up"),
    "lm-bff": Style(BLUE, "circle"),
    "pet": Style("#14a662", "pentagon"),
    "ipet": Style("#d91a33", "star"),
    "prefix-tuning": Style("#9a3bed", "triangle-down"),
    "text-to-text": Style("#bf30b6", "hexagram"),
}
_VARIANTS = ("", "-open", "-open-dot", "-dot")  # of a method's symbol, for its options
_COLORS = [style.color for style in list(STYLES.values())[1:]]  # without grey
_OTHERS = [Style(color, symbol)
           for symbol in ("cross", "x", "bowtie", "hourglass") for color in _COLORS]

_AXIS = {
    "gridcolor": GRID, "linecolor": LINE, "zeroline": False,
    "ticks": "", "ticklabelstandoff": 4, "automargin": True, "title": {"standoff": 8},
}
_LEGEND = {
    "orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom",
    "bgcolor": CLEAR,
}
_REMOVED_TOOLS = [
    "zoom", "pan", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d",
    "sendChartToCloud",
]
TEMPLATE = go.layout.Template(layout={
    "paper_bgcolor": CLEAR,
    "plot_bgcolor": CLEAR,
    "autosize": True,
    "margin": {"l": 12, "r": 12, "t": 48, "b": 12},
    "font": {"family": "system-ui, sans-serif", "size": 12, "color": INK},
    "xaxis": _AXIS,
    "yaxis": _AXIS,
    "hoverlabel": {"align": "left", "font": {"size": 12}},
    "legend": _LEGEND,
    "modebar": {
        "bgcolor": CLEAR, "color": INK, "activecolor": BLUE, "remove": _REMOVED_TOOLS,
    },
    "dragmode": False,
})


def styles(names: Iterable[str]) -> dict[str, Style]:
    """A style for each name: known methods first, in the order of `STYLES`, then others in theirs.

    A method with options, `lm-bff (steps=300)`, has its method's colour and a variant of its
    symbol. Other names take colours that are still free, as long as there are any.
    """
    given = list(dict.fromkeys(names))
    known = _known(given)
    used = {style.color for style in known.values()}
    others = sorted(_OTHERS, key=lambda style: style.color in used)
    rest = [name for name in given if name not in known]
    return known | {name: others[index % len(others)] for index, name in enumerate(rest)}


def _known(names: Sequence[str]) -> dict[str, Style]:
    """The styles of those names that are methods in `STYLES`, with or without options."""
    known: dict[str, Style] = {}
    for method, style in STYLES.items():
        own = [name for name in names if name == method or name.startswith(f"{method} (")]
        for index, name in enumerate(own):
            variant = _VARIANTS[index % len(_VARIANTS)]
            known[name] = Style(style.color, style.symbol + variant)
    return known


def new_figure(traces: Iterable[Any] = (), **layout: Any) -> go.Figure:
    """A figure that looks like all others."""
    return go.Figure(list(traces), {"template": TEMPLATE, **layout})


def empty_figure(message: str) -> go.Figure:
    """A figure that only shows a message, where there is nothing to draw."""
    middle = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False}
    note = {"text": wrapped(message, 48, 5), **middle}
    hidden = {"visible": False}
    return new_figure(xaxis=hidden, yaxis=hidden, height=160, annotations=[note])


def faded(color: str, alpha: float) -> str:
    """A `#rrggbb` colour with an opacity of `alpha`, 0 to 1."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
