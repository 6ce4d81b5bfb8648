"""A person's own file as a `Table` of text: CSV, TSV, JSON, XML or Parquet, in any encoding."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.data.arrow_rows import CELL_CHARACTERS, TextColumns, read_parquet
from core.data.charset import decode, refuse_foreign
from core.data.delimited import Grid, has_header, read_grid
from core.data.findings import Finding
from core.data.json_rows import looks_like_json, read_objects
from core.data.xml_rows import COLUMNS, looks_like_xml, read_entries
from core.errors import DataError, LimitError

MAX_COLUMNS = 200
_JSON = (".json", ".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
_XML = ".xml"
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", *_JSON, _XML, *_PARQUET)
HIDDEN_LABEL = "-1"  # stands for a label that is not published
_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON can hold half characters, no file or page can


@dataclass(frozen=True)
class DataLimits:
    """How large data may be: rows of a table, bytes of a file, characters of a text in use."""

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
        notes: findings of the reading.
        names: for each column whose values are numbered labels, what they are called.
        left_out: columns that cannot be written as text, with their types.
        has_targets: whether it is known to hold texts to be written, in columns `source` and
            `target`, however much these look like labels.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[dict[str, str]]
    encoding: str = ""
    delimiter: str = ""
    notes: tuple[Finding, ...] = ()
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    has_targets: bool = False


def read_table(
    path: str | os.PathLike[str], limits: DataLimits = DataLimits(), *, header: bool | None = None
) -> Table:
    """Read a file; unmistakable content counts more than the extension.

    Args:
        header: whether the first row of delimited text names the columns; None means find out.

    Raises:
        DataError: there is no such file, or it cannot be read as a table; the message says why and
            where.
        LimitError: the file, its rows or its cells are more than `limits` permits.
    """
    name = Path(path).name.replace("\0", "")
    data = _read_bytes(path, name, limits.file_bytes)
    suffix = Path(name).suffix.lower()
    if data.startswith(b"PAR1") or suffix in _PARQUET:
        return _parquet_table(data, name, limits)
    refuse_foreign(data, name)
    source = _Text(name, *decode(data, name))
    if suffix in _JSON or looks_like_json(source.text):
        return _json_table(source, limits)
    if suffix == _XML or looks_like_xml(source.text):
        return _xml_table(source, limits)
    return _delimited_table(source, limits, header)


@dataclass(frozen=True)
class _Text:
    """A decoded file: its name, its text with LF line ends, its encoding and findings."""

    name: str
    text: str
    encoding: str
    notes: tuple[Finding, ...]


def make_table(
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    encoding: str = "",
    delimiter: str = "",
    notes: Sequence[Finding] = (),
) -> Table:
    """Make a table whose columns have distinct names and whose cells have one form.

    That form is NFC, LF line ends and valid Unicode. Columns without name and content are dropped,
    and so are rows that repeat the names.

    Raises:
        DataError: there is no row or no column.
        LimitError: too many columns, or a cell of immense length.
    """
    _check_width(len(columns), name)
    given = [_tidy(column).strip() for column in columns]
    names = _distinct(given)
    read = [dict(zip(names, map(_tidy, row), strict=True)) for row in rows]
    cells = _without_headers(read, given)
    kept = tuple(_with_name_or_content(given, names, cells))
    if not cells or not kept:
        raise DataError("The file {name!r} has no rows of data.", name=name)
    _check_lengths(cells, name)
    if len(kept) < len(names):
        cells = [{column: row[column] for column in kept} for row in cells]
    notes = (*notes, *_repeated_names(given, names), *_headers(len(read) - len(cells), name))
    return Table(name, kept, cells, encoding, delimiter, notes)


def arrow_table(name: str, found: TextColumns) -> Table:
    """Make a table of an Arrow table's columns; labels that are not published (-1) are empty.

    Raises:
        DataError, LimitError: no column can be read as text; see also `make_table`.
    """
    others = named_kinds(found.left_out)
    if others and not found.cells:
        raise DataError(
            "No column of {name!r} can be read as text; it has {columns}. Turn texts and labels "
            "into text or numbers.",
            name=name, columns=others)
    cells = {column: _published(given) if column in found.names else given
             for column, given in found.cells.items()}
    notes = [_left_out(name, others)] if others else []
    table = make_table(name, list(cells), zip(*cells.values(), strict=True), notes=notes)
    return replace(table, names=found.names, left_out=found.left_out)


def _published(labels: Iterable[str]) -> list[str]:
    return ["" if label == HIDDEN_LABEL else label for label in labels]


def _left_out(name: str, columns: str) -> Finding:
    return Finding(
        "note", "Left out of {name!r}, since they cannot be read as text: {columns}.",
        {"name": name, "columns": columns})


def named_kinds(columns: Mapping[str, str]) -> str:
    """Columns with their types, as messages name them, shortened."""
    return ", ".join(f"{column[:40]} ({kind[:60]})" for column, kind in columns.items())[:400]


def _check_width(count: int, name: str) -> None:
    if count > MAX_COLUMNS:
        raise LimitError(
            "The file {name!r} has {count} columns; {limit} are allowed. Remove those that are not "
            "needed.",
            name=name, count=count, limit=MAX_COLUMNS)


def _with_name_or_content(
    given: Sequence[str], names: Sequence[str], rows: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    for old, new in zip(given, names, strict=True):
        if old or any(row[new] for row in rows):
            yield new


def _repeated_names(given: Sequence[str], names: Sequence[str]) -> Iterator[Finding]:
    for old, new in zip(given, names, strict=True):
        if old and old != new:
            yield Finding(
                "note", "The name {column!r} occurs more than once; a further column of it is "
                "called {new!r}.",
                {"column": old, "new": new})


def _without_headers(
    rows: list[dict[str, str]], given: Sequence[str]
) -> list[dict[str, str]]:
    """The rows without those that repeat the columns' names, as in files joined one to another."""
    header = list(map(_bare, given))
    if not any(header):
        return rows
    return [row for row in rows if not _is_header(row, header)]


