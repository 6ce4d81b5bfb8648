"""One run, from its spec to its result: the whole experiment, top to bottom. Read this file first.

A spec names the data, the model, the method and its options, K and the seed. From it, `execute`

1. loads the task,
2. draws the few-shot split and lets the method learn from it,
3. predicts the test examples,
4. measures the predictions.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from core.data.split import draw_split
from core.data.task import Example, Task
from core.learning.checkpoint import CheckpointStore
from core.learning.method import Learned, Problem, Progress
from core.methods.registry import check_method
from core.metrics.evaluation import evaluate
from core.models.loading import BackboneCache
from core.prompts.pvp import PVP
from core.randomness import rng
from core.runs.prediction import predict
from core.runs.spec import RunSpec

TaskLoader = Callable[[str | dict[str, object]], Task]


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        metrics: name → value, of the test examples and of what the method measured as it learned.
        labels: the task's labels; empty if its answers are texts.
        confusion: counts, `[C, C]`: rows are gold labels, columns predicted ones; empty for texts.
        predictions: a row for each test example (see `core.runs.prediction`).
        seconds: how long learning and predicting took, what was restored from checkpoints included.
    """

    metrics: dict[str, float]
    labels: tuple[str, ...]
    confusion: list[list[int]]
    predictions: pd.DataFrame = field(repr=False)
    seconds: float = 0.0


def execute(spec: RunSpec, load_task: TaskLoader, backbones: BackboneCache, progress: Progress,
            save_to: Path | None = None, checkpoints: CheckpointStore | None = None) -> RunResult:
    """Do a run: load, split, learn, predict, measure.

    Args:
        progress: called after each step; it raises Cancelled to stop the run.
        save_to: the folder for the weights of a method that trains; None keeps none.
        checkpoints: what an equal run has saved there is restored instead of being done again.

    Raises:
        InputError: the task, the model or the method does not fit the spec.
        Cancelled: a person stopped the run.
    """
    task = load_task(spec.task)
    problem = make_problem(spec, task, backbones, checkpoints)

    started = time.perf_counter()
    learned = learn(spec, problem, progress)
    examples = test_part(task, spec.test_limit)
    predictions = predict(learned.predictor, task.schema, examples)
    intermediate = learned.measure(examples) if learned.measure else {}
    seconds = time.perf_counter() - started + (checkpoints.seconds if checkpoints else 0)

    if save_to is not None and spec.trains:
        learned.predictor.save(save_to)
    evaluation = evaluate(predictions.answers(), task.schema.kind)
    measured = {**evaluation.metrics, **learned.metrics, **intermediate}
    metrics = {name: value for name, value in measured.items() if math.isfinite(value)}
    table = predictions.table(evaluation.scores)
    return RunResult(metrics, task.schema.labels, evaluation.confusion, table, seconds)


def make_problem(spec: RunSpec, task: Task, backbones: BackboneCache,
                 checkpoints: CheckpointStore | None = None) -> Problem:
    """Everything that the spec's method may see: K examples per label, and no test example."""
    return Problem(
        schema=task.schema,
        pvps=tuple(PVP.from_dict(pattern, task.schema) for pattern in spec.patterns),
        split=draw_split(task, spec.shots, spec.seed),
        backbone=backbones.get(spec.model, spec.precision),
        seed=spec.seed,
        other_model=partial(backbones.get, precision=spec.precision),
        checkpoints=checkpoints,
    )


def learn(spec: RunSpec, problem: Problem, progress: Progress) -> Learned:
    """Let the spec's method learn from the problem, or raise InputError if it cannot."""
    method, options = spec.method_and_options()
    check_method(method, problem, options)
    return method.learn(problem, options, progress)


def test_part(task: Task, limit: int | None) -> tuple[Example, ...]:
    """The test examples to measure on: all, or the same random `limit` for every run of a task."""
    if limit is None or limit >= len(task.test):
        return task.test
    chosen = rng(0, "test part", task.content_hash).permutation(len(task.test))[:limit]
    return tuple(task.test[index] for index in sorted(chosen))


def ignore_progress(step: int, total: int, **values: object) -> None:
    """Progress that nobody watches."""
