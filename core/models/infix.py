"""Infixes: free positions between source and text (arXiv 2101.00190, section 7.3).

The model reads the source and P placeholders, whose embeddings are free. Then keys and values of
the placeholders are changed by what is trained, and what follows reads them so. The last token of
a source, which is the separator where there is one, comes after the infix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from core.models.backbone import Backbone
from core.models.head import features_of
from core.models.padding import padded
from core.models.prefix import Prefix
from core.models.shared_start import cache_name


@dataclass
class ReadInfix:
    """B sources and the infix after each, read.

    Attributes:
        cache: keys and values of all of it.
        seen: 1 where there is a token or a placeholder, `[B, T + P]`.
        next_place: the position of the token that comes next, `[B]`.
    """

    cache: Any
    seen: torch.Tensor
    next_place: torch.Tensor


def read_infix(backbone: Backbone, ids: torch.Tensor, seen: torch.Tensor,
               infix: Prefix) -> ReadInfix:
    """Read sources `[B, T]`, padded on the left, and an infix after them; gradients flow."""
    model: Any = backbone.model
    assert infix.placeholders is not None
    words = model.get_input_embeddings()(ids)  # [B, T, H]
    free = infix.placeholders.to(words.dtype)[None].expand(len(ids), -1, -1)
    seen = torch.cat([seen, seen.new_ones(len(ids), infix.length)], 1)
    places = (seen.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=model.config)
    with backbone.placement.autocast():
        model.base_model(inputs_embeds=torch.cat([words, free], 1), attention_mask=seen,
                         position_ids=places, use_cache=True, **{cache_name(model): cache})
    _change(cache, infix)
    return ReadInfix(cache, seen, places[:, -1] + 1)


def infix_features(backbone: Backbone, sources: Sequence[Sequence[int]],
                   targets: Sequence[Sequence[int]], infix: Prefix) -> torch.Tensor:
    """Features before each target token, `[M, H]`, with gradients."""
    model: Any = backbone.model
    read = read_infix(backbone, *padded([source[:-1] for source in sources], backbone, left=True),
                      infix)
    after = [[source[-1], *target[:-1]] for source, target in zip(sources, targets, strict=True)]
    ids, own = padded(after, backbone)  # [B, S]
    places = read.next_place[:, None] + torch.arange(ids.shape[1], device=ids.device)
    with backbone.placement.autocast():
        features = features_of(
            model, input_ids=ids, attention_mask=torch.cat([read.seen, own], 1),
            position_ids=places, use_cache=True, **{cache_name(model): read.cache})
    return features[own.bool()]


def _change(cache: Any, infix: Prefix) -> None:
    """Add the infix's numbers to the keys and values of the last P positions."""
    length, change = infix.length, infix.key_values["decoder"]  # [2L, 1, h, P, d]
    for number, layer in enumerate(cache.layers):
        for name, part in zip(("keys", "values"), change[2 * number:2 * number + 2], strict=True):
            whole = getattr(layer, name)
            before, own = whole[:, :, :-length], whole[:, :, -length:]
            setattr(layer, name, torch.cat([before, own + part.to(own.dtype)], 2))
