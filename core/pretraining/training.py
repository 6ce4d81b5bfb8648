"""The training loop of language models: the same numbers whether or not it was interrupted.

A checkpoint holds weights, both of Adam's moments and the step, in safetensors; every random draw is a function of the
recipe's seed and the step, so nothing else needs to be kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn import functional as F

from core.errors import DataError
from core.models.backbone import Backbone
from core.pretraining.corpus import TokenRows, token_rows
from core.pretraining.evaluation import HeldOut, held_out
from core.pretraining.objectives import OBJECTIVES
from core.pretraining.recipe import Recipe
from core.pretraining.start import start_from_frequencies, start_model

Told = Callable[[dict[str, Any]], None]
_TOLD_EVERY = 20  # steps
_CLIP_NORM = 1.0


class Pretraining:
    """A recipe being trained, with its checkpoints in `folder`."""

    def __init__(self, recipe: Recipe, corpora: Path, folder: Path, placement: Any) -> None:
        """Read the corpus and the model, or what a run that was interrupted has left in `folder`.

        Raises:
            InputError: the corpus or the model cannot be used, or `folder` belongs to another recipe.
        """
        self.recipe, self.folder = recipe, folder
        self.backbone, new = start_model(recipe, corpora, folder / "tokenizer", placement)
        self.rows: TokenRows = token_rows(recipe, corpora, self.backbone.tokenizer, folder / "tokens")
        self.order = self.rows.order(recipe.steps * recipe.rows, recipe.seed)
        self.optimizer = _optimizer(self.backbone, new, recipe)
        self.step = 0
        if not self._resume() and recipe.objective == "masked":
            start_from_frequencies(self.backbone, _counts(self.rows, len(self.backbone.tokenizer)))

    def train(self, told: Told, until: int | None = None) -> HeldOut:
        """Go on to the end, or to step `until`; return how good the model is on held-out text."""
        last = min(self.recipe.steps, until or self.recipe.steps)
        began, first, losses = time.monotonic(), self.step, []
        while self.step < last:
            losses.append(self._update())
            if self.step % _TOLD_EVERY == 0 or self.step == last:
                done = (self.step - first) * self.recipe.rows * self.recipe.length
                told({"step": self.step, "steps": self.recipe.steps, "loss": float(np.mean(losses[-_TOLD_EVERY:])),
                      "tokens_per_second": done / (time.monotonic() - began)})
            if self.step % self.recipe.checkpoint_every == 0 or self.step == last:
                self._save()
            if self.step % self.recipe.evaluate_every == 0 and self.step < last:
                told({"step": self.step, **self.evaluate(2048).as_dict()})
        return self.evaluate()

    def evaluate(self, most: int = 100_000) -> HeldOut:
        """Loss and accuracy on held-out rows, at most `most` of them."""
        self.backbone.model.train(False)
        found = held_out(self.backbone, self.rows.held_out[:most].astype(np.int64), self.recipe)
        self.backbone.model.train()
        return found

    def _update(self) -> float:
        recipe, start = self.recipe, self.step * self.recipe.rows
        rows = self.rows.take(self.order[start : start + recipe.rows])
        logits, gold = OBJECTIVES[recipe.objective].answers(self.backbone, rows, recipe, "train", self.step)
        loss = F.cross_entropy(logits, gold)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.backbone.model.parameters(), _CLIP_NORM)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * _rate(self.step, recipe)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return float(loss.detach())

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    def _save(self) -> None:
        tensors = {f"model.{name}": weight.detach() for name, weight in self.backbone.model.named_parameters()}
        for name, weight in self.backbone.model.named_parameters():
            for moment in ("exp_avg", "exp_avg_sq"):
                tensors[f"{moment}.{name}"] = self.optimizer.state[weight][moment]
        part = self._checkpoint.with_suffix(".part")
        self.folder.mkdir(parents=True, exist_ok=True)
        save_file({name: each.contiguous() for name, each in tensors.items()}, part,
                  {"step": str(self.step), "recipe": _identity(self.recipe)})
        part.replace(self._checkpoint)

    def _resume(self) -> bool:
        if not self._checkpoint.is_file():
            return False
        with safe_open(self._checkpoint, "pt", device=self.backbone.placement.device) as kept:
            note = kept.metadata()
            if note["recipe"] != _identity(self.recipe):
                raise DataError("The folder {name!r} holds the checkpoint of another recipe. Choose another folder, or "
                                "remove it.", name=self.folder.name)
            self.step = int(note["step"])
            with torch.no_grad():
                for name, weight in self.backbone.model.named_parameters():
                    weight.copy_(kept.get_tensor(f"model.{name}"))
                    self.optimizer.state[weight] = {
                        "step": torch.tensor(float(self.step), device=weight.device),
                        "exp_avg": kept.get_tensor(f"exp_avg.{name}"),
                        "exp_avg_sq": kept.get_tensor(f"exp_avg_sq.{name}")}
        return True


def _identity(recipe: Recipe) -> str:
    """What must be equal for a checkpoint to be gone on with; its length and how often it is looked at may change."""
    content = {**recipe.__dict__, "corpora": [source.__dict__ for source in recipe.corpora]}
    free = ("tokens", "warmup", "decay", "evaluate_every", "checkpoint_every")
    return json.dumps({key: value for key, value in content.items() if key not in free}, sort_keys=True)


def _optimizer(backbone: Backbone, new: list[str], recipe: Recipe) -> torch.optim.AdamW:
    groups: dict[tuple[float, float], list[torch.Tensor]] = {}
    for name, weight in backbone.model.named_parameters():
        peak = recipe.head_learning_rate if name in new else recipe.learning_rate
        groups.setdefault((peak, recipe.weight_decay if weight.ndim > 1 else 0.0), []).append(weight)
    return torch.optim.AdamW([{"params": weights, "lr": peak, "peak": peak, "weight_decay": decay}
                              for (peak, decay), weights in groups.items()], betas=(0.9, 0.98), eps=1e-6, fused=True)


def _rate(step: int, recipe: Recipe) -> float:
    """The share of the peak learning rate at a step: up, level, and down to 0."""
    up, down = int(recipe.warmup * recipe.steps), max(1, int(recipe.decay * recipe.steps))
    return min(1.0, (step + 1) / max(1, up), (recipe.steps - step) / down)


def _counts(rows: TokenRows, vocabulary: int) -> torch.Tensor:
    """How often each token comes in the corpus, sources weighted, `[V]`."""
    counted = [weight * np.bincount(each.ravel(), minlength=vocabulary)
               for each, weight in zip(rows.train, rows.weights, strict=True)]
    return torch.from_numpy(np.sum(counted, axis=0)).float()
