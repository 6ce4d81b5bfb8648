"""LM-BFF's K-shot draw."""

import re

from core.data.split import few_shot_indices


def _labels(case: dict) -> list[str]:
    if "binning" not in case:
        return case["labels"]
    boundary = float(re.search(r"< ?(-?[\d.]+)", case["binning"])[1])
    return ["0" if float(score) < boundary else "1" for score in case["labels"]]


def test_lmbff_kshot(parity) -> None:
    for case, expected in parity.pairs("cases"):
        labels = _labels(case)
        for seed in case["seeds"]:
            train, dev = few_shot_indices(labels, case["k"], seed, case["dev_multiple"])
            split = expected.get("splits", expected)[str(seed)]
            assert (train, dev) == (split["train"], split["dev"]), (case["id"], seed)


def test_lmbff_kshot_label_order(parity) -> None:
    for case, expected in parity.pairs("cases"):
        for seed, order in expected.get("label_order", {}).items():
            labels = _labels(case)
            train, _ = few_shot_indices(labels, case["k"], int(seed))
            assert list(dict.fromkeys(labels[index] for index in train)) == order, (
                case["id"],
                seed,
            )
