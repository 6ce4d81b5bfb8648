"""Answers of several tokens: filled in any order, many at once as one by one."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded
from core.models.multi_mask import choice_losses, fill_masks, margin_loss
from core.models.scoring import answer_logits


def question(backbone: Backbone, before: list[int], masks: int, after: list[int]) -> Encoded:
    tokenizer = backbone.tokenizer
    ids = [
        tokenizer.cls_token_id,
        *before,
        *[tokenizer.mask_token_id] * masks,
        *after,
        tokenizer.sep_token_id,
    ]
    start = 1 + len(before)
    return Encoded(ids, [0] * len(ids), [0] * len(ids), list(range(start, start + masks)))


def one_by_one(backbone: Backbone, encoded: Encoded, answer: list[int]) -> tuple[float, list[int]]:
    """The plain way: one question, one token at a time, the most probable first."""
    missing, total, order = list(range(len(answer))), 0.0, []
    while missing:
        logits = answer_logits(backbone, collate([encoded], backbone)).log_softmax(-1)
        found = [float(logits[at, answer[index]]) for at, index in enumerate(missing)]
        best = found.index(max(found))
        ids, masks = list(encoded.ids), list(encoded.masks)
        ids[masks.pop(best)] = answer[missing[best]]
        encoded = replace(encoded, ids=ids, masks=masks)
        total += found[best]
        order.append(missing.pop(best))
    return total, order


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_many_questions_at_once_are_filled_as_each_alone(
    kind: str, tiny: Callable[[str], Backbone]
) -> None:
    backbone = tiny(kind)
    answers = [[20], [21, 22], [23, 24, 25], [21, 26], [20]]
    questions = [question(backbone, [30 + at % 2, 31, 32][: 2 + at % 2], len(answer), [33])
                 for at, answer in enumerate(answers)]
    found = fill_masks(backbone, questions, answers)
    for each, encoded, answer in zip(found, questions, answers, strict=True):
        score, order = one_by_one(backbone, encoded, answer)
        assert each.score == pytest.approx(score, abs=1e-3)
        assert list(each.order) == order
        assert sum(each.log_probs) == pytest.approx(each.score)
    assert found[0].score == pytest.approx(found[4].score)  # the same question and answer


def test_the_orders_differ_where_tokens_depend_on_each_other(
    tiny: Callable[[str], Backbone],
) -> None:
    backbone = tiny("bert")
    encoded, answer = question(backbone, [30, 31], 3, [33]), [21, 22, 23]
    left = fill_masks(backbone, [encoded], [answer], "left-to-right")[0]
    at_once = fill_masks(backbone, [encoded], [answer], "parallel")[0]
    assert left.order == at_once.order == (0, 1, 2)
    assert left.log_probs[0] == pytest.approx(at_once.log_probs[0], abs=1e-4)
    assert left.log_probs[1] != pytest.approx(at_once.log_probs[1], abs=1e-6)


def test_the_margin_counts_only_wrong_choices_that_come_near() -> None:
    losses = torch.tensor([[2.0, 2.5, 9.0], [4.0, 1.0, torch.inf]])
    assert margin_loss(losses, torch.tensor([0, 0])).item() == pytest.approx((0.5 + 4.0) / 2)


def test_choices_may_differ_in_number_and_length(tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("bert")
    questions = [question(backbone, [30], 2, [33]), question(backbone, [31], 3, [33])]
    losses = choice_losses(backbone, questions, [[[20], [21, 22]], [[23, 24, 25]]])
    assert losses.shape == (2, 2)
    assert torch.isinf(losses[1, 1])
    single = fill_masks(backbone, [questions[0]], [[21, 22]], "parallel")[0]
    assert losses[0, 1].item() == pytest.approx(-single.score, abs=1e-4)
