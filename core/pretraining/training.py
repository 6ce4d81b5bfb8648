"""The training loop of language models: the same numbers whether or not it was interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from core.pretraining.checkpoint import restore_checkpoint, save_checkpoint
from core.pretraining.corpus import TokenRows, token_rows
from core.pretraining.evaluation import HeldOut, held_out
from core.pretraining.ngram import Trigram
from core.pretraining.objectives import OBJECTIVES, Answers
from core.pretraining.optimizers import make_optimizers
from core.pretraining.recipe import Recipe
from core.pretraining.start import start_from_frequencies, start_model
from core.pretraining.tasks import Tasks
from core.randomness import rng

Report = Callable[[dict[str, Any]], None]
_REPORT_EVERY = 20  # steps
_CLIP_NORM = 1.0
_ROWS_EVALUATED_DURING_TRAINING = 512
_TOKENS_AT_ONCE = 1024  # on a CPU, whose cache holds the states of so many in a layer


class Pretraining:
    """A recipe being trained, with its checkpoints in `folder`."""

    def __init__(self, recipe: Recipe, corpora: Path, folder: Path, placement: Any,
                 data: Path | None = None) -> None:
        """Read the corpus and the model, or restore the checkpoint in `folder`.

        Args:
            recipe: what to train and how.
            corpora: the folder of the corpora.
            folder: where tokens, tokenizer and checkpoints are kept.
            placement: where to train.
            data: the folder of the tasks' tables, where it is not that of the corpora.

        Raises:
            InputError: the corpus or the model cannot be used, or `folder` belongs to another
                recipe.
        """
        self.recipe, self.folder = recipe, folder
        self.backbone, new = start_model(recipe, corpora, folder / "tokenizer", placement)
        tokenizer = self.backbone.tokenizer
        self.rows: TokenRows = token_rows(recipe, corpora, tokenizer, folder / "tokens")
        self.tasks = Tasks(recipe, data or corpora, self.backbone)
        self.order = self.rows.order(recipe.steps * recipe.rows, recipe.seed)
        self.optimizers = make_optimizers(self.backbone, new, recipe)
        step = restore_checkpoint(self._checkpoint, recipe, self.backbone.model, self.optimizers,
                                  placement.device)
        if step is None and recipe.objective == "masked":
            start_from_frequencies(self.backbone, _counts(self.rows, len(tokenizer)))
        self.step = step or 0

    def train(self, report: Report, until: int | None = None) -> HeldOut:
        """Train to the end, or to step `until`; return the model's quality on held-out text."""
        recipe = self.recipe
        last = min(recipe.steps, until or recipe.steps)
        began, first, losses = time.monotonic(), self.step, []
        while self.step < last:
            losses.append(self._update())
            if self.step % _REPORT_EVERY == 0 or self.step == last:
                tokens = (self.step - first) * recipe.rows * recipe.length
                report({"step": self.step, "steps": recipe.steps,
                        "loss": float(np.mean(losses[-_REPORT_EVERY:])),
                        "tokens_per_second": tokens / (time.monotonic() - began)})
            if self.step % recipe.checkpoint_every == 0 or self.step == last:
                self._save()
            if self.step % recipe.evaluate_every == 0 and self.step < last:
                quality = self.evaluate(_ROWS_EVALUATED_DURING_TRAINING)
                report({"step": self.step, **quality.as_dict()})
        return self.evaluate()

    def evaluate(self, most: int = 100_000) -> HeldOut:
        """Loss and accuracy on held-out rows, at most `most` of them."""
        rows = self.rows.held_out[:most].astype(np.int64)  # [N, T]
        self.backbone.model.train(False)
        quality = held_out(self.backbone, rows, self.recipe)
        self.backbone.model.train()
        return quality

    def trigram_loss(self) -> float:
        """Mean cross-entropy in nats on held-out rows of a trigram model of the rows trained on."""
        seen = self.rows.take(self.order[: self.step * self.recipe.rows])
        trigram = Trigram(seen, len(self.backbone.tokenizer))
        return -float(trigram.log_probs(self.rows.held_out).mean())

    def _update(self) -> float:
        """One step of the optimizers; return the loss, a mean over the predicted tokens."""
        losses, predicted = [], 0
        for logits, gold in self._answers():
            loss = F.cross_entropy(logits, gold, reduction="sum")
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            predicted += len(gold)
        self._apply_gradients(predicted)
        self.step += 1
        return float(torch.stack(losses).sum()) / predicted

    def _apply_gradients(self, predicted: int) -> None:
        weights = list(self.backbone.model.parameters())
        for weight in weights:
            if weight.grad is not None:
                weight.grad /= predicted
        torch.nn.utils.clip_grad_norm_(weights, _CLIP_NORM)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * _rate(self.step, self.recipe)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def _answers(self) -> Iterator[Answers]:
        """Logits `[M, V]` and right tokens `[M]` of this step, in pieces that fit a CPU's cache.

        An accelerator takes rows of text all at once.
        """
        if self._trains_on_tasks():
            yield from self.tasks.answers(self.step)
            return
        recipe, objective = self.recipe, OBJECTIVES[self.recipe.objective]
        start = self.step * recipe.rows
        rows = self.rows.take(self.order[start : start + recipe.rows])  # [B, T]
        on_cpu = self.backbone.placement.device == "cpu"
        many = max(1, _TOKENS_AT_ONCE // recipe.length) if on_cpu else len(rows)
        for at in range(0, len(rows), many):
            some = rows[at : at + many]
            yield objective.answers(self.backbone, some, recipe, "train", self.step, at)

    def _trains_on_tasks(self) -> bool:
        """Whether this step's examples are of the recipe's tasks, drawn by their share."""
        recipe = self.recipe
        if not recipe.tasks or self.step < recipe.tasks_from * recipe.steps:
            return False
        return bool(rng(recipe.seed, "lesson", self.step).random() < recipe.task_share)

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    def _save(self) -> None:
        model = self.backbone.model
        save_checkpoint(self._checkpoint, self.recipe, self.step, model, self.optimizers)


def _rate(step: int, recipe: Recipe) -> float:
    """The share of the peak learning rate at a step: up, level, and down to 0."""
    up = int(recipe.warmup * recipe.steps)
    down = max(1, int(recipe.decay * recipe.steps))
    return min(1.0, (step + 1) / max(1, up), (recipe.steps - step) / down)


def _counts(rows: TokenRows, vocabulary: int) -> torch.Tensor:
    """How often each token comes in the corpus, sources weighted, `[V]`."""
    pairs = zip(rows.train, rows.weights, strict=True)
    counted = [weight * np.bincount(tokens.ravel(), minlength=vocabulary)
               for tokens, weight in pairs]
    return torch.from_numpy(np.sum(counted, axis=0)).float()
