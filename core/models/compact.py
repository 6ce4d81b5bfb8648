"""Train only those rows of the vocabulary that a few training texts use, with the same result.

A row of the embedding that no prompt uses has a gradient of zero at every step, and AdamW without
weight decay leaves such rows as they are. So the copy that is trained holds only the rows in use,
which spares the gradient, the clipping and the optimizer most of a small model's parameters;
afterwards the rows go back to their places.
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
    """A trainable copy whose vocabulary holds only the U distinct token `ids`, `[U, H]`.

    Tokens that a model's code addresses by number keep their number: padding, and for seq2seq
    models the start and end of a text. The copy's `rows` gives `collate` and `project` each
    token's new row.
    """
    whole = backbone.in_float32()
    model: Any = whole.model
    used = torch.tensor(sorted({*ids, *range(_highest_fixed_id(backbone) + 1)}))  # [U]
    size = model.get_input_embeddings().weight.shape[0]
    rows = torch.full((size,), -1, dtype=torch.long)  # [V]
    rows[used] = torch.arange(len(used))
    tables = {id(table): table for table in _tables(model)}
    smaller = {key: _selected(table, used.to(table.device)) for key, table in tables.items()}
    trained = copy.deepcopy(model, smaller).requires_grad_(True)
    return replace(whole, model=trained, rows=rows.to(backbone.placement.device))


def expand(trained: Backbone, original: Backbone) -> Backbone:
    """The whole model with the trained weights, its vocabulary complete again."""
    assert trained.rows is not None
    used = (trained.rows >= 0).nonzero()[:, 0]  # [U]
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


def _highest_fixed_id(backbone: Backbone) -> int:
    """The highest token id that the model's own code addresses by its number."""
    ids = [backbone.tokenizer.pad_token_id]
    if backbone.family == "seq2seq":
        config: Any = backbone.model.config
        ids += [config.eos_token_id, config.decoder_start_token_id]
    return max(token or 0 for token in ids)


def _tables(model: Any) -> list[torch.Tensor]:
    """Everything with one entry for each token: embeddings, and the output layer with its bias."""
    found = [model.get_input_embeddings().weight]
    output = model.get_output_embeddings()
    if output is not None:
        found.append(output.weight)
        if getattr(output, "bias", None) is not None:
            found.append(output.bias)
    buffers = dict(model.named_buffers())
    if "final_logits_bias" in buffers:
        found.append(buffers["final_logits_bias"])
    return found


def _selected(table: torch.Tensor, used: torch.Tensor) -> torch.Tensor:
    """The entries of the tokens in use."""
    if isinstance(table, nn.Parameter):
        return nn.Parameter(table.detach()[used])  # [U, H] or [U]
    return table[:, used]  # BART's bias: [1, V] → [1, U]
