"""Metrics of generated texts, each of which is compared with one or more references."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.metrics.answers import Floats, TextAnswers


def exact_matches(answers: TextAnswers) -> Floats:
    """1 for each output that equals a reference, but for white space around it, else 0, `[N]`."""
    pairs = zip(answers.outputs, answers.references, strict=True)
    matches = [_equals_any(output, references) for output, references in pairs]
    return np.array(matches, dtype=np.float64)


def _equals_any(output: str, references: Sequence[str]) -> bool:
    return output.strip() in {reference.strip() for reference in references}
