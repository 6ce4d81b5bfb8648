"""The plain way: each prompt one string, padded to 128 or 256, all logits at every position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from core.data.task import Example
from core.models.backbone import Backbone
from core.prompts.pvp import PVP

LENGTH = 128


def texts(pvp: PVP, examples: Sequence[Example], backbone: Backbone) -> list[str]:
    """Prompts as strings with the model's mask token."""
    mask = str(backbone.tokenizer.mask_token)
    return [pvp.pattern.render(example).text(mask) for example in examples]


def label_log_probs(
    pvp: PVP, examples: Sequence[Example], backbone: Backbone, length: int = LENGTH,
    *, at_masks: bool = False
) -> torch.Tensor:
    """Log-probabilities of the labels, `[N, C]`, from full logits `[N, length, V]`.

    With `at_masks` the head reads the mask alone, `[N, V]`, as in LM-BFF's code.
    """
    tokenizer = backbone.tokenizer
    inputs = tokenizer(
        texts(pvp, examples, backbone),
        padding="max_length",
        truncation=True,
        max_length=length,
        return_tensors="pt",
    )
    masks = inputs["input_ids"] == tokenizer.mask_token_id  # [N, length]
    model: Any = backbone.model
    if at_masks:
        answers = model.cls(model.base_model(**inputs).last_hidden_state[masks])  # [N, V]
    else:
        answers = model(**inputs).logits[masks]
    scores = [
        torch.stack([answers[:, tokenizer.convert_tokens_to_ids(word)] for word in words]).mean(0)
        for _, words in pvp.verbalizer.words
    ]
    return torch.stack(scores, -1).log_softmax(-1)
