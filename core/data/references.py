"""Data of generation: a source and a target in each row.

Rows with the same source are references of one example.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.data.column_names import LABELS, SOURCES_AND_TARGETS, TEXTS, plain
from core.data.files import Table
from core.data.task import Example

_REPEATS = 3  # rows of a label, on average, at least
_LABEL_CHARACTERS = 50  # of the longest label
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_FRACTION = re.compile(r"[+-]?\d+\.\d*[1-9]\d*")


def source_and_target(table: Table) -> tuple[str, str] | None:
    """The columns of sources and targets, if the table holds data of generation.

    They are called `source` and `target`, or as summaries and completions usually are where there
    is no column of labels. None where the targets look like labels: few, short and repeated; or
    where the source is no text, but tells where another column's text comes from.
    """
    if table.has_targets:
        return ("source", "target")
    named = {plain(column): column for column in reversed(table.columns)}
    if {"source", "target"} <= named.keys():
        source, target = named["source"], named["target"]
        others = [named[name] for name in TEXTS if name in named]
        found = (source, target) if _is_longest(table, source, others) else None
    else:
        pairs = ((named[a], named[b]) for a, b in SOURCES_AND_TARGETS if {a, b} <= named.keys())
        found = next(pairs, None) if named.keys().isdisjoint(LABELS) else None
    return None if found is None or _look_like_labels(_cells(table, found[1])) else found


def looks_like_targets(table: Table, column: str) -> bool:
    """Whether the cells of a column are texts, not labels: most differ, and some are long."""
    cells = _cells(table, column)
    differ = len(set(cells)) * 2 > len(cells)
    return differ and any(len(cell) > _LABEL_CHARACTERS for cell in cells)


def merge_references(examples: Iterable[Example]) -> list[Example]:
    """One example for each source and its further texts, with all its different references.

    They are in the order of their first rows.
    """
    merged: dict[tuple[object, ...], tuple[Example, dict[str, None]]] = {}
    for example in examples:
        source = (example.text_a, example.text_b, example.more)
        _, references = merged.setdefault(source, (example, {}))
        references.update(dict.fromkeys(example.references))
    return [replace(first, references=tuple(references)) for first, references in merged.values()]


def _is_longest(table: Table, column: str, others: Sequence[str]) -> bool:
    """Whether the cells of a column are different texts, not shorter than any other column's."""
    if not others:
        return True
    sizes = [sum(map(len, _cells(table, name))) for name in (column, *others)]
    return sizes[0] == max(sizes) and not _look_like_labels(_cells(table, column))


def _cells(table: Table, column: str) -> list[str]:
    return [row[column] for row in table.rows if row[column]]


def _look_like_labels(targets: Sequence[str]) -> bool:
    """Whether few short texts repeat; numbers with fractions are measured, not chosen."""
    values = set(targets)
    repeated = len(values) > 1 and len(values) * _REPEATS <= len(targets)
    if repeated and any(map(_FRACTION.fullmatch, values)) and all(map(_NUMBER.fullmatch, values)):
        return False
    return repeated and max(map(len, values)) <= _LABEL_CHARACTERS
