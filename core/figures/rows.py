"""Rows under headings, from top to bottom: the layout of figures that compare methods and patterns.

Headings span the whole width instead of standing beside the axis, so that long patterns fit a
telephone. The vertical axis counts pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from core.figures.theme import GRID
from core.metrics.groups import Setting

ROW, LINE_HEIGHT, GAP = 34.0, 16.0, 8.0
_AROUND = 142.0  # pixels of the legend and the tools above, and of ticks and titles below


class Rows:
    """The vertical places of rows, with their headings and the texts at their right ends.

    Args:
        column: the heading of the texts at the right end.
        right: their width in pixels.
    """

    def __init__(self, column: str, right: int) -> None:
        self.height = LINE_HEIGHT
        self.right = right
        self.places: list[float] = []
        self.texts: list[dict[str, Any]] = []
        self.write(LINE_HEIGHT / 2, column)

    def heading(self, text: str, hover: str = "") -> None:
        """Put a heading above the next rows; lines of the text are separated by `<br>`."""
        if not text:
            return
        lines = text.count("<br>") + 1
        self.height += GAP
        self.texts.append({
            "text": text, "hovertext": hover or text, "align": "left",
            "x": 0, "xref": "paper", "xanchor": "left", "y": self.height, "yanchor": "top",
            "showarrow": False, "borderpad": 0,
        })
        self.height += lines * LINE_HEIGHT

    def row(self) -> float:
        """Add a row and return its middle."""
        self.height += ROW
        self.places.append(self.height - ROW / 2)
        return self.places[-1]

    def write(self, place: float, text: str) -> None:
        """Put a short text at the right end of a row."""
        self.texts.append({
            "text": text, "font": {"size": 11},
            "x": 1, "xref": "paper", "xanchor": "left", "xshift": 6,
            "y": place, "yanchor": "middle", "showarrow": False, "borderpad": 0})

    def layout(self) -> dict[str, Any]:
        """The part of a figure's layout that is the same for all figures with rows."""
        axis = {
            "range": [self.height + GAP, 0],
            "showticklabels": False, "showgrid": False, "fixedrange": True,
        }
        return {
            "yaxis": axis, "annotations": self.texts, "shapes": list(map(_line, self.places)),
            "height": self.height + _AROUND, "margin": {"r": self.right},
        }


def _line(place: float) -> dict[str, Any]:
    """A line across, behind the marks of a row."""
    return {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": place, "y1": place,
        "layer": "below", "line": {"color": GRID, "width": 1},
    }


def clusters(settings: Iterable[Setting], methods: Sequence[str],
             fields: frozenset[str]) -> list[list[Setting]]:
    """Settings that share a heading, as they differ in the method only; methods in the given order.

    `fields` are those in which settings differ: a method without training examples is put with the
    others unless these have several K.
    """
    found: dict[tuple[object, ...], list[Setting]] = defaultdict(list)
    for setting in settings:
        shots = setting.shots if "shots" in fields else 0
        key = (setting.task, setting.model, setting.pattern, setting.words, shots)
        found[key].append(setting)
    return [sorted(members, key=lambda setting: methods.index(setting.method))
            for members in found.values()]


def jitter(index: int, width: float) -> float:
    """An offset within ± width / 2 that looks random and is always the same for an index.

    Multiples of the golden ratio, modulo 1, are spread evenly.
    """
    return ((index + 1) * 0.6180339887 % 1 - 0.5) * width
