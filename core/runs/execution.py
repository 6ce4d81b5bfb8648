"""One run, from its spec to its result: the whole experiment, top to bottom. Read this file first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from core.data.split import draw_split
from core.data.task import Example, Task
from core.learning.checkpoint import CheckpointStore
from core.learning.method import Predictor, Problem, Progress
from core.learning.options import read_options
from core.methods.registry import check_method, method_named
from core.metrics.evaluation import evaluate
from core.models.backbone import BackboneCache
from core.prompts.pvp import PVP
from core.randomness import rng
from core.runs.prediction import predict
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
    check_method(method, problem, options)

    started = time.perf_counter()
    learned = method.learn(problem, options, progress)
    test = test_part(task, spec.test_limit)
    predictions = predict(learned.predictor, task.schema, test)
    on_the_way = learned.measure(test) if learned.measure else {}
    seconds = time.perf_counter() - started + (checkpoints.seconds if checkpoints else 0)

    if save_to is not None and method.trains:
        learned.predictor.save(save_to)
    evaluation = evaluate(predictions.answers(), task.schema.kind)
    return RunResult({**evaluation.metrics, **learned.metrics, **on_the_way}, task.schema.labels, evaluation.confusion,
                     predictions.table(evaluation.scores), seconds)


def make_problem(spec: RunSpec, task: Task, backbones: BackboneCache,
                 checkpoints: CheckpointStore | None = None) -> Problem:
    """Everything that the spec's method may see."""
    pvps = tuple(PVP.from_dict(each, task.schema) for each in spec.patterns)
    split = draw_split(task, spec.shots, spec.seed)
    return Problem(task.schema, pvps, split, backbones.get(spec.model), spec.seed, backbones.get, checkpoints)


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


def _silent(step: int, total: int, **news: object) -> None:
    """Progress that nobody listens to."""
