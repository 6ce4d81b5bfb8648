"""Answers and label scores: only mask positions and the wanted columns of the vocabulary are ever projected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from core.models import packed
from core.models.backbone import Backbone
from core.models.encoding import Batch, Encoded, collate, length_buckets
from core.models.shared_start import SharedStart


def _bert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.cls.predictions.transform(hidden)  # type: ignore[no-any-return]


def _roberta(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.lm_head.layer_norm(F.gelu(model.lm_head.dense(hidden)))  # type: ignore[no-any-return]


def _albert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    head = model.predictions
    return head.LayerNorm(head.activation(head.dense(hidden)))  # type: ignore[no-any-return]


def _distilbert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.vocab_layer_norm(model.activation(model.vocab_transform(hidden)))  # type: ignore[no-any-return]


def _electra(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.generator_predictions(hidden)  # type: ignore[no-any-return]


def _modernbert(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return model.head(hidden)  # type: ignore[no-any-return]


def _t5(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    scaled = getattr(model.config, "scale_decoder_outputs", model.config.tie_word_embeddings)  # UMT5 has the latter
    return hidden * model.model_dim**-0.5 if scaled else hidden


def _plain(_model: Any, hidden: torch.Tensor) -> torch.Tensor:
    return hidden


# What each type's language-model head does before its output embedding.
_TRANSFORMS: dict[str, Callable[[Any, torch.Tensor], torch.Tensor]] = {
    "bert": _bert, "deberta": _bert, "deberta-v2": _bert, "roberta": _roberta, "xlm-roberta": _roberta,
    "camembert": _roberta, "mpnet": _roberta, "albert": _albert, "distilbert": _distilbert, "electra": _electra,
    "modernbert": _modernbert, "t5": _t5, "mt5": _plain, "umt5": _t5, "bart": _plain, "mbart": _plain, "gpt2": _plain,
    "gpt_neo": _plain, "opt": _plain, "llama": _plain, "qwen2": _plain, "qwen3": _plain, "gpt_neox": _plain,
    "gptj": _plain,
}


def answer_logits(backbone: Backbone, batch: Batch, columns: torch.Tensor | None = None) -> torch.Tensor:
    """Logits of the answers, `[M, V]`, or `[M, W]` for the W vocabulary `columns` given.

    M counts the masks of the batch, in the order of its prompts. Gradients flow where the weights require them.
    """
    return project(backbone, answer_features(backbone, batch), columns)


def answer_features(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """What the output embedding is multiplied with, `[M, H]`: the answers before any vocabulary is looked at."""
    with backbone.placement.autocast():
        return head_features(backbone, _answer_hidden(backbone, batch))


def head_features(backbone: Backbone, hidden: torch.Tensor) -> torch.Tensor:
    """Last hidden states, `[…, H]`, after what the language-model head does before its output embedding."""
    return _TRANSFORMS[backbone.model.config.model_type](backbone.model, hidden)


def class_logits(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """What a sequence classifier makes of whole texts, `[B, C]`."""
    model: Any = backbone.model
    with backbone.placement.autocast():
        if model.config.model_type not in packed.TYPES:
            return model(**_inputs(batch)).logits.float()  # type: ignore[no-any-return]
        rows = torch.arange(len(batch.ids), device=batch.ids.device)
        first = packed.answer_states(model.base_model, replace(batch, rows=rows, columns=rows * 0))[:, None]
        if model.config.model_type == "bert":
            first = model.dropout(model.base_model.pooler(first))
        return model.classifier(first).float()  # type: ignore[no-any-return]


def project(backbone: Backbone, features: torch.Tensor, columns: torch.Tensor | None = None) -> torch.Tensor:
    """Features `[M, H]` to logits `[M, V]`, or `[M, W]` for the wanted `columns` of the vocabulary."""
    model: Any = backbone.model
    output = model.get_output_embeddings()
    weight, bias = output.weight, getattr(output, "bias", None)
    if bias is None and hasattr(model, "final_logits_bias"):
        bias = model.final_logits_bias[0]
    if columns is not None:
        columns = columns if backbone.rows is None else backbone.rows[columns]
        weight, bias = F.embedding(columns, weight), None if bias is None else bias[columns]
    with backbone.placement.autocast():
        return F.linear(features.to(weight.device), weight.to(features.dtype),
                        None if bias is None else bias.to(features.dtype)).float()


def _answer_hidden(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """Hidden states `[M, H]` from which the answers are predicted."""
    model: Any = backbone.model
    if backbone.family == "seq2seq":
        return _decoder_hidden(model, batch)
    if model.config.model_type in packed.TYPES:
        return packed.answer_states(model.base_model, batch)
    extra = {"use_cache": False} if backbone.family == "causal" else {}
    states = model.base_model(**_inputs(batch), **extra).last_hidden_state
    return states[batch.rows, batch.columns]  # type: ignore[no-any-return]


def _inputs(batch: Batch) -> dict[str, torch.Tensor]:
    types = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    return {"input_ids": batch.ids, "attention_mask": batch.attention, **types}


def _decoder_hidden(model: Any, batch: Batch) -> torch.Tensor:
    memory = model.get_encoder()(input_ids=batch.ids, attention_mask=batch.attention).last_hidden_state
    states = model.get_decoder()(
        input_ids=batch.decoder_ids, encoder_hidden_states=memory[batch.rows],
        encoder_attention_mask=batch.attention[batch.rows], use_cache=False,
    ).last_hidden_state
    return states[torch.arange(len(batch.rows), device=states.device), batch.decoder_columns]  # type: ignore[no-any-return]


@torch.inference_mode()
def all_answer_features(backbone: Backbone, encoded: Sequence[Encoded], batch_tokens: int = 4096) -> torch.Tensor:
    """Features of many prompts with one mask each, `[N, H]`, in the order given, on the CPU.

    Prompts of similar length go together, so little is padded; what all begin with a causal model reads once.
    """
    features: torch.Tensor | None = None
    start = SharedStart.of(backbone, encoded)
    for group in length_buckets(encoded, batch_tokens):
        found = _features_of([encoded[index] for index in group], backbone, start).float().cpu()
        features = features if features is not None else torch.empty(len(encoded), found.shape[-1])
        features[group] = found
    return features if features is not None else torch.empty(0, backbone.width)


def _features_of(encoded: Sequence[Encoded], backbone: Backbone, start: SharedStart | None) -> torch.Tensor:
    if start is None or not start.begins(encoded):
        return answer_features(backbone, collate(encoded, backbone))
    with backbone.placement.autocast():
        return head_features(backbone, start.answer_hidden(encoded))


@torch.inference_mode()
def all_answer_logits(backbone: Backbone, encoded: Sequence[Encoded], columns: Sequence[int]) -> torch.Tensor:
    """Logits `[N, W]` of the wanted vocabulary columns for many prompts with one mask each, on the CPU."""
    chosen = torch.tensor(list(columns), device=backbone.placement.device)
    return project(backbone, all_answer_features(backbone, encoded), chosen).cpu()


def label_scores(word_logits: torch.Tensor, owners: Sequence[int], labels: int) -> torch.Tensor:
    """Mean logit of each label's words, `[B, W]` → `[B, C]` (PET, section 3.1; `owners[w]` is the label of word w)."""
    membership = torch.zeros(len(owners), labels, dtype=word_logits.dtype, device=word_logits.device)
    for word, label in enumerate(owners):
        membership[word, label] = 1.0
    return word_logits @ (membership / membership.sum(0))


def label_log_probs(word_logits: torch.Tensor, owners: Sequence[int], labels: int) -> torch.Tensor:
    """Log-probabilities of the labels, `[B, W]` → `[B, C]`: softmax over the labels' mean word logits."""
    return label_scores(word_logits, owners, labels).log_softmax(-1)
