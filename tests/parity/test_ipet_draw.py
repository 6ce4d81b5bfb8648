"""Which unlabelled examples, with which labels, each model of iPET is given next."""

import numpy as np

from core.learning.pseudo_labels import Growth, draw_generation, new_counts


def test_ipet_draw(parity) -> None:
    for case, results in parity.pairs("cases"):
        names = [model["name"] for model in case["models"]]
        weights = (
            [model["weight"] for model in case["models"]] if case["reduction"] == "wmean" else None
        )
        growth = Growth(case["logits_percentage"], case["seed"])
        for number, expected in enumerate(results["generations"]):
            counts = new_counts(case["train_counts"], case["scale_factor"], number)
            assert counts == expected["examples_per_label"], case["id"]
            logits = np.array([model["logits"][number] for model in case["models"]])
            first = max(0, case["n_most_likely"]) if number == 0 else 0
            given = expected if "drawn" in expected else expected["suggested_value"]
            drawn = draw_generation(logits, counts, growth, weights, first)
            if given is None:  # the reference never ends: a label is given to no example
                assert all(each.missing and len(each.rows) < sum(counts) for each in drawn)
                continue
            for name, each in zip(names, drawn, strict=True):
                assert [names[at] for at in each.teachers] == given["sources"][name], case["id"]
                assert [[row, case["labels"][label]] for row, label in each.rows] == given["drawn"][
                    name
                ], case["id"]
