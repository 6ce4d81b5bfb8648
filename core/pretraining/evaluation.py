"""How good a language model is on text that it was never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from core.models.backbone import Backbone
from core.pretraining.objectives import OBJECTIVES
from core.pretraining.recipe import Recipe

_ROWS_AT_ONCE = 32


@dataclass(frozen=True)
class HeldOut:
    """Mean cross-entropy in nats and accuracy over the `n` tokens of held-out text predicted."""

    loss: float
    accuracy: float
    n: int

    def as_dict(self) -> dict[str, float]:
        """The same under the names that progress and model cards use."""
        return {"held_out_loss": self.loss, "held_out_accuracy": self.accuracy,
                "held_out_tokens": self.n}


@torch.inference_mode()
def held_out(backbone: Backbone, rows: npt.NDArray[np.int64], recipe: Recipe) -> HeldOut:
    """Loss and accuracy on `rows`, `[N, T]`; the predicted tokens are the same at every call."""
    objective = OBJECTIVES[recipe.objective]
    loss, right, n = 0.0, 0, 0
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        logits, gold = objective.answers(backbone, some, recipe, "held out", start)  # [M, V], [M]
        loss += float(F.cross_entropy(logits, gold, reduction="sum"))
        right += int((logits.argmax(-1) == gold).sum())
        n += len(gold)
    return HeldOut(loss / n, right / n, n)
