"""The reliability diagram: are answers as often right as their probabilities say?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from core.figures.text import Translate, captioned, sentence
from core.figures.theme import BLUE, INK, LINE, empty_figure, faded, new_figure
from core.metrics.calibration import Bin, calibrate

_BAR = {"color": faded(INK, 0.5), "line": {"color": INK, "width": 1}}


def calibration_figure(probabilities: npt.NDArray[np.floating], gold: Sequence[int],
                       bins: int = 10, translate: Translate = str) -> go.Figure:
    """Draw accuracy over confidence in bins, and under it the number of examples in each bin.

    Confidence is the highest of an example's label probabilities `[N, C]`. On the dotted line,
    answers are as often right as their probabilities say; below it, they are overconfident.
    """
    found = calibrate(probabilities, gold, bins)
    if not found.bins:
        return empty_figure(translate("No predictions to show yet."))
    error = sentence(translate, "Expected calibration error: {error} points over {n} examples.",
                     error=f"{100 * found.error:.1f}", n=len(gold))
    traces = [
        _diagonal(translate), _accuracies(found.bins, translate), _sizes(found.bins, translate),
    ]
    axes = _axes(error, translate)
    return new_figure(traces, height=470, showlegend=True, bargap=0, **axes)


def _axes(caption: str, translate: Translate) -> dict[str, dict[str, Any]]:
    share = {"range": [0, 1.02], "tickformat": ".0%"}
    confidence = captioned(translate("Confidence (highest probability)"), caption)
    return {"xaxis": {**share, "title": {"text": confidence}, "anchor": "y2"},
            "yaxis": {**share, "title": {"text": translate("Share right")}, "domain": [0.28, 1]},
            "yaxis2": {"title": {"text": translate("Examples")}, "domain": [0, 0.2], "nticks": 3}}


def _diagonal(translate: Translate) -> go.Scatter:
    """The line on which accuracy equals confidence."""
    return go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": LINE, "dash": "dot"},
                      hoverinfo="skip", name=translate("ideal"))


def _accuracies(bins: Sequence[Bin], translate: Translate) -> go.Scatter:
    error: dict[str, Any] = {
        "symmetric": False, "thickness": 1.2, "width": 3,
        "array": [part.high - part.accuracy for part in bins],
        "arrayminus": [part.accuracy - part.low for part in bins],
    }
    return go.Scatter(
        x=[part.confidence for part in bins], y=[part.accuracy for part in bins], error_y=error,
        mode="lines+markers", line={"color": BLUE, "width": 2}, marker={"size": 9, "color": BLUE},
        name=translate("measured, with 95% interval"),
        **_hover(bins, translate),
    )


def _sizes(bins: Sequence[Bin], translate: Translate) -> go.Bar:
    return go.Bar(
        x=[(part.start + part.end) / 2 for part in bins], y=[part.n for part in bins], yaxis="y2",
        width=[part.end - part.start for part in bins], marker=_BAR, showlegend=False,
        **_hover(bins, translate),
    )


def _hover(bins: Sequence[Bin], translate: Translate) -> dict[str, Any]:
    return {"hovertext": [_facts(part, translate) for part in bins], "hoverinfo": "text"}


def _facts(part: Bin, translate: Translate) -> str:
    return sentence(
        translate,
        "{n} examples, confidence {confidence}, right {accuracy} (95% interval {low} to {high})",
        n=part.n, confidence=f"{part.confidence:.1%}", accuracy=f"{part.accuracy:.1%}",
        low=f"{part.low:.1%}", high=f"{part.high:.1%}")
