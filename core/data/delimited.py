"""Delimited text (CSV, TSV and their kin): which delimiter, which quoting, header or not."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any

from core.data.column_names import is_known
from core.errors import DataError, LimitError

if TYPE_CHECKING:
    import _csv

DELIMITERS = "\t|;,"  # the rarer in prose, the stronger a sign
_NONE = "\x1f"  # stands in for a delimiter where there is one column
_DOUBLED: dict[str, Any] = {}  # how quotes are part of a quoted text, as the csv module calls it
_ESCAPED: dict[str, Any] = {"escapechar": "\\"}
_LITERAL: dict[str, Any] = {"quoting": csv.QUOTE_NONE}
_EVEN = 0.7  # share of rows as wide as the first that makes up for unknown column names
_SAMPLE_CHARACTERS = 100_000
_SAMPLE_ROWS = 300
_DELIMITER_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", "": "line break"}


@dataclass(frozen=True)
class Grid:
    """Rows of cells, all of one width; `lines` holds the line on which each begins."""

    rows: list[list[str]]
    lines: list[int]
    delimiter: str


def read_grid(text: str, name: str, most: int) -> Grid:
    """Read delimited text with LF line ends.

    Raises:
        DataError: a quote is never closed, or a row is wider or narrower than the first.
        LimitError: more than `most` rows, or an immense field.
    """
    text = text if text.endswith("\n") else text + "\n"
    text, delimiter = _announced_delimiter(text)
    delimiter = delimiter or find_delimiter(text)
    if _has_escapes(text, delimiter):
        return _even(_parse(text, delimiter, name, most, _ESCAPED), name)
    if delimiter in ("", "\t") and (literal := _literal_quotes(text, delimiter, most)):
        return _even(literal, name)
    return _even(_parse(text, delimiter, name, most, _DOUBLED), name)


def find_delimiter(text: str) -> str:
    """The delimiter that splits the first rows most evenly; empty if there is but one column."""
    scores = {delimiter: _evenness(text, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    known, even = scores[best]
    return best if known or even >= _EVEN else ""


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    It does if one of its cells is a usual name and does not occur again further down; or if no cell
    occurs again, all are short names and the rest looks different: numbers, labels that repeat, or
    texts that are much longer.
    """
    names = [cell.strip() for cell in rows[0]]
    below = [row for row in rows[1:] if row != rows[0]]  # in joined files the header comes again
    columns = [[row[index].strip() for row in below] for index in range(len(names))]
    named = [(name, column) for name, column in zip(names, columns, strict=True) if name]
    if any(is_known(name) and name not in column for name, column in named):
        return True
    if len(names) < 2 or len(below) < 2:
        return False
    could_be_names = all(_could_be_name(name) and name not in column for name, column in named)
    return could_be_names and any(_unlike(name, column) for name, column in named)


def _announced_delimiter(text: str) -> tuple[str, str]:
    """The text without a first line `sep=;`, by which Excel announces the delimiter, and that."""
    announced = re.match(r"sep=([\t|;,])\n", text)
    return (text[announced.end() :], announced[1]) if announced else (text, "")


def _evenness(text: str, delimiter: str) -> tuple[int, float]:
    """How many usual names the first row holds, and the share of rows that are as wide as it.

    Of the ways in which quotes may be meant the best counts; only tab-separated texts have literal
    ones.
    """
    ways = (_DOUBLED, _ESCAPED, _LITERAL) if delimiter == "\t" else (_DOUBLED, _ESCAPED)
    return max(_evenness_of(_sample_rows(text, delimiter, quoting)) for quoting in ways)


def _evenness_of(rows: Sequence[list[str]]) -> tuple[int, float]:
    width = len(rows[0]) if rows else 0
    if width < 2:
        return (0, 0.0)
    even = sum(len(_cut(row, width)) == width for row in rows)
    return sum(map(is_known, rows[0])), even / len(rows)


def _sample_rows(text: str, delimiter: str, quoting: Mapping[str, Any]) -> list[list[str]]:
    """The first rows."""
    sample = text[:_SAMPLE_CHARACTERS]
    reader = _reader(sample, delimiter, quoting)
    try:
        rows = [row for row in islice(reader, _SAMPLE_ROWS) if any(row)]
    except csv.Error:  # an immense field, which reading will refuse
        return []
    may_be_cut_off = len(rows) > 1 and len(sample) < len(text)
    return rows[:-1] if may_be_cut_off else rows


def _reader(
    text: str, delimiter: str, quoting: Mapping[str, Any], strict: bool = False
) -> _csv.Reader:
    """The csv module's reader; backslashes escape only quotes and other backslashes."""
    if quoting is _ESCAPED:
        text = re.sub(r'\\(["\\])|\\', lambda found: found[0] if found[1] else "\\\\", text)
    lines = io.StringIO(text)
    return csv.reader(lines, delimiter=delimiter or _NONE, strict=strict, **quoting)


def _has_escapes(text: str, delimiter: str) -> bool:
    """Whether backslashes escape quotes, as where the text cannot be read strictly without.

    Texts with commas that can be read both ways have escapes too: who doubles quotes also puts the
    text into quotes. Tab-separated ones may hold quotes and backslashes as they are.
    """
    if '\\"' not in text or not _is_even(text, delimiter, _ESCAPED):
        return False
    return delimiter not in ("", "\t") or not _is_even(text, delimiter, _DOUBLED)


