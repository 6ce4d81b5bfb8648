"""The tokens that all prompts of a causal model begin with, such as demonstrations, read once.

A causal model's states at a token depend on the tokens before it alone, so the keys and values of
a common beginning serve every prompt.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from inspect import signature
from typing import Any

import torch

from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded, cut
from core.models.head import features_of

WORTH = 16  # tokens


class SharedStart:
    """The keys and values of P tokens, for prompts that begin with them."""

    def __init__(self, backbone: Backbone, ids: Sequence[int]) -> None:
        """Read the tokens `ids`, `[P]`, with a causal model."""
        self._backbone, self._ids = backbone, list(ids)
        nothing = [0] * len(ids)
        batch = collate([Encoded(self._ids, nothing, nothing, [])], backbone)
        model: Any = backbone.model
        with backbone.placement.autocast():
            outputs = model.base_model(input_ids=batch.ids, use_cache=True)
        self._kept = getattr(outputs, cache_name(model))

    @property
    def length(self) -> int:
        """P, the number of its tokens."""
        return len(self._ids)

    @staticmethod
    def of(backbone: Backbone, encoded: Sequence[Encoded]) -> SharedStart | None:
        """The beginning that all prompts share; None where it is too short to be worth it.

        Prompts whose texts were shortened do not count: they may begin otherwise.
        """
        whole = [prompt for prompt in encoded if not prompt.shortened]
        if not backbone.shares_start or len(whole) < 2:
            return None
        length = _shared_length(whole)
        return SharedStart(backbone, whole[0].ids[:length]) if length >= WORTH else None

    def begins(self, encoded: Sequence[Encoded]) -> bool:
        """Whether all prompts begin with these tokens and their answers are read after them."""
        length = len(self._ids)
        return all(
            prompt.ids[:length] == self._ids and min(prompt.masks) >= length for prompt in encoded)

    def answer_features(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Features of the answers of B prompts that begin so, `[M, H]`."""
        backbone, length = self._backbone, len(self._ids)
        rests = [cut(prompt, length, len(prompt.ids) - length) for prompt in encoded]
        batch = collate(rests, backbone)
        kept = copy.deepcopy(self._kept)  # the model appends to it
        kept.batch_repeat_interleave(len(encoded))
        start = batch.attention.new_ones(len(encoded), length)  # [B, P]
        seen = torch.cat([start, batch.attention], dim=1)  # [B, P + T]
        with backbone.placement.autocast():
            features = features_of(
                backbone.model, input_ids=batch.ids, attention_mask=seen, use_cache=True,
                **{cache_name(backbone.model): kept})  # [B, T, H]
        return features[batch.rows, batch.columns]  # [M, H]


def cache_name(model: Any) -> str:
    """What the model calls the keys and values; transformers has renamed them."""
    return "cache" if "cache" in signature(model.forward).parameters else "past_key_values"


def _shared_length(encoded: Sequence[Encoded]) -> int:
    """How many tokens before their first answers all prompts have in common."""
    most = min(min(prompt.masks) for prompt in encoded)
    columns = zip(*(prompt.ids[:most] for prompt in encoded), strict=True)
    return next((place for place, ids in enumerate(columns) if len(set(ids)) > 1), most)
