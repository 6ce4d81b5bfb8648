"""Training a model, or a prefix before it, to write the references of a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import nn

from core.data.task import Example
from core.learning.method import Problem, Progress
from core.learning.text_predictor import Pair, TextPredictor, groups_of
from core.learning.training import Schedule, Trained, train
from core.learning.training_state import TrainingState
from core.metrics.metric import training_metric
from core.models.prefix import Prefix

Reduction = Literal["per-text", "per-token"]


def train_to_write(model: nn.Module, predictor: TextPredictor, problem: Problem,
                   schedule: Schedule, progress: Progress, reduction: Reduction = "per-token",
                   prefix: Callable[[], Prefix] | None = None) -> Trained:
    """Train `model` in place and keep the step with the lowest loss on development examples.

    Args:
        model: what is trained: the predictor's own model, or the parameters of a prefix.
        predictor: what reads sources and targets.
        reduction: what the loss is a mean over: texts, each the sum over its tokens
            (Prefix-Tuning's code), or tokens.
        prefix: gives the prefix of the present weights, where one is trained.
    """
    pairs = predictor.pairs(problem.split.train)
    development = predictor.pairs([_with_one_reference(each) for each in problem.split.dev])

    def loss(batch: list[int]) -> torch.Tensor:
        rows = [pairs[index] for index in batch]
        return batch_loss(predictor, rows, reduction, prefix() if prefix else None)

    def evaluate() -> float:
        if prefix is not None:
            with torch.no_grad():
                predictor.prefix = prefix()
        model_that_reads = predictor.backbone.model  # its dropout may be on while a prefix learns
        training = model_that_reads.training
        model_that_reads.train(False)
        mean = predictor.mean_loss(development)
        model_that_reads.train(training)
        return mean

    saved = problem.checkpoints if prefix is not None else None  # whole models are too large
    state = TrainingState(saved, "training") if saved is not None else None
    return train(model, loss, len(pairs), schedule, problem.seed, evaluate, progress,
                 keep_best=bool(development), metric=training_metric("generation"), state=state)


def _with_one_reference(example: Example) -> Example:
    """With the first of its references, which is enough to compare steps by."""
    return replace(example, references=example.references[:1])


def batch_loss(predictor: TextPredictor, rows: Sequence[Pair], reduction: Reduction,
               prefix: Prefix | None = None) -> torch.Tensor:
    """The loss of a batch, with gradients; rows that differ much in length are read apart."""
    found = [predictor.log_probs_of([rows[index] for index in group], prefix)
             for group in groups_of(rows, predictor.backbone)]
    total = -torch.stack([part.tokens.sum() for part in found]).sum()
    count = sum(len(part.tokens) for part in found)
    return total / (len(rows) if reduction == "per-text" else max(1, count))
