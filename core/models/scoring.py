"""Logits of the answers, and label scores from them.

Only mask positions and the wanted columns of the vocabulary are ever projected.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from core.errors import ModelError
from core.models import packed
from core.models.backbone import Backbone
from core.models.batches import Batch, collate, length_buckets
from core.models.encoding import Encoded
from core.models.head import features_of, head_features, output_layer, scaled
from core.models.prefix import active
from core.models.shared_start import SharedStart

_TRAINED_AT_ONCE = 256  # tokens, where padding costs

def answer_logits(backbone: Backbone, batch: Batch,
                  columns: torch.Tensor | None = None) -> torch.Tensor:
    """Logits of the M answers, `[M, V]`, or `[M, W]` for the W vocabulary `columns` given.

    The answers are in the order of the batch's prompts. Gradients flow where the weights require
    them.
    """
    return project(backbone, answer_features(backbone, batch), columns)


def grouped_answer_logits(backbone: Backbone, encoded: Sequence[Encoded],
                          columns: torch.Tensor) -> torch.Tensor:
    """Logits of B prompts with one mask each, `[B, W]`, in the order given; gradients flow.

    Prompts of one batch that differ much in length are read in groups, where padding costs.
    """
    groups = list(length_buckets(encoded, tokens_at_once(backbone, _TRAINED_AT_ONCE)))
    logits = [answer_logits(backbone, collate([encoded[index] for index in group], backbone),
                            columns) for group in groups]
    order = torch.tensor([index for group in groups for index in group]).argsort()
    return torch.cat(logits)[order.to(logits[0].device)]


def tokens_at_once(backbone: Backbone, where_padding_costs: int = 1024) -> int:
    """How many tokens, padding included, to read at once.

    CPUs are busy with few, and shorter groups are more alike in length; where padding is never
    computed, or on a GPU, many are read.
    """
    costs = backbone.placement.device == "cpu" and not packed.fits(backbone.model)
    return where_padding_costs if costs else 4096


def answer_features(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """What the output embedding is multiplied with, `[M, H]`: the answers before any vocabulary."""
    model: Any = backbone.model
    with backbone.placement.autocast():
        if backbone.family == "seq2seq":
            return _decoder_features(model, batch)
        if packed.fits(model):
            return head_features(model, packed.answer_states(model.base_model, batch))
        extra = _of_causal(batch) if backbone.family == "causal" else {}
        features = features_of(model, **_inputs(batch), **extra)  # [B, T, H]
        return features[batch.rows, batch.columns]  # [M, H]


def class_logits(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """The logits of a sequence classifier for whole texts, `[B, C]`."""
    model: Any = backbone.model
    with backbone.placement.autocast():
        if not packed.fits(model):
            return checked(model(**_inputs(batch)).logits.float(), backbone)
        rows = torch.arange(len(batch.ids), device=batch.ids.device)  # [B]
        at_start = replace(batch, rows=rows, columns=rows * 0)
        first = packed.answer_states(model.base_model, at_start)[:, None]  # [B, 1, H]
        if model.config.model_type == "bert":
            first = model.dropout(model.base_model.pooler(first))  # [B, H]
        return checked(model.classifier(first).float(), backbone)


def project(backbone: Backbone, features: torch.Tensor,
            columns: torch.Tensor | None = None) -> torch.Tensor:
    """Features `[M, H]` to logits `[M, V]`, or `[M, W]` for the wanted `columns`, `[W]`.

    On CPUs always in float32: rounded to bfloat16, a logit of 20 would be one of 19.875 and 20.
    """
    weight, bias = output_layer(backbone.exact or backbone.model)  # [V, H], [V]
    if columns is not None:
        columns = columns if backbone.rows is None else backbone.rows[columns]
        weight = F.embedding(columns, weight)  # [W, H]
        bias = None if bias is None else bias[columns]  # [W]
    on_cpu = backbone.placement.device == "cpu"
    features = features.to(weight.device, torch.float32 if on_cpu else features.dtype)
    with nullcontext() if on_cpu else backbone.placement.autocast():
        bias = None if bias is None else bias.to(features.dtype)
        logits = F.linear(features, weight.to(features.dtype), bias)
        return checked(scaled(backbone.model, logits.float()), backbone)


def project_to_train(backbone: Backbone, features: torch.Tensor) -> torch.Tensor:
    """The same over the whole vocabulary where a loss is taken: as precise as the model itself.

    Where the model holds bfloat16 weights, this is a fifth of the work of a step.
    """
    if backbone.exact is None or not torch.is_grad_enabled():
        return project(backbone, features)
    weight, bias = output_layer(backbone.model)
    with backbone.placement.autocast():
        logits = F.linear(features.to(weight.dtype), weight, bias)
    return checked(scaled(backbone.model, logits.float()), backbone)


def checked(logits: torch.Tensor, backbone: Backbone) -> torch.Tensor:
    """The logits, if all are numbers.

    Raises:
        ModelError: some are NaN or infinite.
    """
    if not bool(torch.isfinite(logits).all()):
        raise ModelError(
            "The model {model!r} answers with NaN or infinity instead of numbers. Its weights are "
            "damaged, or training made them grow without bound: then lower the learning rate.",
            model=backbone.name)
    return logits


def _inputs(batch: Batch) -> dict[str, torch.Tensor]:
    types = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    return {"input_ids": batch.ids, "attention_mask": batch.attention, **types}


def _of_causal(batch: Batch) -> dict[str, Any]:
    """Positions start after the prefix, where there is one."""
    prefix = active.get()
    if prefix is None:
        return {"use_cache": False}
    places = torch.arange(batch.ids.shape[1], device=batch.ids.device)
    return {"use_cache": False, "position_ids": places + prefix.lengths[:, None]}


def _decoder_features(model: Any, batch: Batch) -> torch.Tensor:
    """Features of the M answers of a seq2seq model, `[M, H]`; each prompt is encoded once."""
    encoded = model.get_encoder()(input_ids=batch.ids, attention_mask=batch.attention)
    memory = encoded.last_hidden_state[batch.rows]  # [M, T, H]
    features = features_of(
        model, encoder_outputs=(memory,), attention_mask=batch.attention[batch.rows],
        decoder_input_ids=batch.decoder_ids, use_cache=False)  # [M, S, H]
    answers = torch.arange(len(batch.rows), device=features.device)
    return features[answers, batch.decoder_columns]  # [M, H]


@torch.inference_mode()
def all_answer_features(backbone: Backbone, encoded: Sequence[Encoded],
                        batch_tokens: int | None = None) -> torch.Tensor:
    """Features of N prompts with one mask each, `[N, H]`, in the order given, on the CPU.

    Prompts of similar length go together, so little is padded; tokens that all prompts of a causal
    model begin with are read once.
    """
    features: torch.Tensor | None = None
    start = SharedStart.of(backbone, encoded)
    tokens = batch_tokens or tokens_at_once(backbone)
    for group in length_buckets(encoded, tokens, shared=start.length if start else 0):
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
    return start.answer_features(encoded)


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
