"""Training only what a model computes last: its top layers and what comes after them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from core.errors import SpecError
from core.models.kept_states import kept_states


@contextmanager
def only_top(model: Any, count: int) -> Iterator[None]:
    """Train only the last `count` layers, and the norms and head after them; 0 trains everything.

    While the context lasts, what lies below reads each prompt once, where it can
    (`core.models.kept_states`).

    Raises:
        SpecError: as `freeze_below`.
    """
    if not count:
        yield
        return
    freeze_below(model, count)
    _, layers = _last_stack(model)
    with kept_states(model, list(layers), len(layers) - count):
        yield


def freeze_below(model: Any, count: int) -> None:
    """Leave trainable only the last `count` layers, and the norms and head after them.

    Of seq2seq models these are layers of the decoder. Embeddings, of the output too, stay as they
    are. Nothing below needs gradients then, so that most of the work of training falls away.

    Raises:
        SpecError: the model has fewer layers, or is not built of layers.
    """
    path, layers = _last_stack(model)
    if count > len(layers):
        raise SpecError("'top_layers' is {count}; the model has {layers} layers.",
                        count=count, layers=len(layers))
    first = f"{path}.{len(layers) - count}."
    output = model.get_output_embeddings()
    above = False
    for name, parameter in model.named_parameters():  # in the order in which they are used
        above = above or name.startswith(first)
        is_embedding = parameter is getattr(output, "weight", None) or "embed" in name
        parameter.requires_grad_(above and not is_embedding)


def _last_stack(model: nn.Module) -> tuple[str, nn.ModuleList]:
    """The model's last list of layers, and its path: that of the decoder where there are two."""
    from transformers.modeling_layers import GradientCheckpointingLayer  # the base of all layers

    for path, part in reversed(list(model.named_modules())):
        if isinstance(part, nn.ModuleList) and len(part) and all(
                isinstance(layer, GradientCheckpointingLayer) for layer in part):
            return path, part
    raise SpecError("This type of model is not built of layers. Set 'top_layers' to 0.")
