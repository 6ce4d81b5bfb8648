"""The confusion matrix as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from core.figures.text import Translate, captioned, escaped, sentence, wrapped
from core.figures.theme import BLUE, empty_figure, faded, new_figure
from core.metrics.labels import most_confused

MAX_SHOWN = 60  # of more labels nobody could tell the cells apart
MOST_CONFUSED = "{count} of {total} labels, those with most mistakes"
MAX_WRITTEN = 14  # with more labels, cells are too small for numbers
_OPAQUE = [[0, "#e9ebf5"], [0.5, "#a5a8ee"], [1, "#4338ca"]]  # numbers are legible on any page
_CLEAR = [[0, faded(BLUE, 0.05)], [1, BLUE]]  # where there are none
_DARK, _WHITE = "#1f2340", "#ffffff"  # colours of numbers
_TURN = 0.72  # the share of a row above which white is clearer


def confusion_figure(confusion: Sequence[Sequence[int]] | npt.NDArray[np.int64],
                     labels: Sequence[str], translate: Translate = str) -> go.Figure:
    """Draw a heat map of counts `[C, C]`, rows gold and columns predicted.

    Each cell is coloured by its share of the row. Of very many labels those with most mistakes are
    shown.
    """
    counts = np.asarray(confusion, dtype=np.int64)
    if not counts.sum():
        return empty_figure(translate("No predictions to show yet."))
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))  # [C, C]
    if len(labels) > MAX_SHOWN:
        shown, total = most_confused(counts, MAX_SHOWN), len(labels)
        counts, shares = counts[np.ix_(shown, shown)], shares[np.ix_(shown, shown)]
        labels = [labels[index] for index in shown]
        caption = sentence(translate, MOST_CONFUSED, count=len(labels), total=total)
    else:
        caption = ""
    many = len(labels) > MAX_WRITTEN
    traces = [_cells(counts, shares, labels, translate)]
    if not many:
        traces.append(_numbers(counts, shares))
    layout = _axes(labels, caption, translate)
    return new_figure(traces, height=_height(len(labels)), margin={"t": 32}, **layout)


def _height(labels: int) -> int:
    """The height of the figure in pixels."""
    cell = max(24, 60 - 3 * labels)
    return min(900, 150 + cell * labels)


def _angle(labels: int) -> int:
    """The angle of the names of predicted labels: more of them need more room."""
    if labels > MAX_WRITTEN:
        return -90
    return -45 if labels > 4 else 0


def _axes(
    labels: Sequence[str], caption: str, translate: Translate
) -> dict[str, dict[str, Any]]:
    """Both axes with the labels' names; gold labels run downwards."""
    last, many = len(labels) - 0.5, len(labels) > MAX_WRITTEN
    ticks = {
        "tickvals": list(range(len(labels))),
        "ticktext": [wrapped(label, 16, 1) for label in labels],
        "tickfont": {"size": 10 if many else 12}, "showgrid": False,
    }
    columns = {"title": {"text": captioned(translate("Predicted"), caption)}, "range": [-0.5, last]}
    rows = {"title": {"text": translate("Gold")}, "range": [last, -0.5]}
    return {
        "xaxis": {**ticks, **columns, "tickangle": _angle(len(labels))},
        "yaxis": {**ticks, **rows},
    }


def _cells(counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64],
           labels: Sequence[str], translate: Translate) -> go.Heatmap:
    """Coloured cells; with many labels, a colour scale replaces the numbers."""
    many = len(labels) > MAX_WRITTEN
    title = {"text": translate("share of the row"), "side": "top", "font": {"size": 11}}
    scale = {
        "orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "xanchor": "left", "len": 0.6,
        "tickformat": ".0%", "nticks": 3, "thickness": 10, "outlinewidth": 0, "title": title,
    }
    return go.Heatmap(
        z=shares.tolist(), zmin=0, zmax=1, colorscale=_CLEAR if many else _OPAQUE, xgap=1, ygap=1,
        hoverinfo="text", hovertext=_facts(counts, shares, labels, translate),
        showscale=many, colorbar=scale,
    )


def _facts(counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64],
           labels: Sequence[str], translate: Translate) -> list[list[str]]:
    """A text for each cell."""
    names = [f"<b>{escaped(label)}</b>" for label in labels]

    def fact(gold: int, predicted: int) -> str:
        return sentence(
            translate, "gold {gold}, predicted {predicted}: {count} examples, {share} of the row",
            gold=names[gold], predicted=names[predicted], count=counts[gold, predicted],
            share=f"{shares[gold, predicted]:.0%}",
        )

    indices = range(len(labels))
    return [[fact(gold, predicted) for predicted in indices] for gold in indices]


def _numbers(counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]) -> go.Scatter:
    """Count and share of the row, written in each cell."""
    rows, columns = (indices.ravel().tolist() for indices in np.indices(counts.shape))
    cells = list(zip(counts.ravel(), shares.ravel(), strict=True))
    colors = [_WHITE if share > _TURN else _DARK for _, share in cells]
    return go.Scatter(
        x=columns, y=rows, text=[f"{count}<br>{share:.0%}" for count, share in cells],
        mode="text", hoverinfo="skip",
        textfont={"size": 11 if len(counts) < 8 else 9, "color": colors},
    )
