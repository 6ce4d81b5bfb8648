"""Cells of published data that hold more than one text: JSON of triples, of texts, of answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from core.data.linearise import Triple

_TRIPLE_KEYS = ("subject", "property", "object")
_TEXT_KEYS = ("lex", "text")


class Written(NamedTuple):
    """A text that people wrote, with what the data say of it: a mark or origin, its language."""

    text: str
    comment: str = ""
    language: str = ""


def read_triples(cell: str) -> list[Triple]:
    """The triples of DART (lists of three) or WebNLG (texts with bars, or objects).

    Of several sets of triples, as the hub's WebNLG has them, the first.

    Raises:
        ValueError: the cell holds no triples, or anything else.
    """
    found = json.loads(cell)
    if isinstance(found, Mapping):
        found = next(iter(found["mtriple_set"])) if found.get("mtriple_set") else []
    if not isinstance(found, list) or not found:
        raise ValueError(cell)
    return [_triple(item) for item in found]


def read_texts(cell: str) -> list[Written]:
    """The texts of a list of texts or of objects, or of an object of lists, as the hub has them.

    A cell that is neither is one text.

    Raises:
        ValueError: an item is neither a text nor an object with one.
    """
    if not cell.startswith(("[", "{")):
        return [Written(cell)] if cell else []
    try:
        found = json.loads(cell)
    except ValueError:
        return [Written(cell)]
    items = _rows_of_lists(found) if isinstance(found, Mapping) else found
    return [_written(item) for item in items]


def _triple(item: Any) -> Triple:
    if isinstance(item, Mapping):
        parts = [item.get(key) for key in _TRIPLE_KEYS]
    else:
        parts = [*map(str.strip, item.split(" | ", 2))] if isinstance(item, str) else item
    if not isinstance(parts, list) or len(parts) != 3:
        raise ValueError(item)
    if not all(isinstance(part, str) and part.strip() for part in parts):
        raise ValueError(item)
    subject, relation, value = parts
    return subject, relation, value


def _rows_of_lists(lists: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    filled = {key: items for key, items in lists.items() if isinstance(items, list)}
    if not filled:
        raise ValueError(lists)
    for row in zip_longest(*filled.values()):
        yield dict(zip(filled, row, strict=True))


def _written(item: Any) -> Written:
    if isinstance(item, str):
        return Written(item)
    if not isinstance(item, Mapping):
        raise ValueError(item)
    text = next((item[key] for key in _TEXT_KEYS if isinstance(item.get(key), str)), None)
    if text is None:
        raise ValueError(item)
    comment = item.get("comment") or item.get("source") or ""
    return Written(text, str(comment), str(item.get("lang") or ""))
