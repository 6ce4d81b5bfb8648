"""Encoders of the BERT layout without wasted work.

Padding is never computed, and of the last layer only what the answers need. Everything but
attention itself works on single tokens, so the tokens of a batch are kept in one row of N real
tokens; only queries, keys and values are spread out to `[B, T]`. Of the last layer, keys and
values are needed everywhere, the rest only at the answers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from core.models.batches import Batch

TYPES = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "electra"})
_SHIFTED = TYPES - {"bert", "electra"}  # positions are counted from the padding token's id on


def fits(model: Any) -> bool:
    """Whether a model has the layout of BERT and reads both sides, as these functions do."""
    return model.config.model_type in TYPES and not model.config.is_decoder


def answer_states(encoder: Any, batch: Batch) -> torch.Tensor:
    """The last hidden states at the M answers of the batch, `[M, H]`.

    Equal to `encoder(...).last_hidden_state[batch.rows, batch.columns]` but for rounding (and
    dropout's draws). `encoder` is one of `TYPES`.
    """
    rows, columns = batch.attention.nonzero(as_tuple=True)  # [N], [N]
    places = rows * batch.ids.shape[1] + columns  # [N], in the flattened [B * T]
    seen = batch.attention.bool()  # [B, T]
    mask = None if bool(seen.all()) else seen
    states = _embedded(encoder, batch, rows, columns)  # [N, H]
    *body, last = encoder.encoder.layer
    for layer in body:
        attended = _attended(layer.attention.self, states, places, seen.shape, mask)
        states = _after_attention(layer, attended, states)
    within = seen.cumsum(1)[batch.rows, batch.columns] - 1  # [M], place among the prompt's tokens
    asked = within + _before(seen)[batch.rows]  # [M], place among the N tokens
    attended = _attended_at(last.attention.self, states, asked, batch.rows, places, seen)
    return _after_attention(last, attended, states.index_select(0, asked))  # [M, H]


def _embedded(encoder: Any, batch: Batch, rows: torch.Tensor,
              columns: torch.Tensor) -> torch.Tensor:
    """The embeddings of the N real tokens, `[N, H]`."""
    start = encoder.config.pad_token_id + 1 if encoder.config.model_type in _SHIFTED else 0
    types = None if batch.type_ids is None else batch.type_ids[rows, columns][None]  # [1, N]
    states = encoder.embeddings(
        input_ids=batch.ids[rows, columns][None],
        token_type_ids=types,
        position_ids=(columns + start)[None],
    )[0]  # [1, N, H] → [N, H]
    if hasattr(encoder, "embeddings_project"):
        states = encoder.embeddings_project(states)
    return states  # type: ignore[no-any-return]


def _after_attention(layer: Any, attended: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """What a layer does after its attention, each token for itself, `[N, H]`."""
    between = layer.attention.output(attended, states)
    return layer.output(layer.intermediate(between), between)  # type: ignore[no-any-return]


def _attended(attention: Any, states: torch.Tensor, places: torch.Tensor, shape: torch.Size,
              seen: torch.Tensor | None) -> torch.Tensor:
    """Self-attention of packed tokens within their prompts, `[N, H]`."""
    query, key, value = (
        _spread(part(states), places, shape, attention)  # [B, heads, T, H / heads]
        for part in (attention.query, attention.key, attention.value)
    )
    mask = None if seen is None else seen[:, None, None, :]  # [B, 1, 1, T]
    mixed = F.scaled_dot_product_attention(query, key, value, mask, _dropout(attention))
    flat = mixed.transpose(1, 2).flatten(0, 1).flatten(1)  # [B * T, H]
    return flat.index_select(0, places)  # [N, H]


def _attended_at(attention: Any, states: torch.Tensor, asked: torch.Tensor, rows: torch.Tensor,
                 places: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """The same for the M tokens `asked` alone, which stand in the prompts `rows`, `[M, H]`."""
    heads = attention.num_attention_heads
    query = attention.query(states.index_select(0, asked))  # [M, H]
    query = query.unflatten(-1, (heads, 1, -1))  # [M, heads, 1, H / heads]
    key, value = (
        _spread(part(states), places, seen.shape, attention).index_select(0, rows)
        for part in (attention.key, attention.value)
    )  # [M, heads, T, H / heads]
    mask = seen[rows][:, None, None, :]  # [M, 1, 1, T]
    mixed = F.scaled_dot_product_attention(query, key, value, mask, _dropout(attention))
    return mixed.flatten(1)  # [M, H]


def _spread(packed: torch.Tensor, places: torch.Tensor, shape: torch.Size,
            attention: Any) -> torch.Tensor:
    """Packed `[N, H]` to `[B, heads, T, H / heads]`, zero where there is padding."""
    wide = packed  # [B * T, H]
    if len(packed) < shape.numel():
        wide = packed.new_zeros(shape.numel(), packed.shape[-1]).index_copy(0, places, packed)
    return wide.view(*shape, attention.num_attention_heads, -1).transpose(1, 2)


def _before(seen: torch.Tensor) -> torch.Tensor:
    """How many tokens stand before each prompt, `[B]`."""
    lengths = seen.sum(1)
    return lengths.cumsum(0) - lengths


def _dropout(attention: Any) -> float:
    return float(attention.dropout.p) if attention.training else 0.0
