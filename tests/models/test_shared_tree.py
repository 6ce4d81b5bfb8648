"""Hypotheses that share the states of many texts get the features that each gets alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.behaviour import can_grow
from core.models.encoding import Encoded
from core.models.placement import Placement
from core.models.scoring import answer_features
from core.models.shared_tree import NOTHING, SharedTree

TEXTS = ([15, 16, 17, 18, 19], [20, 21], [22, 23, 24])
STEPS = ([0, 0, 0], [0, 0, 2, 2], [3, 1], [0, 1, 1])  # the parents of each step's hypotheses


@torch.inference_mode()
def alone(backbone: Backbone, ids: list[int]) -> torch.Tensor:
    """Features after a text that is read by itself, `[H]`."""
    nothing = [0] * len(ids)
    return answer_features(
        backbone, collate([Encoded(ids, nothing, nothing, [len(ids) - 1])], backbone))[0]


@pytest.mark.parametrize("kind", ["gpt2", "llama", "mistral", "gpt_neox"])
def test_features_are_those_of_whole_texts(kind: str, tiny: Callable[..., Backbone]) -> None:
    backbone = tiny(kind)
    tree, draws = SharedTree(backbone, TEXTS), torch.Generator().manual_seed(0)
    paths = [[list(text) for text in TEXTS]]
    for parents in STEPS:
        tokens = torch.randint(15, 30, (len(parents), len(TEXTS)), generator=draws)
        tokens[0, 1] = NOTHING
        features = tree.step(parents, tokens)
        paths = [[[*paths[parent][text], *([int(token)] if token != NOTHING else [])]
                  for text, token in enumerate(row)]
                 for parent, row in zip(parents, tokens, strict=True)]
        whole = torch.stack([torch.stack([alone(backbone, ids) for ids in path]) for path in paths])
        torch.testing.assert_close(features, whole, atol=1e-4, rtol=1e-4)


def test_nodes_without_descendants_are_dropped(tiny: Callable[..., Backbone]) -> None:
    tree = SharedTree(tiny("llama"), TEXTS)
    kept = []
    for parents in STEPS:
        tree.step(parents, torch.full((len(parents), len(TEXTS)), 15))
        kept.append(tree._cache.layers[0].keys.shape[2] - max(map(len, TEXTS)))
    # each step's new ones, and before them the ancestors that they have
    assert kept == [3, 2 + 4, 2 + 2 + 2, 2 + 2 + 2 + 3]


@pytest.mark.parametrize(("kind", "grows"), [
    ("gpt2", True), ("llama", True), ("mistral", True), ("bert", False), ("t5", False),
])
def test_which_models_can_grow(kind: str, grows: bool, tiny: Callable[..., Backbone]) -> None:
    assert can_grow(tiny(kind)) is grows


def test_a_model_that_ignores_positions_cannot_grow(tiny: Callable[..., Backbone],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = tiny("gpt2").trainable_copy()
    base = backbone.model.base_model
    plain = type(base).forward
    monkeypatch.setattr(
        base, "forward",
        lambda *values, position_ids=None, **named: plain(base, *values, **named))
    assert not can_grow(backbone)


def test_it_grows_in_bfloat16(tiny: Callable[..., Backbone]) -> None:
    assert can_grow(replace(tiny("llama"), placement=Placement("cpu", "bfloat16")).for_answers())
