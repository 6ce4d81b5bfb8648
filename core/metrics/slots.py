"""How much of a meaning representation outputs say, and what they invent.

Both are heuristics: see `core.prompts.slots` for what counts as mentioned.
"""

from __future__ import annotations

import numpy as np

from core.metrics.answers import Floats, TextAnswers, once
from core.metrics.resampling import mean_of
from core.prompts.slots import KnownValues, Slot, covered, invented, read_slots


@once
def slots_of(answers: TextAnswers) -> list[tuple[Slot, ...]]:
    """The fields of each source, `[N]`; empty if any source is no meaning representation."""
    slots = []
    for source in answers.sources:
        slots.append(read_slots(source))
        if not slots[-1]:
            return []
    return slots


def are_fields(answers: TextAnswers) -> bool:
    """Whether all sources are meaning representations."""
    return bool(slots_of(answers))


@once
def _coverage(answers: TextAnswers) -> Floats:
    """The share of each source's fields that the output mentions, `[N]`."""
    pairs = zip(answers.outputs, slots_of(answers), strict=True)
    return np.array([np.mean(covered(output, slots)) for output, slots in pairs])


@once
def _invented(answers: TextAnswers) -> Floats:
    """How many values of other sources' fields each output mentions without cause, `[N]`."""
    slots = slots_of(answers)
    known = KnownValues(slots)
    pairs = zip(answers.outputs, slots, strict=True)
    return np.array([len(invented(output, own, known)) for output, own in pairs], dtype=np.float64)


SLOT_COVERAGE = mean_of(_coverage, are_fields)
INVENTED_SLOTS = mean_of(_invented, are_fields)
