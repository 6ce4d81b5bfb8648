"""Rows of token ids of different lengths as one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from core.models.backbone import Backbone


def padded(rows: Sequence[Sequence[int]], backbone: Backbone, *,
           left: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of token ids as one tensor `[B, T]`, and 1 where there is a token, `[B, T]`."""
    width = max(map(len, rows), default=0)
    fill = backbone.padding_id
    ids, seen = [], []
    for row in rows:
        empty = width - len(row)
        padding, nothing = [fill] * empty, [0] * empty
        ids.append([*padding, *row] if left else [*row, *padding])
        seen.append([*nothing, *[1] * len(row)] if left else [*[1] * len(row), *nothing])
    device = backbone.placement.device
    return (torch.tensor(ids, dtype=torch.long, device=device),
            torch.tensor(seen, dtype=torch.long, device=device))
