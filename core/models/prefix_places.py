"""Where a model takes a prefix: the attention of each layer, found by the model's structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from core.errors import SpecError
from core.models.prefix import Place, Shape

INTERFACE, PLAIN = "cloze_prefix", "sdpa"  # transformers' names of our attention and of its own
_OF_A_LAYER = ("attn", "self_attn", "self_attention", "attention")


@dataclass(frozen=True)
class Attention:
    """One attention module that takes a prefix.

    Attributes:
        module: of transformers.
        place: which of the model's attentions it belongs to.
        layer: its number, from 0.
        biased: the module that holds the table of T5's relative positions, where there is one.
    """

    module: nn.Module
    place: Place
    layer: int
    biased: nn.Module | None = None


def attentions(model: Any) -> list[Attention]:
    """Every attention of a model that takes a prefix.

    Raises:
        SpecError: this type of model takes no prefixes.
    """
    found = _t5(model) if hasattr(_stack(model, "encoder"), "block") else _others(model)
    if not found or model.config._attn_implementation not in (INTERFACE, PLAIN):
        raise SpecError(
            "Models of type {kind!r} take no prefixes. Choose a GPT-2, Llama, T5 or BART model.",
            kind=model.config.model_type)
    return found


def prefix_shapes(model: Any) -> dict[Place, Shape]:
    """For each place the layers, heads and width of a head of its keys and values.

    Raises:
        SpecError: this type of model takes no prefixes.
    """
    layers: dict[Place, int] = {}
    for attention in attentions(model):
        layers[attention.place] = max(layers.get(attention.place, 0), attention.layer + 1)
    return {place: Shape(count, *_heads(model.config, place)) for place, count in layers.items()}


def _heads(config: Any, place: Place) -> tuple[int, int]:
    """How many heads the keys of a place have, and how wide they are."""
    part = "encoder" if place == "encoder" else "decoder"
    heads = getattr(config, f"{part}_attention_heads", None) or config.num_attention_heads
    width = (getattr(config, "d_kv", None) or getattr(config, "head_dim", None)
             or config.hidden_size // heads)
    return getattr(config, "num_key_value_heads", None) or heads, width


def _stack(model: Any, name: str) -> Any:
    """The encoder or decoder of a seq2seq model; None if it has none."""
    return getattr(model.base_model, name, None)


def _t5(model: Any) -> list[Attention]:
    found: list[Attention] = []
    stacks: tuple[tuple[Place, Any], ...] = (
        ("encoder", _stack(model, "encoder")), ("decoder", _stack(model, "decoder")))
    for place, stack in stacks:
        table = stack.block[0].layer[0].SelfAttention
        for number, block in enumerate(stack.block):
            own = block.layer[0].SelfAttention
            biased = own if own.has_relative_attention_bias else table
            found.append(Attention(own, place, number, biased))
            if place == "decoder":
                found.append(Attention(block.layer[1].EncDecAttention, "cross", number))
    return found


def _others(model: Any) -> list[Attention]:
    encoder, decoder = _stack(model, "encoder"), _stack(model, "decoder")
    if encoder is not None and decoder is not None:
        found = _own_attentions(encoder, "encoder") + _own_attentions(decoder, "decoder")
        cross = [Attention(layer.encoder_attn, "cross", number)
                 for number, layer in enumerate(_layers(decoder)) if hasattr(layer, "encoder_attn")]
        return found + cross if cross else []
    return _own_attentions(decoder or model.base_model, "decoder")


def _own_attentions(stack: Any, place: Place) -> list[Attention]:
    found = []
    for number, layer in enumerate(_layers(stack)):
        module = next((getattr(layer, name) for name in _OF_A_LAYER if hasattr(layer, name)), None)
        if module is None:
            return []
        inner = getattr(module, "attention", module)  # GPT-Neo's holds another
        found.append(Attention(inner, place, number))
    return found


def _layers(stack: Any) -> list[Any]:
    return list(getattr(stack, "layers", None) or getattr(stack, "h", None) or ())
