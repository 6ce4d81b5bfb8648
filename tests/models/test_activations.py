"""The fused activation gives what the spelled one gives, forwards and backwards."""

import copy
from pathlib import Path

import pytest
import torch
from tiny_models import save_model
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from core.models.activations import fuse_gelu
from core.models.loading import load_backbone
from core.models.placement import Placement

MODELS = {"gpt2": (AutoModelForCausalLM, {"activation_function": "gelu_new"}),
          "t5": (AutoModelForSeq2SeqLM, {"feed_forward_proj": "gated-gelu"})}


@pytest.mark.parametrize("kind", MODELS)
def test_numbers_and_gradients_stay(kind: str, tmp_path: Path) -> None:
    make, changes = MODELS[kind]
    spelled = make.from_pretrained(save_model(kind, tmp_path, **changes)).eval()
    fused = copy.deepcopy(spelled)
    blocks = 2 * fused.config.num_layers if kind == "t5" else fused.config.n_layer
    assert fuse_gelu(fused) == blocks
    assert fuse_gelu(fused) == 0
    ids = torch.arange(24).view(2, 12) % fused.config.vocab_size
    losses = [model(input_ids=ids, labels=ids).loss for model in (spelled, fused)]
    for loss in losses:
        loss.backward()
    torch.testing.assert_close(losses[1], losses[0], atol=1e-5, rtol=1e-5)
    for one, other in zip(fused.parameters(), spelled.parameters(), strict=True):
        if other.grad is not None:
            torch.testing.assert_close(one.grad, other.grad, atol=1e-4, rtol=1e-3)


def test_loaded_models_are_fused_and_saved_as_they_were(tmp_path: Path) -> None:
    backbone = load_backbone(
        str(save_model("gpt2", tmp_path / "a", activation_function="gelu_new")),
        Placement("cpu", "float32"),
    )
    assert fuse_gelu(backbone.model) == 0
    backbone.model.save_pretrained(tmp_path / "b")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "b")
    assert again.config.activation_function == "gelu_new"
    assert fuse_gelu(again) == again.config.n_layer
