"""Distillation: a classifier learns the soft labels that an ensemble gives to unlabelled examples.

PET, arXiv 2001.07676, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.data.task import Example
from core.learning.checkpoints import trained_once
from core.learning.classifier import HeadPredictor, with_head
from core.learning.members import MemberOptions
from core.learning.merging import Floats, distillation_loss, entropies, soft_labels
from core.learning.method import Problem, Progress
from core.learning.options import option
from core.learning.stages import Row, StagedProgress
from core.learning.training import Schedule, default_learning_rate, train
from core.models.compact import compact, expand

_BINS = 10  # of entropies
_DISPUTED = 8  # examples that are shown


@dataclass(frozen=True)
class StudentOptions(MemberOptions):
    """How an ensemble's models are trained, made one, and passed on to a classifier."""

    weighted: bool = option(True,
                            "each model counts by its accuracy on the training examples before "
                            "training; otherwise all count alike")
    pool: int = option(1000,
                       "most unlabelled examples that are used (the paper: 10,000 for each label)",
                       1, 1_000_000)
    temperature: float = option(2.0, "evens out the soft labels (the paper: 2)", 0.1, 100.0)
    student_steps: int = option(300, "updates of the final classifier (the paper: 5,000)", 1,
                                100_000)


def label_pool(stages: StagedProgress, problem: Problem, rows: Sequence[int], merged: Floats,
               temperature: float) -> Floats:
    """Soft labels of the pool's `rows` from logits `[N, C]`; reports how decided they are."""
    pool = problem.split.unlabelled
    targets = soft_labels(merged, temperature)
    undecided = entropies(targets)
    disputed = np.argsort(-undecided, kind="stable")[:_DISPUTED]
    stages.add(
        "soft labels", examples=len(rows), entropy=float(undecided.mean()),
        histogram=np.histogram(undecided, bins=_BINS, range=(0, 1))[0].tolist(),
        shares=dict(zip(problem.schema.labels, (np.bincount(targets.argmax(1),
                                                            minlength=len(problem.schema.labels))
                                                / len(rows)
                                         ).tolist(), strict=True)),
        right=share_right(problem, rows, targets.argmax(1).tolist()),
        disputed=[{"text_a": pool[rows[at]].text_a, "text_b": pool[rows[at]].text_b,
                   "probabilities": targets[at].tolist()} for at in disputed])
    return targets


def share_right(problem: Problem, rows: Sequence[int], given: Sequence[int]) -> float | None:
    """The share of `rows` whose `given` label is true; None where no true label is known."""
    hidden, labels = problem.split.hidden, problem.schema.labels
    right = [hidden[row] == labels[label] for row, label in zip(rows, given, strict=True)
             if row < len(hidden) and hidden[row] in labels]
    return sum(right) / len(right) if right else None


def train_student(problem: Problem, examples: Sequence[Example], targets: Floats,
                  options: StudentOptions,
                  progress: Progress) -> tuple[HeadPredictor, Row]:
    """A fresh classifier trained on soft labels `[N, C]` alone; the labelled examples are not mixed
    in.

    Returns:
        The classifier with its last weights, and its facts for people: development score, and its
        learning curve.
    """
    dev, labels = problem.split.dev, problem.schema.labels
    fresh = with_head(problem.backbone, labels, problem.seed)
    encoded = HeadPredictor(fresh, labels).encode(examples)
    used = {token for each in [*encoded, *HeadPredictor(fresh, labels).encode(dev)]
            for token in each.ids}
    whole = options.weight_decay > 0
    predictor = HeadPredictor(fresh.trainable_copy() if whole else compact(fresh, used), labels)
    wanted = torch.from_numpy(targets.astype(np.float32))
    curve: list[tuple[int, float, float | None]] = []

    def report(step: int, total: int, *, loss: float | None = None, dev_score: float | None = None,
             found: object = None) -> None:  # noqa: ARG001
        if step % options.evaluate_every == 0 or step == total:
            curve.append((step, float(loss or 0), dev_score if dev else None))
        progress(step, total, loss=loss, dev_score=dev_score if dev else None)

    rate = options.learning_rate or default_learning_rate(problem.backbone)
    schedule = Schedule(options.student_steps, options.batch_size, rate, options.evaluate_every,
                        options.weight_decay, top_layers=options.top_layers)
    trained = trained_once(problem.checkpoints, "classifier", predictor.backbone.model, report,
                           lambda heard: train(
        predictor.backbone.model,
        lambda batch: distillation_loss(predictor.logits([encoded[at] for at in batch]),
                                        wanted[batch],
                                        options.temperature),
        len(encoded), schedule, problem.seed,
        lambda: problem.score(predictor, dev) or 0.0, heard, keep_best=False,
        metric=problem.metric))
    learned = predictor if whole else HeadPredictor(expand(predictor.backbone, fresh), labels)
    return learned, {"dev_score": trained.dev_score if dev else None, "curve": curve}
