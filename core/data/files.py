"""A person's own file as a `Table` of text: CSV, TSV, JSONL, JSON or Parquet, in whatever encoding and dialect."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.arrow_rows import CELL_CHARACTERS, read_parquet
from core.data.charset import decode, refuse_foreign
from core.data.delimited import has_header, read_grid
from core.data.findings import Finding
from core.data.json_rows import looks_like_json, read_objects
from core.errors import DataError, LimitError

MAX_COLUMNS = 200
_JSON = (".json", ".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", *_JSON, *_PARQUET)  # of files that are usually tables
_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON can hold half characters, which no file or page can


@dataclass(frozen=True)
class DataLimits:
    """How large data may be: rows of a table, bytes of a file, characters of one text that is used."""

    rows: int = 100_000
    file_bytes: int = 50_000_000
    text_characters: int = 20_000


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        name: of the file, without its folder.
        columns: names, all different.
        rows: for each row its cells by column; missing ones are "".
        encoding, delimiter: as found out; "" where the format has none.
        notes: what should be said about the reading.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[dict[str, str]]
    encoding: str = ""
    delimiter: str = ""
    notes: tuple[Finding, ...] = ()


def read_table(path: str | os.PathLike[str], limits: DataLimits = DataLimits(), *, header: bool | None = None) -> Table:
    """Read a file; unmistakable content counts more than the extension.

    Args:
        header: whether the first row of delimited text names the columns; None means find out.

    Raises:
        DataError: there is no such file, or it cannot be read as a table; the message says why and where.
        LimitError: the file, its rows or its cells are more than `limits` permits.
    """
    name = Path(path).name.replace("\0", "")
    suffix = Path(name).suffix.lower()
    data = _read_bytes(path, name, limits.file_bytes)
    if data.startswith(b"PAR1") or suffix in _PARQUET:
        return _parquet_table(data, name, limits)
    refuse_foreign(data, name)
    text, encoding, notes = decode(data, name)
    if suffix in _JSON or looks_like_json(text):
        return _json_table(text, name, limits, encoding, notes)
    return _delimited_table(text, name, limits, encoding, notes, header)


def make_table(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]], encoding: str = "",
               delimiter: str = "", notes: Sequence[Finding] = ()) -> Table:
    """Give every column a name of its own and bring every cell into one form (NFC, LF line ends, valid Unicode).

    Columns without name and content are dropped.

    Raises:
        DataError: there is no row or no column.
        LimitError: too many columns, or a cell of immense length.
    """
    if len(columns) > MAX_COLUMNS:
        raise LimitError("The file {name!r} has {count} columns; {limit} are allowed. Remove those that are not "
                         "needed.", name=name, count=len(columns), limit=MAX_COLUMNS)
    given = [_tidy(column).strip() for column in columns]
    names = _distinct(given)
    table = [dict(zip(names, map(_tidy, row), strict=True)) for row in rows]
    kept = [new for old, new in zip(given, names, strict=True) if old or any(row[new] for row in table)]
    if not table or not kept:
        raise DataError("The file {name!r} has no rows of data.", name=name)
    _check_lengths(table, name)
    if len(kept) < len(names):
        table = [{column: row[column] for column in kept} for row in table]
    repeated = [
        Finding("note", "The name {column!r} occurs more than once; a further column of it is called {new!r}.",
                {"column": old, "new": new})
        for old, new in zip(given, names, strict=True) if old and old != new
    ]
    return Table(name, tuple(kept), table, encoding, delimiter, (*notes, *repeated))


def _check_lengths(rows: Sequence[dict[str, str]], name: str) -> None:
    for number, row in enumerate(rows, 1):
        for column, cell in row.items():
            if len(cell) > CELL_CHARACTERS:
                raise LimitError("Row {row} of {name!r} has {length} characters in column {column!r}; {limit} are the "
                                 "most that can be read. Shorten or remove it.", row=number, name=name,
                                 length=len(cell), column=column, limit=CELL_CHARACTERS)


def _read_bytes(path: str | os.PathLike[str], name: str, most: int) -> bytes:
    try:
        if Path(path).is_dir():
            raise DataError("{name!r} is a folder. Choose a file.", name=name)
        if not Path(path).is_file():
            raise DataError("There is no file {name!r}. Check its name and place.", name=name)
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise DataError("The file {name!r} cannot be opened. Check that it may be read.", name=name) from error
    if len(data) > most:
        raise LimitError("The file {name!r} is larger than {limit} MB. Use a part of it.", name=name, limit=most / 1e6)
    return data


def _parquet_table(data: bytes, name: str, limits: DataLimits) -> Table:
    columns = read_parquet(data, name, limits.rows, limits.file_bytes)
    return make_table(name, list(columns), zip(*columns.values(), strict=True))


def _json_table(text: str, name: str, limits: DataLimits, encoding: str, notes: Sequence[Finding]) -> Table:
    objects = []
    columns: dict[str, None] = {}
    for each in read_objects(text, name, limits.rows):
        objects.append(each)
        columns |= dict.fromkeys(each)
        if len(columns) > MAX_COLUMNS:
            raise LimitError("The objects in {name!r} have more than {limit} different keys. Remove those that are not "
                             "needed.", name=name, limit=MAX_COLUMNS)
    rows = ([each.get(column, "") for column in columns] for each in objects)
    return make_table(name, list(columns), rows, encoding, notes=notes)


def _delimited_table(text: str, name: str, limits: DataLimits, encoding: str, notes: Sequence[Finding],
                     header: bool | None) -> Table:
    grid = read_grid(text, name, limits.rows)
    if has_header(grid.rows) if header is None else header:
        return make_table(name, grid.rows[0], grid.rows[1:], encoding, grid.delimiter, notes)
    if header is None:
        notes = (*notes, Finding("note", "The first row was read as data, since it does not look like column names."))
    if len(grid.rows) > limits.rows:
        raise LimitError("The file {name!r} has more than {limit} rows. Use a part of it.", name=name,
                         limit=limits.rows)
    return make_table(name, [""] * len(grid.rows[0]), grid.rows, encoding, grid.delimiter, notes)


def _distinct(names: Sequence[str]) -> list[str]:
    """Name the nameless by position, and count up names that occur again."""
    found: dict[str, None] = {}
    for position, name in enumerate(names, 1):
        base, count = name or f"column_{position}", 1
        unique = base
        while unique in found:
            count += 1
            unique = f"{base}_{count}"
        found[unique] = None
    return list(found)


def _tidy(cell: str) -> str:
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", cell))
