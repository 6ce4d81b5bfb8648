"""TER with sacrebleu's own search for moved phrases, about ten times as fast.

The search tries hundreds of moves and keeps the one after which the fewest edits are left, so nearly
all its time goes into edit distances. Here they are computed by bits (Hyyrö, A Bit-Vector Algorithm
for Computing Levenshtein and Damerau Edit Distances, 2003) wherever sacrebleu's search along the
diagonal is sure to give the same. Snover et al., A Study of Translation Edit Rate (2006).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.metrics.answers import Floats, TextAnswers, once
from core.metrics.resampling import TextScore
from core.metrics.texts import are_words, references_of

if TYPE_CHECKING:
    from sacrebleu.metrics.lib_ter import BeamEditDistance

# Edits and difference in length up to which the best path stays within sacrebleu's 25 cells of the
# diagonal: it strays from there by half their sum at most.
_SURE = 46
_Words = list[str]


@once
def _edits(answers: TextAnswers) -> Floats:
    """The edits of each output and the mean length of its references, `[N, 2]`."""
    pairs = zip(answers.outputs, references_of(answers), strict=True)
    rows = [_fewest_edits(_words(output), [_words(text) for text in references])
            for output, references in pairs]
    return np.array(rows, dtype=np.float64)


@cache
def _tokenizer() -> Any:
    from sacrebleu.tokenizers.tokenizer_ter import TercomTokenizer

    return TercomTokenizer()


def _words(text: str) -> _Words:
    found: str = _tokenizer()(text.rstrip())
    return found.split()


def _fewest_edits(output: _Words, references: Sequence[_Words]) -> tuple[int, float]:
    """The edits to the closest reference, and the mean length of all.

    A reference that has too few words in common to be the closest is not searched.
    """
    fewest: int | None = None
    for least, words in sorted((_at_least(output, words), words) for words in references):
        if fewest is None or least < fewest:
            edits = edits_to(output, words)
            fewest = edits if fewest is None else min(fewest, edits)
    return fewest or 0, float(np.mean([len(words) for words in references]))


def _at_least(output: _Words, reference: _Words) -> int:
    """How many edits are left however words are moved."""
    shared = (Counter(output) & Counter(reference)).total()
    return max(len(output), len(reference)) - shared


def edits_to(output: list[str], reference: list[str]) -> int:
    """Insertions, deletions, substitutions and moves of phrases that make a reference of an output.

    The number is that of sacrebleu's `translation_edit_rate`.
    """
    from sacrebleu.metrics import lib_ter

    if not reference:
        return len(output)
    words, moves, tried, fewer = output, 0, 0, 1
    distance = _Distance(reference)
    while fewer > 0:
        distance.is_traced = True  # the search asks first how the words are aligned now
        fewer, moved, tried = lib_ter._shift(words, reference, distance, tried)
        if tried >= lib_ter._MAX_SHIFT_CANDIDATES:
            break
        if fewer > 0:
            words, moves = moved, moves + 1
    return moves + distance(words)[0]


class _Distance:
    """Edit distances to a reference, with the edits themselves only where they are needed."""

    def __init__(self, reference: _Words) -> None:
        from sacrebleu.metrics.lib_ter import BeamEditDistance

        self._along_diagonal: BeamEditDistance = BeamEditDistance(reference)
        self._length = len(reference)
        self._places: dict[str, int] = {}
        for place, word in enumerate(reference):
            self._places[word] = self._places.get(word, 0) | 1 << place
        self.is_traced = False

    def __call__(self, words: _Words) -> tuple[int, str]:
        """The edit distance of words, and the edits if the next ones are to be traced."""
        edits = self._by_bits(words)
        if self.is_traced or edits + abs(len(words) - self._length) > _SURE:
            self.is_traced = False
            return self._along_diagonal(words)
        return edits, ""

    def _by_bits(self, words: _Words) -> int:
        """The edit distance; bits hold where a column of its table rises and where it falls."""
        everything = (1 << self._length) - 1
        last = 1 << (self._length - 1)
        rises, falls, edits = everything, 0, self._length
        for word in words:
            equal = self._places.get(word, 0)
            diagonal = (((equal & rises) + rises) ^ rises) | equal | falls
            across_rises = falls | (everything & ~(diagonal | rises))
            across_falls = rises & diagonal
            edits += bool(across_rises & last) - bool(across_falls & last)
            across_rises = (across_rises << 1) | 1
            across_falls <<= 1
            rises = (across_falls | ~(diagonal | across_rises)) & everything
            falls = across_rises & diagonal & everything
        return edits


def _edit_rate(sums: Floats) -> float:
    """Edits per word of the references, times 100; without words, 100 if anything is written."""
    edits, length = sums
    return float(100 * edits / length) if length else float(100 * (edits > 0))


TER = TextScore(_edits, _edit_rate, applies=are_words)
