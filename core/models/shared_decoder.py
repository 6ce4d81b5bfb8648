"""T5's decoder for hypotheses that many examples share, one token a step, nothing computed twice.

Each of L hypotheses is scored on each of N examples, so states are `[L, N, H]`. The encoder is run
once; its keys and values are kept once an example, not once a hypothesis. The decoder's own keys
and values are kept for each step and looked up by the hypotheses that descend from there; those
without descendants are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from core.errors import ModelError
from core.models.backbone import Backbone
from core.models.head import head_features

TYPES = frozenset({"t5", "mt5", "umt5"})
KeysAndValues = tuple[torch.Tensor, torch.Tensor]


def check_type(backbone: Backbone) -> None:
    """Raise a ModelError if the model is not of the T5 family."""
    kind = backbone.model.config.model_type
    if kind not in TYPES:
        raise ModelError(
            "{model!r} is of type {kind!r}; patterns are written by models of the T5 family, such "
            "as {example!r}, and by most causal models, such as {causal!r}. Choose one.",
            model=backbone.name, kind=kind, example="mini-seq2seq", causal="smollm2-135m")


class SharedDecoder:
    """Decoder states of N examples; call `step` with the tokens that hypotheses are extended by."""

    @torch.inference_mode()
    def __init__(self, backbone: Backbone, ids: Sequence[Sequence[int]], at_once: int = 32) -> None:
        """Run the encoder over the token ids of N examples, `at_once` together.

        Raises:
            ModelError: the model is not of the T5 family.
        """
        check_type(backbone)
        model: Any = backbone.model
        self.backbone, self._decoder = backbone, model.get_decoder()
        self._memory, self._unseen = _encoded(backbone, ids, at_once)
        self._cross = [
            _cross_keys_and_values(block.layer[1].EncDecAttention, self._memory)
            for block in self._decoder.block
        ]
        # For each layer and step [L, N, heads * d], L as of the hypotheses that are left of it.
        self._own: list[list[KeysAndValues]] = [[] for _ in self._decoder.block]
        # For each hypothesis and step the row of its ancestor in `_own`, [L, S].
        self._paths = torch.empty(1, 0, dtype=torch.long, device=backbone.placement.device)

    @torch.inference_mode()
    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Extend hypotheses: the i-th is that of the last step at `parents[i]` and `tokens[i]`.

        Returns:
            Features of the next token, `[L, N, H]`, to be projected on the vocabulary.
        """
        device = self.backbone.placement.device
        self._drop_all_but(torch.tensor(parents, device=device))
        new = torch.arange(len(tokens), device=device)[:, None]  # [L, 1]
        self._paths = torch.cat([self._paths, new], dim=1)
        states = self._decoder.embed_tokens(torch.tensor(tokens, device=device))[:, None]
        states = states.expand(-1, len(self._memory), -1)  # [L, 1, H] → [L, N, H]
        with self.backbone.placement.autocast():
            states = self._through_layers(states)
            return head_features(self.backbone.model, self._decoder.final_layer_norm(states))

    def _drop_all_but(self, parents: torch.Tensor) -> None:
        """Keep of each earlier step only what the chosen hypotheses, `[L]`, descend from."""
        self._paths = self._paths[parents]
        for step in range(self._paths.shape[1]):
            kept, self._paths[:, step] = torch.unique(self._paths[:, step], return_inverse=True)
            for own in self._own:
                keys, values = own[step]
                own[step] = (keys[kept], values[kept])

    def _through_layers(self, states: torch.Tensor) -> torch.Tensor:
        bias = None
        for block, own, cross in zip(self._decoder.block, self._own, self._cross, strict=True):
            own_attention, cross_attention, feed_forward = block.layer
            bias = self._bias(own_attention.SelfAttention, bias)
            states = states + self._attend_to_own(own_attention, states, own, bias)
            states = states + self._attend_to_examples(cross_attention, states, *cross)
            states = feed_forward(states)
        return states

    def _attend_to_own(self, layer: Any, states: torch.Tensor, own: list[KeysAndValues],
                       bias: torch.Tensor) -> torch.Tensor:
        """Self-attention of each hypothesis to its own S tokens, `[L, N, H]`."""
        attention, normed = layer.SelfAttention, layer.layer_norm(states)
        own.append((attention.k(normed), attention.v(normed)))
        keys, values = (_heads(self._along_paths(own, side), attention) for side in (0, 1))
        query = _heads(attention.q(normed), attention)  # [L, N, heads, d]
        scores = torch.einsum("lnad,lnsad->lnas", query, keys) + bias
        weights = scores.softmax(-1, dtype=torch.float32).to(values.dtype)  # [L, N, heads, S]
        mixed = torch.einsum("lnas,lnsad->lnad", weights, values)
        return attention.o(mixed.flatten(-2))  # type: ignore[no-any-return]

    def _along_paths(self, own: list[KeysAndValues], side: int) -> torch.Tensor:
        """The keys (`side` 0) or values (1) of each hypothesis, `[L, N, S, heads * d]`."""
        steps = [pair[side][self._paths[:, step]] for step, pair in enumerate(own)]
        return torch.stack(steps, dim=2)

    def _attend_to_examples(self, layer: Any, states: torch.Tensor, keys: torch.Tensor,
                            values: torch.Tensor) -> torch.Tensor:
        """Attention of each hypothesis to the T tokens of each example, `[L, N, H]`."""
        attention = layer.EncDecAttention
        query = _heads(attention.q(layer.layer_norm(states)), attention)  # [L, N, heads, d]
        query = query.permute(1, 2, 0, 3)  # [N, heads, L, d]
        scores = (query @ keys.mT).masked_fill(self._unseen, -torch.inf)  # [N, heads, L, T]
        mixed = scores.softmax(-1, dtype=torch.float32).to(values.dtype) @ values
        flat = mixed.permute(2, 0, 1, 3).flatten(-2)  # [L, N, heads * d]
        return attention.o(flat)  # type: ignore[no-any-return]

    def _bias(self, attention: Any, before: torch.Tensor | None) -> torch.Tensor:
        """The relative position bias of the last of S positions, `[heads, S]`.

        Most types have it in their first layer only, and the others share it.
        """
        if before is not None and not attention.has_relative_attention_bias:
            return before
        length = self._paths.shape[1]
        bias = attention.compute_bias(length, length)  # [1, heads, S, S]
        return bias[0, :, -1]  # type: ignore[no-any-return]


