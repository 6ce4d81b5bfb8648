"""Do probabilities keep their word? The reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from core.figures.text import Translate, sentence, titled
from core.figures.theme import BLUE, INK, LINE, empty_figure, faded, new_figure
from core.metrics.calibration import Bin, calibrate


def calibration_figure(probabilities: npt.NDArray[np.floating], gold: Sequence[int], bins: int = 10,
                       translate: Translate = lambda text: text) -> go.Figure:
    """Accuracy over confidence in bins of label probabilities `[N, C]`, and below how many examples each bin holds.

    On the dotted line, probabilities are right as often as they say; below it, they promise too much.
    """
    found = calibrate(probabilities, gold, bins)
    if not found.bins:
        return empty_figure(translate("No predictions to show yet."))
    error = sentence(translate, "Expected calibration error: {error} points over {n} examples.",
                     error=f"{100 * found.error:.1f}", n=len(gold))
    share = {"range": [0, 1.02], "tickformat": ".0%"}
    confidence = titled(translate("Confidence (highest probability)"), error)
    return new_figure(
        [_ideal(translate), _bins(found.bins, translate), _sizes(found.bins, translate)], height=470, showlegend=True, bargap=0,
        xaxis={**share, "title": {"text": confidence}, "anchor": "y2"},
        yaxis={**share, "title": {"text": translate("Share right")}, "domain": [0.28, 1]},
        yaxis2={"title": {"text": translate("Examples")}, "domain": [0, 0.2], "nticks": 3},
    )


def _ideal(translate: Translate) -> go.Scatter:
    return go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": LINE, "dash": "dot"}, hoverinfo="skip",
                      name=translate("ideal"))


def _bins(bins: Sequence[Bin], translate: Translate) -> go.Scatter:
    error: dict[str, Any] = {"symmetric": False, "array": [each.high - each.accuracy for each in bins],
                             "arrayminus": [each.accuracy - each.low for each in bins], "thickness": 1.2, "width": 3}
    return go.Scatter(x=[each.confidence for each in bins], y=[each.accuracy for each in bins], error_y=error,
                      mode="lines+markers", line={"color": BLUE, "width": 2}, marker={"size": 9, "color": BLUE},
                      name=translate("measured, with 95% interval"), hovertext=_facts(bins, translate), hoverinfo="text")


def _sizes(bins: Sequence[Bin], translate: Translate) -> go.Bar:
    return go.Bar(x=[(each.start + each.end) / 2 for each in bins], y=[each.n for each in bins], yaxis="y2",
                  width=[each.end - each.start for each in bins], hovertext=_facts(bins, translate), hoverinfo="text",
                  marker={"color": faded(INK, 0.5), "line": {"color": INK, "width": 1}}, showlegend=False)


def _facts(bins: Sequence[Bin], translate: Translate) -> list[str]:
    return [sentence(translate, "{n} examples, confidence {confidence}, right {accuracy} (95% interval {low} to {high})",
                     n=each.n, confidence=f"{each.confidence:.1%}", accuracy=f"{each.accuracy:.1%}",
                     low=f"{each.low:.1%}", high=f"{each.high:.1%}") for each in bins]
