"""Encoders of the BERT layout without wasted work: padding is never computed, the last layer only where it is read.

Everything but attention itself works on single tokens, so the tokens of a batch are kept in one row of N real tokens;
only queries, keys and values are spread out to `[B, T]`. Of the last layer, keys and values are needed everywhere, the
rest only at the answers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from core.models.encoding import Batch

TYPES = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "electra"})
_SHIFTED = TYPES - {"bert", "electra"}  # positions are counted from the padding token's id on


def answer_states(encoder: Any, batch: Batch) -> torch.Tensor:
    """The encoder's last hidden states at the answers of the batch, `[M, H]`; `encoder` is one of `TYPES`.

    Equal to `encoder(...).last_hidden_state[batch.rows, batch.columns]` but for rounding (and dropout's draws).
    """
    rows, columns = batch.attention.nonzero(as_tuple=True)
    width = batch.ids.shape[1]
    places = rows * width + columns
    start = encoder.config.pad_token_id + 1 if encoder.config.model_type in _SHIFTED else 0
    kinds = None if batch.type_ids is None else batch.type_ids[rows, columns][None]
    states = encoder.embeddings(input_ids=batch.ids[rows, columns][None], token_type_ids=kinds,
                                position_ids=(columns + start)[None])[0]
    if hasattr(encoder, "embeddings_project"):
        states = encoder.embeddings_project(states)
    seen = batch.attention.bool()
    seen_by_all = None if bool(seen.all()) else seen
    *body, last = encoder.encoder.layer
    for layer in body:
        states = _rest(layer, _attended(layer.attention.self, states, places, seen.shape, seen_by_all), states)
    asked = (seen.cumsum(1)[batch.rows, batch.columns] - 1) + _before(seen)[batch.rows]
    read = _read_at(last.attention.self, states, asked, batch.rows, places, seen)
    return _rest(last, read, states.index_select(0, asked))


def _rest(layer: Any, attended: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """What a layer does after its attention, each token for itself."""
    between = layer.attention.output(attended, states)
    return layer.output(layer.intermediate(between), between)  # type: ignore[no-any-return]


def _attended(attention: Any, states: torch.Tensor, places: torch.Tensor, shape: torch.Size,
              seen: torch.Tensor | None) -> torch.Tensor:
    """Self-attention of packed tokens `[N, H]` within their prompts, `[N, H]`."""
    query, key, value = (_spread(part(states), places, shape, attention)
                         for part in (attention.query, attention.key, attention.value))
    mask = None if seen is None else seen[:, None, None, :]
    mixed = F.scaled_dot_product_attention(query, key, value, mask, _dropout(attention))
    return mixed.transpose(1, 2).flatten(0, 1).flatten(1).index_select(0, places)


def _read_at(attention: Any, states: torch.Tensor, asked: torch.Tensor, rows: torch.Tensor, places: torch.Tensor,
             seen: torch.Tensor) -> torch.Tensor:
    """The same for the M tokens `asked`, which stand in the prompts `rows`: `[M, H]`."""
    query = attention.query(states.index_select(0, asked)).unflatten(-1, (attention.num_attention_heads, 1, -1))
    key, value = (_spread(part(states), places, seen.shape, attention).index_select(0, rows)
                  for part in (attention.key, attention.value))
    mixed = F.scaled_dot_product_attention(query, key, value, seen[rows][:, None, None, :], _dropout(attention))
    return mixed.flatten(1)


def _spread(packed: torch.Tensor, places: torch.Tensor, shape: torch.Size, attention: Any) -> torch.Tensor:
    """Packed `[N, H]` to `[B, heads, T, H / heads]`, zero where there is padding."""
    wide = packed
    if len(packed) < shape.numel():
        wide = packed.new_zeros(shape.numel(), packed.shape[-1]).index_copy(0, places, packed)
    return wide.view(*shape, attention.num_attention_heads, -1).transpose(1, 2)


def _before(seen: torch.Tensor) -> torch.Tensor:
    """How many tokens stand before each prompt, `[B]`."""
    lengths = seen.sum(1)
    return lengths.cumsum(0) - lengths


def _dropout(attention: Any) -> float:
    return float(attention.dropout.p) if attention.training else 0.0
