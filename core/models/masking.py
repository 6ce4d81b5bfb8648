"""Masked language modelling on prompts: PET's auxiliary task (arXiv 2001.07676, section 3.5), as BERT was trained.

Only the hidden tokens are projected on the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from core.models.backbone import Backbone
from core.models.encoding import Batch, Encoded
from core.models.scoring import answer_logits

SHARE = 0.15  # of the tokens that are not special
_REPLACED, _KEPT = 0.8, 0.1  # shares of the hidden tokens: replaced by the mask, kept as they are; the rest are random


def hide_tokens(encoded: Sequence[Encoded], backbone: Backbone,
                dice: np.random.Generator) -> tuple[list[Encoded], list[int]]:
    """Prompts with some of their tokens hidden and read there, and the M tokens that stood in those places.

    The pattern's own mask stays as it is and is not asked for; neither are special tokens.
    """
    special, vocabulary = set(backbone.tokenizer.all_special_ids), len(backbone.tokenizer)
    hidden, answers = [], []
    for each in encoded:
        ids = list(each.ids)
        places = [at for at, token in enumerate(ids) if token not in special and dice.random() < SHARE]
        answers += [ids[at] for at in places]
        for at in places:
            chance = dice.random()
            if chance < _REPLACED:
                ids[at] = backbone.tokenizer.mask_token_id
            elif chance >= _REPLACED + _KEPT:
                ids[at] = int(dice.integers(vocabulary))
        hidden.append(replace(each, ids=ids, masks=places))
    return hidden, answers


def masked_loss(backbone: Backbone, batch: Batch, answers: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, over the whole vocabulary, of the tokens `answers` `[M]` that were hidden; 0 if none were."""
    if not len(answers):
        return torch.zeros((), device=batch.ids.device)
    return F.cross_entropy(answer_logits(backbone, batch), answers.to(batch.ids.device))
