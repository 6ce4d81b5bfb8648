"""Label words by likelihood ratio: the same as word by word and example by example."""

import math

import numpy as np
import pytest

from core.errors import SpecError
from core.search.likelihood_ratio import best_words, frequent_words, word_log_probs

CASES = [(score, balanced) for score in ("llr", "ce") for balanced in (True, False)]


def plain(patterns, gold, labels, words, n, candidates, score, balanced, distinct):
    """(word, score) of each label, with one probability at a time."""
    choosable, weights = [], []
    for label in range(labels):
        inside = [example for example, answer in enumerate(gold) if answer == label]
        scale = (len(gold) - len(inside)) / len(inside) if balanced else 1
        weights.append(scale * len(inside) + len(gold) - len(inside))
        found = {}
        for word in words:
            likely = value = 0.0
            for logits in patterns:
                for example, row in enumerate(logits):
                    p = math.exp(row[word]) / math.fsum(math.exp(logit) for logit in row)
                    yes, no = math.log(p), math.log(1 - p)
                    likely += yes if example in inside else 0
                    if score == "llr":
                        value += scale * (yes - no) if example in inside else no - yes
                    else:
                        value += scale * yes if example in inside else no
            found[int(word)] = (likely, value)
        kept = sorted(found, key=lambda word: -found[word][0])[:candidates]
        choosable.append({word: found[word][1] for word in kept})
    if distinct:
        for word in words:
            rivals = [label for label in range(labels) if word in choosable[label]]
            best = max(
                rivals, key=lambda label: choosable[label][word] / weights[label], default=None
            )
            for label in rivals:
                if label != best:
                    del choosable[label][word]
    return [sorted(mine.items(), key=lambda scored: -scored[1])[:n] for mine in choosable]


@pytest.mark.parametrize(("score", "balanced"), CASES)
@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize(("labels", "examples", "candidates", "patterns"),
                         [(2, 7, 12, 1), (3, 10, 8, 2), (5, 70, 30, 1)])
def test_scores_as_one_by_one(
    labels: int,
    examples: int,
    candidates: int,
    patterns: int,
    distinct: bool,
    score: str,
    balanced: bool,
) -> None:
    draws = np.random.default_rng(labels * 100 + examples)
    logits = draws.normal(0, 3, (patterns, examples, 25))
    gold = draws.permutation(np.arange(examples) % labels)
    words = draws.permutation(25)[:18]
    found = best_words(
        logits,
        gold,
        labels,
        words,
        4,
        candidates=candidates,
        score=score,
        balanced=balanced,
        distinct=distinct,
    )
    expected = plain(logits, gold, labels, words, 4, candidates, score, balanced, distinct)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.tokens.tolist() == [word for word, _ in theirs]
        assert ours.scores == pytest.approx([value for _, value in theirs], rel=1e-9)


def test_three_examples_by_hand() -> None:
    """Probabilities 1/2, 1/4, 1/4 with one example of the first label and two of the second.

    So the example of the first label counts twice.
    """
    logits = np.log([[[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25]]])
    first, second = best_words(logits, [0, 1, 1], 2, np.arange(3), 1)
    assert first.tokens.tolist() == [0]
    assert first.scores == pytest.approx([2 * math.log(1) + 2 * math.log(3)])
    assert second.tokens.tolist() == [1]
    assert second.scores == pytest.approx([1 / 2 * 2 * math.log(1) + math.log(3)])
    first, second = best_words(logits, [0, 1, 1], 2, np.arange(3), 1, score="ce", balanced=False)
    assert first.scores == pytest.approx([math.log(0.5) + 2 * math.log(0.75)])
    assert second.scores == pytest.approx([2 * math.log(0.5) + math.log(0.75)])


def test_a_shared_word_goes_where_it_scores_higher() -> None:
    logits = np.zeros((1, 3, 6))
    logits[0, :, 2] = 4, 3, 0  # likely for the first two labels, most of all for the first
    logits[0, 1, 3], logits[0, 2, 4] = 2, 2
    shared = best_words(logits, [0, 1, 2], 3, np.arange(6), 2, distinct=False)
    assert [ranked.tokens[0] for ranked in shared] == [2, 3, 4]
    assert 2 in shared[1].tokens
    apart = best_words(logits, [0, 1, 2], 3, np.arange(6), 6)
    taken = [word for ranked in apart for word in ranked.tokens.tolist()]
    assert 2 in apart[0].tokens
    assert sorted(taken) == list(range(6))


def test_only_candidates_are_chosen() -> None:
    logits = np.log([[[0.5, 0.3, 0.15, 0.05], [0.5, 0.3, 0.199, 0.001]]])
    found = best_words(logits, [0, 1], 2, np.arange(4), 4, candidates=2, distinct=False)
    assert [sorted(ranked.tokens) for ranked in found] == [[0, 1], [0, 1]]
    assert best_words(logits, [0, 1], 2, np.arange(4), 1)[0].tokens.tolist() == [3]


@pytest.mark.parametrize(("score", "balanced"), CASES)
def test_extreme_probabilities_give_finite_scores(score: str, balanced: bool) -> None:
    logits = np.zeros((1, 4, 50), dtype=np.float32)
    logits[0, :, 7] = 3000, -3000, 60, 1e-30
    found = best_words(
        logits, [0, 1, 0, 1], 2, np.arange(50), 50, score=score, balanced=balanced, distinct=False
    )
    assert all(np.isfinite(ranked.scores).all() for ranked in found)
    assert found[0].tokens[0] == 7


def test_log_probabilities_are_exact_near_one_and_near_zero() -> None:
    log_p, log_not_p = word_log_probs(
        np.array([[50.0, 0.0, 0.0], [0.0, 0.0, -800.0]]), np.array([2, 0])
    )
    assert log_p[0, 1] == pytest.approx(-2 * math.exp(-50), rel=1e-12)
    assert log_not_p[0, 1] == pytest.approx(math.log(2) - 50, rel=1e-12)
    assert log_p[1] == pytest.approx([-800 - math.log(2), -math.log(2)], rel=1e-12)
    assert log_not_p[1] == pytest.approx([0, -math.log(2)], rel=1e-12)


def test_frequent_words_come_first_and_unseen_ones_last() -> None:
    counts, allowed = np.array([9, 0, 3, 5, 3, 0]), np.array([False, True, True, True, True, True])
    assert frequent_words(counts, allowed).tolist() == [3, 2, 4, 1, 5]


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(SpecError, match="Label 2 has no training example"):
        best_words(np.zeros((1, 2, 5)), [0, 0], 2, np.arange(5), 3)
    with pytest.raises(SpecError, match="No word of the vocabulary"):
        best_words(np.zeros((1, 2, 5)), [0, 1], 2, np.arange(0), 3)
    with pytest.raises(SpecError, match="No word is left for label 2"):
        best_words(np.zeros((1, 2, 5)), [0, 1], 2, np.arange(5), 3, candidates=1)
