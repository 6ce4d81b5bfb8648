"""Delimited text (CSV, TSV and their kin): which delimiter, which quoting, header or not."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from core.data.column_names import is_known
from core.errors import DataError, LimitError

DELIMITERS = "\t|;,"  # the rarer in prose, the stronger a sign
_NONE = "\x1f"  # stands in for a delimiter where there is one column
_SAMPLE_CHARACTERS = 100_000
_SAMPLE_ROWS = 300
_DELIMITER_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", "": "line break"}


@dataclass(frozen=True)
class Grid:
    """Rows of cells, all of one width; `lines` tells the line on which each begins."""

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
    if delimiter in ("", "\t") and (literal := _literal_quotes(text, delimiter, most)):
        return _even(literal, name)
    try:
        return _even(_parse(text, delimiter, name, most), name)
    except DataError:
        if '\\"' not in text:
            raise
        return _even(_parse(text, delimiter, name, most, escape="\\"), name)


def find_delimiter(text: str) -> str:
    """The delimiter that splits the first rows most evenly; empty if there is but one column."""
    scores = {delimiter: _evenness(text, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    known, even = scores[best]
    return best if known or even >= 0.7 else ""


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    It does if one of its cells is a usual name and does not occur again further down; or if no cell occurs again, all
    are short names and the rest looks different: numbers, labels that repeat, or texts that are much longer.
    """
    first, *rest = rows
    columns = [[row[at].strip() for row in rest] for at in range(len(first))]
    names = [cell.strip() for cell in first]
    unique = [name not in column for name, column in zip(names, columns, strict=True) if name]
    if any(is_known(name) and once for name, once in zip(filter(None, names), unique, strict=True)):
        return True
    named = all(unique) and len(first) > 1 and len(rest) > 1 and all(map(_could_be_name, filter(None, names)))
    return named and any(_unlike(name, column) for name, column in zip(names, columns, strict=True) if name)


def _announced_delimiter(text: str) -> tuple[str, str]:
    """Excel may announce the delimiter on a line of its own: `sep=;`."""
    found = re.match(r"sep=([\t|;,])\n", text)
    return (text[found.end():], found[1]) if found else (text, "")


def _evenness(text: str, delimiter: str) -> tuple[int, float]:
    """How many usual names the first row holds, and the share of rows that are as wide as it.

    Quotes may be part of the text in tab-separated files; the better reading counts.
    """
    readings = (False, True) if delimiter == "\t" else (False,)
    return max(_evenness_of(_sample_rows(text, delimiter, literal)) for literal in readings)


def _evenness_of(rows: Sequence[list[str]]) -> tuple[int, float]:
    width = len(rows[0]) if rows else 0
    if width < 2:
        return (0, 0.0)
    return sum(map(is_known, rows[0])), sum(len(_cut(row, width)) == width for row in rows) / len(rows)


def _sample_rows(text: str, delimiter: str, literal: bool) -> list[list[str]]:
    sample = text[:_SAMPLE_CHARACTERS]
    lines = io.StringIO(sample)
    plain = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    quoted = csv.reader(lines, delimiter=delimiter)
    try:
        rows = [row for row in islice(plain if literal else quoted, _SAMPLE_ROWS) if any(row)]
    except csv.Error:  # an immense field: reading will say so
        return []
    return rows[:-1] if len(rows) > 1 and len(sample) < len(text) else rows  # the last may be cut off


def _literal_quotes(text: str, delimiter: str, most: int) -> Grid | None:
    """Tab-separated files and bare lines often hold quotes as they are: so if each line is a whole row as it stands,
    and quotes cannot be read as quoting without gluing lines together or leaving some over."""
    if '"' not in text:
        return None
    lines = [line.split(delimiter) if delimiter else [line] for line in islice(text.split("\n"), most + 2)]
    kept = [(at, row) for at, row in enumerate(lines, 1) if any(map(str.strip, row))]
    if len(kept) > most + 1 or len({len(row) for _, row in kept}) != 1:
        return None
    try:
        quoted = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter or _NONE, strict=True) if any(row)]
    except csv.Error:
        quoted = []
    if len(quoted) == len(kept) or (quoted and not delimiter):
        return None
    return Grid([row for _, row in kept], [at for at, _ in kept], delimiter)


def _parse(text: str, delimiter: str, name: str, most: int, escape: str | None = None) -> Grid:
    """Read with the csv module. A last quote is added to the text: it must come back as a row of its own, or else it
    has closed one that was open."""
    lines = io.StringIO(text + '"')
    reader = csv.reader(lines, delimiter=delimiter or _NONE, escapechar=escape, doublequote=not escape)
    grid = Grid([], [], delimiter)
    row, line = [""], 1
    try:
        for row in reader:
            if any(map(str.strip, row)):
                grid.rows.append(row)
                grid.lines.append(line)
            if len(grid.rows) > most + 1:
                raise LimitError("The file {name!r} has more than {limit} rows. Use a part of it.", name=name,
                                 limit=most)
            begun, line = line, reader.line_num + 1
    except csv.Error as error:
        raise LimitError("On line {line} of {name!r} a field of more than {limit} characters begins. Is a quotation "
                         "mark there never closed?", line=line, name=name, limit=csv.field_size_limit()) from error
    if row != [""]:
        raise DataError("The quotation mark on line {line} of {name!r} is never closed. Close it, or double it if it "
                        "is part of the text.", line=begun, name=name)
    return grid


def _even(grid: Grid, name: str) -> Grid:
    """Drop empty cells beyond the first row's width; raise for rows of another width."""
    width = len(grid.rows[0]) if grid.rows else 0
    rows = [_cut(row, width) for row in grid.rows]
    uneven = [(line, row) for line, row in zip(grid.lines, rows, strict=True) if len(row) != width]
    if uneven:
        line, row = uneven[0]
        raise DataError("Line {line} of {name!r} has {found} field(s), the first row has {width} (delimiter: "
                        "{delimiter}; {count} such row(s)). Put texts that hold the delimiter or a line break "
                        "into double quotes.",
                        line=line, name=name, found=len(row), width=width, count=len(uneven),
                        delimiter=_DELIMITER_NAMES[grid.delimiter])
    return Grid(rows, grid.lines, grid.delimiter)


def _cut(row: list[str], width: int) -> list[str]:
    return row if any(row[width:]) else row[:width]


def _could_be_name(cell: str) -> bool:
    return len(cell) <= 40 and len(cell.split()) <= 4 and cell[-1] not in ".!?,;:。！？，；：" and not _is_number(cell)


def _unlike(name: str, column: Iterable[str]) -> bool:
    filled = [cell for cell in column if cell]
    if not filled:
        return False
    repeated = len(set(filled)) * 2 <= len(filled)
    return repeated or all(map(_is_number, filled)) or median(map(len, filled)) > 2 * len(name) + 10


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]\d+)?", cell) is not None
