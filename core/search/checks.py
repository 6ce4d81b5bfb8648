"""Checks that every search of label words makes before it begins."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import SpecError


def check_searchable(gold: Sequence[int], labels: int, words: int) -> None:
    """Raise if label words cannot be searched.

    Args:
        gold: the training examples' labels, `[N]`.
        labels: how many labels there are.
        words: how many words may be label words.

    Raises:
        SpecError: a label has no example, or no word is allowed.
    """
    if not words:
        raise SpecError("No word of the vocabulary may be a label word.")
    shown = {int(label) for label in gold}
    for label in range(labels):
        if label not in shown:
            raise SpecError("Label {number} has no training example to find words by.",
                            number=label + 1)
