"""Which labels are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from core.figures.text import Translate, plain, sentence, wrapped
from core.figures.theme import BLUE, empty_figure, faded, new_figure

MAX_WRITTEN = 14  # with more labels, cells are too small for numbers
_OPAQUE = [[0, "#e9ebf5"], [0.5, "#a5a8ee"], [1, "#4338ca"]]  # numbers stay legible whatever the page
_CLEAR = [[0, faded(BLUE, 0.05)], [1, BLUE]]  # where there are none
_DARK, _WHITE, _TURN = "#1f2340", "#ffffff", 0.72  # colours of numbers, and the share from which white is clearer


def confusion_figure(confusion: Sequence[Sequence[int]] | npt.NDArray[np.int64], labels: Sequence[str],
                     translate: Translate = lambda text: text) -> go.Figure:
    """A heat map of counts `[C, C]`, rows gold and columns predicted, coloured by each row's share."""
    counts = np.asarray(confusion, dtype=np.int64)
    if not counts.sum():
        return empty_figure(translate("No predictions to show yet."))
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    many = len(labels) > MAX_WRITTEN
    ticks = {"tickvals": list(range(len(labels))), "ticktext": [wrapped(label, 16, 1) for label in labels],
             "showgrid": False, "range": [-0.5, len(labels) - 0.5], "tickfont": {"size": 10 if many else 12}}
    turn = -90 if many else -45 if len(labels) > 4 else 0
    side = max(24, 60 - 3 * len(labels))  # pixels of a cell
    traces = [_cells(counts, shares, labels, many, translate)] + ([] if many else [_numbers(counts, shares)])
    return new_figure(
        traces, height=min(900, 150 + side * len(labels)), margin={"t": 32},
        xaxis={**ticks, "title": {"text": translate("Predicted")}, "tickangle": turn},
        yaxis={**ticks, "title": {"text": translate("Gold")}, "range": [len(labels) - 0.5, -0.5]},
    )


def _cells(counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64], labels: Sequence[str], many: bool,
           translate: Translate) -> go.Heatmap:
    facts = [[sentence(translate, "gold {gold}, predicted {predicted}: {count} examples, {share} of the row",
                       gold=f"<b>{plain(gold)}</b>", predicted=f"<b>{plain(predicted)}</b>", count=counts[i, j],
                       share=f"{shares[i, j]:.0%}") for j, predicted in enumerate(labels)]
             for i, gold in enumerate(labels)]
    return go.Heatmap(z=shares.tolist(), zmin=0, zmax=1, colorscale=_CLEAR if many else _OPAQUE, xgap=1, ygap=1,
                      hoverinfo="text", hovertext=facts, showscale=many,
                      colorbar={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "xanchor": "left", "len": 0.6,
                                "tickformat": ".0%", "nticks": 3, "thickness": 10, "outlinewidth": 0,
                                "title": {"text": translate("share of the row"), "side": "top", "font": {"size": 11}}})


def _numbers(counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]) -> go.Scatter:
    """Count and row percentage in each cell."""
    rows, columns = (each.ravel().tolist() for each in np.indices(counts.shape))
    cells = list(zip(counts.ravel(), shares.ravel(), strict=True))
    return go.Scatter(x=columns, y=rows, mode="text", hoverinfo="skip",
                      text=[f"{count}<br>{share:.0%}" for count, share in cells],
                      textfont={"size": 11 if len(counts) < 8 else 9,
                                "color": [_WHITE if share > _TURN else _DARK for _, share in cells]})
