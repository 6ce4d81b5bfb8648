"""T5's decoder for hypotheses that many examples share, one token a step, nothing computed twice.

Each hypothesis is read by every example, so that states are `[L, N, H]` for L hypotheses and N examples. The encoder is
run once; its keys and values are kept once an example, not once a hypothesis. The decoder's own keys and values are
kept for each step and looked up by the hypotheses that came from there; those that none came from are forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from core.errors import ModelError
from core.models.backbone import Backbone
from core.models.scoring import head_features

TYPES = frozenset({"t5", "mt5", "umt5"})


def check_type(backbone: Backbone) -> None:
    """Raise a ModelError if the model is not of the T5 family."""
    kind = backbone.model.config.model_type
    if kind not in TYPES:
        raise ModelError("{model!r} is of type {kind!r}; patterns are written by models of the T5 family. Choose "
                         "one, such as {example!r}.", model=backbone.name, kind=kind, example="mini-seq2seq")


class SharedDecoder:
    """Decoder states of one set of examples; call `step` with the tokens that hypotheses are extended by."""

    @torch.inference_mode()
    def __init__(self, backbone: Backbone, ids: Sequence[Sequence[int]], at_once: int = 32) -> None:
        """Run the encoder over the token ids of N examples.

        Raises:
            ModelError: the model is not of the T5 family.
        """
        check_type(backbone)
        model: Any = backbone.model
        self.backbone, self._decoder = backbone, model.get_decoder()
        self._memory, self._unseen = _encoded(backbone, ids, at_once)
        self._cross = [tuple(_heads(project(self._memory), block.layer[1].EncDecAttention).transpose(1, 2)
                             for project in (block.layer[1].EncDecAttention.k, block.layer[1].EncDecAttention.v))
                       for block in self._decoder.block]
        self._own: list[list[tuple[torch.Tensor, torch.Tensor]]] = [[] for _ in self._decoder.block]
        self._paths = torch.empty(1, 0, dtype=torch.long, device=backbone.placement.device)

    @torch.inference_mode()
    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Extend hypotheses: the i-th is that of the last step at `parents[i]`, with `tokens[i]` after it.

        Returns:
            Features of the next token, `[L, N, H]`, to be projected on the vocabulary.
        """
        device = self.backbone.placement.device
        self._forget(torch.tensor(parents, device=device))
        new = torch.arange(len(tokens), device=device)[:, None]
        self._paths = torch.cat([self._paths, new], dim=1)
        states = self._decoder.embed_tokens(torch.tensor(tokens, device=device))[:, None]
        states = states.expand(-1, len(self._memory), -1)
        with self.backbone.placement.autocast():
            bias = None
            for block, own, cross in zip(self._decoder.block, self._own, self._cross, strict=True):
                bias = self._bias(block, bias)
                states = states + self._attend_to_own(block.layer[0], states, own, bias)
                states = block.layer[2](states + self._attend_to_examples(block.layer[1], states, *cross))
            return head_features(self.backbone, self._decoder.final_layer_norm(states))

    def _forget(self, parents: torch.Tensor) -> None:
        """Keep the steps that the chosen hypotheses came from."""
        self._paths = self._paths[parents]
        for at in range(self._paths.shape[1]):
            kept, self._paths[:, at] = torch.unique(self._paths[:, at], return_inverse=True)
            for own in self._own:
                own[at] = (own[at][0][kept], own[at][1][kept])

    def _attend_to_own(self, layer: Any, states: torch.Tensor, own: list[tuple[torch.Tensor, torch.Tensor]],
                       bias: torch.Tensor) -> torch.Tensor:
        attention, normed = layer.SelfAttention, layer.layer_norm(states)
        own.append((attention.k(normed), attention.v(normed)))
        keys, values = (_heads(torch.stack([each[side][self._paths[:, at]] for at, each in enumerate(own)], dim=2),
                               attention) for side in (0, 1))  # [L, N, S, heads, d]
        query = _heads(attention.q(normed), attention)
        scores = torch.einsum("lnad,lnsad->lnas", query, keys) + bias
        found = torch.einsum("lnas,lnsad->lnad", scores.softmax(-1, dtype=torch.float32).to(values.dtype), values)
        return attention.o(found.flatten(-2))  # type: ignore[no-any-return]

    def _attend_to_examples(self, layer: Any, states: torch.Tensor, keys: torch.Tensor,
                            values: torch.Tensor) -> torch.Tensor:
        attention = layer.EncDecAttention
        query = _heads(attention.q(layer.layer_norm(states)), attention).permute(1, 2, 0, 3)  # [N, heads, L, d]
        scores = (query @ keys.mT).masked_fill(self._unseen, -torch.inf)
        found = scores.softmax(-1, dtype=torch.float32).to(values.dtype) @ values
        return attention.o(found.permute(2, 0, 1, 3).flatten(-2))  # type: ignore[no-any-return]

    def _bias(self, block: Any, before: torch.Tensor | None) -> torch.Tensor:
        """What the last position adds for how far away the others are, `[heads, S]`; most types share the first's."""
        attention, length = block.layer[0].SelfAttention, self._paths.shape[1]
        if before is not None and not attention.has_relative_attention_bias:
            return before
        return attention.compute_bias(length, length)[0, :, -1]  # type: ignore[no-any-return]


def _encoded(backbone: Backbone, ids: Sequence[Sequence[int]], at_once: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Encoder states `[N, T, H]`, and where nothing is, `[N, 1, 1, T]`."""
    model: Any = backbone.model
    pad = model.config.pad_token_id
    rows = torch.nn.utils.rnn.pad_sequence([torch.tensor(each) for each in ids], batch_first=True, padding_value=pad)
    lengths = torch.tensor([len(each) for each in ids])
    rows, seen = (each.to(backbone.placement.device) for each in (rows, torch.arange(rows.shape[1]) < lengths[:, None]))
    with backbone.placement.autocast():
        parts = [model.get_encoder()(input_ids=rows[at : at + at_once], attention_mask=seen[at : at + at_once].long()
                                     ).last_hidden_state for at in range(0, len(rows), at_once)]
    return torch.cat(parts), ~seen[:, None, None]


def _heads(states: torch.Tensor, attention: Any) -> torch.Tensor:
    return states.reshape(*states.shape[:-1], -1, attention.key_value_proj_dim)
