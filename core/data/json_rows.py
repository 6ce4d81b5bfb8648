"""JSON as tables: one object a line (JSONL), one list of objects, or a table in one object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from core.data.json_tables import rows_in
from core.data.nested_rows import unnested
from core.errors import DataError, LimitError

_DECODER = json.JSONDecoder()
_EXAMPLE = '{"text": "…", "label": "…"}'
_GAP = re.compile(r"[ \t\n]*")


def looks_like_json(text: str) -> bool:
    """Whether text begins as an object, or a list of objects, does."""
    return re.match(r'\s*(\[\s*)?\{\s*"[^"\n]*"\s*:', text) is not None


def read_objects(text: str, name: str, most: int) -> Iterator[dict[str, str]]:
    """Yield the objects of JSONL text, a JSON list or a JSON table, with their values as cells.

    Raises:
        DataError: a line or item is no valid JSON object; the message says which line.
        LimitError: more than `most` objects.
    """
    for count, (line, value) in enumerate(_values(text, name), 1):
        if not isinstance(value, Mapping):
            raise _no_object(value, name, line)
        if count > most:
            raise LimitError(
                "The file {name!r} has more than {limit} rows. Use a part of it.",
                name=name, limit=most)
        yield {key: _cell(content, name, line) for key, content in value.items()}


def _values(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Each value that is to be a row, with the line on which it, or its table, begins."""
    if text.lstrip().startswith("["):
        return _items(text, name)
    return _table(text, name) if _is_one_object(text) else _lines(text, name)


def _is_one_object(text: str) -> bool:
    """Whether an object begins that is not complete in its line, or is alone."""
    first, _, rest = text.strip().partition("\n")
    if not first.startswith("{"):
        return False
    try:
        _DECODER.decode(first)
    except (ValueError, RecursionError):
        return True
    return not rest


def _table(text: str, name: str) -> Iterator[tuple[int, Any]]:
    begin = _skip(text, 0)
    line = text.count("\n", 0, begin) + 1
    document, end = _decode(text, begin, name, line)
    end = _skip(text, end)
    if text[end:]:
        column = end - text.rfind("\n", 0, end)
        _broken(name, text.count("\n", 0, end) + 1, column, "more text follows the object")
    for number, row in enumerate(unnested(rows_in(document, name), name), 1):
        if not isinstance(row, Mapping):
            raise DataError(
                "Row {row} of {name!r} is a JSON {kind} where an object is expected, such as "
                "{example}.",
                row=number, name=name, kind=type(row).__name__, example=_EXAMPLE)
        yield line, row


def _no_object(value: Any, name: str, line: int) -> DataError:
    return DataError(
        "Line {line} of {name!r} holds a JSON {kind} where an object is expected, such as "
        "{example}.",
        line=line, name=name, kind=type(value).__name__, example=_EXAMPLE)


def _cell(value: Any, name: str, line: int) -> str:
    """A value as the text of a cell: null is an empty one, lists and objects stay JSON."""
    if isinstance(value, str):
        return value
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError as error:
        raise _too_deep(name, line) from error


def _lines(text: str, name: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            value, end = _decode(line, _skip(line, 0), name, number)
            if line[end:].strip():
                _broken(name, number, end + 1, "more text follows the object")
            yield number, value


def _items(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Line and value of each item of a JSON list.

    Items are decoded one by one, so that limits hold before a long list is read as a whole.
    """
    position, line = _skip(text, 0), 1
    mark = "["
    while text.startswith(mark, position):
        begin = _skip(text, position + 1)
        line += text.count("\n", position, begin)
        if mark == "[" and text.startswith("]", begin):
            position = begin
            break
        value, end = _decode(text, begin, name, line)
        yield line, value
        position = _skip(text, end)
        line += text.count("\n", begin, position)
        mark = ","
    _check_list_ends(text, position, name, line)


def _check_list_ends(text: str, position: int, name: str, line: int) -> None:
    if not text.startswith("]", position) or text[position + 1 :].strip():
        column = position - text.rfind("\n", 0, position)
        _broken(name, line, column, "a comma or the list's end is expected here")


def _decode(text: str, position: int, name: str, line: int) -> tuple[Any, int]:
    """Decode the value at a position and return it with its end.

    `line` is the number of the line on which it begins.
    """
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        _broken(name, line + text.count("\n", position, error.pos), error.colno, error.msg)
    except RecursionError as error:
        raise _too_deep(name, line) from error
    except ValueError as error:  # a number of thousands of digits
        raise DataError(
            "Line {line} of {name!r} holds a number that is too long.", line=line, name=name
        ) from error
    return value, end


def _broken(name: str, line: int, column: int, problem: str) -> NoReturn:
    raise DataError(
        "Line {line} of {name!r} is not valid JSON (column {column}: {problem}). One object a line "
        "is expected, or one list of objects.",
        line=line, name=name, column=column, problem=problem)


def _too_deep(name: str, line: int) -> DataError:
    return DataError(
        "Line {line} of {name!r} holds JSON that is nested too deeply. Use flat objects.",
        line=line, name=name)


def _skip(text: str, position: int) -> int:
    """The position after space."""
    gap = _GAP.match(text, position)
    return gap.end() if gap else position
