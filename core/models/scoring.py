"""Logits of the answers, and label scores from them.

Only mask positions and the wanted columns of the vocabulary are ever projected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from core.models import packed
from core.models.backbone import Backbone
from core.models.batches import Batch, collate, length_buckets
from core.models.encoding import Encoded
from core.models.shared_start import SharedStart


def _bert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.cls.predictions.transform(hidden)  # type: ignore[no-any-return]


def _roberta(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    head = model.lm_head
    return head.layer_norm(F.gelu(head.dense(hidden)))  # type: ignore[no-any-return]


def _albert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    head = model.predictions
    return head.LayerNorm(head.activation(head.dense(hidden)))  # type: ignore[no-any-return]


def _distilbert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    activated = model.activation(model.vocab_transform(hidden))
    return model.vocab_layer_norm(activated)  # type: ignore[no-any-return]


def _electra(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.generator_predictions(hidden)  # type: ignore[no-any-return]


def _modernbert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.head(hidden)  # type: ignore[no-any-return]


def _t5(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    tied = model.config.tie_word_embeddings  # which decides for UMT5
    scaled = getattr(model.config, "scale_decoder_outputs", tied)
    return hidden * model.model_dim**-0.5 if scaled else hidden


def _unchanged(_model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return hidden


# What each type's language-model head does before its output embedding, `[…, H]` → `[…, H]`.
_TRANSFORMS: dict[str, Callable[[Any, torch.Tensor], torch.Tensor]] = {
    "bert": _bert,
    "deberta": _bert,
    "deberta-v2": _bert,
    "roberta": _roberta,
    "xlm-roberta": _roberta,
    "camembert": _roberta,
    "mpnet": _roberta,
    "albert": _albert,
    "distilbert": _distilbert,
    "electra": _electra,
    "modernbert": _modernbert,
    "t5": _t5,
    "umt5": _t5,
    **dict.fromkeys(("mt5", "bart", "mbart"), _unchanged),
    **dict.fromkeys(("gpt2", "gpt_neo", "gptj", "gpt_neox"), _unchanged),
    **dict.fromkeys(("opt", "llama", "qwen2", "qwen3"), _unchanged),
}


def answer_logits(backbone: Backbone, batch: Batch,
                  columns: torch.Tensor | None = None) -> torch.Tensor:
    """Logits of the M answers, `[M, V]`, or `[M, W]` for the W vocabulary `columns` given.

    The answers are in the order of the batch's prompts. Gradients flow where the weights require
    them.
    """
    return project(backbone, answer_features(backbone, batch), columns)


def answer_features(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """What the output embedding is multiplied with, `[M, H]`: the answers before any vocabulary."""
    with backbone.placement.autocast():
        return head_features(backbone, _answer_hidden(backbone, batch))


def head_features(backbone: Backbone, hidden: torch.Tensor) -> torch.Tensor:
    """Last hidden states after the head's steps before its output embedding, `[…, H]`."""
    return _TRANSFORMS[backbone.model.config.model_type](backbone.model, hidden)


