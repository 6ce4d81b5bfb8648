"""Data of generation: a source and a target in each row.

Rows with the same source are references of one example.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.data.column_names import TEXTS, plain
from core.data.files import Table
from core.data.task import Example

_REPEATS = 3  # rows of a label, on average, at least
_LABEL_CHARACTERS = 50  # of the longest label


def source_and_target(table: Table) -> tuple[str, str] | None:
    """The columns called `source` and `target`, if the table holds data of generation.

    None where a column is called as a text usually is, or where the targets look like labels: few,
    short and repeated.
    """
    named = {plain(column): column for column in reversed(table.columns)}
    if not {"source", "target"} <= named.keys() or not named.keys().isdisjoint(TEXTS):
        return None
    source, target = named["source"], named["target"]
    targets = [row[target] for row in table.rows if row[target]]
    return None if _look_like_labels(targets) else (source, target)


def merge_references(examples: Iterable[Example]) -> list[Example]:
    """One example for each source and its further texts, with all its different references.

    They are in the order of their first rows.
    """
    merged: dict[tuple[object, ...], Example] = {}
    for example in examples:
        source = (example.text_a, example.text_b, example.more)
        earlier = merged.setdefault(source, example)
        references = dict.fromkeys((*earlier.references, *example.references))
        merged[source] = replace(earlier, references=tuple(references))
    return list(merged.values())


def _look_like_labels(targets: Sequence[str]) -> bool:
    values = set(targets)
    repeated = 0 < len(values) * _REPEATS <= len(targets)
    return repeated and max(map(len, values)) <= _LABEL_CHARACTERS
