"""iPET's generations at a glance: growing training sets, and the accuracy of labels and models.

Drawn as SVG whose colours come from the page's style, so light and dark follow; what a mark means
shows on hovering. The generations are those of Schick and Schütze (2021), section 3.4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ui.bars import found_percent
from ui.feedback import Translate

_WIDTH, _HEIGHT = 320.0, 172.0
_TOP, _BOTTOM = 20.0, 150.0  # of the plots' inner part
_LEFT, _RIGHT = 36.0, 312.0
_NAMED = 6  # most generations of which every value is written
Row = Mapping[str, Any]
Lines = dict[str, list[tuple[int, float]]]  # kind → (generation, accuracy)


@dataclass(frozen=True)
class Grown:
    """One generation.

    Attributes:
        size: how many examples each model learns from, on average.
        hand: how many of these a person has labelled.
        right: the share of the other labels that are true; None if nobody knows, or there are none.
        dev: every model's accuracy on the development examples.
    """

    number: int
    size: float
    hand: float
    right: float | None
    dev: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        """The models' mean accuracy."""
        return sum(self.dev) / len(self.dev) if self.dev else None


def grown(generations: Sequence[Row], models: Sequence[Row]) -> list[Grown]:
    """The generations that have begun, from a run's rows."""
    drawn = {row["generation"]: row for row in generations}
    sizes: dict[int, list[float]] = {}
    dev: dict[int, list[float]] = {}
    for model in models:
        scores = [] if model["dev_score"] is None else [model["dev_score"]]
        sizes.setdefault(model["generation"], []).append(model["examples"])
        dev.setdefault(model["generation"], []).extend(scores)
    hand = sum(sizes.get(0, [])) / max(1, len(sizes.get(0, [])))
    found = []
    for number in sorted({*drawn, *sizes}):
        row, mine = drawn.get(number, {"drawn": 0.0, "right": None}), sizes.get(number)
        size = sum(mine) / len(mine) if mine else hand + row["drawn"]
        found.append(Grown(number, size, hand, row["right"], tuple(dev.get(number, []))))
    return found


def growth_plot(found: Sequence[Grown], planned: int, translate: Translate) -> str:
    """Two small plots side by side: sizes as bars, accuracies as points.

    The accuracies are those of the given labels and of the models. `planned` is the number of
    generations that there will be; those to come have their place already.
    """
    slots = max([planned, *(generation.number + 1 for generation in found)])
    sizes = _panel(translate("Examples a model learns from"),
                   [("hand", "labelled by hand"), ("given", "labelled by models")],
                   _sizes(found, slots, translate), translate)
    known = []
    if any(generation.right is not None for generation in found):
        known.append(("given", "given labels"))
    if any(generation.dev for generation in found):
        known.append(("model", "models, development"))
    accuracies = _panel(translate("Accuracy"), known, _accuracies(found, slots, translate),
                        translate) if known else ""
    return f'<div class="cl-halves cl-growth">{sizes}{accuracies}</div>'


def _panel(title: str, keys: Sequence[tuple[str, str]], drawn: tuple[str, str],
           translate: Translate) -> str:
    marks, summary = drawn
    legend = "".join(f'<span class="cl-growth-{kind}">{escape(translate(name))}</span>'
                     for kind, name in keys)
    return (f'<div class="cl-half"><h4>{escape(title)}</h4>'
            f'<p class="cl-growth-keys">{legend}</p>'
            f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
            f'aria-label="{escape(summary)}">{marks}</svg>'
            "</div>")


def _sizes(found: Sequence[Grown], slots: int, translate: Translate) -> tuple[str, str]:
    """Bars, what a person has labelled at their foot; the number and the growth on top."""
    most = max([generation.size for generation in found] or [1]) or 1
    marks, before = _axis(slots, translate), 0.0
    for generation in found:
        marks += _size_bar(generation, most, slots, translate)
        growth = ""
        if before and slots <= _NAMED:
            times = f"×{generation.size / before:.2g}"
            growth = f'<tspan class="cl-growth-times" dx="4">{times}</tspan>'
        marks += _text(_x(generation.number, slots), _scaled(generation.size, 0, most) - 5,
                       "value", _count(generation.size) + growth)
        before = generation.size
    counts = ", ".join(_count(generation.size) for generation in found)
    return marks, f"{translate('Examples a model learns from')}: {counts}"


def _size_bar(generation: Grown, most: float, slots: int, translate: Translate) -> str:
    """The examples labelled by hand, and on top of them those labelled by models."""
    middle, wide = _x(generation.number, slots), min(64.0, 0.62 * (_RIGHT - _LEFT) / slots)
    whole, foot = (_scaled(size, 0, most) for size in (generation.size, generation.hand))
    by_hand = f"{translate('labelled by hand')}: {_count(generation.hand)}"
    marks = _bar(middle, wide, foot, _BOTTOM, "hand", by_hand)
    given = generation.size - generation.hand
    if given > 0:
        by_models = f"{translate('labelled by models')}: {_count(given)}"
        marks += _bar(middle, wide, whole, foot, "given", by_models)
    return marks


