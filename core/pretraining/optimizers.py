"""What changes the weights: AdamW, and for the matrices of the layers, if the recipe asks, Muon.

Muon (Jordan and others, 2024) makes the momentum of a matrix orthogonal before it is applied, so
that it moves the weights as far in rare directions as in frequent ones; its steps are scaled to the
size of AdamW's (arXiv 2502.16982, section 2.2), so that one learning rate fits both. torch's own
Muon computes one matrix at a time and in bfloat16, which most CPUs emulate; this one takes all
matrices of one shape together, in float32 on CPUs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Optimizer
from transformers.pytorch_utils import Conv1D

from core.models.backbone import Backbone
from core.pretraining.recipe import Recipe

_QUINTIC = (3.4445, -4.7750, 2.0315)  # of a Newton-Schulz step, from Jordan's publication of Muon
_STEPS = 5
_ADAM_SIZE = 0.2  # root mean square of AdamW's steps in units of the learning rate


def make_optimizers(backbone: Backbone, new: Iterable[str], recipe: Recipe) -> list[Optimizer]:
    """Optimizers that together change all weights.

    `new` names the weights that learn at `head_learning_rate`. Every parameter group has its
    highest learning rate under `peak`.
    """
    matrices = _layer_matrices(backbone.model, new) if recipe.optimizer == "muon" else set()
    grouped: dict[tuple[bool, float, float], list[torch.Tensor]] = {}
    for name, weight in backbone.model.named_parameters():
        peak = recipe.head_learning_rate if name in new else recipe.learning_rate
        decay = recipe.weight_decay if weight.ndim > 1 else 0.0
        grouped.setdefault((weight in matrices, peak, decay), []).append(weight)
    groups: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for (is_matrix, peak, decay), weights in grouped.items():
        groups[is_matrix].append(
            {"params": weights, "lr": peak, "peak": peak, "weight_decay": decay})
    muon = [Muon(groups[True])] if groups[True] else []
    return [*muon, *([_adamw(groups[False])] if groups[False] else [])]


class Muon(Optimizer):
    """Momentum made orthogonal, with decoupled weight decay."""

    def __init__(self, groups: list[dict[str, Any]], momentum: float = 0.95) -> None:
        super().__init__(groups, {"lr": 1e-3, "weight_decay": 0.0, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Change every weight that has a gradient."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.Tensor]] = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    shapes.setdefault(weight.shape, []).append(weight)
            for weights in shapes.values():
                self._update(weights, group)

    def _update(self, weights: list[torch.Tensor], group: dict[str, Any]) -> None:
        """Change N weights of one shape, `[A, B]` each."""
        momenta = [self._with_momentum(weight, group["momentum"]) for weight in weights]
        directions = orthogonal(torch.stack(momenta))  # [N, A, B]
        size = group["lr"] * _ADAM_SIZE * max(weights[0].shape) ** 0.5
        for weight, direction in zip(weights, directions, strict=True):
            weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(direction, alpha=size)

    def _with_momentum(self, weight: torch.Tensor, momentum: float) -> torch.Tensor:
        """The gradient with Nesterov's momentum."""
        gradient: Any = weight.grad
        held = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
        held.lerp_(gradient, 1 - momentum)
        return torch.lerp(gradient, held, momentum)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Matrices with nearly the same singular vectors and all singular values near 1, `[N, A, B]`.

    Five Newton-Schulz steps, which leave singular values between about 0.7 and 1.2.
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    wide = matrices.mT if tall else matrices
    found = (wide.bfloat16() if wide.is_cuda else wide).clone()  # [N, min(A, B), max(A, B)]
    found /= found.norm(dim=(-2, -1), keepdim=True).clamp_min(1e-7)
    first, third, fifth = _QUINTIC
    for _ in range(_STEPS):
        gram = found @ found.mT  # [N, min(A, B), min(A, B)]
        polynomial = torch.baddbmm(gram, gram, gram, beta=third, alpha=fifth)
        found = torch.baddbmm(found, polynomial, found, beta=first)
    found = found.to(matrices.dtype)
    return found.mT if tall else found


def _adamw(groups: list[dict[str, Any]]) -> AdamW:
    return AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)


def _layer_matrices(model: nn.Module, new: Iterable[str]) -> set[torch.Tensor]:
    """Weights of linear maps between hidden states, not of the head nor tied to an embedding."""
    linear = {part.weight for part in model.modules() if isinstance(part, nn.Linear | Conv1D)}
    embedded = {part.weight for part in model.modules() if isinstance(part, nn.Embedding)}
    heads = {weight for name, weight in model.named_parameters() if name in new}
    return linear - embedded - heads
