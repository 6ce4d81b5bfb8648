"""How good a language model is on text that it was never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from core.models.backbone import Backbone
from core.models.scoring import answer_logits
from core.pretraining.masking import hide
from core.pretraining.recipe import Recipe

_ROWS_AT_ONCE = 32


@dataclass(frozen=True)
class HeldOut:
    """Mean cross-entropy in nats and accuracy over `n` hidden tokens of held-out text."""

    loss: float
    accuracy: float
    n: int

    def as_dict(self) -> dict[str, float]:
        """As progress and cards tell it."""
        return {"held_out_loss": self.loss, "held_out_accuracy": self.accuracy, "held_out_tokens": self.n}


@torch.inference_mode()
def masked_accuracy(backbone: Backbone, rows: npt.NDArray[np.int64], recipe: Recipe) -> HeldOut:
    """How well hidden tokens of `rows`, `[N, T]`, are found; the same are hidden whenever it is asked."""
    loss, right, n = 0.0, 0, 0
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        hidden = hide(rows[start : start + _ROWS_AT_ONCE], recipe, backbone.tokenizer, backbone.placement.device,
                      "held out", start)
        logits = answer_logits(backbone, hidden.batch)
        loss += float(F.cross_entropy(logits, hidden.gold, reduction="sum"))
        right += int((logits.argmax(-1) == hidden.gold).sum())
        n += len(hidden.gold)
    return HeldOut(loss / n, right / n, n)
