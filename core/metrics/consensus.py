"""CIDEr-D: how much of what the references agree on an output says (arXiv 1411.5726).

N-grams that few examples' references have count more. The scores are near those of the E2E
challenge's script, whose tokens differ a little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from core.metrics.answers import Floats, TextAnswers, once
from core.metrics.overlap import Ngrams, ngrams
from core.metrics.resampling import mean_of
from core.metrics.rouge import caption_tokens
from core.metrics.texts import are_words, references_of

ORDERS = 4
_WIDTH = 6.0  # of the Gaussian that punishes other lengths than the reference's, in words
_SCALE = 10.0
_Vectors = tuple[dict[tuple[str, ...], float], ...]  # per order the weights of n-grams


@once
def _consensus(answers: TextAnswers) -> Floats:
    """CIDEr-D of each output, from 0 to 10, `[N]`; section 4 of the paper."""
    right = [[_counted(text) for text in references] for references in references_of(answers)]
    examples_with = Counter(ngram for texts in right for ngram in set().union(*texts))
    everywhere = math.log(len(right))
    rarity = {ngram: everywhere - math.log(count) for ngram, count in examples_with.items()}
    pairs = zip(answers.outputs, right, strict=True)
    return np.array([_cider(_counted(output), texts, rarity, everywhere)
                     for output, texts in pairs])


def _counted(text: str) -> Ngrams:
    return ngrams(caption_tokens(text), ORDERS)


def _cider(written: Ngrams, references: Sequence[Ngrams], rarity: dict[tuple[str, ...], float],
           unseen: float) -> float:
    """The mean likeness of an output to its references, given how rare n-grams are."""
    output = _weighted(written, rarity, unseen)
    each = [_likeness(output, _weighted(texts, rarity, unseen), _length(written) - _length(texts))
            for texts in references]
    return _SCALE * float(np.mean(each))


def _weighted(counts: Ngrams, rarity: dict[tuple[str, ...], float], unseen: float) -> _Vectors:
    vectors: _Vectors = tuple({} for _ in range(ORDERS))
    for ngram, count in counts.items():
        vectors[len(ngram) - 1][ngram] = count * rarity.get(ngram, unseen)
    return vectors


def _likeness(output: _Vectors, reference: _Vectors, longer: int) -> float:
    """The mean over orders of the clipped cosine, less the more the lengths differ."""
    cosines = [_clipped_cosine(a, b) for a, b in zip(output, reference, strict=True)]
    return math.exp(-(longer**2) / (2 * _WIDTH**2)) * sum(cosines) / ORDERS


def _clipped_cosine(a: dict[tuple[str, ...], float], b: dict[tuple[str, ...], float]) -> float:
    """The cosine where no n-gram of `a` counts more than it does in `b`."""
    shared = sum(min(weight, b[ngram]) * b[ngram] for ngram, weight in a.items() if ngram in b)
    lengths = math.hypot(*a.values()) * math.hypot(*b.values())
    return shared / lengths if lengths else 0.0


def _length(counts: Ngrams) -> int:
    """How many words there are."""
    return sum(count for ngram, count in counts.items() if len(ngram) == 1)


def _several(answers: TextAnswers) -> bool:
    """Whether there are other examples, against which an n-gram can be rare."""
    return answers.n > 1 and are_words(answers)


CIDER = mean_of(_consensus, _several)
