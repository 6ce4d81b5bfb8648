"""Going on where an equal run stopped: what it finished is taken up from a shelf, with exactly the same result.

A training is one unit: weights, losses and development scores are kept when it is over, and one that was broken off
begins anew. Every training draws on random numbers of its own, so that leaving one out changes no other.
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
from core.learning.merging import Floats
from core.learning.method import Progress
from core.learning.shelf import Part, Shelf
from core.learning.training import Trained

MODEL = "model"  # how the names of an ensemble's models begin


def trained_once(shelf: Shelf | None, name: str, model: nn.Module, progress: Progress,
                 train: Callable[[Progress], Trained]) -> Trained:
    """Call `train`, which changes `model` in place, or give `model` the weights that the part `name` has.

    `progress` is told every step either way.
    """
    if shelf is None:
        return train(progress)
    kept = shelf.take(name)
    if kept is not None and _restore(model, kept.arrays):
        for step, total, loss, dev_score in kept.facts["points"]:
            progress(step, total, loss=loss, dev_score=dev_score)
        model.eval().requires_grad_(False)
        return Trained(*kept.facts["trained"].values())  # in order: older parts call the score otherwise
    points, started = [], time.perf_counter()

    def told(step: int, total: int, *, loss: float | None = None, dev_score: float | None = None,
             found: Sequence[Mapping[str, Any]] | None = None) -> None:
        points.append((step, total, loss, dev_score))
        progress(step, total, loss=loss, dev_score=dev_score, found=found)

    trained = train(told)
    weights = {key: weight.detach().cpu().numpy() for key, weight in model.named_parameters()}
    shelf.put(name, Part(weights, {"trained": asdict(trained), "points": points}, time.perf_counter() - started))
    return trained


def answered_once(shelf: Shelf | None, name: str, shape: Sequence[int], answer: Callable[[], Floats]) -> Floats:
    """What `answer` gives, an array of a known `shape`, or what the part `name` has."""
    kept = shelf.take(name) if shelf is not None else None
    if kept is not None and [each.shape for each in kept.arrays.values()] == [tuple(shape)]:
        return kept.arrays["answers"]
    started = time.perf_counter()
    answers = answer()
    if shelf is not None:
        shelf.put(name, Part({"answers": answers}, seconds=time.perf_counter() - started))
    return answers


def digest(examples: Sequence[Example]) -> str:
    """A short digest of examples with their labels, in their order."""
    texts = json.dumps([(each.text_a, each.text_b, each.label, *each.more) for each in examples])
    return hashlib.sha256(texts.encode()).hexdigest()[:12]


def _restore(model: nn.Module, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Give a model its weights back; False if they are another model's."""
    weights = dict(model.named_parameters())
    if {name: each.shape for name, each in arrays.items()} != {name: tuple(each.shape) for name, each in
                                                              weights.items()}:
        return False
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(torch.from_numpy(np.array(arrays[name])))
    return True
