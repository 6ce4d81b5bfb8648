"""The order of labels that a column holds: numbers by value, anything else naturally."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def sorted_labels(labels: Iterable[str]) -> list[str]:
    """Labels by their value if all are numbers, else in natural order."""
    labels = list(labels)
    if all(map(_NUMBER.fullmatch, labels)):
        return sorted(labels, key=lambda label: (float(label), label))
    return sorted(labels, key=lambda label: (natural_key(label), label))


def natural_key(label: str) -> list[tuple[int, str]]:
    """A key that sorts `item 2` before `item 10`, upper and lower case together.

    Odd chunks are digits and sort by their number, compared by length first: as text they may be
    longer than any integer that Python reads.
    """
    chunks = re.split(r"(\d+)", label.casefold())
    digits = [chunk.lstrip("0") for chunk in chunks]
    return [
        (len(digits[index]), digits[index]) if index % 2 else (0, chunk)
        for index, chunk in enumerate(chunks)
    ]
