"""Training on a few texts touches a few rows of the vocabulary: train those rows only, with the same result.

A row of the embedding that no prompt uses has a gradient of zero at every step, and AdamW without weight decay leaves
such rows as they are. So the copy that is trained holds only the rows in use, which spares the gradient, the clipping
and the optimizer most of a small model's parameters; afterwards the rows go back to their places.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from core.models.backbone import Backbone


def compact(backbone: Backbone, ids: Iterable[int]) -> Backbone:
    """A trainable copy whose vocabulary holds only the token `ids`.

    Tokens that models look for by their number keep it: padding, and for seq2seq models the start and end of a text.
    Its `rows` tells `collate` and `project` where each token is now.
    """
    model: Any = backbone.model
    numbered = [backbone.tokenizer.pad_token_id or 0]
    if backbone.family == "seq2seq":
        numbered += [model.config.eos_token_id or 0, model.config.decoder_start_token_id or 0]
    used = torch.tensor(sorted({*ids, *range(max(numbered) + 1)}))
    tables = {id(weight): weight for weight in _tables(model)}
    size = model.get_input_embeddings().weight.shape[0]
    rows = torch.full((size,), -1, dtype=torch.long)
    rows[used] = torch.arange(len(used))
    smaller = {key: _like(weight, used.to(weight.device)) for key, weight in tables.items()}
    trained = copy.deepcopy(model, smaller).requires_grad_(True)
    return replace(backbone, model=trained, rows=rows.to(backbone.placement.device))


def expand(trained: Backbone, original: Backbone) -> Backbone:
    """The whole model with the trained weights, its vocabulary complete again."""
    assert trained.rows is not None
    used = (trained.rows >= 0).nonzero()[:, 0]
    whole = original.trainable_copy()
    weights = trained.model.state_dict()
    with torch.no_grad():
        for name, weight in whole.model.state_dict().items():
            new = weights[name]
            if new.shape == weight.shape:
                weight.copy_(new)
            elif name != "final_logits_bias":
                weight[used] = new
    whole.model.train(False).requires_grad_(False)
    return whole


def _tables(model: Any) -> list[torch.Tensor]:
    """Everything with one entry for each token: embeddings, and the output layer with its bias."""
    output = model.get_output_embeddings()
    found = [model.get_input_embeddings().weight]
    if output is not None:
        found += [output.weight, *([output.bias] if getattr(output, "bias", None) is not None else [])]
    return [*found, *(buffer for name, buffer in model.named_buffers() if name == "final_logits_bias")]


def _like(table: torch.Tensor, used: torch.Tensor) -> torch.Tensor:
    if isinstance(table, nn.Parameter):
        return nn.Parameter(table.detach()[used])
    return table[:, used]  # BART's bias, `[1, V]`
