"""Precision: when a CPU computes in bfloat16, what then holds which weights, how little moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.task import Task
from core.learning.classifier import with_head
from core.learning.predictors import prompt_predictor
from core.models import placement
from core.models.backbone import Backbone
from core.models.compact import compact
from core.models.loading import BackboneCache, load_backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

EXACT, ROUNDED = Placement("cpu", "float32"), Placement("cpu", "bfloat16")
PAIR = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["bad"], "good": ["good"]}}
TINY = ("bert", "roberta", "gpt2", "llama", "t5", "bart")


def rounded(backbone: Backbone) -> Backbone:
    """The backbone as it is loaded where bfloat16 is fast."""
    return replace(backbone, placement=ROUNDED).for_answers()


def kinds(backbone: Backbone) -> set[torch.dtype]:
    return {weight.dtype for weight in backbone.model.parameters()}


@pytest.mark.parametrize(("fast", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_a_cpu_computes_in_what_was_measured_to_be_faster(
    fast: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placement, "_cpu_is_faster_in_bfloat16", lambda: fast)
    assert Placement.choose("cpu") == Placement("cpu", precision)
    assert Placement.choose("cpu", "float32") == EXACT
    assert Placement.choose("cpu", "bfloat16") == ROUNDED
    assert str(Placement.choose("cpu")) == f"CPU · {precision}"


@pytest.mark.parametrize(("seconds", "fast"), [
    ({torch.float32: 2.0, torch.bfloat16: 1.0}, True),
    ({torch.float32: 2.0, torch.bfloat16: 1.9}, False),
    ({torch.float32: 1.0, torch.bfloat16: 3.0}, False),
])
def test_what_is_measured_decides(seconds: dict[torch.dtype, float], fast: bool,
                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "_seconds", lambda work: seconds[work().dtype])
    measure = placement._cpu_is_faster_in_bfloat16.__wrapped__
    assert measure() is fast


@pytest.mark.parametrize("kind", TINY)
def test_only_weights_that_answer_are_rounded(
    kind: str, tiny: Callable[..., Backbone]
) -> None:
    exact = tiny(kind)
    backbone = rounded(exact)
    assert kinds(backbone) == {torch.bfloat16}
    assert kinds(exact) == {torch.float32}
    for before, after in zip(exact.model.buffers(), backbone.model.buffers(), strict=True):
        assert before.dtype == after.dtype
    assert backbone.parameters == exact.parameters  # what was tied is tied
    for trained in (backbone.trainable_copy(), compact(backbone, range(20)),
                    with_head(backbone, ("bad", "good"), 13)):
        assert kinds(trained) == {torch.float32}
        assert trained.exact is None
    whole = backbone.trainable_copy().model.state_dict()
    assert all(torch.equal(weight, whole[name])
               for name, weight in exact.model.state_dict().items())


@pytest.mark.parametrize("name", ["mini-masked", "mini-causal", "mini-seq2seq"])
def test_answers_hardly_move(name: str, tiny_task: Task) -> None:
    exact = load_backbone(name, EXACT)
    pvp = PVP.from_dict(PAIR, tiny_task.schema)
    before, after = (np.exp(prompt_predictor(each, pvp).log_probs(tiny_task.train))
                     for each in (exact, rounded(exact)))
    assert 0 < np.abs(before - after).max() < 0.05
    sure = np.abs(before[:, 0] - 0.5) > 0.05
    assert sure.any()
    assert (before.argmax(1) == after.argmax(1))[sure].all()


def test_the_cache_keeps_a_model_in_each_precision(
    tiny_model_folder: Callable[..., Path],
) -> None:
    cache, name = BackboneCache(EXACT), str(tiny_model_folder("bert"))
    assert kinds(cache.get(name)) == {torch.float32}
    assert kinds(cache.get(name, "bfloat16")) == {torch.bfloat16}
    assert cache.get(name, "bfloat16").placement == ROUNDED
    assert cache.get(name, "float32") is cache.get(name)
    assert cache.loads == 2
