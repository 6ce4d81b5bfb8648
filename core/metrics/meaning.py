"""BERTScore: how near the tokens of an output lie to those of its references (arXiv 1904.09675).

The tokens' vectors are those of the bundled sentence encoder's last layer, in context; values are
therefore to be compared with each other, not with published ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.metrics.answers import Floats, TextAnswers, once
from core.metrics.resampling import mean_of
from core.metrics.texts import are_words, references_of

Vectors = npt.NDArray[np.floating]


@once
def _nearness(answers: TextAnswers) -> Floats:
    """The best F1 of each output over its references, `[N]`."""
    from core.models.token_vectors import token_encoder  # torch is slow to import

    references = references_of(answers)
    texts = [*answers.outputs, *(text for several in references for text in several)]
    vectors = dict(zip(texts, token_encoder().embed(texts), strict=True))
    pairs = zip(answers.outputs, references, strict=True)
    return np.array([max(greedy_f1(vectors[output], vectors[text]) for text in several)
                     for output, several in pairs])


def greedy_f1(output: Vectors, reference: Vectors) -> float:
    """F1 of greedy matching: each token is matched with the most similar one of the other text.

    Both are vectors of length 1, `[T, D]` and `[U, D]`; the first and the last stand for the marks
    around the text, which others may match but which do not count themselves. Section 3 of the
    paper, without weights by rarity and without rescaling.
    """
    similar = output @ reference.T  # [T, U]
    if min(similar.shape) <= 2:
        return 0.0
    precision = float(similar.max(1)[1:-1].mean())
    recall = float(similar.max(0)[1:-1].mean())
    return 2 * precision * recall / (precision + recall)


BERT_SCORE = mean_of(_nearness, are_words)
