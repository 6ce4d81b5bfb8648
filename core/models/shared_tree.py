"""A causal model's states of texts that many examples go on with, nothing computed twice.

Each of L hypotheses is scored after each of N texts, so features are `[L, N, H]`. The texts are
read once, and their keys and values kept once an example, not once a hypothesis. The tokens of the
hypotheses are nodes of a tree: each sees its text and its ancestors, by its attention mask, and
nodes without descendants are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded
from core.models.head import features_of
from core.models.shared_start import cache_name

NOTHING = -1  # in the place of a token: the hypothesis stays as it is after this text


class SharedTree:
    """Features of N texts; call `step` with the tokens that hypotheses are extended by.

    Attributes:
        features: of the next token after the hypotheses of the last step, `[L, N, H]`; at first
            after the texts themselves, `[1, N, H]`.
    """

    @torch.inference_mode()
    def __init__(self, backbone: Backbone, ids: Sequence[Sequence[int]]) -> None:
        """Read the token ids of N texts, none of them empty."""
        from transformers import DynamicCache

        self._backbone = backbone
        encoded = [Encoded(list(row), [0] * len(row), [0] * len(row), [len(row) - 1])
                   for row in ids]
        batch = collate(encoded, backbone)
        self._seen = batch.attention.bool()  # [N, T]
        self._lengths = batch.attention.sum(1)  # [N]
        device, count = batch.ids.device, len(encoded)
        self._above = torch.empty(1, 0, dtype=torch.bool, device=device)  # [L, nodes]
        self._real = torch.empty(count, 0, dtype=torch.bool, device=device)  # [N, nodes]
        self._cache: Any = DynamicCache(config=backbone.model.config)
        positions = torch.arange(batch.ids.shape[1], device=device).expand_as(batch.ids)
        features = self._read(batch.ids, batch.attention, positions)  # [N, T, H]
        self.features = features[batch.rows, batch.columns][None]  # [1, N, H]

    @torch.inference_mode()
    def step(self, parents: Sequence[int], tokens: torch.Tensor) -> torch.Tensor:
        """Extend hypotheses: the i-th is that of the last step at `parents[i]`, and `tokens[i]`.

        Args:
            parents: of the L new hypotheses.
            tokens: for each of them its token after each text, or `NOTHING`, `[L, N]`.

        Returns:
            The features of the next token, `[L, N, H]`.
        """
        device = self._seen.device
        chosen, tokens = torch.tensor(parents, device=device), tokens.to(device)
        above = self._kept_above(chosen)  # [L, nodes]
        real = (tokens != NOTHING).T  # [N, L]
        before = (above[None] & self._real[:, None]).sum(-1)  # [N, L], tokens of its ancestors
        own = torch.eye(len(parents), dtype=torch.bool, device=device)
        self._above = torch.cat([above, own], 1)
        self._real = torch.cat([self._real, real], 1)
        seen = torch.cat([
            self._seen[:, None].expand(-1, len(parents), -1),
            self._above[None] & self._real[:, None]], -1)  # [N, L, T + nodes]
        features = self._read(tokens.T.clamp(min=0), seen[:, None],
                              self._lengths[:, None] + before)  # [N, L, H]
        fallen_back = self.features[chosen].transpose(0, 1)
        features = torch.where(real[..., None], features, fallen_back)
        self.features = features.transpose(0, 1)
        return self.features

    def _kept_above(self, parents: torch.Tensor) -> torch.Tensor:
        """The ancestors of new hypotheses, `[L, nodes]`, after those of no one are dropped."""
        above = self._above[parents]
        kept = above.any(0)
        columns = torch.cat([kept.new_ones(self._seen.shape[1]), kept]).nonzero()[:, 0]
        for layer in self._cache.layers:
            layer.keys = layer.keys.index_select(2, columns)
            layer.values = layer.values.index_select(2, columns)
        self._real = self._real[:, kept]
        return above[:, kept]

    def _read(self, ids: torch.Tensor, seen: torch.Tensor,
              positions: torch.Tensor) -> torch.Tensor:
        """Features at all tokens of `ids`, `[N, S, H]`; their keys and values are kept."""
        model: Any = self._backbone.model
        with self._backbone.placement.autocast():
            return features_of(model, input_ids=ids, attention_mask=seen, position_ids=positions,
                               use_cache=True, **{cache_name(model): self._cache})