def class_logits(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """The logits of a sequence classifier for whole texts, `[B, C]`."""
    model: Any = backbone.model
    with backbone.placement.autocast():
        if model.config.model_type not in packed.TYPES:
            return model(**_inputs(batch)).logits.float()  # type: ignore[no-any-return]
        rows = torch.arange(len(batch.ids), device=batch.ids.device)  # [B]
        at_start = replace(batch, rows=rows, columns=rows * 0)
        first = packed.answer_states(model.base_model, at_start)[:, None]  # [B, 1, H]
        if model.config.model_type == "bert":
            first = model.dropout(model.base_model.pooler(first))  # [B, H]
        return model.classifier(first).float()  # type: ignore[no-any-return]


def project(backbone: Backbone, features: torch.Tensor,
            columns: torch.Tensor | None = None) -> torch.Tensor:
    """Features `[M, H]` to logits `[M, V]`, or `[M, W]` for the wanted `columns`, `[W]`."""
    weight, bias = _output_layer(backbone)  # [V, H], [V]
    if columns is not None:
        columns = columns if backbone.rows is None else backbone.rows[columns]
        weight = F.embedding(columns, weight)  # [W, H]
        bias = None if bias is None else bias[columns]  # [W]
    with backbone.placement.autocast():
        bias = None if bias is None else bias.to(features.dtype)
        logits = F.linear(features.to(weight.device), weight.to(features.dtype), bias)
        return logits.float()


def _output_layer(backbone: Backbone) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The output embedding `[V, H]` and its bias `[V]`, where there is one."""
    model: Any = backbone.model
    output = model.get_output_embeddings()
    bias = getattr(output, "bias", None)
    if bias is None and hasattr(model, "final_logits_bias"):
        bias = model.final_logits_bias[0]  # BART's: [1, V] → [V]
    return output.weight, bias


def _answer_hidden(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """Hidden states `[M, H]` from which the answers are predicted."""
    model: Any = backbone.model
    if backbone.family == "seq2seq":
        return _decoder_hidden(model, batch)
    if model.config.model_type in packed.TYPES:
        return packed.answer_states(model.base_model, batch)
    extra = {"use_cache": False} if backbone.family == "causal" else {}
    states = model.base_model(**_inputs(batch), **extra).last_hidden_state  # [B, T, H]
    return states[batch.rows, batch.columns]  # type: ignore[no-any-return]  # [M, H]


def _inputs(batch: Batch) -> dict[str, torch.Tensor]:
    types = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    return {"input_ids": batch.ids, "attention_mask": batch.attention, **types}


def _decoder_hidden(model: Any, batch: Batch) -> torch.Tensor:
    memory = model.get_encoder()(
        input_ids=batch.ids, attention_mask=batch.attention).last_hidden_state  # [B, T, H]
    states = model.get_decoder()(
        input_ids=batch.decoder_ids,
        encoder_hidden_states=memory[batch.rows],  # [M, T, H]
        encoder_attention_mask=batch.attention[batch.rows],
        use_cache=False,
    ).last_hidden_state  # [M, S, H]
    answers = torch.arange(len(batch.rows), device=states.device)
    return states[answers, batch.decoder_columns]  # type: ignore[no-any-return]  # [M, H]


@torch.inference_mode()
def all_answer_features(backbone: Backbone, encoded: Sequence[Encoded],
                        batch_tokens: int = 4096) -> torch.Tensor:
    """Features of N prompts with one mask each, `[N, H]`, in the order given, on the CPU.

    Prompts of similar length go together, so little is padded; tokens that all prompts of a causal
    model begin with are read once.
    """
    features: torch.Tensor | None = None
    start = SharedStart.of(backbone, encoded)
    for group in length_buckets(encoded, batch_tokens):
        prompts = [encoded[index] for index in group]
        found = _features_of(prompts, backbone, start).float().cpu()  # [B, H]
        if features is None:
            features = torch.empty(len(encoded), found.shape[-1])
        features[group] = found
    return features if features is not None else torch.empty(0, backbone.width)


def _features_of(encoded: Sequence[Encoded], backbone: Backbone,
                 start: SharedStart | None) -> torch.Tensor:
    if start is None or not start.begins(encoded):
        return answer_features(backbone, collate(encoded, backbone))
    with backbone.placement.autocast():
        return head_features(backbone, start.answer_hidden(encoded))


@torch.inference_mode()
def all_answer_logits(backbone: Backbone, encoded: Sequence[Encoded],
                      columns: Sequence[int]) -> torch.Tensor:
    """Logits of W vocabulary columns for N prompts with one mask each, `[N, W]`, on the CPU."""
    chosen = torch.tensor(list(columns), device=backbone.placement.device)
    return project(backbone, all_answer_features(backbone, encoded), chosen).cpu()


def label_scores(word_logits: torch.Tensor, owners: Sequence[int], labels: int) -> torch.Tensor:
    """Mean logit of each label's words, `[B, W]` → `[B, C]` (PET, section 3.1).

    Args:
        word_logits: logits of the W label words.
        owners: the label of each word, `[W]`.
        labels: C, their number.
    """
    membership = torch.zeros(
        len(owners), labels, dtype=word_logits.dtype, device=word_logits.device)  # [W, C]
    for word, label in enumerate(owners):
        membership[word, label] = 1.0
    return word_logits @ (membership / membership.sum(0))


def label_log_probs(word_logits: torch.Tensor, owners: Sequence[int], labels: int) -> torch.Tensor:
    """Log-probabilities of the labels, `[B, W]` → `[B, C]`: softmax over `label_scores`."""
    return label_scores(word_logits, owners, labels).log_softmax(-1)
