"""Several models' answers made one, softened, and passed on to a student (PET, arXiv 2001.07676,
sections 3.2 and 3.3).

Log-probabilities serve as well as logits: they differ by one number a row, which the softmax takes
away again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

Floats = npt.NDArray[np.floating]


def merge(logits: Floats, weights: Sequence[float] | None = None) -> Floats:
    """The mean of M models' logits, `[M, N, C]` → `[N, C]`, weighted unless all weights are 0."""
    if weights is None or not any(weights):
        return np.asarray(logits.mean(axis=0))
    return np.asarray(np.average(logits, axis=0, weights=weights))


def soft_labels(logits: Floats, temperature: float) -> Floats:
    """Probabilities of the labels, `[N, C]`, evened out by a `temperature` above 1."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def distillation_loss(student: torch.Tensor, targets: torch.Tensor,
                      temperature: float) -> torch.Tensor:
    """How far a student's logits `[B, C]` are from soft labels `[B, C]` of the same `temperature`.

    T² times the Kullback-Leibler divergence, the mean over the batch (arXiv 1503.02531).
    """
    log_probs = (student / temperature).log_softmax(-1)
    return F.kl_div(log_probs, targets.to(log_probs), reduction="batchmean") * temperature**2


def entropies(probabilities: Floats) -> Floats:
    """How undecided each row is, `[N, C]` → `[N]`: 0 for a certain label, 1 for all labels alike.
    """
    logs = np.log(np.clip(probabilities, 1e-12, None))
    return np.asarray(-(probabilities * logs).sum(axis=-1) / np.log(probabilities.shape[-1]))
