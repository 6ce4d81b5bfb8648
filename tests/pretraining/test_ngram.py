"""The trigram model's probabilities sum to 1 and are those of the formula written out."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from core.pretraining.ngram import Trigram

VOCABULARY = 7


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    draws = np.random.default_rng(0)
    return np.cumsum(draws.choice([1, 1, 1, 2, 3], size=(30, 12)), axis=1) % (VOCABULARY - 1)


def plain(rows: np.ndarray, before: tuple[int, int], word: int) -> float:
    """Kneser-Ney from dictionaries of counts."""
    triples = Counter(
        tuple(row[at : at + 3]) for row in rows.tolist() for at in range(len(row) - 2)
    )
    orders = [triples]
    for _ in range(2):
        orders.insert(0, Counter(key[1:] for key in orders[0]))
    found = 1 / VOCABULARY
    for length, counts in enumerate(orders, 1):
        once, twice = (sum(count == times for count in counts.values()) for times in (1, 2))
        discount = once / (once + 2 * twice) if once else 0.5
        context = before[2 - (length - 1):] if length > 1 else ()
        followers = defaultdict(int)
        for key, count in counts.items():
            if key[:-1] == context:
                followers[key[-1]] += count
        if followers:
            total = sum(followers.values())
            found = (max(followers[word] - discount, 0) + discount * sum(
                count > 0 for count in followers.values()) * found) / total
    return found


def test_probabilities_are_those_of_the_formula(rows: np.ndarray) -> None:
    trigram = Trigram(rows, VOCABULARY)
    for before in ((0, 1), (3, 4), (5, 5), (6, 2), (2, 6)):
        asked = np.array([[*before, word] for word in range(VOCABULARY)])
        found = np.exp(trigram.log_probs(asked)[:, 1])
        assert found.sum() == pytest.approx(1)
        assert found == pytest.approx([plain(rows, before, word) for word in range(VOCABULARY)])


def test_the_second_token_has_one_before_it(rows: np.ndarray) -> None:
    found = np.exp(
        Trigram(rows, VOCABULARY).log_probs(np.array([[2, word] for word in range(VOCABULARY)]))
    )
    assert found.shape == (VOCABULARY, 1)
    assert found.sum() == pytest.approx(1)
