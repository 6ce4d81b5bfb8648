"""LM-BFF's filter of demonstrations by cosine similarity."""

import re

import numpy as np

from core.models.sentences import most_similar


def _unit(vectors: list[list[float]]) -> np.ndarray:
    found = np.array(vectors)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_lmbff_demo_filter(parity) -> None:
    for case, expected in parity.pairs("cases"):
        labels = case["support_labels"]
        if "binning" in case:
            limit = float(re.search(r"<= ?([\d.]+)", case["binning"])[1])
            labels = ["0" if float(score) <= limit else "1" for score in labels]
        gold = [case["class_labels"].index(label) for label in labels]
        support, queries = _unit(case["support_embeddings"]), _unit(case["query_embeddings"])
        found = most_similar(queries, support, gold, case["rate"])
        assert [each.tolist() for each in found] == expected["test"], case["id"]
        found = most_similar(support, support, gold, case["rate"], same=True)
        assert [each.tolist() for each in found] == expected["train"], case["id"]
