"""How long texts are for a model."""

from __future__ import annotations

from collections.abc import Sequence

from core.models.backbone import Backbone
from core.models.pieces import plain_ids


def token_lengths(texts: Sequence[str], backbone: Backbone) -> list[int]:
    """The number of tokens of each text, `[N]`, without special ones.

    Of immense texts only the beginning is counted.
    """
    most = 24 * backbone.max_length  # characters
    return [len(ids) for ids in plain_ids([text[:most] for text in texts], backbone)]
