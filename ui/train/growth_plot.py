"""iPET's generations at a glance: how the training sets grow, and how right the labels and the models are.

Drawn as SVG whose colours come from the page's style, so light and dark follow; what a mark means shows on hovering.
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


@dataclass(frozen=True)
class Grown:
    """One generation.

    Attributes:
        size: how many examples each model learns from, on average; hand: how many of these a person has labelled.
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
    told = {each["generation"]: each for each in generations}
    sizes: dict[int, list[float]] = {}
    dev: dict[int, list[float]] = {}
    for each in models:
        sizes.setdefault(each["generation"], []).append(each["examples"])
        dev.setdefault(each["generation"],
                       []).extend([] if each["dev_score"] is None else [each["dev_score"]])
    hand = sum(sizes.get(0, [])) / max(1, len(sizes.get(0, [])))
    found = []
    for number in sorted({*told, *sizes}):
        given = told[number]["drawn"] if number in told else 0.0
        mine = sizes.get(number)
        found.append(Grown(number, sum(mine) / len(mine) if mine else hand + given, hand,
                           told[number]["right"] if number in told else None,
                           tuple(dev.get(number, []))))
    return found


def growth_plot(found: Sequence[Grown], planned: int, translate: Translate) -> str:
    """Two small plots side by side: sizes as bars; accuracies of the given labels and of the models as points.

    `planned` is the number of generations that there will be; those to come have their place already.
    """
    slots = max([planned, *(each.number + 1 for each in found)])
    sizes = _panel(translate("Examples a model learns from"),
                   [("hand", "labelled by hand"), ("given", "labelled by models")],
                   _sizes(found, slots, translate), translate)
    known = [(kind, name) for kind, name, there in (
        ("given", "given labels", any(each.right is not None for each in found)),
        ("model", "models, development", any(each.dev for each in found))) if there]
    accuracies = _panel(translate("Accuracy"), known, _accuracies(found, slots, translate),
                        translate) if known else ""
    return f'<div class="cl-halves cl-growth">{sizes}{accuracies}</div>'


def _panel(title: str, keys: Sequence[tuple[str, str]], drawn: tuple[str, str],
           translate: Translate) -> str:
    marks, summary = drawn
    legend = "".join(f'<span class="cl-growth-{kind}">{escape(translate(name))}</span>'
                     for kind, name in keys)
    return (f'<div class="cl-half"><h4>{escape(title)}</h4><p class="cl-growth-keys">{legend}</p>'
            f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
            f'aria-label="{escape(summary)}">{marks}</svg>'
            "</div>")


def _sizes(found: Sequence[Grown], slots: int, translate: Translate) -> tuple[str, str]:
    """Bars, what a person has labelled at their foot; the number and the growth on top."""
    most = max([each.size for each in found] or [1]) or 1
    wide = min(64.0, 0.62 * (_RIGHT - _LEFT) / slots)
    marks, before = _axis(slots, translate), 0.0
    for each in found:
        middle, whole, foot = _x(each.number, slots), _scaled(each.size, 0,
                                                              most), _scaled(each.hand, 0, most)
        marks += _bar(middle, wide, foot, _BOTTOM, "hand",
                      f"{translate('labelled by hand')}: {_count(each.hand)}")
        if each.size > each.hand:
            marks += _bar(middle, wide, whole, foot, "given",
                          f"{translate('labelled by models')}: {_count(each.size - each.hand)}")
        growth = f'<tspan class="cl-growth-times" dx="4">×{each.size / before:.2g}</tspan>' if (
            before and slots <= _NAMED) else ""
        marks += _text(middle, whole - 5, "value", _count(each.size) + growth)
        before = each.size
    return marks, f"{translate('Examples a model learns from')}: " + ", ".join(
        _count(each.size) for each in found)


def _accuracies(found: Sequence[Grown], slots: int, translate: Translate) -> tuple[str, str]:
    """The models' accuracies as points with a line through their means; the labels' accuracy as a line of its own."""
    lines = {"given": [(each.number, each.right) for each in found if each.right is not None],
             "model": [(each.number, each.mean) for each in found if each.mean is not None]}
    low, high, step = _range(
        [value for each in found for value in (*each.dev, each.right) if value is not None])
    marks = _axis(slots, translate)
    for tick in range(round(low / step), round(high / step) + 1):
        at = _scaled(tick * step, low, high)
        marks += f'<path d="M{_LEFT:.0f} {at:.1f}H{_RIGHT:.0f}" class="cl-growth-grid"/>'
        marks += _text(_LEFT - 6, at + 3.5, "tick", f"{100 * tick * step:.0f} %")
    for kind, points in lines.items():
        marks += _line(
            kind, [(_x(number, slots), _scaled(value, low, high)) for number, value in points])
    for each in found:
        apart = min(7.0, 0.55 * (_RIGHT - _LEFT) / slots / max(1, len(each.dev)))
        for at, value in enumerate(each.dev):
            x = _x(each.number, slots) + apart * (at - (len(each.dev) - 1) / 2)
            marks += (f'<circle cx="{x:.1f}" cy="{_scaled(value, low, high):.1f}" r="2.4" '
                      f'class="cl-growth-single">'
                      f"<title>{escape(found_percent(value))}</title></circle>")
    for kind, points in lines.items():
        other = dict(lines["model" if kind == "given" else "given"])
        for number, value in points:
            if slots <= _NAMED or number in (points[0][0], points[-1][0]):
                below = number in other and (value, kind) < (other[number],
                                                             "model" if kind
                                                             == "given" else "given")
                y = _scaled(value, low, high) + (17 if below else -9)
                marks += _text(_x(number, slots), y, f"value cl-growth-on-{kind}",
                               f"{100 * value:.0f} %")
    said = [f"{translate(name)}: " + ", ".join(found_percent(value) for _, value in lines[kind])
            for kind, name in (("given", "given labels"), ("model", "models, development"))
            if lines[kind]]
    return marks, "; ".join(said)


def _axis(slots: int, translate: Translate) -> str:
    names = "".join(_text(_x(at, slots), _BOTTOM + 15, "name", str(at)) for at in range(slots))
    title = _text(_LEFT - 6, _BOTTOM + 15, "tick", escape(translate("Gen.")))
    return f'{title}<path d="M{_LEFT:.0f} {_BOTTOM:.0f}H{_RIGHT:.0f}" class="cl-growth-axis"/>{names}'


def _text(x: float, y: float, kind: str, content: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="cl-growth-{kind}">{content}</text>'


def _bar(middle: float, wide: float, top: float, foot: float, kind: str, said: str) -> str:
    return (f'<rect x="{middle - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" '
            f'height="{max(0.0, foot - top):.1f}" '
            f'class="cl-growth-bar-{kind}"><title>{escape(said)}</title></rect>')


def _line(kind: str, points: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{'L' if at else 'M'}{x:.1f} {y:.1f}" for at, (x, y) in enumerate(points))
    spots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2" class="cl-growth-spot-{kind}"/>' if kind
        == "model" else
        f'<rect x="{x - 3.8:.1f}" y="{y - 3.8:.1f}" width="7.6" height="7.6" '
        f'class="cl-growth-spot-{kind}"/>'
        for x, y in points)
    return f'<path d="{path}" class="cl-growth-line-{kind}"/>{spots}' if points else ""


def _range(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower and upper end of the axis, and the distance of its lines: whole tenths with room for what is written."""
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
