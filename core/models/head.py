"""The language-model head: from hidden states to features, and from features to logits.

Features are what the output embedding is multiplied with. They are caught where the model itself
hands them to its output embedding, so that no type's head is written again here; the vocabulary is
projected on afterwards, and only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import torch
from torch.nn import functional as F

_caught: ContextVar[list[torch.Tensor] | None] = ContextVar("_caught", default=None)


def features_of(model: Any, **inputs: Any) -> torch.Tensor:
    """Features at every position, `[B, T, H]`, of the inputs of the model's forward pass.

    Raises:
        ValueError: the model's head does not hand its features to an output embedding.
    """
    _watch(model)
    caught: list[torch.Tensor] = []
    token = _caught.set(caught)
    try:
        model(**inputs)
    finally:
        _caught.reset(token)
    if not caught:
        raise ValueError("its head has no output embedding that could be read")
    return caught[0]


def output_layer(model: Any) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The output embedding `[V, H]` and its bias `[V]`, where there is one."""
    if _reuses_embedding(model):
        return model.get_input_embeddings().weight, model.lm_predictions.lm_head.bias
    output = model.get_output_embeddings()
    bias = getattr(output, "bias", None)
    if bias is None and hasattr(model, "final_logits_bias"):
        bias = model.final_logits_bias[0]  # BART's: [1, V] → [V]
    return output.weight, bias


def scaled(model: Any, logits: torch.Tensor) -> torch.Tensor:
    """What some types do to logits at last: a factor (Cohere, Granite), a soft cap (Gemma 2)."""
    config = model.config.get_text_config()
    if factor := getattr(config, "logit_scale", None):
        logits = logits * factor
    if divisor := getattr(config, "logits_scaling", None):
        logits = logits / divisor
    if cap := getattr(config, "final_logit_softcapping", None):
        logits = torch.tanh(logits / cap) * cap
    return logits


def head_features(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    """Last hidden states of one of `TRANSFORMS` as features, `[…, H]`."""
    return TRANSFORMS[model.config.model_type](model, hidden)


def _watch(model: Any) -> None:
    """Make the head hand out its features, unless it does already."""
    if _reuses_embedding(model):
        norm = model.lm_predictions.lm_head.LayerNorm
        if _catch_output not in norm._forward_hooks.values():
            norm.register_forward_hook(_catch_output)
        return
    output = model.get_output_embeddings()
    if output is not None and _catch_input not in output._forward_pre_hooks.values():
        output.register_forward_pre_hook(_catch_input)


def _reuses_embedding(model: Any) -> bool:
    """Whether the head multiplies with the input embedding by itself (DeBERTa's new head)."""
    return hasattr(model, "lm_predictions")


def _catch_input(_module: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Keep the features, and give the output embedding nothing to project."""
    caught = _caught.get()
    if caught is None:
        return None
    caught.append(inputs[0])
    return (inputs[0][:, :0],)


def _catch_output(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor | None:
    """The same where the features are a module's output."""
    caught = _catch_input(None, (output,))
    return None if caught is None else caught[0]


def _bert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.cls.predictions.transform(hidden)  # type: ignore[no-any-return]


def _roberta(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    head = model.lm_head
    return head.layer_norm(F.gelu(head.dense(hidden)))  # type: ignore[no-any-return]


def _electra(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.generator_predictions(hidden)  # type: ignore[no-any-return]


def _t5(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    tied = model.config.tie_word_embeddings  # which decides for UMT5
    scales = getattr(model.config, "scale_decoder_outputs", tied)
    return hidden * model.model_dim**-0.5 if scales else hidden


def _unchanged(_model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return hidden


# What the head does before its output embedding, `[…, H]` → `[…, H]`, for the types whose hidden
# states are computed by `packed` and `shared_decoder` rather than by the model's forward pass.
TRANSFORMS: dict[str, Callable[[Any, torch.Tensor], torch.Tensor]] = {
    "bert": _bert,
    "roberta": _roberta,
    "xlm-roberta": _roberta,
    "camembert": _roberta,
    "electra": _electra,
    "t5": _t5,
    "umt5": _t5,
    "mt5": _unchanged,
}