def _encoded(backbone: Backbone, ids: Sequence[Sequence[int]],
             at_once: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Encoder states `[N, T, H]`, and where there is padding, `[N, 1, 1, T]`."""
    model: Any = backbone.model
    device = backbone.placement.device
    rows = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(row) for row in ids], batch_first=True,
        padding_value=model.config.pad_token_id).to(device)  # [N, T]
    lengths = torch.tensor([len(row) for row in ids], device=device)  # [N]
    seen = torch.arange(rows.shape[1], device=device) < lengths[:, None]  # [N, T]
    encoder = model.get_encoder()
    with backbone.placement.autocast():
        parts = [
            encoder(input_ids=rows[start : start + at_once],
                    attention_mask=seen[start : start + at_once].long()).last_hidden_state
            for start in range(0, len(rows), at_once)
        ]
    return torch.cat(parts), ~seen[:, None, None]


def _cross_keys_and_values(attention: Any, memory: torch.Tensor) -> KeysAndValues:
    """A layer's keys and values for the encoder states, `[N, heads, T, d]` each."""
    keys, values = (
        _heads(part(memory), attention).transpose(1, 2) for part in (attention.k, attention.v))
    return keys, values


def _heads(states: torch.Tensor, attention: Any) -> torch.Tensor:
    """`[…, heads * d]` to `[…, heads, d]`."""
    return states.reshape(*states.shape[:-1], -1, attention.key_value_proj_dim)
