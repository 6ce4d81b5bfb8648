"""Where two texts differ, word by word, and which of several references is the closest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_WORD = re.compile(r"\w+(?:[’'\-]\w+)*|[^\w\s]")


@dataclass(frozen=True)
class Part:
    """Words that stand together in an output, in its reference, or in both.

    Attributes:
        kind: `same` in both; `added` in the output alone; `missing` in the reference alone.
        text: as it is written there.
        space: whether it stands at the start or after a space.
    """

    kind: Literal["same", "added", "missing"]
    text: str
    space: bool = True


def closest_reference(output: str, references: Sequence[str]) -> str:
    """The reference that shares most with the output in order; empty if there are none."""
    return max(references, key=lambda reference: similarity(output, reference), default="")


def similarity(text: str, other: str) -> float:
    """Twice the words in common in order, as a share of both texts' words; case does not count."""
    return _matcher(_words(text), _words(other)).ratio()


def word_diff(output: str, reference: str) -> list[Part]:
    """The output and the reference as one sequence of parts; case does not count."""
    ours, theirs = _words(output), _words(reference)
    parts: list[Part] = []
    for what, start, stop, from_, to in _matcher(ours, theirs).get_opcodes():
        if what == "equal":
            parts.append(_part("same", output, ours[start:stop]))
            continue
        if stop > start:
            parts.append(_part("added", output, ours[start:stop]))
        if to > from_:
            parts.append(_part("missing", reference, theirs[from_:to]))
    return parts


def changed_spans(before: str, after: str) -> list[tuple[int, int]]:
    """Where `after` has words that `before` lacks: starts and ends in characters."""
    ours = _words(after)
    return [(ours[start].start(), ours[stop - 1].end())
            for what, _, _, start, stop in _matcher(_words(before), ours).get_opcodes()
            if what in ("insert", "replace")]


def _words(text: str) -> list[re.Match[str]]:
    return list(_WORD.finditer(text))


def _matcher(ours: Sequence[re.Match[str]],
             theirs: Sequence[re.Match[str]]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, _lower(ours), _lower(theirs), autojunk=False)


def _lower(words: Sequence[re.Match[str]]) -> list[str]:
    return [word.group().lower() for word in words]


def _part(kind: Literal["same", "added", "missing"], text: str,
          words: Sequence[re.Match[str]]) -> Part:
    start, stop = words[0].start(), words[-1].end()
    return Part(kind, text[start:stop], start == 0 or text[start - 1].isspace())
