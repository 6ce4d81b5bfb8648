"""One run, from its spec to its result: the whole experiment, top to bottom. Read this file first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.data.further_texts import written
from core.data.split import draw_split
from core.data.task import Example, Task
from core.methods.method import Predictor, Problem, Progress
from core.methods.options import read_options
from core.methods.registry import method_named
from core.methods.shelf import CheckpointStore
from core.metrics.classification import evaluate
from core.models.backbone import BackboneCache
from core.prompts.pvp import PVP
from core.randomness import rng
from core.runs.spec import RunSpec

TaskLoader = Callable[[str | dict[str, object]], Task]


@dataclass(frozen=True)
class RunResult:
    """What a run found: its metrics, and a prediction for every test row that it was measured on."""

    metrics: dict[str, float]
    labels: tuple[str, ...]
    confusion: list[list[int]]
    predictions: pd.DataFrame = field(repr=False)
    seconds: float = 0.0


def execute(spec: RunSpec, load_task: TaskLoader, backbones: BackboneCache, progress: Progress,
            save_to: Path | None = None, checkpoints: CheckpointStore | None = None) -> RunResult:
    """Do the run: load, split, learn, predict, measure.

    `progress` hears of every step and raises Cancelled to stop. With `save_to`, trained weights are written there.
    What an equal run has saved in `checkpoints` is restored from there.
    """
    task = load_task(spec.task)
    problem = make_problem(spec, task, backbones, checkpoints)
    method = method_named(spec.method)
    options = read_options(method.options, spec.options, method.name)
    method.check(problem, options)

    started = time.perf_counter()
    learned = method.learn(problem, options, progress)
    test = test_part(task, spec.test_limit)
    log_probs = learned.predictor.log_probs(test)
    on_the_way = learned.measure(test) if learned.measure else {}
    seconds = time.perf_counter() - started + (checkpoints.seconds if checkpoints else 0)

    if save_to is not None and method.trains:
        learned.predictor.save(save_to)
    evaluation = evaluate(log_probs, problem.gold(test))
    return RunResult({**evaluation.metrics(), **learned.metrics, **on_the_way}, task.labels,
                     evaluation.confusion.tolist(), predictions_table(test, log_probs, task.labels), seconds)


def make_problem(spec: RunSpec, task: Task, backbones: BackboneCache,
                 checkpoints: CheckpointStore | None = None) -> Problem:
    """Everything that the spec's method may see."""
    pvps = tuple(PVP.from_dict(each, task.labels, task.pairs, task.more) for each in spec.patterns)
    split = draw_split(task, spec.shots, spec.seed)
    return Problem(task.labels, pvps, split, backbones.get(spec.model), spec.seed, backbones.get, task.choosing,
                   checkpoints)


def relearn(spec: RunSpec, task: Task, backbones: BackboneCache) -> Predictor:
    """The predictor of a method that trains nothing, made anew from its spec."""
    method = method_named(spec.method)
    problem = make_problem(spec, task, backbones)
    return method.learn(problem, read_options(method.options, spec.options, method.name), _silent).predictor


def test_part(task: Task, limit: int | None) -> tuple[Example, ...]:
    """The test rows to measure on: all, or the same random `limit` of them for every run of the task."""
    if limit is None or limit >= len(task.test):
        return task.test
    chosen = rng(0, "test part", task.content_hash).permutation(len(task.test))[:limit]
    return tuple(task.test[index] for index in sorted(chosen))


def predictions_table(examples: tuple[Example, ...], log_probs: npt.NDArray[np.float32],
                      labels: tuple[str, ...]) -> pd.DataFrame:
    """A row for each example: texts, gold and predicted label, and one probability per label.

    Further texts stand in one column, each on a line of its own.
    """
    probabilities = np.exp(log_probs)
    more = {"more": [written(each.more) for each in examples]} if any(each.more for each in examples) else {}
    table = {"text_a": [each.text_a for each in examples], "text_b": [each.text_b for each in examples], **more,
             "gold": [each.label for each in examples],
             "predicted": [labels[index] for index in log_probs.argmax(1)] if len(examples) else []}
    return pd.DataFrame({**table, **{f"p:{label}": probabilities[:, i] for i, label in enumerate(labels)}})


def _silent(step: int, total: int, **news: object) -> None:
    """Progress that nobody listens to."""
