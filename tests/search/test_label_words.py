"""Combinations of label words: every way of searching gives what trying each by itself gives."""

from itertools import product

import numpy as np
import pytest

from core.errors import SpecError
from core.search.label_words import RankedCombinations, best_combinations, likely_words


def plain(logits, gold, candidates, n, distinct):
    """Every combination by itself."""
    found = []
    for words in product(*candidates):
        if distinct and len(set(words)) < len(words):
            continue
        right = (logits[:, list(words)].argmax(1) == gold).mean()
        found.append((tuple(int(word) for word in words), float(right)))
    return sorted(found, key=lambda scored: -scored[1])[:n]


def scores(found: RankedCombinations) -> list[float]:
    return [combination.score for combination in found.combinations]


@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize(
    ("labels", "k", "examples"), [(2, 9, 5), (2, 6, 64), (3, 6, 63), (4, 4, 70), (5, 3, 130)]
)
def test_all_combinations_as_one_by_one(labels: int, k: int, examples: int, distinct: bool) -> None:
    draws = np.random.default_rng(labels * 1000 + examples)
    logits = draws.integers(0, 6, (examples, 14)).astype(np.float32)  # equal logits come often
    gold = draws.integers(0, labels, examples)
    gold[:labels] = np.arange(labels)
    candidates = likely_words(logits, gold, labels, k, np.arange(14) > 1)
    for n in (1, 7, 10**6):
        found = best_combinations(logits, gold, candidates, n, distinct=distinct)
        assert [(ours.tokens, pytest.approx(ours.score)) for ours in found.combinations] == plain(
            logits, gold, candidates, n, distinct)
        assert found.exact
        assert found.tried == k**labels


def test_a_beam_that_holds_everything_finds_the_same() -> None:
    draws = np.random.default_rng(1)
    logits, gold = draws.normal(size=(40, 30)), np.arange(40) % 4
    candidates = likely_words(logits, gold, 4, 6, np.ones(30, dtype=bool))
    exact = best_combinations(logits, gold, candidates, 20)
    beam = best_combinations(logits, gold, candidates, 20, most=0, beam=10**6)
    assert not beam.exact
    assert scores(beam) == scores(exact)
    narrow = best_combinations(logits, gold, candidates, 20, most=0, beam=60)
    assert narrow.combinations[0].score >= exact.combinations[0].score - 0.05


def test_six_labels_and_a_hundred_words_each_are_searched() -> None:
    draws = np.random.default_rng(2)
    logits, gold = draws.normal(size=(96, 800)).astype(np.float32), np.arange(96) % 6
    for label in range(6):
        logits[gold == label, label] += 4
    candidates = likely_words(logits, gold, 6, 100, np.ones(800, dtype=bool))
    found = best_combinations(logits, gold, candidates, 100)
    assert not found.exact
    assert found.tried == 100**6
    shown = found.combinations[0]
    assert shown.score == (logits[:, list(shown.tokens)].argmax(1) == gold).mean()
    assert shown.score > 0.85
    assert len({combination.tokens for combination in found.combinations}) == 100


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(SpecError, match="Label 2 has no training example"):
        likely_words(np.zeros((2, 5)), [0, 0], 2, 3, np.ones(5, dtype=bool))
    with pytest.raises(SpecError, match="No word of the vocabulary"):
        likely_words(np.zeros((2, 5)), [0, 1], 2, 3, np.zeros(5, dtype=bool))
