"""Metrics of generated texts, each of which is compared with one or more references."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.metrics.answers import Answers, Floats, LabelAnswers, TextAnswers
from core.metrics.labels import invalid_share, share


def exact_matches(answers: TextAnswers) -> Floats:
    """1 for each output that equals a reference, but for white space around it, else 0, `[N]`."""
    pairs = zip(answers.outputs, answers.references, strict=True)
    matches = [_equals_any(output, references) for output, references in pairs]
    return np.array(matches, dtype=np.float64)


def invalid_answers(answers: Answers) -> float:
    """The share of written answers that are no answer of their task (T5's evaluation).

    NaN where any text would be one, or where none was written.
    """
    if isinstance(answers, LabelAnswers):
        return invalid_share(answers)
    if not all(references and all(map(_is_number, references))
               for references in answers.references):
        return math.nan
    return share(np.array([not _is_number(output) for output in answers.outputs], dtype=float))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _equals_any(output: str, references: Sequence[str]) -> bool:
    return output.strip() in {reference.strip() for reference in references}
