"""Masked language modelling on prompts: PET's auxiliary task (arXiv 2001.07676, section 3.5).

Tokens are hidden as BERT was trained (arXiv 1810.04805, section 3.1); only the hidden ones are
projected on the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from core.models.backbone import Backbone
from core.models.batches import Batch
from core.models.encoding import Encoded
from core.models.scoring import answer_logits

SHARE = 0.15  # of the tokens that are not special
_REPLACED, _KEPT = 0.8, 0.1  # of the hidden: by the mask, as they are; the rest becomes random


def hide_tokens(encoded: Sequence[Encoded], backbone: Backbone,
                dice: np.random.Generator) -> tuple[list[Encoded], list[int]]:
    """Hide some tokens of each prompt, and read the answers there.

    Special tokens are never hidden; the pattern's own mask stays but is not predicted.

    Returns:
        The prompts, with the hidden places as `masks`, and the M tokens that stood there.
    """
    special = set(backbone.tokenizer.all_special_ids)
    vocabulary = min(len(backbone.tokenizer), backbone.vocabulary_size)
    hidden: list[Encoded] = []
    answers: list[int] = []
    for prompt in encoded:
        ids = list(prompt.ids)
        places = [
            place
            for place, token in enumerate(ids)
            if token not in special and dice.random() < SHARE
        ]
        answers += [ids[place] for place in places]
        for place in places:
            ids[place] = _disguised(ids[place], backbone, vocabulary, dice)
        hidden.append(replace(prompt, ids=ids, masks=places))
    return hidden, answers


def _disguised(token: int, backbone: Backbone, vocabulary: int, dice: np.random.Generator) -> int:
    """What stands in the place of a hidden token: the mask, a random token, or itself."""
    chance = dice.random()
    if chance < _REPLACED:
        return int(backbone.tokenizer.mask_token_id)
    if chance >= _REPLACED + _KEPT:
        return int(dice.integers(vocabulary))
    return token


def masked_loss(backbone: Backbone, batch: Batch, answers: torch.Tensor) -> torch.Tensor:
    """Cross-entropy over the whole vocabulary of the hidden tokens `answers`, `[M]` → `[]`.

    0 if no token was hidden.
    """
    if not len(answers):
        return torch.zeros((), device=batch.ids.device)
    logits = answer_logits(backbone, batch)  # [M, V]
    return F.cross_entropy(logits, answers.to(batch.ids.device))
