"""BERTScore against loops over all pairs of tokens."""

from __future__ import annotations

import math

import numpy as np
import pytest
from texts_to_measure import OUTPUTS, REFERENCES, restaurants

from core.metrics.meaning import BERT_SCORE, greedy_f1
from core.models.placement import Placement
from core.models.sentences import SENTENCE_MODEL, sentence_encoder
from core.models.token_vectors import token_encoder


def f1_by_loops(output: list[list[float]], reference: list[list[float]]) -> float:
    def cosine(a: list[float], b: list[float]) -> float:
        product = sum(x * y for x, y in zip(a, b, strict=True))
        return product / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

    precision = [max(cosine(token, other) for other in reference) for token in output[1:-1]]
    recall = [max(cosine(token, other) for other in output) for token in reference[1:-1]]
    p, r = sum(precision) / len(precision), sum(recall) / len(recall)
    return 2 * p * r / (p + r)


def test_scores_are_those_of_loops() -> None:
    encoder = token_encoder()

    def vectors(text: str) -> list[list[float]]:
        found: list[list[float]] = encoder.embed([text])[0].tolist()
        return found

    expected = [max(f1_by_loops(vectors(output), vectors(text)) for text in references)
                for output, references in list(zip(OUTPUTS, REFERENCES, strict=True))[:3]]
    assert list(BERT_SCORE.scores(restaurants()))[:3] == pytest.approx(expected, abs=1e-5)
    assert min(expected) < max(expected) < 1


def test_token_vectors_are_those_of_the_sentence_encoder() -> None:
    text = REFERENCES[0][0]
    [vectors] = token_encoder().embed([text])
    mean = vectors.mean(0)  # before length 1 each token weighs its own length: only near
    sentence = sentence_encoder(SENTENCE_MODEL, Placement("cpu", "float32")).embed([text])[0]
    assert float(mean @ sentence) / float(np.linalg.norm(mean)) > 0.99


def test_vectors_have_length_1_and_do_not_depend_on_the_batch() -> None:
    long, short = " ".join(OUTPUTS), OUTPUTS[3]
    encoder = token_encoder()
    together = encoder.embed([long, short, long])
    encoder._known.clear()
    alone = encoder.embed([short])
    assert np.abs(together[1] - alone[0]).max() < 1e-5
    assert np.linalg.norm(together[0], axis=1) == pytest.approx(1, abs=1e-5)
    assert (together[0] == together[2]).all()


def test_a_text_without_words_scores_0_and_its_equal_1() -> None:
    vectors = token_encoder().embed(["", "a pub"])
    assert greedy_f1(vectors[0], vectors[1]) == greedy_f1(vectors[1], vectors[0]) == 0
    assert greedy_f1(vectors[1], vectors[1]) == pytest.approx(1, abs=1e-6)
