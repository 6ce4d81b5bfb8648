"""Standard fine-tuning's classifier: a new classification head on the encoder (arXiv 1810.04805).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core.data.task import Example
from core.errors import SpecError
from core.learning.method import LogProbs, write_note
from core.models.backbone import Backbone
from core.models.batches import collate, length_buckets
from core.models.encoding import Encoded, encode
from core.models.scoring import class_logits, tokens_at_once
from core.prompts.pattern import Prompt, Segment
from core.randomness import stream_seed


class HeadPredictor:
    """A sequence classifier: texts in, label probabilities out."""

    def __init__(self, backbone: Backbone, labels: tuple[str, ...]) -> None:
        self.backbone = backbone
        self.labels = labels

    @property
    def reader(self) -> Backbone:
        """The backbone that texts are encoded for: T5 and BART read them whole, as BERT does."""
        if self.backbone.family == "seq2seq":
            return replace(self.backbone, family="masked")
        return self.backbone

    def encode(self, examples: Sequence[Example]) -> list[Encoded]:
        """Token ids of [cls] text [sep], or [cls] text_a [sep] text_b [sep].

        T5 and BART want equally many separators in each text, even where a pair lacks its second
        one.
        """
        pairs = [bool(example.text_b) for example in examples]
        if self.backbone.family == "seq2seq":
            pairs = [any(pairs)] * len(pairs)
        return encode([bare_prompt(example, pair) for example, pair in
                       zip(examples, pairs, strict=True)], self.reader)

    def logits(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Label logits, `[B, C]`, with gradients."""
        return class_logits(self.backbone,
                            collate(encoded, replace(self.backbone, family="masked")))

    @torch.inference_mode()
    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""
        encoded = self.encode(examples)
        answers = torch.empty(len(encoded), len(self.labels))
        for group in length_buckets(encoded, tokens_at_once(self.backbone)):
            answers[group] = self.logits([encoded[index] for index in group]).log_softmax(-1).cpu()
        return answers.numpy()

    def save(self, folder: Path) -> None:
        """Write a folder that transformers loads: weights, tokenizer, and `cloze.json`."""
        write_note(folder, kind="head", base=self.backbone.name, labels=self.labels)
        self.backbone.model.save_pretrained(folder)
        self.backbone.tokenizer.save_pretrained(folder)


def check_has_classifier(backbone: Backbone) -> None:
    """Check that transformers has a sequence classifier of the model's type.

    Raises:
        SpecError: it has none.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as CLASSIFIERS,
    )

    kind = backbone.model.config.model_type
    if kind not in CLASSIFIERS:
        raise SpecError(
            "transformers has no sequence classifier of type {kind!r}, so no classification head "
            "can be trained on {model!r}. Choose another model, or a method that asks through a "
            "pattern.", kind=kind, model=backbone.name)


def with_head(backbone: Backbone, labels: tuple[str, ...], seed: int) -> Backbone:
    """A trainable sequence classifier with a copy of all weights it shares; its head is random."""
    from transformers import AutoModelForSequenceClassification

    whole = backbone.in_float32()
    source: Any = whole.model
    config = type(source.config).from_dict(source.config.to_dict())
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.pad_token_id = backbone.padding_id
    torch.manual_seed(stream_seed(seed, "head"))
    model = AutoModelForSequenceClassification.from_config(config,
                                                           dtype=torch.float32)  # type: ignore[no-untyped-call]
    inside = "transformer." if backbone.family == "seq2seq" and hasattr(
        model, "transformer") else ""  # T5's
    model.load_state_dict({inside + name: weight for name, weight in source.state_dict().items()},
                          strict=False)
    return replace(whole, model=model.to(backbone.placement.device).eval())


def bare_prompt(example: Example, pair: bool) -> Prompt:
    """An example's text, or both of a pair, without a pattern."""
    texts = [Segment("cls"), Segment("text", example.text_a, shortenable=True, field="text_a"),
             Segment("sep")]
    if pair:
        texts += [Segment("text", example.text_b, shortenable=True, field="text_b"), Segment("sep")]
    return Prompt(tuple(texts))
