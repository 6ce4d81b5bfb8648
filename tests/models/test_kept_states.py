"""Frozen layers read a prompt once, with the same result, and as ever where that would not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from core.learning.training import Schedule, train
from core.models import kept_states
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded
from core.models.scoring import all_answer_features, answer_logits
from core.models.top_layers import only_top

COLUMNS = torch.tensor([9, 10])
GOLD = torch.tensor([0, 1, 1, 0])


def prompts(lengths: tuple[int, ...] = (6, 9, 3, 12)) -> list[Encoded]:
    return [Encoded([15 + (5 * at + place) % 20 for place in range(length)], [0] * length,
                    [0] * length, [length - 1]) for at, length in enumerate(lengths)]


def layers_of(backbone: Backbone) -> Any:
    model: Any = backbone.model
    return model.transformer.h if model.config.model_type == "gpt2" else model.model.layers


def trained(backbone: Backbone, counts: list[int] | None = None) -> torch.Tensor:
    """Answers after six steps of the top layer, `[4, V]`; `counts` gets the lowest one's passes."""
    copy, encoded = backbone.trainable_copy(), prompts()
    if counts is not None:
        norm = next(part for part in layers_of(copy)[0].modules() if "Norm" in type(part).__name__)
        norm.register_forward_hook(lambda *_: counts.append(1))

    def loss(batch: list[int]) -> torch.Tensor:
        logits = answer_logits(copy, collate([encoded[at] for at in batch], copy), COLUMNS)
        return torch.nn.functional.cross_entropy(logits, GOLD[batch])

    def evaluate() -> float:
        return float(all_answer_features(copy, encoded).sum())

    schedule = Schedule(6, 2, 1e-2, 3, top_layers=1)
    train(copy.model, loss, len(encoded), schedule, 13, evaluate, lambda *_, **__: None,
          keep_best=False)
    passes = len(counts or ())
    answers = answer_logits(copy, collate(encoded, copy))
    if counts is not None:
        del counts[passes:]
    return answers


@pytest.mark.parametrize(("kind", "changes"), [
    ("llama", {}), ("mistral", {}),
    ("gpt2", {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}),
])
def test_training_gives_the_same(kind: str, changes: dict[str, float],
                                 tiny: Callable[..., Backbone],
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, counts = tiny(kind, **changes), list[int]()
    ours = trained(backbone, counts)
    assert len(counts) <= 3  # batches of prompts that are new: at most two, and one evaluation
    monkeypatch.setattr(kept_states, "_draws_dropout", lambda _: True)
    plain: list[int] = []
    torch.testing.assert_close(ours, trained(backbone, plain), atol=1e-4, rtol=1e-4)
    assert len(plain) >= 8


def test_where_dropout_is_drawn_nothing_is_kept(tiny: Callable[..., Backbone]) -> None:
    counts: list[int] = []
    trained(tiny("gpt2"), counts)
    assert len(counts) >= 8


def test_no_more_is_kept_than_there_is_room_for(tiny: Callable[..., Backbone],
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_states, "_MOST_NUMBERS", 10 * 32)
    backbone, counts = tiny("llama"), list[int]()
    whole = trained(backbone)
    torch.testing.assert_close(trained(backbone, counts), whole, atol=1e-4, rtol=1e-4)
    assert len(counts) > 3


def test_the_layers_are_as_they_were_afterwards(tiny: Callable[..., Backbone]) -> None:
    copy = tiny("llama").trainable_copy()
    batch = collate(prompts(), copy)
    before = answer_logits(copy, batch)
    with only_top(copy.model, 1):
        for _ in range(2):
            torch.testing.assert_close(answer_logits(copy, batch), before, atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        next(iter(layers_of(copy)[0].parameters())).zero_()
    assert not torch.allclose(answer_logits(copy, batch), before)
    assert all("forward" not in vars(layer) for layer in layers_of(copy))


def test_a_pass_that_keeps_keys_and_values_goes_through_all_layers(
    tiny: Callable[..., Backbone]
) -> None:
    copy = tiny("llama").trainable_copy()
    batch = collate(prompts(), copy)
    with only_top(copy.model, 1), torch.no_grad():
        answer_logits(copy, batch)
        outputs: Any = copy.model(input_ids=batch.ids, attention_mask=batch.attention,
                                  use_cache=True)
    kept = outputs.cache if "cache" in outputs else outputs.past_key_values
    assert all(layer.keys.shape[2] == batch.ids.shape[1] for layer in kept.layers)
