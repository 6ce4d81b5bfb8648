"""The fields of a meaning representation: to edit them, and to mark them in a text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Literal

from core.data.task import Task
from core.inspection.memory import remembered
from core.prompts.slots import KnownValues, Slot, covered, invented, read_slots, written

Form = Literal["bracketed", "linearised"]
_SOURCES = 5000  # whose values are known


@dataclass(frozen=True)
class Fields:
    """The fields of a source.

    Attributes:
        slots: in their order; none if the source is no meaning representation.
        form: how they are written where they can be put together again, `name[value], …` or
            `name : value | …`; None otherwise, as in triples.
    """

    slots: tuple[Slot, ...]
    form: Form | None


@dataclass(frozen=True)
class FieldMarks:
    """Which fields of a source a text mentions, as far as words show it.

    Attributes:
        covered: each field, and whether the text mentions it.
        invented: values of other sources that the text mentions though its own lacks them.
    """

    covered: tuple[tuple[Slot, bool], ...]
    invented: tuple[Slot, ...]


def read_fields(source: str) -> Fields:
    """The fields of a source, and how they are written."""
    slots = read_slots(source)
    if not slots:
        return Fields((), None)
    if source.rstrip().endswith("]") and read_slots(written(slots)) == slots:
        return Fields(slots, "bracketed")
    joined = " | ".join(f"{slot.name} : {slot.value}" for slot in slots)
    is_list = joined == " ".join(source.strip().strip("|").split())
    return Fields(slots, "linearised" if is_list else None)


def mark_fields(output: str, source: str, task: Task) -> FieldMarks:
    """Mark the fields of a source in an output; values are known from the task's sources."""
    slots = read_slots(source)
    if not slots:
        return FieldMarks((), ())
    known = remembered(("known values", task.content_hash), lambda: _known(task))
    found = tuple(zip(slots, covered(output, slots), strict=True))
    return FieldMarks(found, tuple(invented(output, slots, known)))


def _known(task: Task) -> KnownValues:
    examples = islice((*task.train, *task.test), _SOURCES)
    return KnownValues([read_slots(example.text_a) for example in examples])
