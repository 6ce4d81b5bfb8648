"""The boxes of label words: one for each label, or one for all where the labels are many."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.data.task import Schema
from core.errors import InputError
from core.prompts.verbalizer import join_words

ROWS = 20  # labels that have a box each
WORD_BOXES = ROWS + 1  # the last holds the words of more labels, a label a line


def are_many(schema: Schema) -> bool:
    """Whether the words of all labels stand in one box."""
    return schema.has_words and len(schema.labels) > ROWS


def box_values(schema: Schema, words: Mapping[str, Sequence[str]]) -> list[str]:
    """What the boxes hold for these words."""
    labels = schema.labels if schema.has_words else ()
    rows = [join_words(words.get(label, [])) for label in labels]
    if are_many(schema):
        lines = (f"{label} = {row}" for label, row in zip(labels, rows, strict=True))
        return [*[""] * ROWS, "\n".join(lines)]
    return [*rows, *[""] * (WORD_BOXES - len(rows))]


def typed_texts(schema: Schema, values: Sequence[str | None]) -> dict[str, str]:
    """What is typed for each label; empty for tasks without label words.

    Raises:
        InputError: a line of the box for all labels names none.
    """
    if not schema.has_words:
        return {}
    if not are_many(schema):
        return {label: text or "" for label, text in zip(schema.labels, values, strict=False)}
    lines = filter(str.strip, (values[-1] or "").splitlines())
    return dict.fromkeys(schema.labels, "") | dict(_parted(line, schema) for line in lines)


def _parted(line: str, schema: Schema) -> tuple[str, str]:
    """A line's label, which may hold equals signs too, and its words."""
    for sign in re.finditer("=", line):
        label = line[: sign.start()].strip()
        if label in schema.labels:
            return label, line[sign.end() :]
    raise InputError(
        "The line {line!r} does not begin with a label of this task. Write {form}, a label a line.",
        line=line.strip()[:60], form="label = word, word")
