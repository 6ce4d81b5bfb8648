"""Tables in one JSON object: rows under a key, columns, and what pandas writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from core.data.column_names import is_known
from core.errors import DataError

_ROW_KEYS = ("data", "rows", "records", "items", "examples", "instances", "results", "docs")
_VIEWER_KEYS = {"row", "row_idx", "truncated_cells"}  # of a row in the hub's viewer
_Object = Mapping[str, Any]


def rows_in(document: _Object, name: str) -> list[Any]:
    """The rows that a JSON object holds, at most one key deep; itself if it holds no table.

    Raises:
        DataError: it holds several tables.
    """
    rows = _rows(document, name)
    if rows is not None:
        return rows
    inner = {key: _rows(value, name) for key, value in document.items() if _is_object(value)}
    tables = {key: rows for key, rows in inner.items() if rows is not None}
    if tables:
        return tables[_only(tables, name)]
    return _rows_by_name(document) or [document]


def _rows(document: _Object, name: str) -> list[Any] | None:
    """The rows that stand right in the object; None if there are none."""
    for rows in (_split(document), _columns(document), _numbered_columns(document)):
        if rows is not None:
            return rows
    lists = {key: value for key, value in document.items() if _is_rows(key, value)}
    return list(map(_unwrapped, lists[_only(lists, name)])) if lists else None


def _only(tables: _Object, name: str) -> str:
    """The key of the table, if need be by its usual names."""
    usual = [key for key in _ROW_KEYS if key in tables]
    if len(tables) > 1 and not usual:
        raise DataError(
            "{name!r} holds several tables: {keys}. Save the one that is meant in a file of its "
            "own.",
            name=name, keys=", ".join(repr(key[:40]) for key in list(tables)[:8]))
    return usual[0] if usual else next(iter(tables))


def _is_rows(key: str, value: object) -> bool:
    return isinstance(value, list) and (_is_object(value[0]) if value else key in _ROW_KEYS)


def _unwrapped(row: Any) -> Any:
    """A row of the hub's viewer without what stands around it."""
    around = _is_object(row) and row.keys() <= _VIEWER_KEYS and _is_object(row.get("row"))
    return row["row"] if around else row


def _split(document: _Object) -> list[Any] | None:
    """Names of columns, and rows as lists: pandas' `split`."""
    names, rows = document.get("columns"), document.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def _columns(document: _Object) -> list[Any] | None:
    """Columns as lists of one length, beside which there may be single values."""
    lists = {key: value for key, value in document.items() if isinstance(value, list)}
    single = not any(map(_is_object, document.values()))
    if not single or len(lists) < min(2, len(document)) or len(set(map(len, lists.values()))) != 1:
        return None
    if any(_is_object(cell) for cells in lists.values() for cell in cells[:1]):
        return None
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _numbered_columns(document: _Object) -> list[Any] | None:
    """Columns as objects of cells by their rows' names, as pandas writes them."""
    columns = [cells for cells in document.values() if _is_object(cells)]
    if not columns or len(columns) < len(document):
        return None
    rows = columns[0].keys()
    numbered = all(row.isdecimal() for row in rows) or any(map(is_known, document))
    if not rows or not numbered or any(cells.keys() != rows for cells in columns):
        return None
    return [{key: cells[row] for key, cells in document.items()} for row in rows]


def _rows_by_name(document: _Object) -> list[Any] | None:
    """Rows as objects by their names, if they have a key in common."""
    rows = list(document.values())
    if len(rows) < 2 or not all(map(_is_object, rows)):
        return None
    return rows if set.intersection(*(set(row) for row in rows)) else None


def _is_object(value: object) -> TypeGuard[_Object]:
    return isinstance(value, Mapping)
