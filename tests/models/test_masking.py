"""Hidden tokens: how many, where, and what is asked for."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.data.task import Example, classification
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded, encode
from core.models.masking import SHARE, hide_tokens, masked_loss
from core.prompts.pvp import PVP


def prompts(backbone: Backbone, count: int) -> list[Encoded]:
    pvp = PVP.of(
        "{text_a} It is {mask} .",
        {"bad": ["terrible"], "good": ["great"]},
        classification("bad", "good"),
    )
    return encode(
        [
            pvp.pattern.render(Example("The bread was old and the soup was cold."))
            for _ in range(count)
        ],
        backbone,
    )


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_a_share_of_ordinary_tokens_is_hidden_as_bert_was_trained(
    kind: str, tiny: Callable[[str], Backbone]
) -> None:
    backbone = tiny(kind)
    encoded = prompts(backbone, 400)
    hidden, answers = hide_tokens(encoded, backbone, np.random.default_rng(0))
    special = set(backbone.tokenizer.all_special_ids)
    ordinary = sum(token not in special for prompt in encoded for token in prompt.ids)
    assert len(answers) / ordinary == pytest.approx(SHARE, abs=0.02)
    asked = [(before.ids[at], after.ids[at]) for before, after in zip(encoded, hidden, strict=True)
             for at in after.masks]
    assert [true for true, _ in asked] == answers
    assert not special & set(answers)
    masked = np.mean([shown == backbone.tokenizer.mask_token_id for _, shown in asked])
    kept = np.mean([shown == true for true, shown in asked])
    assert masked == pytest.approx(0.8, abs=0.05)
    assert kept == pytest.approx(0.1, abs=0.05)
    for before, after in zip(encoded, hidden, strict=True):
        assert (
            before.masks[0] not in after.masks
        )  # the pattern's own mask is not asked for, and stays
        assert after.ids[before.masks[0]] == backbone.tokenizer.mask_token_id
        assert all(
            old == new
            for at, (old, new) in enumerate(zip(before.ids, after.ids, strict=True))
            if at not in after.masks
        )


def test_the_loss_is_that_of_transformers(tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("bert")
    hidden, answers = hide_tokens(prompts(backbone, 4), backbone, np.random.default_rng(1))
    batch = collate(hidden, backbone)
    labels = torch.full_like(batch.ids, -100)
    labels[batch.rows, batch.columns] = torch.tensor(answers)
    expected = backbone.model(
        input_ids=batch.ids,
        attention_mask=batch.attention,
        token_type_ids=batch.type_ids,
        labels=labels,
    ).loss
    assert masked_loss(backbone, batch, torch.tensor(answers)).item() == pytest.approx(
        expected.item(), abs=1e-4
    )


def test_nothing_hidden_costs_nothing(tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("bert")
    batch = collate(prompts(backbone, 1), backbone)
    assert masked_loss(backbone, batch, torch.empty(0, dtype=torch.long)).item() == 0
