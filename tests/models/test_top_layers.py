"""Training the top layers alone: what is trained in each kind of model, and what stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.errors import SpecError
from core.learning.classifier import with_head
from core.learning.training import Schedule, train
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.compact import compact, expand
from core.models.encoding import Encoded
from core.models.scoring import answer_logits, grouped_answer_logits
from core.models.top_layers import freeze_below

# the trained part of the tiny models, which have two layers: beginnings of parameters' names
TOP = {
    "bert": ("bert.encoder.layer.1.", "cls.predictions.bias", "cls.predictions.transform."),
    "roberta": ("roberta.encoder.layer.1.", "lm_head."),
    "electra": ("electra.encoder.layer.1.", "generator_predictions.", "generator_lm_head.bias"),
    "gpt2": ("transformer.h.1.", "transformer.ln_f."),
    "llama": ("model.layers.1.", "model.norm."),
    "t5": ("decoder.block.1.", "decoder.final_layer_norm."),
    "bart": ("model.decoder.layers.1.",),
}


def trainable(model: torch.nn.Module) -> set[str]:
    return {name for name, weight in model.named_parameters() if weight.requires_grad}


def prompts(backbone: Backbone, lengths: tuple[int, ...]) -> list[Encoded]:
    """Prompts of these lengths with an answer each, which of course mean nothing."""
    special = set(backbone.tokenizer.all_special_ids)
    ids = [token for token in range(backbone.vocabulary_size) if token not in special]
    return [Encoded([ids[(7 * at + place) % len(ids)] for place in range(length)],
                    [0] * length, [0] * length, [length - 1])
            for at, length in enumerate(lengths)]


@pytest.mark.parametrize("kind", TOP)
def test_the_top_and_what_follows_is_trained(kind: str, tiny: Callable[..., Backbone]) -> None:
    model = tiny(kind).trainable_copy().model
    everything = trainable(model)
    freeze_below(model, 1)
    assert trainable(model) == {name for name in everything if name.startswith(TOP[kind])}
    for start in TOP[kind]:
        assert any(name.startswith(start) for name in trainable(model))


@pytest.mark.parametrize(("kind", "top"), [
    ("bert", ("bert.encoder.layer.1.", "bert.pooler.", "classifier.")),
    ("gpt2", ("transformer.h.1.", "transformer.ln_f.", "score.")),
    ("t5", ("transformer.decoder.block.1.", "transformer.decoder.final_", "classification_head.")),
])
def test_a_new_head_is_trained(kind: str, top: tuple[str, ...],
                               tiny: Callable[..., Backbone]) -> None:
    model = with_head(tiny(kind), ("bad", "good"), 13).model.requires_grad_(True)
    freeze_below(model, 1)
    names = trainable(model)
    assert all(name.startswith(top) for name in names)
    assert all(any(name.startswith(start) for name in names) for start in top)


@pytest.mark.parametrize("count", [3, 100])
def test_more_layers_than_there_are(count: int, tiny: Callable[..., Backbone]) -> None:
    with pytest.raises(SpecError, match=f"'top_layers' is {count}; the model has 2 layers"):
        freeze_below(tiny("llama").trainable_copy().model, count)


@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_what_lies_below_stays(kind: str, tiny: Callable[..., Backbone]) -> None:
    backbone = tiny(kind)
    encoded = prompts(backbone, (6, 9))
    trained = compact(backbone, {token for each in encoded for token in each.ids} | {9, 10})
    gold, columns = torch.tensor([0, 1]), torch.tensor([9, 10])

    def loss(batch: list[int]) -> torch.Tensor:
        logits = answer_logits(trained, collate([encoded[i] for i in batch], trained), columns)
        return torch.nn.functional.cross_entropy(logits, gold[batch])

    dev = iter([0.2, 0.9, 0.5])  # so that the second step's weights come back
    schedule = Schedule(3, 2, 1e-2, 1, top_layers=1)
    best = train(trained.model, loss, 2, schedule, 13, lambda: next(dev), lambda *_, **__: None)
    assert (best.best_step, best.dev_score) == (2, 0.9)
    before = dict(backbone.model.named_parameters())
    after = dict(expand(trained, backbone).model.named_parameters())
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith(TOP[kind]) for name in changed)


@pytest.mark.parametrize("kind", ["gpt2", "llama", "t5", "bert"])
def test_groups_of_alike_length_give_the_same(kind: str, tiny: Callable[..., Backbone],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = tiny(kind).trainable_copy()
    encoded = prompts(backbone, (30, 4, 18, 5, 29, 4))
    columns = torch.tensor([9, 10, 11])
    whole = answer_logits(backbone, collate(encoded, backbone), columns)
    monkeypatch.setattr("core.models.scoring._TRAINED_AT_ONCE", 40)
    parts = grouped_answer_logits(backbone, encoded, columns)
    torch.testing.assert_close(parts, whole)
    weights = list(backbone.model.parameters())
    grads = [torch.autograd.grad(logits.square().sum(), weights, allow_unused=True)
             for logits in (whole, parts)]
    for one, other in zip(*grads, strict=True):
        if one is not None:
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
