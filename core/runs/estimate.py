"""How long runs will take, from what similar runs took before."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Protocol

from core.errors import LimitError
from core.learning.options import read_options
from core.methods.registry import method_named
from core.runs.spec import RunSpec

_SECONDS_PER_STEP_AND_MILLION = 0.007  # a CPU with two cores, batches of 8 short texts
_SECONDS_BESIDE_TRAINING = 4.0  # loading data, predicting a few hundred test rows


class History(Protocol):
    """Where finished runs are remembered."""

    def seconds_taken(self, method: str, model: str) -> list[float]:
        """Seconds per step (or per run, for methods without steps) of the latest finished runs of the kind."""


def estimate_seconds(runs: Sequence[RunSpec], history: History, parameters: int) -> float:
    """Seconds that the runs will take one after another, for a model with so many parameters."""
    return sum(_of(run, history, parameters) for run in runs)


def steps_of(run: RunSpec) -> int:
    """How many steps the run's method reports; 0 if it trains nothing."""
    method = method_named(run.method)
    return method.steps(read_options(method.options, run.options, method.name), len(run.patterns))


def check_steps(run: RunSpec, limit: int) -> None:
    """Raise LimitError if the run takes more steps than this host allows."""
    steps = steps_of(run)
    if steps > limit:
        raise LimitError("The method {method!r} would take {steps} steps; {limit} are allowed here.",
                         method=run.method, steps=steps, limit=limit)


def _of(run: RunSpec, history: History, parameters: int) -> float:
    steps = steps_of(run)
    known = history.seconds_taken(run.method, run.model)
    if known:
        return statistics.median(known) * max(1, steps)
    return _SECONDS_BESIDE_TRAINING + steps * _SECONDS_PER_STEP_AND_MILLION * parameters / 1e6
