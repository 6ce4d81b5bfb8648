"""How long texts are for a model."""

from __future__ import annotations

from collections.abc import Sequence

from core.models.backbone import Backbone


def token_lengths(texts: Sequence[str], backbone: Backbone) -> list[int]:
    """Tokens of each text, special ones not counted; of immense texts only the beginning is counted."""
    if not texts:
        return []
    most = 24 * backbone.max_length
    found = backbone.tokenizer([text[:most] for text in texts], add_special_tokens=False, return_attention_mask=False,
                               return_token_type_ids=False, verbose=False)["input_ids"]
    return [len(ids) for ids in found]
