"""Text on figures: escaped, wrapped for narrow screens, translated by whoever asks for the figure."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable
from itertools import accumulate

from core.errors import fill

Translate = Callable[[str], str]  # from fixed English text to the reader's language


def plain(text: str) -> str:
    """Text as it is: nothing in it is markup."""
    return html.escape(text, quote=False)


def wrapped(text: str, width: int = 46, lines: int = 2) -> str:
    """Text on at most so many lines of so many Latin letters (Chinese ones are twice as wide), then elided."""
    rest = " ".join(text.split())
    found: list[str] = []
    while _fitting(rest, width) < len(rest) and len(found) < lines - 1:
        end = _fitting(rest, width)
        space = rest.rfind(" ", end // 2, end + 1)
        end = space if space > 0 else end
        found.append(rest[:end])
        rest = rest[end:].lstrip()
    if _fitting(rest, width) < len(rest):
        rest = rest[: _fitting(rest, width - 1)].rstrip() + "…"
    found.append(rest)
    return "<br>".join(map(plain, found))


def _fitting(text: str, width: int) -> int:
    """How many characters fit a line."""
    widths = accumulate(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
    return sum(each <= width for each in widths)


def titled(title: str, caption: str) -> str:
    """An axis title with an explanation in smaller letters, on lines that fit a telephone."""
    lines = wrapped(caption, 42, 4).split("<br>") if caption else []
    return "<br>".join([title, *(f"<span style='font-size:11px'>{line}</span>" for line in lines)])


def sentence(translate: Translate, template: str, **values: object) -> str:
    """A translated template with its values."""
    return fill(translate(template), values)
