"""Rows under headings, from top to bottom: the shape of every figure that compares methods and patterns.

Headings span the whole width instead of standing beside the axis, so that long patterns fit a telephone. The vertical
axis counts pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from core.figures.theme import GRID
from core.metrics.groups import Setting

ROW, LINE_HEIGHT, GAP = 34.0, 16.0, 8.0
_AROUND = 142.0  # for the legend and the tools above, ticks and titles below


class Rows:
    """Hands out vertical places, and remembers the headings and the texts at the right end.

    Args:
        column: heading of the texts at the right end.
        right: their width.
    """

    def __init__(self, column: str, right: int) -> None:
        self.height = LINE_HEIGHT
        self.right = right
        self.places: list[float] = []
        self.texts: list[dict[str, Any]] = []
        self.write(LINE_HEIGHT / 2, column)

    def heading(self, text: str, hover: str = "") -> None:
        """Begin a cluster of rows; lines of the text are separated by `<br>`."""
        if not text:
            return
        lines = text.count("<br>") + 1
        self.height += GAP
        self.texts.append({"text": text, "x": 0, "xanchor": "left", "yanchor": "top", "y": self.height, "xref": "paper",
                           "align": "left", "showarrow": False, "borderpad": 0, "hovertext": hover or text})
        self.height += lines * LINE_HEIGHT

    def row(self) -> float:
        """The middle of a new row."""
        self.height += ROW
        self.places.append(self.height - ROW / 2)
        return self.places[-1]

    def write(self, place: float, text: str) -> None:
        """Put a short text at the right end of a row."""
        self.texts.append({"text": text, "x": 1, "xanchor": "left", "y": place, "yanchor": "middle", "xref": "paper",
                           "xshift": 6, "showarrow": False, "borderpad": 0, "font": {"size": 11}})

    def layout(self) -> dict[str, Any]:
        """The part of a figure's layout that rows decide."""
        lines = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": place, "y1": place, "layer": "below",
                  "line": {"color": GRID, "width": 1}} for place in self.places]
        axis = {"range": [self.height + GAP, 0], "showticklabels": False, "showgrid": False, "fixedrange": True}
        return {"yaxis": axis, "annotations": self.texts, "shapes": lines, "height": self.height + _AROUND,
                "margin": {"r": self.right}}


def clusters(settings: Iterable[Setting], methods: Sequence[str], fields: frozenset[str]) -> list[list[Setting]]:
    """Settings that share a heading: all but the method the same; methods in the given order.

    `fields` are those that vary: a method without training examples stands with the others unless these have several K.
    """
    found: dict[tuple[object, ...], list[Setting]] = defaultdict(list)
    for each in settings:
        shots = each.shots if "shots" in fields else 0
        found[each.task, each.model, each.pattern, each.words, shots].append(each)
    return [sorted(members, key=lambda each: methods.index(each.method)) for members in found.values()]


def jitter(index: int, width: float) -> float:
    """A place within ± width / 2 that looks random and is always the same: the golden ratio's multiples."""
    return ((index + 1) * 0.6180339887 % 1 - 0.5) * width
