"""How long runs will take, judged by earlier runs of the same method and model."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Protocol

from core.errors import LimitError
from core.runs.spec import RunSpec

_SECONDS_PER_STEP_AND_MILLION = 0.007  # a CPU with two cores, batches of 8 short texts
_SECONDS_BESIDE_TRAINING = 4.0  # loading data, predicting a few hundred test examples


class History(Protocol):
    """How long finished runs took; `RunStore` is one."""

    def seconds_taken(self, method: str, model: str) -> list[float]:
        """Seconds per step of the latest finished runs; per run for methods without steps."""


def estimate_seconds(runs: Sequence[RunSpec], history: History, parameters: int) -> float:
    """Seconds that the runs will take one after another, on a model with so many parameters."""
    return sum(_estimate(run, history, parameters) for run in runs)


def steps_of(run: RunSpec) -> int:
    """How many steps a run takes; 0 if its method trains nothing."""
    method, options = run.method_and_options()
    return method.steps(options, len(run.patterns))


def check_steps(run: RunSpec, limit: int) -> None:
    """Raise LimitError if a run takes more steps than a host allows."""
    steps = steps_of(run)
    if steps > limit:
        raise LimitError("The method {method!r} would take {steps} steps; {limit} are allowed "
                         "here.", method=run.method, steps=steps, limit=limit)


def _estimate(run: RunSpec, history: History, parameters: int) -> float:
    steps = steps_of(run)
    known = history.seconds_taken(run.method, run.model)
    if known:
        return statistics.median(known) * max(1, steps)
    return _SECONDS_BESIDE_TRAINING + steps * _SECONDS_PER_STEP_AND_MILLION * parameters / 1e6
