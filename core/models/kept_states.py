"""The states that frozen lower layers give a prompt, computed once and not at every step.

A model whose lower layers are frozen, and that draws no dropout, gives a prompt the same states
there at every step. They are kept where the first trained layer takes them over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

_MOST_NUMBERS = 64_000_000  # that are kept, 256 MB in float32
_Key = tuple[int, ...]


@contextmanager
def kept_states(model: Any, layers: Sequence[nn.Module], first: int) -> Iterator[None]:
    """While the context lasts, `layers[:first]` read each prompt once.

    Args:
        model: a causal model; for others, and where dropout is drawn, nothing changes.
        layers: all of its layers.
        first: the first one that is trained.
    """
    if first == 0 or model.config.is_encoder_decoder or _draws_dropout(model):
        yield
        return
    states = _KeptStates(layers[:first])
    handles = [
        model.base_model.register_forward_pre_hook(states.begin, with_kwargs=True),
        layers[first].register_forward_pre_hook(states.take_over, with_kwargs=True)]
    try:
        yield
    finally:
        states.restore()
        for handle in handles:
            handle.remove()


class _KeptStates:
    """The states of prompts seen before; `begin` decides whether a forward pass needs the rest."""

    def __init__(self, below: Sequence[nn.Module]) -> None:
        self._below = below
        self._states: dict[_Key, torch.Tensor] = {}  # of each prompt, [T, H]
        self._numbers = 0
        self._asked: list[_Key] | None = None  # the prompts of this pass, if it is a plain one
        self._known: torch.Tensor | None = None  # their states, [B, T, H], if all are kept
        for layer in below:
            layer.forward = self._skipping(layer.forward)

    def restore(self) -> None:
        """Give the layers back their own forward pass."""
        for layer in self._below:
            del layer.forward

    def begin(self, _model: nn.Module, values: tuple[Any, ...], inputs: dict[str, Any]) -> None:
        """See which prompts a forward pass reads; one that keeps keys and values needs all layers.
        """
        ids = inputs.get("input_ids", values[0] if values else None)
        seen = inputs.get("attention_mask")
        self._asked = self._known = None
        if inputs.get("use_cache") is not False or ids is None or seen is None or seen.dim() != 2:
            return
        lengths = seen.sum(1).tolist()
        self._asked = [tuple(row[:length]) for row, length in zip(ids.tolist(), lengths,
                                                                  strict=True)]
        if all(key in self._states for key in self._asked):
            self._known = nn.utils.rnn.pad_sequence(
                [self._states[key] for key in self._asked], batch_first=True)

    def take_over(self, _layer: nn.Module, values: tuple[Any, ...],
                  inputs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """At the first trained layer, keep what comes in, or put in what was kept."""
        if self._asked is None:
            return None
        if self._known is not None:
            return (self._known, *values[1:]), inputs
        for key, row in zip(self._asked, values[0], strict=True):
            self._keep(key, row[: len(key)])
        return None

    def _keep(self, key: _Key, states: torch.Tensor) -> None:
        if key not in self._states and self._numbers + states.numel() <= _MOST_NUMBERS:
            self._states[key] = states.detach().clone()
            self._numbers += states.numel()

    def _skipping(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """The forward pass of a lower layer, left out where the states are known."""

        def skip(hidden: torch.Tensor, *values: Any, **inputs: Any) -> Any:
            return hidden if self._known is not None else forward(hidden, *values, **inputs)

        return skip


def _draws_dropout(model: nn.Module) -> bool:
    config: Any = model.config
    rates = [value for name, value in config.to_dict().items() if isinstance(value, float)
             and ("dropout" in name or "pdrop" in name)
             and not name.startswith(("summary", "classifier"))]  # of other heads
    modules = (part.p for part in model.modules() if isinstance(part, nn.Dropout))
    return any(rate > 0 for rate in (*rates, *modules))
