"""Checkpoints of a training: weights, the optimizers' moments and the step, in safetensors.

Every random draw is a function of the recipe's seed and the step, so nothing else is kept.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from torch.optim import Optimizer

from core.errors import DataError
from core.pretraining.recipe import Recipe

_FREE = ("tokens", "warmup", "decay", "evaluate_every", "checkpoint_every")


def save_checkpoint(path: Path, recipe: Recipe, step: int, model: nn.Module,
                    optimizers: Sequence[Optimizer]) -> None:
    """Write what `restore_checkpoint` reads; a file that is there stays whole until the end."""
    tensors = {}
    for name, weight in model.named_parameters():
        tensors[f"model.{name}"] = weight.detach().contiguous()
        for moment, value in _state_of(weight, optimizers).items():
            if moment != "step":
                tensors[f"{moment}.{name}"] = value.contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file(tensors, part, {"step": str(step), "recipe": _identity(recipe)})
    part.replace(path)


def restore_checkpoint(path: Path, recipe: Recipe, model: nn.Module,
                       optimizers: Sequence[Optimizer], device: str) -> int | None:
    """Read weights and moments into model and optimizers; return the step, None without a file.

    Raises:
        DataError: the checkpoint is of another recipe.
    """
    if not path.is_file():
        return None
    with safe_open(path, "pt", device=device) as kept:
        note = kept.metadata()
        if note["recipe"] != _identity(recipe):
            raise DataError("The folder {name!r} holds the checkpoint of another recipe. "
                            "Choose another folder, or remove it.", name=path.parent.name)
        tensors = _by_weight(kept)
    step = int(note["step"])
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(tensors[name].pop("model"))
            state = _state_of(weight, optimizers)
            state.update(tensors[name])
            if "exp_avg" in state:
                state["step"] = torch.tensor(float(step), device=weight.device)
    return step


def _by_weight(kept: Any) -> dict[str, dict[str, torch.Tensor]]:
    """For each weight's name its value under `model`, and its moments."""
    found: dict[str, dict[str, torch.Tensor]] = defaultdict(dict)
    for key in kept.keys():  # noqa: SIM118  a file of tensors is no mapping
        moment, _, name = key.partition(".")
        found[name][moment] = kept.get_tensor(key)
    return found


def _state_of(weight: torch.Tensor, optimizers: Sequence[Optimizer]) -> dict[str, torch.Tensor]:
    owner = next(optimizer for optimizer in optimizers if _changes(optimizer, weight))
    state: dict[str, torch.Tensor] = owner.state[weight]
    return state


def _changes(optimizer: Optimizer, weight: torch.Tensor) -> bool:
    return any(weight is other for group in optimizer.param_groups for other in group["params"])


def _identity(recipe: Recipe) -> str:
    """What must be equal for a training to continue; its length and reports may change."""
    decisive = {key: value for key, value in asdict(recipe).items() if key not in _FREE}
    return json.dumps(decisive, sort_keys=True)