def _accuracies(found: Sequence[Grown], slots: int, translate: Translate) -> tuple[str, str]:
    """The models' accuracies as points and a line of their means; the labels' as another line."""
    lines: Lines = {
        "given": [(generation.number, generation.right) for generation in found
                  if generation.right is not None],
        "model": [(generation.number, generation.mean) for generation in found
                  if generation.mean is not None]}
    values = [value for generation in found for value in (*generation.dev, generation.right)
              if value is not None]
    low, high, step = _range(values)
    marks = _axis(slots, translate) + _grid(low, high, step)
    for kind, points in lines.items():
        marks += _line(kind, [(_x(number, slots), _scaled(value, low, high))
                              for number, value in points])
    marks += "".join(_model_points(generation, slots, low, high) for generation in found)
    marks += "".join(_line_values(kind, lines, slots, low, high) for kind in lines)
    return marks, _accuracy_summary(lines, translate)


def _grid(low: float, high: float, step: float) -> str:
    marks = ""
    for tick in range(round(low / step), round(high / step) + 1):
        y = _scaled(tick * step, low, high)
        marks += f'<path d="M{_LEFT:.0f} {y:.1f}H{_RIGHT:.0f}" class="cl-growth-grid"/>'
        marks += _text(_LEFT - 6, y + 3.5, "tick", f"{100 * tick * step:.0f} %")
    return marks


def _model_points(generation: Grown, slots: int, low: float, high: float) -> str:
    """A small point for each model, side by side."""
    count, marks = len(generation.dev), ""
    apart = min(7.0, 0.55 * (_RIGHT - _LEFT) / slots / max(1, count))
    for index, value in enumerate(generation.dev):
        x = _x(generation.number, slots) + apart * (index - (count - 1) / 2)
        y = _scaled(value, low, high)
        marks += (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" class="cl-growth-single">'
                  f"<title>{escape(found_percent(value))}</title></circle>")
    return marks


def _line_values(kind: str, lines: Lines, slots: int, low: float, high: float) -> str:
    """The values of a line in writing: above it, or below it where the other line is higher.

    With many generations only the first and the last value are written.
    """
    other = "model" if kind == "given" else "given"
    others, points, marks = dict(lines[other]), lines[kind], ""
    for number, value in points:
        if slots > _NAMED and number not in (points[0][0], points[-1][0]):
            continue
        below = number in others and (value, kind) < (others[number], other)
        y = _scaled(value, low, high) + (17 if below else -9)
        marks += _text(_x(number, slots), y, f"value cl-growth-on-{kind}", f"{100 * value:.0f} %")
    return marks


def _accuracy_summary(lines: Lines, translate: Translate) -> str:
    names = {"given": "given labels", "model": "models, development"}
    texts = []
    for kind, name in names.items():
        if lines[kind]:
            values = ", ".join(found_percent(value) for _, value in lines[kind])
            texts.append(f"{translate(name)}: {values}")
    return "; ".join(texts)


def _axis(slots: int, translate: Translate) -> str:
    names = "".join(_text(_x(number, slots), _BOTTOM + 15, "name", str(number))
                    for number in range(slots))
    title = _text(_LEFT - 6, _BOTTOM + 15, "tick", escape(translate("Gen.")))
    line = f'<path d="M{_LEFT:.0f} {_BOTTOM:.0f}H{_RIGHT:.0f}" class="cl-growth-axis"/>'
    return f"{title}{line}{names}"


def _text(x: float, y: float, kind: str, content: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="cl-growth-{kind}">{content}</text>'


def _bar(middle: float, wide: float, top: float, foot: float, kind: str, title: str) -> str:
    height = max(0.0, foot - top)
    return (f'<rect x="{middle - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" '
            f'height="{height:.1f}" class="cl-growth-bar-{kind}">'
            f"<title>{escape(title)}</title></rect>")


def _line(kind: str, points: Sequence[tuple[float, float]]) -> str:
    """A line, with a circle (models) or a square (labels) at each point."""
    path = " ".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}"
                    for index, (x, y) in enumerate(points))
    spots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2" class="cl-growth-spot-{kind}"/>'
        if kind == "model" else
        f'<rect x="{x - 3.8:.1f}" y="{y - 3.8:.1f}" width="7.6" height="7.6" '
        f'class="cl-growth-spot-{kind}"/>'
        for x, y in points)
    return f'<path d="{path}" class="cl-growth-line-{kind}"/>{spots}' if points else ""


def _range(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower and upper end of the axis, and the distance of its lines.

    All are whole tenths; there is room for the values that are written.
    """
    low = max(0, math.floor(10 * min(values) - 0.8))
    high = min(10, math.ceil(10 * max(values) + 0.8))
    step = 1 if high - low <= 4 else 2
    return max(0, min(low, high - 3) // step * step) / 10, -(-high // step) * step / 10, step / 10


def _x(number: int, slots: int) -> float:
    return _LEFT + (number + 0.5) * (_RIGHT - _LEFT) / slots


def _scaled(value: float, low: float, high: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * (value - low) / (high - low)


def _count(size: float) -> str:
    return f"{size:,.0f}" if size < 10_000 else f"{size / 1000:.3g}k"
