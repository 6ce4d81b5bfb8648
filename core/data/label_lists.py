"""Labels in lists, as formats write them that allow several: a list of one is its content."""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress

_SCALARS = (str, int, float)
_NUMBERS = re.compile(r"\[[\d\s.+-]*\]")
_NO_COMMA = re.compile(r"""(?<=['"])\s+(?=['"])""")  # between texts of an array as numpy writes it


def one_label(cell: str) -> str:
    """The content of a list of one label, "" for an empty list; any other cell as it is."""
    labels = _listed(cell)
    return cell if labels is None or len(labels) > 1 else "".join(labels)


def has_several(cell: str) -> bool:
    """Whether the cell is a list of several labels."""
    return len(_listed(cell) or ()) > 1


def _listed(cell: str) -> list[str] | None:
    """The labels of a list as JSON, Python or numpy writes it; None if the cell is none."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    if _NUMBERS.fullmatch(cell) and "," not in cell:
        return cell[1:-1].split()
    items = _read(_NO_COMMA.sub(", ", cell))
    if not isinstance(items, list) or not all(isinstance(item, _SCALARS) for item in items):
        return None
    return [item if isinstance(item, str) else json.dumps(item) for item in items]


def _read(cell: str) -> object:
    for read in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return read(cell)
    return None
