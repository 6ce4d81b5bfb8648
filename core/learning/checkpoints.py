"""Going on where an equal run stopped: checkpoints are restored, and the result is exactly the
same.

A training is one unit: weights, losses and development scores are saved when it is over, and one
that was interrupted begins anew. Every training draws on random numbers of its own, so that leaving
one out changes no other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.data.task import Example
from core.learning.checkpoint import Checkpoint, CheckpointStore
from core.learning.merging import Floats
from core.learning.method import Progress
from core.learning.training import Trained

MODEL = "model"  # how the names of an ensemble's models begin


def trained_once(checkpoints: CheckpointStore | None, name: str, model: nn.Module,
                 progress: Progress,
                 train: Callable[[Progress], Trained]) -> Trained:
    """Call `train`, which changes `model` in place, or restore its weights from the checkpoint
    `name`.

    Every step is reported to `progress` either way.
    """
    if checkpoints is None:
        return train(progress)
    saved = checkpoints.restore(name)
    if saved is not None and _load(model, saved.arrays):
        for step, total, loss, dev_score in saved.facts["points"]:
            progress(step, total, loss=loss, dev_score=dev_score)
        model.eval().requires_grad_(False)
        # in order: older checkpoints call the score otherwise
        return Trained(*saved.facts["trained"].values())
    points, started = [], time.perf_counter()

    def remember(step: int, total: int, *, loss: float | None = None,
                 dev_score: float | None = None,
                 found: Sequence[Mapping[str, Any]] | None = None) -> None:
        points.append((step, total, loss, dev_score))
        progress(step, total, loss=loss, dev_score=dev_score, found=found)

    trained = train(remember)
    weights = {key: weight.detach().cpu().numpy() for key, weight in model.named_parameters()}
    facts = {"trained": asdict(trained), "points": points}
    checkpoints.save(name, Checkpoint(weights, facts, time.perf_counter() - started))
    return trained


def answered_once(checkpoints: CheckpointStore | None, name: str, shape: Sequence[int],
                  answer: Callable[[], Floats]) -> Floats:
    """What `answer` gives, an array of a known `shape`, or what the checkpoint `name` holds."""
    saved = checkpoints.restore(name) if checkpoints is not None else None
    if saved is not None and [array.shape for array in saved.arrays.values()] == [tuple(shape)]:
        return saved.arrays["answers"]
    started = time.perf_counter()
    answers = answer()
    if checkpoints is not None:
        seconds = time.perf_counter() - started
        checkpoints.save(name, Checkpoint({"answers": answers}, seconds=seconds))
    return answers


def digest(examples: Sequence[Example]) -> str:
    """A short digest of examples with their labels, in their order."""
    texts = json.dumps([(each.text_a, each.text_b, each.label, *each.more) for each in examples])
    return hashlib.sha256(texts.encode()).hexdigest()[:12]


def _load(model: nn.Module, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Give a model its weights back; False if they are another model's."""
    weights = dict(model.named_parameters())
    if {name: each.shape for name, each in arrays.items()} != {name: tuple(each.shape) for name,
                                                               each in
                                                              weights.items()}:
        return False
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(torch.from_numpy(np.array(arrays[name])))
    return True
