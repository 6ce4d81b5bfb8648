"""Attention that sees a prefix: keys and values that no token gave (arXiv 2101.00190, section 4).

Whatever the type of model, attention is one function of transformers' attention interface. Ours
puts the keys and values of the active prefix before those of the tokens, and is transformers' own
where no prefix is active. A cache holds the tokens alone, so that it can be cut, repeated and
reordered as if there were no prefix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from core.models.backbone import Backbone
from core.models.prefix import Place, Prefix, active
from core.models.prefix_places import INTERFACE, PLAIN, Attention, attentions

_TAG = "_prefix_attention"
_Caught = dict[Place, list[torch.Tensor]]
_caught: ContextVar[_Caught | None] = ContextVar("_caught", default=None)


@contextmanager
def prefixed(backbone: Backbone, prefix: Prefix | None) -> Iterator[None]:
    """Let the backbone's attention see a prefix, with one row or as many as the batch has.

    Other threads that use the same model see no prefix. Gradients reach the prefix where the
    backward pass runs inside too, or no layer is computed again in it.

    Raises:
        SpecError: this type of model takes no prefixes.
    """
    if prefix is not None and prefix.placeholders is not None:
        prefix = None  # an infix is read as tokens are
    if prefix is not None:
        prepare(backbone.model)
    token = active.set(prefix)
    try:
        yield
    finally:
        active.reset(token)


def read_prefix(backbone: Backbone, ids: Sequence[int] | None = None,
                embeddings: torch.Tensor | None = None) -> Prefix:
    """The keys and values that P tokens, or their embeddings `[P, H]`, have in a model.

    They stand at the first positions. A seq2seq model reads them with its encoder and with its
    decoder; cross-attention's are those of what the encoder read. Gradients flow.

    Raises:
        SpecError: this type of model takes no prefixes.
    """
    prepare(backbone.model)
    if embeddings is None:
        tokens = torch.tensor([list(ids or ())], device=backbone.placement.device)
        embeddings = backbone.model.get_input_embeddings()(tokens)[0]
    model: Any = backbone.model
    shown = embeddings[None].to(next(model.parameters()).dtype)  # [1, P, H]
    named = ({"inputs_embeds": shown} if backbone.family == "causal" else
             {"inputs_embeds": shown, "decoder_inputs_embeds": shown})
    caught: _Caught = {}
    token = _caught.set(caught)
    try:
        with backbone.placement.autocast():
            model.base_model(**named, use_cache=False)
    finally:
        _caught.reset(token)
    return Prefix({place: torch.stack(parts).float() for place, parts in caught.items()})


def prepare(model: Any) -> None:
    """Let a model look for a prefix; without one it computes what it did before.

    Raises:
        SpecError: this type of model takes no prefixes.
    """
    if model.config._attn_implementation == INTERFACE:
        return
    for attention in attentions(model):
        object.__setattr__(attention.module, _TAG, attention)  # no part of the module's own
    model.set_attn_implementation(INTERFACE)


def _attend(module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
            attention_mask: torch.Tensor | None, **further: Any) -> Any:
    """Queries `[B, h, Q, d]` over the prefix's keys and values and those given, `[B, h, K, d]`."""
    plain = ALL_ATTENTION_FUNCTIONS[PLAIN]
    prefix, attention = active.get(), getattr(module, _TAG, None)
    caught = _caught.get()
    if caught is not None and attention is not None:
        caught.setdefault(attention.place, []).extend((key, value))
    if prefix is None or attention is None or not _has_prefix(attention, prefix):
        return plain(module, query, key, value, attention_mask, **further)
    rows, at = len(query), 2 * (attention.layer - prefix.first)
    front = prefix.key_values[attention.place][at:at + 2]
    ahead = front.to(key.dtype).expand(-1, rows, -1, -1, -1)  # [2, B, h, P, d]
    bias = further.get("position_bias")
    if bias is not None:
        further["position_bias"] = _with_prefix_bias(bias, attention, prefix.length)
    mask = _with_prefix_mask(attention_mask, prefix, query, key)
    with _backward_friendly(ahead):
        return plain(module, query, torch.cat([ahead[0], key], 2),
                     torch.cat([ahead[1], value], 2), mask, **{**further, "is_causal": False})


def _backward_friendly(prefix: torch.Tensor) -> AbstractContextManager[object]:
    """On a CPU the plain products: the fused attention's backward pass takes twice as long."""
    if prefix.requires_grad and prefix.device.type == "cpu":
        return sdpa_kernel(SDPBackend.MATH)
    return nullcontext()


def _has_prefix(attention: Attention, prefix: Prefix) -> bool:
    return attention.place in prefix.key_values and attention.layer >= prefix.first


def _with_prefix_mask(mask: torch.Tensor | None, prefix: Prefix, query: torch.Tensor,
                      key: torch.Tensor) -> torch.Tensor | None:
    """The mask `[B, 1, Q, P + K]`: every query sees the prefix, but for what pads it."""
    if mask is None and prefix.seen is None:
        return None
    rows, asked, keys, length = len(query), query.shape[2], key.shape[2], prefix.length
    if mask is None:
        mask = torch.ones(rows, 1, asked, keys, dtype=torch.bool, device=query.device)
    seen = prefix.seen
    if seen is None:
        seen = torch.ones(1, length, dtype=torch.bool, device=query.device)
    front = seen[:, None, None].expand(rows, 1, asked, length)
    if mask.dtype != torch.bool:
        hidden = torch.finfo(mask.dtype).min
        front = torch.zeros_like(front, dtype=mask.dtype).masked_fill(~front, hidden)
    return torch.cat([front, mask.expand(rows, 1, asked, keys)], -1)


def _with_prefix_bias(bias: torch.Tensor, attention: Attention, length: int) -> torch.Tensor:
    """T5's position bias `[1, h, Q, P + K]`: the prefix's keys stand right before the first token.

    Cross-attention has none.
    """
    asked, keys = bias.shape[2:]
    if attention.biased is None:
        front = bias.new_zeros(1, bias.shape[1], asked, length)
        return torch.cat([front, bias], -1)
    module: Any = attention.biased
    first = keys - asked if module.is_decoder else 0  # what a cache holds comes before
    places = torch.arange(asked, device=bias.device)[:, None] + first
    ahead = torch.arange(length, device=bias.device)[None] - length
    bucket = module._relative_position_bucket(
        ahead - places, bidirectional=not module.is_decoder,
        num_buckets=module.relative_attention_num_buckets,
        max_distance=module.relative_attention_max_distance)
    front = module.relative_attention_bias(bucket).permute(2, 0, 1)[None]  # [1, h, Q, P]
    return torch.cat([front.to(bias.dtype), bias], -1)


def _mask(*given: Any, **further: Any) -> Any:
    """Transformers' mask, written out where a prefix is to be put before it."""
    if active.get() is not None:
        further["allow_is_causal_skip"] = further["allow_is_bidirectional_skip"] = False
    return ALL_MASK_ATTENTION_FUNCTIONS[PLAIN](*given, **further)


AttentionInterface.register(INTERFACE, _attend)
AttentionMaskInterface.register(INTERFACE, _mask)
