"""Published data that are described in words (E2E, WebNLG, DART), as a source and a target a row.

The source is the table as Prefix-Tuning's code writes it in one line. Several texts for one source
are rows of their own: references of one example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from core.data.column_names import plain
from core.data.files import Table
from core.data.findings import Finding
from core.data.linearise import dart, e2e, e2e_fields, webnlg
from core.data.written_cells import Written, read_texts, read_triples
from core.errors import DataError

E2E_FORM = "name[Blue Spice], eatType[pub]"
TRIPLES_FORM = '[["subject", "relation", "object"], …]'
_TEXTS_FORM = '[{"text": "…"}, …]'
_MEANINGS = ("mr", "meaningrepresentation")
_TRIPLES = ("tripleset", "modifiedtripleset", "modifiedtriplesets", "input")
_TEXTS = ("annotations", "lexicalisations", "lex", "references", "ref", "humanreference", "target")
_GOOD = "good"  # WebNLG marks others that are to be corrected
_DART_ORIGINS = ("WikiSQL", "WikiTableQuestions")


class _Entry(NamedTuple):
    """The row number of a table, its category and the texts about it."""

    row: int
    category: str
    texts: Sequence[Written]


def in_described_form(table: Table) -> Table | None:
    """E2E, WebNLG or DART with the columns source, target and, where known, category.

    None if it is none of them. WebNLG's texts that are not marked as good are left out, and where
    there are English ones, so are others.

    Raises:
        DataError: a row has not the form that the others have.
    """
    columns = {plain(column): column for column in reversed(table.columns)}
    if meaning := _column(columns, _MEANINGS):
        first = next((row[meaning] for row in table.rows if row[meaning]), "")
        return _e2e(table, columns, meaning) if e2e_fields(first) else None
    triples = _column(columns, _TRIPLES)
    if triples is None or (plain(triples) == "input" and not _all_triples(table, triples)):
        return None
    return _of_triples(table, columns, triples)


def _column(columns: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((columns[name] for name in names if name in columns), None)


def _all_triples(table: Table, column: str) -> bool:
    try:
        return all(read_triples(row[column]) for row in table.rows if row[column])
    except ValueError:
        return False


def _e2e(table: Table, columns: Mapping[str, str], meaning: str) -> Table:
    entries = list(_entries(table, columns))
    return _formed(table, "E2E", meaning, E2E_FORM, e2e, entries)


def _of_triples(table: Table, columns: Mapping[str, str], triples: str) -> Table:
    entries = list(_entries(table, columns))
    if plain(triples) == "tripleset" or _has_dart_origins(entries):
        entries = [_with_origin(entry) for entry in entries]
        return _formed(table, "DART", triples, TRIPLES_FORM,
                       lambda cell: dart(read_triples(cell)), entries)
    kept = _usable(entries)
    table = replace(table, notes=(*table.notes, *_left_out(table.name, entries, kept)))
    return _formed(table, "WebNLG", triples, TRIPLES_FORM,
                   lambda cell: webnlg(read_triples(cell)).strip(), kept)


def _entries(table: Table, columns: Mapping[str, str]) -> Iterator[_Entry]:
    """The entries with their texts; of several columns of texts the first that is not empty."""
    given = [columns[name] for name in _TEXTS if name in columns]
    category = columns.get("category", "")
    for number, row in enumerate(table.rows):
        column = next((column for column in given if row[column] not in ("", "[]")), "")
        try:
            texts = read_texts(row.get(column, ""))
        except ValueError as error:
            raise misshapen(table, number, column, _TEXTS_FORM) from error
        yield _Entry(number, row.get(category, ""), texts)


def _has_dart_origins(entries: Sequence[_Entry]) -> bool:
    """Whether comments name DART's sources, as in the XML of its test part."""
    return any(text.comment.startswith(_DART_ORIGINS) for entry in entries for text in entry.texts)


def _with_origin(entry: _Entry) -> _Entry:
    """DART's entries have no category but where their texts come from."""
    origin = next((text.comment for text in entry.texts if text.comment), "")
    return entry._replace(category=origin)


def _usable(entries: Sequence[_Entry]) -> list[_Entry]:
    """The entries with the texts marked as good, in English where there are English ones."""
    texts = [text for entry in entries for text in entry.texts]
    marked = any(text.comment == _GOOD for text in texts)
    english = any(text.language == "en" for text in texts)

    def is_usable(text: Written) -> bool:
        good = not marked or text.comment in ("", _GOOD)
        return good and (not english or text.language in ("", "en"))

    return [entry._replace(texts=list(filter(is_usable, entry.texts))) for entry in entries]


def _left_out(name: str, before: Sequence[_Entry], after: Sequence[_Entry]) -> Iterator[Finding]:
    count = sum(len(entry.texts) for entry in before) - sum(len(entry.texts) for entry in after)
    if count:
        yield Finding(
            "note", "{count} text(s) of {name!r} were left out: they are not marked as good, or "
            "not in English.",
            {"count": count, "name": name})


def _formed(
    table: Table,
    published: str,
    column: str,
    form: str,
    linearise: Callable[[str], str],
    entries: Sequence[_Entry],
) -> Table:
    """The table with a row for each text; one without a target for an entry without texts."""
    rows: list[dict[str, str]] = []
    sources: dict[str, str] = {}  # by cell, since many rows may have the same
    categories: dict[str, str] = {}  # one for each source, so that its texts stay together
    for entry in entries:
        cell = table.rows[entry.row][column]
        if cell not in sources:
            sources[cell] = _source(table, entry.row, column, form, linearise)
        source = sources[cell]
        category = categories.setdefault(source, entry.category)
        for text in entry.texts or [Written("")]:
            rows.append({"source": source, "target": text.text, "category": category})
    columns = ("source", "target", *(("category",) if any(categories.values()) else ()))
    kept = [{name: row[name] for name in columns} for row in rows]
    return formed(table, published, columns, kept)


def _source(
    table: Table, number: int, column: str, form: str, linearise: Callable[[str], str]
) -> str:
    cell = table.rows[number][column]
    if not cell.strip():
        return ""
    try:
        return linearise(cell)
    except (ValueError, TypeError, KeyError) as error:
        raise misshapen(table, number, column, form) from error


def formed(
    table: Table, published: str, columns: tuple[str, ...], rows: list[dict[str, str]]
) -> Table:
    """The table with other columns and rows, and a finding that says so."""
    example = next((row["source"] for row in rows if row["source"]), "")
    note = Finding(
        "note", "{name!r} was read as {published}: sources as {source!r}, and a text for each.",
        {"name": table.name, "published": published, "source": example[:100]})
    return replace(table, columns=columns, rows=rows, notes=(*table.notes, note), names={},
                   left_out={}, has_targets=True)


def misshapen(table: Table, number: int, column: str, form: str) -> DataError:
    """The error for a cell of another form than the published data have; rows count from 0."""
    return DataError(
        "Row {row} of {name!r} cannot be read: column {column!r} holds {cell!r} instead of "
        "something like {form}. Correct or remove the row.",
        row=number + 1, name=table.name, column=column, form=form,
        cell=table.rows[number][column][:60])