def _is_even(text: str, delimiter: str, quoting: Mapping[str, Any]) -> bool:
    """Whether all rows are as wide as the first, with quotes read strictly."""
    rows = (row for row in _reader(text, delimiter, quoting, strict=True) if any(row))
    try:
        width = len(next(rows, []))
        return all(len(_cut(row, width)) == width for row in rows)
    except csv.Error:
        return False


def _literal_quotes(text: str, delimiter: str, most: int) -> Grid | None:
    """The rows if quotes are part of the text, as in many tab-separated files and bare lines.

    They are if each line is a whole row as it is, and if they cannot be read as quoting without
    joining lines or leaving some over.
    """
    if '"' not in text:
        return None
    grid = _lines_as_rows(text, delimiter, most)
    if len(grid.rows) > most + 1 or len(set(map(len, grid.rows))) != 1:
        return None
    quoted = _quoted_row_count(text, delimiter)
    return None if quoted == len(grid.rows) or (quoted and not delimiter) else grid


def _lines_as_rows(text: str, delimiter: str, most: int) -> Grid:
    """Each line that is not empty as a row; a few more than `most` at the most."""
    grid = Grid([], [], delimiter)
    for number, line in enumerate(islice(text.split("\n"), most + 2), 1):
        row = line.split(delimiter) if delimiter else [line]
        if _has_text(row):
            grid.rows.append(row)
            grid.lines.append(number)
    return grid


def _quoted_row_count(text: str, delimiter: str) -> int:
    """How many rows there are if quotes are read strictly as quoting; 0 if they cannot be."""
    try:
        return sum(any(row) for row in _reader(text, delimiter, _DOUBLED, strict=True))
    except csv.Error:
        return 0


def _parse(text: str, delimiter: str, name: str, most: int, quoting: Mapping[str, Any]) -> Grid:
    """Read with the csv module.

    A last quote is added to the text: it must come back as a row of its own, or else it has closed
    one that was open.
    """
    reader = _reader(text + '"', delimiter, quoting)
    grid = Grid([], [], delimiter)
    row, line = [""], 1
    for line, row in _numbered_rows(reader, name):
        if _has_text(row):
            grid.rows.append(row)
            grid.lines.append(line)
        if len(grid.rows) > most + 1:
            raise LimitError(
                "The file {name!r} has more than {limit} rows. Use a part of it.",
                name=name, limit=most)
    if row != [""]:
        raise _unclosed_quote(name, line)
    return grid


def _numbered_rows(reader: _csv.Reader, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line on which it begins."""
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise LimitError(
            "On line {line} of {name!r} a field of more than {limit} characters begins. Is a "
            "quotation mark there never closed?",
            line=line, name=name, limit=csv.field_size_limit()) from error


def _unclosed_quote(name: str, line: int) -> DataError:
    return DataError(
        "The quotation mark on line {line} of {name!r} is never closed. Close it, or double it if "
        "it is part of the text.",
        line=line, name=name)


def _even(grid: Grid, name: str) -> Grid:
    """Drop empty cells beyond the first row's width.

    Raises:
        DataError: a row has another width.
    """
    width = len(grid.rows[0]) if grid.rows else 0
    rows = [_cut(row, width) for row in grid.rows]
    widths = [(line, len(row)) for line, row in zip(grid.lines, rows, strict=True)]
    uneven = [(line, found) for line, found in widths if found != width]
    if uneven:
        raise _uneven_rows(uneven, width, grid.delimiter, name)
    return Grid(rows, grid.lines, grid.delimiter)


def _uneven_rows(
    uneven: Sequence[tuple[int, int]], width: int, delimiter: str, name: str
) -> DataError:
    """The error for rows of another width; `uneven` holds their lines and widths."""
    line, found = uneven[0]
    return DataError(
        "Line {line} of {name!r} has {found} field(s), the first row has {width} (delimiter: "
        "{delimiter}; {count} such row(s)). Put texts that hold the delimiter or a line break into "
        "double quotes.",
        line=line, name=name, found=found, width=width, count=len(uneven),
        delimiter=_DELIMITER_NAMES[delimiter])


def _cut(row: list[str], width: int) -> list[str]:
    return row if any(row[width:]) else row[:width]


def _has_text(row: Iterable[str]) -> bool:
    return any(map(str.strip, row))


def _could_be_name(cell: str) -> bool:
    short = len(cell) <= 40 and len(cell.split()) <= 4
    return short and cell[-1] not in ".!?,;:。！？，；：" and not _is_number(cell)


def _unlike(name: str, column: Iterable[str]) -> bool:
    """Whether the cells look different from the name above them."""
    cells = [cell for cell in column if cell]
    if not cells:
        return False
    return _repeat(cells) or all(map(_is_number, cells)) or _much_longer(cells, name)


def _repeat(cells: Sequence[str]) -> bool:
    return len(set(cells)) * 2 <= len(cells)


def _much_longer(cells: Sequence[str], name: str) -> bool:
    return median(map(len, cells)) > 2 * len(name) + 10


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]\d+)?", cell) is not None