def _is_header(row: Mapping[str, str], header: Sequence[str]) -> bool:
    return all(_bare(cell) == name for cell, name in zip(row.values(), header, strict=True))


def _bare(cell: str) -> str:
    return cell.strip("\ufeff \t").casefold()


def _headers(count: int, name: str) -> Iterator[Finding]:
    if count:
        yield Finding(
            "warning", "{count} row(s) of {name!r} repeat the names of the columns, as where files "
            "were joined. They were left out.",
            {"count": count, "name": name})


def _check_lengths(rows: Sequence[Mapping[str, str]], name: str) -> None:
    for number, row in enumerate(rows, 1):
        for column, cell in row.items():
            if len(cell) > CELL_CHARACTERS:
                raise _too_long(len(cell), number, column, name)


def _too_long(length: int, row: int, column: str, name: str) -> LimitError:
    return LimitError(
        "Row {row} of {name!r} has {length} characters in column {column!r}; {limit} are the most "
        "that can be read. Shorten or remove it.",
        row=row, name=name, length=length, column=column, limit=CELL_CHARACTERS)


def _read_bytes(path: str | os.PathLike[str], name: str, most: int) -> bytes:
    try:
        _check_is_file(Path(path), name)
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise DataError(
            "The file {name!r} cannot be opened. Check that it may be read.", name=name) from error
    if len(data) > most:
        raise LimitError(
            "The file {name!r} is larger than {limit} MB. Use a part of it.",
            name=name, limit=most / 1e6)
    return data


def _check_is_file(path: Path, name: str) -> None:
    if path.is_dir():
        raise DataError("{name!r} is a folder. Choose a file.", name=name)
    if not path.is_file():
        raise DataError("There is no file {name!r}. Check its name and place.", name=name)


def _parquet_table(data: bytes, name: str, limits: DataLimits) -> Table:
    return arrow_table(name, read_parquet(data, name, limits.rows, limits.file_bytes))


def _json_table(source: _Text, limits: DataLimits) -> Table:
    objects = []
    columns: dict[str, None] = {}
    for json_object in read_objects(source.text, source.name, limits.rows):
        objects.append(json_object)
        columns |= dict.fromkeys(json_object)
        if len(columns) > MAX_COLUMNS:
            raise LimitError(
                "The objects in {name!r} have more than {limit} different keys. Remove those that "
                "are not needed.",
                name=source.name, limit=MAX_COLUMNS)
    rows = ([json_object.get(column, "") for column in columns] for json_object in objects)
    return make_table(source.name, list(columns), rows, source.encoding, notes=source.notes)


def _xml_table(source: _Text, limits: DataLimits) -> Table:
    rows = read_entries(source.text, source.name, limits.rows)
    return make_table(source.name, COLUMNS, rows, source.encoding, notes=source.notes)


def _delimited_table(source: _Text, limits: DataLimits, header: bool | None) -> Table:
    grid = read_grid(source.text, source.name, limits.rows)
    if has_header(grid.rows) if header is None else header:
        return _grid_table(source, grid, grid.rows[0], grid.rows[1:])
    if len(grid.rows) > limits.rows:
        raise LimitError(
            "The file {name!r} has more than {limit} rows. Use a part of it.",
            name=source.name, limit=limits.rows)
    if header is None:
        source = replace(source, notes=(*source.notes, _no_header()))
    return _grid_table(source, grid, [""] * len(grid.rows[0]), grid.rows)


def _grid_table(source: _Text, grid: Grid, columns: list[str], rows: list[list[str]]) -> Table:
    return make_table(source.name, columns, rows, source.encoding, grid.delimiter, source.notes)


def _no_header() -> Finding:
    return Finding(
        "note", "The first row was read as data, since it does not look like column names.")


def _distinct(names: Sequence[str]) -> list[str]:
    """Name the nameless by position, and count up names that occur again."""
    taken: dict[str, None] = {}
    for position, name in enumerate(names, 1):
        base, count = name or f"column_{position}", 1
        unique = base
        while unique in taken:
            count += 1
            unique = f"{base}_{count}"
        taken[unique] = None
    return list(taken)


def _tidy(cell: str) -> str:
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", cell))
