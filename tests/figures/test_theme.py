"""Colours and symbols, and text that fits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from core.figures.text import wrapped
from core.figures.theme import INK, STYLES, faded, styles

# Machado, Oliveira and Fernandes (2009), full severity, for linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protan": np.array([
        [0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520],
    ]),
    "deutan": np.array([
        [0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689],
    ]),
    "tritan": np.array([
        [1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039],
    ]),
}


def linear(color: str) -> np.ndarray:
    share = np.array([int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    to_xyz = np.array([
        [0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505],
    ])
    share = to_xyz @ np.clip(light, 0, 1) / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(a: str, b: str) -> float:
    weights = [0.2126, 0.7152, 0.0722]  # of red, green and blue in relative luminance
    low, high = sorted(float(linear(color) @ weights) + 0.05 for color in (a, b))
    return high / low


@pytest.mark.parametrize("sight", SIGHT)
def test_methods_differ_in_every_kind_of_colour_vision(sight: str) -> None:
    colors = [lab(SIGHT[sight] @ linear(style.color)) for style in STYLES.values()]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(colors, 2)) > 17.5


@pytest.mark.parametrize("page", ["#ffffff", "#0b0f19"])
def test_everything_is_legible_on_light_and_dark_pages(page: str) -> None:
    colors = (INK, *(style.color for style in STYLES.values()))
    assert [color for color in colors if contrast(color, page) < 3] == []


def test_symbols_differ_too() -> None:
    assert len({style.symbol for style in STYLES.values()}) == len(STYLES)


def test_known_methods_look_the_same_beside_any_others() -> None:
    found = styles(["own", "lm-bff", "another", "zero-shot"])
    assert list(found) == ["zero-shot", "lm-bff", "own", "another"]
    assert found["lm-bff"] == STYLES["lm-bff"]
    assert len(set(found.values())) == 4


def test_options_of_a_method_share_its_colour_and_others_take_free_ones() -> None:
    variants = ["lm-bff", "lm-bff (demonstrations)", "lm-bff (steps=300)"]
    found = styles(["head", *variants, "auto-words", "auto-patterns"])
    kin = [found[name] for name in variants]
    assert {style.color for style in kin} == {STYLES["lm-bff"].color}
    assert [style.symbol for style in kin] == ["circle", "circle-open", "circle-open-dot"]
    assert len({style.color for style in found.values()}) == 4


def test_many_unknown_methods_get_looks_of_their_own() -> None:
    found = styles([f"method {index}" for index in range(40)])
    assert len(set(found.values())) == 28
    assert not set(found.values()) & set(STYLES.values())


def test_faded() -> None:
    assert faded("#ff8000", 0.25) == "rgba(255,128,0,0.25)"


@pytest.mark.parametrize(
    ("text", "width", "lines", "expected"),
    [
        ("short", 10, 2, "short"),
        ("", 10, 2, ""),
        ("one two three", 7, 2, "one two<br>three"),
        ("one two three four five", 8, 2, "one two<br>three f…"),
        ("onetwothreefour", 6, 2, "onetwo<br>three…"),
        ("a < b & c", 20, 1, "a &lt; b &amp; c"),
        ("这是一次很好的体验", 8, 2, "这是一次<br>很好的…"),
        ("a\n b", 9, 1, "a b"),
    ],
)
def test_wrapping(text: str, width: int, lines: int, expected: str) -> None:
    assert wrapped(text, width, lines) == expected
