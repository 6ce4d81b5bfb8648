"""What is measured of written texts, beside the references that each may equal."""

from __future__ import annotations

import numpy as np

from core.metrics.answers import Floats, TextAnswers


def exact_matches(answers: TextAnswers) -> Floats:
    """1 for each output that equals one of its references, else 0, `[N]`; white space around a text does not count."""
    pairs = zip(answers.outputs, answers.references, strict=True)
    return np.array([output.strip() in {reference.strip() for reference in references}
                     for output, references in pairs], dtype=np.float64)
