"""The training loop of language models: the same numbers whether or not it was interrupted.

A checkpoint holds weights, the optimizers' moments and the step, in safetensors; every random draw is a function of the
recipe's seed and the step, so nothing else needs to be kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn import functional as F

from core.errors import DataError
from core.pretraining.corpus import TokenRows, token_rows
from core.pretraining.evaluation import HeldOut, held_out
from core.pretraining.ngram import Trigram
from core.pretraining.objectives import OBJECTIVES, Answers
from core.pretraining.optimizers import make_optimizers
from core.pretraining.recipe import Recipe
from core.pretraining.start import start_from_frequencies, start_model
from core.pretraining.tasks import Tasks
from core.randomness import rng

Told = Callable[[dict[str, Any]], None]
_TOLD_EVERY = 20  # steps
_CLIP_NORM = 1.0
_ROWS_EVALUATED_ON_THE_WAY = 512
_TOKENS_AT_ONCE = 1024  # on a CPU, whose cache holds what so many leave behind in a layer


class Pretraining:
    """A recipe being trained, with its checkpoints in `folder`."""

    def __init__(self, recipe: Recipe, corpora: Path, folder: Path, placement: Any, data: Path | None = None) -> None:
        """Read the corpus and the model, or what a run that was interrupted has left in `folder`.

        Args:
            data: the folder of the tasks' tables, where it is not that of the corpora.

        Raises:
            InputError: the corpus or the model cannot be used, or `folder` belongs to another recipe.
        """
        self.recipe, self.folder = recipe, folder
        self.backbone, new = start_model(recipe, corpora, folder / "tokenizer", placement)
        self.rows: TokenRows = token_rows(recipe, corpora, self.backbone.tokenizer, folder / "tokens")
        self.tasks = Tasks(recipe, data or corpora, self.backbone)
        self.order = self.rows.order(recipe.steps * recipe.rows, recipe.seed)
        self.optimizers = make_optimizers(self.backbone, new, recipe)
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
                told({"step": self.step, **self.evaluate(_ROWS_EVALUATED_ON_THE_WAY).as_dict()})
        return self.evaluate()

    def evaluate(self, most: int = 100_000) -> HeldOut:
        """Loss and accuracy on held-out rows, at most `most` of them."""
        self.backbone.model.train(False)
        found = held_out(self.backbone, self.rows.held_out[:most].astype(np.int64), self.recipe)
        self.backbone.model.train()
        return found

    def trigram_loss(self) -> float:
        """Mean cross-entropy, in nats, on held-out rows of a trigram model that counted the rows trained on so far."""
        seen = self.rows.take(self.order[: self.step * self.recipe.rows])
        return -float(Trigram(seen, len(self.backbone.tokenizer)).log_probs(self.rows.held_out).mean())

    def _update(self) -> float:
        losses, asked = [], 0
        for logits, gold in self._answers():
            loss = F.cross_entropy(logits, gold, reduction="sum")
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            asked += len(gold)
        weights = list(self.backbone.model.parameters())
        for weight in weights:
            if weight.grad is not None:
                weight.grad /= asked
        torch.nn.utils.clip_grad_norm_(weights, _CLIP_NORM)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * _rate(self.step, self.recipe)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return float(torch.stack(losses).sum()) / asked

    def _answers(self) -> Iterator[Answers]:
        """What this step asks, in pieces; an accelerator takes rows of text all at once."""
        recipe, start = self.recipe, self.step * self.recipe.rows
        if self._teaches_tasks():
            yield from self.tasks.answers(self.step)
            return
        rows = self.rows.take(self.order[start : start + recipe.rows])
        on_cpu = self.backbone.placement.device == "cpu"
        many = max(1, _TOKENS_AT_ONCE // recipe.length) if on_cpu else len(rows)
        for at in range(0, len(rows), many):
            yield OBJECTIVES[recipe.objective].answers(self.backbone, rows[at : at + many], recipe, "train", self.step,
                                                       at)

    def _teaches_tasks(self) -> bool:
        recipe = self.recipe
        late = bool(recipe.tasks) and self.step >= recipe.tasks_from * recipe.steps
        return late and bool(rng(recipe.seed, "lesson", self.step).random() < recipe.task_share)

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    def _save(self) -> None:
        tensors = {f"model.{name}": weight.detach() for name, weight in self.backbone.model.named_parameters()}
        for name, weight in self.backbone.model.named_parameters():
            for moment, value in self._state_of(weight).items():
                if moment != "step":
                    tensors[f"{moment}.{name}"] = value
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
            moments: dict[str, dict[str, torch.Tensor]] = {}
            for key in kept.keys():  # noqa: SIM118  a file of tensors is no mapping
                moment, _, name = key.partition(".")
                moments.setdefault(name, {})[moment] = kept.get_tensor(key)
            with torch.no_grad():
                for name, weight in self.backbone.model.named_parameters():
                    weight.copy_(moments[name].pop("model"))
                    state = self._state_of(weight)
                    state.update(moments[name])
                    if "exp_avg" in state:
                        state["step"] = torch.tensor(float(self.step), device=weight.device)
        return True

    def _state_of(self, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        owner = next(each for each in self.optimizers
                     if any(weight is one for group in each.param_groups for one in group["params"]))
        state: dict[str, torch.Tensor] = owner.state[weight]
        return state


def _identity(recipe: Recipe) -> str:
    """What must be equal for a checkpoint to be gone on with; its length and how often it is looked at may change."""
    content = asdict(recipe)
    free = ("tokens", "warmup", "decay", "evaluate_every", "checkpoint_every")
    return json.dumps({key: value for key, value in content.items() if key not in free}, sort_keys=True)


def _rate(step: int, recipe: Recipe) -> float:
    """The share of the peak learning rate at a step: up, level, and down to 0."""
    up, down = int(recipe.warmup * recipe.steps), max(1, int(recipe.decay * recipe.steps))
    return min(1.0, (step + 1) / max(1, up), (recipe.steps - step) / down)


def _counts(rows: TokenRows, vocabulary: int) -> torch.Tensor:
    """How often each token comes in the corpus, sources weighted, `[V]`."""
    counted = [weight * np.bincount(each.ravel(), minlength=vocabulary)
               for each, weight in zip(rows.train, rows.weights, strict=True)]
    return torch.from_numpy(np.sum(counted, axis=0)).float()
