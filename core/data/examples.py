"""The rows of a table as examples, with cleaned texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.data.columns import ColumnMap, column_list
from core.data.files import DataLimits, Table
from core.data.label_lists import one_label
from core.data.task import Example
from core.errors import DataError, LimitError

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")


def read_examples(table: Table, columns: ColumnMap) -> tuple[Example, ...]:
    """One example for each row, even if its text is empty; an empty label is None.

    A label in a list of its own is that label.

    Raises:
        DataError: a column does not exist.
    """
    for column in columns.named.values():
        if column not in table.columns:
            raise _no_column(table, column)
    return tuple(_example(row, columns) for row in table.rows)


def _no_column(table: Table, column: str) -> DataError:
    if column in table.left_out:
        return DataError(
            "Column {column!r} of {name!r} cannot be read as text: it holds {kind}. Turn it into "
            "text or numbers.",
            name=table.name, column=column[:80], kind=table.left_out[column][:80])
    return DataError(
        "{name!r} has no column {column!r}. Its columns are {columns}.",
        name=table.name, column=column[:80], columns=column_list(table))


def examples_of(
    table: Table, columns: ColumnMap, *, limits: DataLimits = DataLimits()
) -> tuple[Example, ...]:
    """One example for each row, as `read_examples`, within limits.

    Raises:
        DataError: a column does not exist.
        LimitError: too many rows, or a text is too long.
    """
    if len(table.rows) > limits.rows:
        raise LimitError(
            "{name!r} has {count} rows; {limit} are allowed. Use a part of it.",
            name=table.name, count=len(table.rows), limit=limits.rows)
    examples = read_examples(table, columns)
    for number, example in enumerate(examples, 1):
        _check_length(example, number, table.name, limits.text_characters)
    return examples


def clean(text: str) -> str:
    """Text without control characters and without space around it."""
    return _CONTROLS.sub("", text).strip()


def _example(row: Mapping[str, str], columns: ColumnMap) -> Example:
    def cell(column: str | None) -> str:
        return clean(row.get(column, "")) if column else ""

    target = cell(columns.target)
    return Example(
        cell(columns.text_a),
        cell(columns.text_b),
        one_label(cell(columns.label)) or None,
        tuple((column, cell(column)) for column in columns.more),
        (target,) if target else (),
    )


def _check_length(example: Example, number: int, name: str, most: int) -> None:
    further = (text for _, text in example.more)
    texts = (example.text_a, example.text_b, *example.references, *further)
    length = max(map(len, texts))
    if length > most:
        raise LimitError(
            "Row {row} of {name!r} has a text of {length} characters; {limit} are allowed. Shorten "
            "or remove it.",
            row=number, name=name, length=length, limit=most)
