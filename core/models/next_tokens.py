"""Texts being written, a row each: what a model says comes next, with everything read once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from core.models.backbone import Backbone
from core.models.head import features_of
from core.models.infix import read_infix
from core.models.padding import padded
from core.models.prefix import Prefix
from core.models.prefix_attention import prefixed
from core.models.scoring import project
from core.models.shared_start import cache_name


class NextTokens:
    """B texts after B sources.

    Sources of causal models are padded on the left, so that all rows go on at the same column;
    those of seq2seq models are read once by the encoder.

    Attributes:
        logits: of the next token of each row, `[B, V]`.
    """

    def __init__(self, backbone: Backbone, sources: Sequence[Sequence[int]],
                 prefix: Prefix | None = None) -> None:
        """Read the sources, token ids, with a prefix for all of them or one for each."""
        self._backbone, self._prefix = backbone, prefix
        self._model: Any = backbone.model
        self._cache = _empty_cache(backbone)
        self._memory: torch.Tensor | None = None  # [B, T, H], of the encoder
        causal = backbone.family == "causal"
        if prefix is not None and prefix.placeholders is not None:
            self._start_after_infix(sources, prefix)
            return
        ids, self._seen = padded(sources, backbone, left=causal)  # [B, T]
        if causal:
            self._places = _positions(self._seen, prefix)[:, -1]  # [B], of the last token
            self.logits = self._read(ids, _positions(self._seen, prefix))
            return
        start = torch.full((len(ids), 1), int(self._model.config.decoder_start_token_id),
                           device=ids.device)
        with prefixed(backbone, prefix), backbone.placement.autocast():
            encoded = self._model.get_encoder()(input_ids=ids, attention_mask=self._seen)
        self._memory = encoded.last_hidden_state
        self.logits = self._read(start)

    def _start_after_infix(self, sources: Sequence[Sequence[int]], infix: Prefix) -> None:
        ids, seen = padded([source[:-1] for source in sources], self._backbone, left=True)
        read = read_infix(self._backbone, ids, seen, infix)
        self._cache, self._seen, self._places = read.cache, read.seen, read.next_place - 1
        self.step(torch.tensor([source[-1] for source in sources], device=ids.device))

    def step(self, tokens: torch.Tensor, parents: torch.Tensor | None = None) -> torch.Tensor:
        """Write a token `[C]` after each of the rows `parents`, `[C]`, and give what comes next.

        Without parents there is one token for each row. Returns logits `[C, V]`; the rows are now
        those that were written.
        """
        if parents is not None:
            self._select(parents)
        if self._memory is not None:
            self.logits = self._read(tokens[:, None])
            return self.logits
        self._places = self._places + 1
        self._seen = torch.cat([self._seen, self._seen.new_ones(len(tokens), 1)], 1)
        self.logits = self._read(tokens[:, None], self._places[:, None])
        return self.logits

    def _read(self, ids: torch.Tensor, places: torch.Tensor | None = None) -> torch.Tensor:
        """Read tokens `[B, T]` after what the cache holds; logits after the last, `[B, V]`."""
        inputs: dict[str, Any] = {"use_cache": True, cache_name(self._model): self._cache}
        if self._memory is not None:
            inputs |= {"encoder_outputs": (self._memory,), "decoder_input_ids": ids}
        else:
            inputs |= {"input_ids": ids, "position_ids": places}
        with prefixed(self._backbone, self._prefix), self._backbone.placement.autocast():
            features = features_of(self._model, attention_mask=self._seen, **inputs)  # [B, T, H]
        return project(self._backbone, features[:, -1])

    def _select(self, rows: torch.Tensor) -> None:
        """Go on with these rows, in this order; a row may come several times."""
        count = len(self._seen)
        if len(rows) == count and bool((rows == torch.arange(count, device=rows.device)).all()):
            return
        self._cache.batch_select_indices(rows)
        self._seen = self._seen[rows]
        if self._memory is None:
            self._places = self._places[rows]
        else:
            self._memory = self._memory[rows]
        if self._prefix is not None:
            self._prefix = self._prefix.of_rows(rows)


def _positions(seen: torch.Tensor, prefix: Prefix | None) -> torch.Tensor:
    """The position of each token, `[B, T]`: after the prefix, and padding does not count."""
    places = (seen.cumsum(1) - 1).clamp(min=0)
    return places if prefix is None else places + prefix.lengths[:, None]


def _empty_cache(backbone: Backbone) -> Any:
    from transformers import DynamicCache, EncoderDecoderCache

    if backbone.family == "causal":
        return DynamicCache(config=backbone.model.config)
    return EncoderDecoderCache(DynamicCache(), DynamicCache())
