"""PET with several masks: answers scored in three orders, and the margin loss."""

import pytest
import torch

from core.models.encoding import Encoded
from core.models.multi_mask import choice_losses, fill_masks, margin_loss

_ORDERS = {"max_first": "max-first", "ltr": "left-to-right", "parallel": "parallel"}


def _question(case: dict, masks: int) -> Encoded:
    """The case's prompt with only the first of its masks, and without padding."""
    start, most = case["mask_start"], case["num_masks"]
    kept = [
        at
        for at, seen in enumerate(case["attention_mask"])
        if seen and not start + masks <= at < start + most
    ]
    return Encoded([case["input_ids"][at] for at in kept], [0] * len(kept),
                   [case["token_type_ids"][at] for at in kept], list(range(start, start + masks)))


def test_pet_multimask_inference(parity) -> None:
    for case, expected in parity.pairs("cases"):
        answers = [choice["token_ids"] for choice in case["choices"]]
        questions = [_question(case, len(answer)) for answer in answers]
        for name, order in _ORDERS.items():
            found = fill_masks(parity.backbone(case["model"]), questions, answers, order)
            assert [each.score for each in found] == pytest.approx(expected[name], abs=2e-4), case[
                "id"
            ]
            scores = [each.score for each in found]
            assert scores.index(max(scores)) == expected["best"][name]
            if order == "max-first" and "max_first_fill_order" in expected:
                assert [list(each.order) for each in found] == expected["max_first_fill_order"]


def test_pet_multimask_training(parity) -> None:
    for case, expected in parity.pairs("cases"):
        backbone = parity.backbone(case["model"]).trainable_copy()
        choices = [[choice["token_ids"] for choice in each["choices"]] for each in case["examples"]]
        most = max(len(ids) for each in choices for ids in each)
        questions = []
        for at in range(len(choices)):
            length = sum(case["attention_mask"][at])
            types = case["token_type_ids"][at] if case.get("token_type_ids") else [0] * length
            start = case["mask_start"][at]
            questions.append(Encoded(case["input_ids"][at][:length], [0] * length, types[:length],
                                     list(range(start, start + most))))
        losses = choice_losses(backbone, questions, choices)
        loss = margin_loss(losses, torch.tensor(case["labels"]))
        assert loss.item() == pytest.approx(expected["loss"], rel=2e-4), case["id"]
        for row, nll in zip(losses.tolist(), expected["nll_per_choice"], strict=True):
            assert row[: len(nll)] == pytest.approx(nll, abs=1e-3)
        weights = dict(backbone.model.named_parameters())
        for name, norm in expected["gradient_norms"].items():
            gradient, = torch.autograd.grad(loss, [weights[name]], retain_graph=True)
            assert gradient.norm().item() == pytest.approx(norm, rel=1e-3), (case["id"], name)
