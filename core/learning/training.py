"""The one training loop: random batches, AdamW, linear decay, and the best checkpoint on
development data.

LM-BFF's rule (arXiv 2012.15723, appendix): evaluate at regular steps and keep the first of the
best.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import nn

from core.learning.method import Problem, Progress
from core.learning.options import Options, option
from core.learning.training_state import TrainingState
from core.metrics.metric import DEVELOPMENT, METRICS, Metric
from core.models.backbone import Backbone
from core.models.top_layers import only_top
from core.randomness import rng, stream_seed

CLIP_NORM = 1.0
# wider models are trained with a rate of the papers' grid, narrower ones with five times that
_LARGE_WIDTH = 512


@dataclass(frozen=True)
class Schedule:
    """How long, how fast and how much to train: `steps` updates of `batch_size` examples, evaluated
    each `evaluate_every`, of the `top_layers` alone (0: of everything).
    """

    steps: int
    batch_size: int
    learning_rate: float
    evaluate_every: int
    weight_decay: float = 0.0
    warmup: int = 0
    top_layers: int = 0


@dataclass(frozen=True)
class Trained:
    """Which step was best on development data, and how good it was there, by the metric of that
    name.
    """

    best_step: int
    dev_score: float
    metric: str = "accuracy"

    def metrics(self) -> dict[str, float]:
        """As a run's record keeps it."""
        return {"best_step": float(self.best_step), f"{DEVELOPMENT}{self.metric}": self.dev_score}


@dataclass(frozen=True)
class FineTuningOptions(Options):
    """How long and how fast to train."""

    steps: int = option(100, "updates of the weights (the papers use 1,000 on large models)", 1,
                        1_000_000)
    batch_size: int = option(8, "examples in each update", 1, 256)
    learning_rate: float = option(0.0,
                                  "size of the first update; 0 chooses 5e-5 for small models and "
                                  "1e-5 for large ones, as the papers", 0.0, 1.0)
    evaluate_every: int = option(20,
                                 "steps between looks at the development examples; the best "
                                 "checkpoint is kept", 1,
                                 100_000)
    weight_decay: float = option(0.0, "AdamW's weight decay", 0.0, 1.0)
    top_layers: int = option(0, "train only this many layers, those next to the answer, and what "
                                "comes after them; 0 trains everything", 0, 1000)

    def schedule(self, problem: Problem) -> Schedule:
        """The training schedule for a problem."""
        rate = self.learning_rate or default_learning_rate(problem.backbone)
        return Schedule(self.steps, self.batch_size, rate, self.evaluate_every, self.weight_decay,
                        top_layers=self.top_layers)


def default_learning_rate(backbone: Backbone) -> float:
    """1e-5 for models as wide as the papers', 5e-5 for narrower ones, which need larger steps."""
    return 1e-5 if backbone.width > _LARGE_WIDTH else 5e-5


def train(model: nn.Module, loss: Callable[[list[int]], torch.Tensor], examples: int,
          schedule: Schedule, seed: int,
          evaluate: Callable[[], float], progress: Progress, keep_best: bool = True,
          metric: Metric = METRICS["accuracy"], state: TrainingState | None = None) -> Trained:
    """Train `model` in place and leave it with the weights that were best on development data, or
    with the last ones.

    Args:
        loss: from indices of training examples to a scalar, with gradients.
        examples: how many training examples there are.
        evaluate: the score on the development examples; called with the model in evaluation mode.
        keep_best: if not, development data are only looked at, and the last step's weights are
            kept.
        metric: what `evaluate` measures.
        state: where the training is saved at each evaluation, and restored from; None saves
            nothing.
    """
    torch.manual_seed(stream_seed(seed, "dropout"))
    with only_top(model, schedule.top_layers):
        best = _train(model, loss, examples, schedule, seed, evaluate, progress, keep_best, metric,
                      state)
    model.eval().requires_grad_(False)
    return best


def _train(model: nn.Module, loss: Callable[[list[int]], torch.Tensor], examples: int,
           schedule: Schedule, seed: int, evaluate: Callable[[], float], progress: Progress,
           keep_best: bool, metric: Metric, state: TrainingState | None) -> Trained:
    """The loop of `train`; leaves the model with its best or last weights."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=schedule.learning_rate,
                                  weight_decay=schedule.weight_decay,
                                  fused=trainable[0].device.type in ("cpu", "cuda"))
    batches = _batches(examples, schedule.batch_size, seed)
    best = Trained(0, -math.inf if metric.higher_is_better else math.inf, metric.name)
    kept: list[torch.Tensor] = []  # the weights of the best step
    done = 0
    if state is not None:
        done, kept = state.restore(trainable, optimizer)
        best = _go_on(state, best, schedule, progress) if done else best
        deque(islice(batches, done), maxlen=0)
    model.train()
    for step in range(done + 1, schedule.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * _rate(step - 1, schedule)
        value = loss(next(batches))
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trainable, CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        score = None
        if step % schedule.evaluate_every == 0 or step == schedule.steps:
            model.eval()
            score = evaluate()
            model.train()
            if not keep_best:
                best = Trained(step, score, metric.name)
            elif metric.better(score, best.dev_score):
                best = Trained(step, score, metric.name)
                kept = [weight.detach().clone() for weight in trainable]
        if state is not None:
            state.points.append((step, float(value.detach()), score))
            state.best = best.best_step, best.dev_score
            if score is not None:
                state.save(step, trainable, optimizer, kept)
        progress(step, schedule.steps, loss=float(value.detach()), dev_score=score)
    if best.best_step != schedule.steps:
        _restore(trainable, kept)
    return best


def _go_on(state: TrainingState, best: Trained, schedule: Schedule, progress: Progress) -> Trained:
    """Report again what was reported, and return what was best so far."""
    for step, loss, score in state.points:
        progress(step, schedule.steps, loss=loss, dev_score=score)
    return replace(best, best_step=state.best[0], dev_score=state.best[1])


@torch.no_grad()
def _restore(trainable: Sequence[torch.Tensor], kept: Sequence[torch.Tensor]) -> None:
    for weight, before in zip(trainable, kept, strict=True):
        weight.copy_(before)


def _rate(step: int, schedule: Schedule) -> float:
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    return max(0.0, (schedule.steps - step) / max(1, schedule.steps - schedule.warmup))


def _batches(examples: int, size: int, seed: int) -> Iterator[list[int]]:
    """Endless batches: each pass over the examples in a new order, a short last batch included."""
    order = rng(seed, "batches")
    while True:
        shuffled = order.permutation(examples).tolist()
        for start in range(0, examples, size):
            yield shuffled[start : start + size]
