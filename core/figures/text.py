"""Text on figures: escaped, wrapped for narrow screens, and translated."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable
from itertools import accumulate

from core.errors import fill

Translate = Callable[[str], str]  # from fixed English text to the reader's language


def escaped(text: str) -> str:
    """Text to be shown as it is: nothing in it is taken for markup."""
    return html.escape(text, quote=False)


def wrapped(text: str, width: int = 46, lines: int = 2) -> str:
    """Escaped text on at most `lines` lines, separated by `<br>`; what does not fit is elided.

    `width` counts Latin letters; Chinese characters are twice as wide.
    """
    rest = " ".join(text.split())
    parts: list[str] = []
    while _fitting(rest, width) < len(rest) and len(parts) < lines - 1:
        end = _line_end(rest, width)
        parts.append(rest[:end])
        rest = rest[end:].lstrip()
    if _fitting(rest, width) < len(rest):
        rest = rest[: _fitting(rest, width - 1)].rstrip() + "…"
    return "<br>".join(map(escaped, [*parts, rest]))


def _line_end(text: str, width: int) -> int:
    """Where the first line ends: at a space unless that leaves half of the line empty."""
    end = _fitting(text, width)
    space = text.rfind(" ", end // 2, end + 1)
    return space if space > 0 else end


def _fitting(text: str, width: int) -> int:
    """How many characters of the text fit a line."""
    widths = (2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return sum(reached <= width for reached in accumulate(widths))


def captioned(title: str, caption: str) -> str:
    """An axis title with a caption in smaller letters under it, on lines that fit a telephone."""
    lines = wrapped(caption, 42, 4).split("<br>") if caption else []
    small = [f"<span style='font-size:11px'>{line}</span>" for line in lines]
    return "<br>".join([title, *small])


def sentence(translate: Translate, template: str, **values: object) -> str:
    """A template, translated and filled with values."""
    return fill(translate(template), values)
