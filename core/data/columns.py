"""Which columns of a table hold texts, labels and targets: given by a person, or guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.data.column_names import LABELS, PAIRS, TEXTS, is_number, plain
from core.data.files import DataLimits, Table
from core.data.references import source_and_target

MAX_LABELS = 1_000  # a column of more values holds something else
MAX_FURTHER = 110  # further columns of an example
_LABEL_CHARACTERS = 50  # a column with a longer cell does not look like labels
_RESERVED = ("text_a", "text_b", "mask", "sep", "label")


@dataclass(frozen=True)
class ColumnMap:
    """Which columns hold what.

    Attributes:
        text_a: the text; in generation the source.
        label: the label; None where there is none.
        text_b: the second text of pairs.
        more: further texts, which patterns show by the column's name.
        target: in generation the text to be written.
    """

    text_a: str
    label: str | None
    text_b: str | None = None
    more: tuple[str, ...] = ()
    target: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """The columns that are given, by their role; without further texts."""
        by_role = {
            "text_a": self.text_a,
            "text_b": self.text_b,
            "label": self.label,
            "target": self.target,
        }
        return {role: column for role, column in by_role.items() if column is not None}

    @property
    def without_answers(self) -> ColumnMap:
        """The same for texts whose answers are not known."""
        return replace(self, label=None, target=None)


def guess_columns(
    table: Table, *, text_a: str | None = None, text_b: str | None = None, label: str | None = None
) -> ColumnMap:
    """Guess which columns hold what: by usual names and, failing that, by shape.

    By shape, few short values are labels, and the longest text is the text. Columns that are given
    are taken as they are; once `text_a` is given, no second text is guessed. Where nothing is
    given, columns called `source` and `target` make generation data.
    """
    if (text_a, text_b, label) == (None, None, None) and (found := source_and_target(table)):
        source, target = found
        return ColumnMap(source, None, target=target)
    free = [column for column in _filled(table) if column not in (text_a, text_b, label)]
    pair = _usual_pair(free) if text_a is None else None
    label = label or _usual_column(LABELS, free)
    if pair:
        text_a, text_b = pair[0], text_b or pair[1]
    text_a = text_a or _usual_column(TEXTS, free) or _longest_column(table, free, label)
    rest = [column for column in free if column not in (text_a, text_b)]
    return ColumnMap(text_a, label or _label_by_shape(table, rest), text_b)


def with_further_columns(
    tables: Iterable[Table], columns: ColumnMap, limits: DataLimits = DataLimits()
) -> ColumnMap:
    """The same with all other columns as further texts, if a pattern can show them by their names.

    Numbers of rows are left out, and so are columns with a cell that is too long for a text: as
    nobody asked for them, they must not make the table unusable.
    """
    used = set(columns.named.values())
    further = dict.fromkeys(
        column
        for table in tables
        for column in _showable_columns(table, limits.text_characters)
        if column not in used
    )
    return replace(columns, more=tuple(further)[:MAX_FURTHER])


def is_field_name(column: str) -> bool:
    """Whether a pattern can show the column by its name."""
    return bool(re.fullmatch(r"[^\W\d]\w{0,39}", column)) and column not in _RESERVED


def column_list(table: Table) -> str:
    """The table's columns as an error message lists them, shortened."""
    return ", ".join(column[:40] for column in table.columns[:20])


def _filled(table: Table) -> list[str]:
    """The columns that hold something; all, if none does."""
    filled = [column for column in table.columns if _is_filled(table, column)]
    return filled or list(table.columns)


def _is_filled(table: Table, column: str) -> bool:
    return any(row[column] for row in table.rows)


def _usual_pair(columns: Sequence[str]) -> tuple[str, str] | None:
    """The first two columns that are called as pairs of texts usually are."""
    named = _by_plain_name(columns)
    pairs = ((named[a], named[b]) for a, b in PAIRS if a in named and b in named)
    return next(pairs, None)


def _usual_column(usual_names: Iterable[str], columns: Sequence[str]) -> str | None:
    """The column with the first of the usual names."""
    named = _by_plain_name(columns)
    return next((named[name] for name in usual_names if name in named), None)


def _by_plain_name(columns: Sequence[str]) -> dict[str, str]:
    """Columns by their plain names; of equal names the first counts."""
    return {plain(column): column for column in reversed(columns)}


def _longest_column(table: Table, free: Sequence[str], label: str | None) -> str:
    """The column with the most text, if possible one that is free and not the label."""
    columns = [column for column in free if column != label] or _filled(table)
    return max(columns, key=lambda column: sum(len(row[column]) for row in table.rows))


def _label_by_shape(table: Table, columns: Sequence[str]) -> str | None:
    """The column with the fewest values among those that look like labels."""
    counts = {column: _label_count(table, column, alone=len(columns) == 1) for column in columns}
    candidates = [column for column in columns if counts[column]]
    return min(candidates, key=lambda column: counts[column], default=None)


def _label_count(table: Table, column: str, alone: bool) -> int:
    """How many labels the column holds; 0 if it does not look like labels.

    Labels are few and short, and they repeat; where no other column is left (`alone`) they need
    not repeat.
    """
    cells = [row[column] for row in table.rows if row[column]]
    labels = set(cells)
    repeats = len(labels) * 2 <= len(cells) or alone
    if not repeats or not 2 <= len(labels) <= MAX_LABELS:
        return 0
    return len(labels) if max(map(len, labels)) <= _LABEL_CHARACTERS else 0


def _showable_columns(table: Table, most_characters: int) -> Iterator[str]:
    """The columns whose texts a pattern can show by the column's name."""
    for column in table.columns:
        useful = is_field_name(column) and not is_number(column) and _is_filled(table, column)
        if useful and all(len(row[column]) <= most_characters for row in table.rows):
            yield column
