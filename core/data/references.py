"""Data of generation: a source and a target in each row; rows with the same source are references of one example."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.data.column_names import TEXTS, plain
from core.data.files import Table
from core.data.task import Example

_REPEATS = 3  # of a label on average, at least
_LABEL_CHARACTERS = 50  # of the longest value, beyond which a column does not hold labels


def source_and_target(table: Table) -> tuple[str, str] | None:
    """The columns called `source` and `target`, if the table holds texts to be written for texts.

    None where a column is called as a text usually is, or where the targets look like labels: few, short and repeated.
    """
    named = {plain(column): column for column in reversed(table.columns)}
    if not {"source", "target"} <= named.keys() or not named.keys().isdisjoint(TEXTS):
        return None
    source, target = named["source"], named["target"]
    return None if _looks_like_labels([row[target] for row in table.rows if row[target]]) else (source, target)


def merge_references(examples: Iterable[Example]) -> list[Example]:
    """One example for each source, in the order of their first rows, with all its different references."""
    merged: dict[tuple[str, tuple[tuple[str, str], ...]], Example] = {}
    for example in examples:
        earlier = merged.setdefault((example.text_a, example.more), example)
        references = dict.fromkeys((*earlier.references, *example.references))
        merged[example.text_a, example.more] = replace(earlier, references=tuple(references))
    return list(merged.values())


def _looks_like_labels(targets: Sequence[str]) -> bool:
    values = set(targets)
    return 0 < len(values) * _REPEATS <= len(targets) and max(map(len, values)) <= _LABEL_CHARACTERS
