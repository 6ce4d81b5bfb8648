"""One entry of the library: a published pattern with its label words and its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedPVP:
    """A pattern-verbalizer pair from a paper, or one of our own.

    Attributes:
        task: the catalogued task that it was written for.
        pattern: in this project's syntax.
        words: label → its words, in the order of the task's labels.
        source: paper and place, or "Cloze Lab" where it is our own.
        note: how it differs from the published form, if it does.
    """

    task: str
    pattern: str
    words: Mapping[str, Sequence[str]]
    source: str
    note: str = ""


def numbered(
    task: str,
    words: Mapping[str, Sequence[str]],
    source: str,
    patterns: Mapping[int, str],
    note: str = "",
) -> Iterator[PublishedPVP]:
    """Patterns that share their words and differ by a number in their source."""
    for number, pattern in patterns.items():
        yield PublishedPVP(task, pattern, words, f"{source}, pattern {number}", note)
