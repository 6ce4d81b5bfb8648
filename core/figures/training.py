"""How a training went: loss and accuracy on development data, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.figures.text import Say, sentence
from core.figures.theme import BLUE, ORANGE, empty_figure, new_figure


def learning_curve_figure(curve: Sequence[Mapping[str, Any]], say: Say = lambda text: text) -> go.Figure:
    """Loss (left axis) and development accuracy (right axis) of `{"step", "loss", "dev_accuracy"}`; the best is marked.

    The best step is the first with the highest accuracy, as in training.
    """
    losses, accuracies = _points(curve, "loss"), _points(curve, "dev_accuracy")
    if not losses and not accuracies:
        return empty_figure(say("Nothing was learned step by step: this method does not train, or has not begun."))
    traces: list[Any] = []
    if losses:
        traces.append(_line(losses, say("training loss"), ORANGE, "solid", "lines" if len(losses) > 1 else "markers",
                            [sentence(say, "step {step}: loss {loss}", step=step, loss=f"{value:.4g}")
                             for step, value in losses]))
    if accuracies:
        line = _line(accuracies, say("accuracy on development examples"), BLUE, "dot", "lines+markers",
                     [sentence(say, "step {step}: accuracy {accuracy}", step=step, accuracy=f"{value:.1%}")
                      for step, value in accuracies])
        traces += [line.update(yaxis="y2"), _best(accuracies, say)]
    return new_figure(
        traces, height=390, showlegend=True, hovermode="closest", xaxis={"title": {"text": say("Step")}},
        yaxis={"title": {"text": say("Loss")}, "rangemode": "tozero", "visible": bool(losses)},
        yaxis2={"title": {"text": say("Accuracy")}, "tickformat": ".0%", "range": [0, 1.04], "dtick": 0.2,
                "side": "right", "overlaying": "y" if losses else None, "showgrid": not losses,
                "visible": bool(accuracies)},
    )


def _points(curve: Sequence[Mapping[str, Any]], name: str) -> list[tuple[int, float]]:
    """Steps at which a finite value is known."""
    return [(int(each["step"]), float(each[name])) for each in curve
            if each.get(name) is not None and math.isfinite(each[name])]


def _line(points: Sequence[tuple[int, float]], name: str, color: str, dash: str, mode: str,
          facts: Sequence[str]) -> go.Scatter:
    return go.Scatter(x=[step for step, _ in points], y=[value for _, value in points], name=name, mode=mode,
                      line={"color": color, "width": 2, "dash": dash}, marker={"color": color, "size": 6},
                      hovertext=list(facts), hoverinfo="text")


def _best(accuracies: Sequence[tuple[int, float]], say: Say) -> go.Scatter:
    step, value = max(accuracies, key=lambda point: point[1])
    fact = sentence(say, "best: step {step}, accuracy {accuracy}", step=step, accuracy=f"{value:.1%}")
    return go.Scatter(x=[step], y=[value], yaxis="y2", mode="markers", name=fact, hovertext=[fact], hoverinfo="text",
                      marker={"symbol": "star", "size": 15, "color": BLUE})
