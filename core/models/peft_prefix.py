"""Prefixes as PEFT adapters, in both directions: PEFT's forward pass gives equal outputs.

PEFT stores `prompt_embeddings`, `[P, 2L·h·d]`, whose rows are read as `(2L, h, d)`, as ours are.
Its prefixes of encoder-decoder models reach decoder self-attention alone, at shifted positions and
with half of the rows unused, so these are not written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from core.errors import ModelError
from core.models.backbone import Backbone
from core.models.prefix import Prefix
from core.models.prefix_places import prefix_shapes

_CONFIG, _WEIGHTS, _KEY = "adapter_config.json", "adapter_model.safetensors", "prompt_embeddings"


def can_be_adapter(prefix: Prefix) -> bool:
    """Whether PEFT has such prefixes: one for all layers of a causal model."""
    return (set(prefix.key_values) == {"decoder"} and prefix.first == 0 and prefix.rows == 1
            and prefix.placeholders is None)


def save_adapter(prefix: Prefix, backbone: Backbone, folder: Path) -> None:
    """Write a prefix of a causal model as a PEFT adapter."""
    shape = prefix_shapes(backbone.model)["decoder"]
    rows = shape.rows(prefix.key_values["decoder"].detach().cpu())  # [P, 2L·h·d]
    config = {
        "peft_type": "PREFIX_TUNING", "task_type": "CAUSAL_LM", "inference_mode": True,
        "base_model_name_or_path": backbone.name, "num_virtual_tokens": prefix.length,
        "num_layers": shape.layers, "num_attention_heads": shape.heads,
        "token_dim": shape.heads * shape.width, "num_transformer_submodules": 1,
        "encoder_hidden_size": shape.heads * shape.width, "prefix_projection": False}
    text = json.dumps(config, indent=2) + "\n"
    (folder / _CONFIG).write_text(text, encoding="utf-8")
    save_file({_KEY: rows.contiguous()}, folder / _WEIGHTS)


def load_adapter(folder: Path, backbone: Backbone) -> Prefix:
    """Read a PEFT adapter as a prefix of a causal model.

    Raises:
        ModelError: it is no prefix, or one of another model.
    """
    shape = prefix_shapes(backbone.model).get("decoder")
    try:
        config: dict[str, Any] = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        rows: torch.Tensor = load_file(folder / _WEIGHTS)[_KEY]
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(
            "The folder {name!r} holds no prefix of PEFT: it needs {config} and {weights} with "
            "{key!r}.", name=folder.name, config=_CONFIG, weights=_WEIGHTS, key=_KEY) from error
    if config.get("peft_type") != "PREFIX_TUNING" or shape is None:
        raise ModelError(
            "The adapter {name!r} is of the kind {kind!r}; only prefixes of causal models can be "
            "read.", name=folder.name, kind=str(config.get("peft_type"))[:40])
    if rows.ndim != 2 or rows.shape[1] != shape.numbers:
        raise ModelError(
            "The prefix {name!r} has {found} numbers a position; {model!r} needs {wanted}. It was "
            "trained for another model.", name=folder.name, found=rows.shape[-1],
            model=backbone.name, wanted=shape.numbers)
    return Prefix({"decoder": shape.key_values(rows.float())})
