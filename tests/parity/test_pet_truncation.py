"""PET's shortening of a filled pattern."""

from core.models.encoding import shorten


def test_pet_truncation(parity) -> None:
    for case, expected in parity.pairs("cases"):
        sides = [case["text_a"], case["text_b"]]
        specials = case["special_tokens_two_texts" if case["text_b"] else "special_tokens_one_text"]
        total = specials + sum(len(part["token_ids"]) for side in sides for part in side)
        texts = [[part["token_ids"] for part in side if part["shortenable"]] for side in sides]
        missing = shorten(texts, max(0, total - case["max_length"]))
        if "reference_error" in expected:
            assert missing, case["id"]
            continue
        left = [[part["token_ids"] for part in side] for side in sides]
        assert (missing, left) == (0, [expected["text_a"], expected["text_b"]]), case["id"]
        assert specials + sum(len(ids) for side in left for ids in side) == expected["total_length"]
