"""The tokens that all prompts of a causal model begin with, such as demonstrations, read once for all of them.

What a causal model makes of a token depends on those before it alone, so the keys and values of a common beginning
serve every prompt.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch

from core.models.backbone import Backbone
from core.models.encoding import Encoded, collate, cut

_WORTH = 16  # tokens


class SharedStart:
    """The keys and values of a beginning, for prompts that have it."""

    def __init__(self, backbone: Backbone, ids: Sequence[int]) -> None:
        """Read the tokens `ids` of a causal model."""
        self._backbone, self._ids = backbone, list(ids)
        nothing = [0] * len(ids)
        model: Any = backbone.model
        with backbone.placement.autocast():
            self._kept = model.base_model(input_ids=collate([Encoded(self._ids, nothing, nothing, [])], backbone).ids,
                                          use_cache=True).past_key_values

    @staticmethod
    def of(backbone: Backbone, encoded: Sequence[Encoded]) -> SharedStart | None:
        """That of all prompts whose texts were not shortened; None where it is too short to be worth it."""
        whole = [each for each in encoded if not each.shortened]
        if backbone.family != "causal" or len(whole) < 2:
            return None
        most = min(min(each.masks) for each in whole)
        places = enumerate(zip(*(each.ids[:most] for each in whole), strict=True))
        length = next((at for at, ids in places if len(set(ids)) > 1), most)
        return SharedStart(backbone, whole[0].ids[:length]) if length >= _WORTH else None

    def begins(self, encoded: Sequence[Encoded]) -> bool:
        """Whether all prompts begin so, and are read after it."""
        length = len(self._ids)
        return all(each.ids[:length] == self._ids and min(each.masks) >= length for each in encoded)

    def answer_hidden(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Last hidden states where the answers are read, `[M, H]`, of prompts that begin so."""
        model: Any = self._backbone.model
        length = len(self._ids)
        batch = collate([cut(each, length, len(each.ids) - length) for each in encoded], self._backbone)
        kept = copy.deepcopy(self._kept)
        kept.batch_repeat_interleave(len(encoded))
        seen = torch.cat([batch.attention.new_ones(len(encoded), length), batch.attention], dim=1)
        states = model.base_model(input_ids=batch.ids, attention_mask=seen, past_key_values=kept,
                                  use_cache=True).last_hidden_state
        return states[batch.rows, batch.columns]  # type: ignore[no-any-return]
