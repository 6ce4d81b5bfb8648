"""A training in the middle: everything that decides how it goes on, saved and restored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from core.learning.checkpoint import Checkpoint, CheckpointStore

Point = tuple[int, float, float | None]  # step, loss, development score
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class TrainingState:
    """Where a training is saved as it goes on, under a name of the run's checkpoints.

    Attributes:
        points: what was reported so far, which a restored training reports again.
        best: the best step and its development score.
    """

    checkpoints: CheckpointStore
    name: str
    points: list[Point] = field(default_factory=list)
    best: tuple[int, float] = (0, 0.0)
    started: float = field(default_factory=time.perf_counter)

    def save(self, step: int, weights: Sequence[torch.Tensor], optimizer: torch.optim.Optimizer,
             kept: Sequence[torch.Tensor]) -> None:
        """Save a training after a step: weights, the optimizer's moments, the best weights."""
        arrays = {f"weight.{at}": weight for at, weight in enumerate(weights)}
        for at, weight in enumerate(weights):
            arrays |= {f"{moment}.{at}": optimizer.state[weight][moment] for moment in _MOMENTS}
        arrays |= {f"kept.{at}": weight for at, weight in enumerate(kept)}
        arrays["random"] = torch.get_rng_state()
        facts = {"step": step, "best": list(self.best), "points": list(self.points)}
        self.checkpoints.save(self.name, Checkpoint(
            {key: value.detach().cpu().numpy() for key, value in arrays.items()}, facts,
            time.perf_counter() - self.started))

    def restore(self, weights: Sequence[torch.Tensor],
                optimizer: torch.optim.Optimizer) -> tuple[int, list[torch.Tensor]]:
        """Go on where a training was saved: its step, 0 if there is none, and its best weights.

        What was saved of another model or of other parameters does not count.
        """
        saved = self.checkpoints.restore(self.name)
        if saved is None or not _fits(saved, weights):
            return 0, []
        read = {key: torch.from_numpy(np.array(value)) for key, value in saved.arrays.items()}
        with torch.no_grad():
            for at, weight in enumerate(weights):
                weight.copy_(read[f"weight.{at}"])
        step = int(saved.facts["step"])
        _load_moments(optimizer, weights, read, step)
        torch.set_rng_state(read["random"])
        self.points = [(int(at), loss, score) for at, loss, score in saved.facts["points"]]
        self.best = (int(saved.facts["best"][0]), float(saved.facts["best"][1]))
        kept = [read[f"kept.{at}"].to(weight) for at, weight in enumerate(weights)
                if f"kept.{at}" in read]
        return step, kept


def _fits(saved: Checkpoint, weights: Sequence[torch.Tensor]) -> bool:
    shapes = {key: value.shape for key, value in saved.arrays.items() if key.startswith("weight.")}
    return shapes == {f"weight.{at}": tuple(each.shape) for at, each in enumerate(weights)}


def _load_moments(optimizer: torch.optim.Optimizer, weights: Sequence[torch.Tensor],
                  read: dict[str, torch.Tensor], step: int) -> None:
    for at, weight in enumerate(weights):
        state: dict[str, Any] = {moment: read[f"{moment}.{at}"].to(weight) for moment in _MOMENTS}
        optimizer.state[weight] = {"step": torch.tensor(float(step), device=weight.device), **state}
