"""Which words of two texts are the same, in order: so that the others can be marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_WORD = re.compile(r"(?:[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s])\s*")
_LONG = 1000  # words; of longer texts frequent words are not aligned


class Piece(NamedTuple):
    """A part of a text, with the space after it: `shared` with the other text or not."""

    text: str
    shared: bool


def word_diff(text: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; case and space do not count. Chinese characters are words."""
    mine, theirs = _words(text), _words(other)
    matched = _aligned(mine, theirs).get_matching_blocks()
    return (_pieces(mine, {block.a + at for block in matched for at in range(block.size)}),
            _pieces(theirs, {block.b + at for block in matched for at in range(block.size)}))


def closest(text: str, references: Sequence[str]) -> str:
    """The reference that shares most words with a text; empty if there is none."""
    words = _words(text)
    ranked = [(_aligned(words, _words(reference)).ratio(), -at)
              for at, reference in enumerate(references)]
    return references[-max(ranked)[1]] if ranked else ""


def _words(text: str) -> list[str]:
    """The words, each with the space after it."""
    return _WORD.findall(text.strip())


def _aligned(a: Sequence[str], b: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, _keys(a), _keys(b), autojunk=max(len(a), len(b)) > _LONG)


def _keys(words: Sequence[str]) -> list[str]:
    return [word.rstrip().casefold() for word in words]


def _pieces(words: Sequence[str], shared: set[int]) -> list[Piece]:
    """Neighbouring words of a kind as one piece."""
    pieces: list[Piece] = []
    for at, word in enumerate(words):
        same = at in shared
        if pieces and pieces[-1].shared == same:
            pieces[-1] = Piece(pieces[-1].text + word, same)
        else:
            pieces.append(Piece(word, same))
    return pieces
