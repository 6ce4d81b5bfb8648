"""Metrics of generated texts, each of which is compared with one or more references."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.metrics.answers import Floats, TextAnswers


def exact_matches(answers: TextAnswers) -> Floats:
    """1 for each output that equals one of its references, else 0, `[N]`.

    White space at the start and the end of a text does not count.
    """
    pairs = zip(answers.outputs, answers.references, strict=True)
    matches = [_equals_any(output, references) for output, references in pairs]
    return np.array(matches, dtype=np.float64)


def _equals_any(output: str, references: Sequence[str]) -> bool:
    return output.strip() in {reference.strip() for reference in references}
