"""LM-BFF's automatic label words: candidates, and combinations ranked by zero-shot accuracy."""

import numpy as np
import pytest

from core.search.label_words import best_combinations, best_score_pairs, likely_words, nearest_words


def test_lmbff_label_search(parity) -> None:
    vocabulary = parity.inputs["vocabulary"]
    allowed = np.array([word.startswith("\u0120") for word in vocabulary])
    for case, expected in parity.pairs("cases"):
        logits, gold = np.array(case["logits"], dtype=np.float32), case["labels"]
        if case["regression"]:
            middle = float(np.median(gold))
            gold = [int(score > middle) for score in gold]
        found = likely_words(logits, gold, len(expected["candidates"]), case["k"], allowed)
        assert [each.tolist() for each in found] == expected["candidates"], case["id"]
        if "seed_words" in case:
            embedding = np.array(case["output_embedding"], dtype=np.float32)
            found = [nearest_words(each, vocabulary.index(seed), embedding, case["k_neighbors"])
                     for each, seed in zip(found, case["seed_words"], strict=True)]
            assert [each.tolist() for each in found] == expected["candidates_after_neighbours"], (
                case["id"]
            )
        if case["regression"]:
            best = best_score_pairs(logits, case["labels"], found, case["n"])
        else:
            best = list(
                best_combinations(logits, gold, found, case["n"], distinct=False).combinations
            )
        assert [each.score for each in best] == pytest.approx(
            [each["score"] for each in expected["top"]], abs=1e-6
        )
        for group in expected["tie_groups"]:
            members = {tuple(each) for each in group["members"]}
            chosen = [
                each.tokens
                for each in best
                if each.score == pytest.approx(group["score"], abs=1e-6)
            ]
            assert len(chosen) == group["in_top"]
            assert set(chosen) <= members
