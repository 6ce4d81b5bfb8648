"""One attempt at a run that was claimed: its experiment, the files it leaves, and what came of it.

It is the same in a worker process and in the app.
"""

from __future__ import annotations

import ctypes
import functools
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.task import Task
from core.errors import Cancelled, DataError
from core.learning.checkpoint import CheckpointStore
from core.methods.registry import method_named
from core.models.backbone import BackboneCache
from core.models.placement import Placement
from core.runs.artifacts import publish_model, save_folder, sees_folder
from core.runs.checkpoints import FOLDER, FolderCheckpoints
from core.runs.execution import RunResult, TaskLoader, execute
from core.runs.failures import Failure, failure_of
from core.runs.reporter import Reporter
from core.runs.run import Candidates, Point, Run
from core.runs.spec import RunSpec
from core.settings import Settings

one_at_a_time = threading.Lock()
"""Held during an attempt: runs draw on the process's random numbers and threads, so they never overlap."""

_caching = threading.Lock()  # two threads that want the same model at once shall not load it twice


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: a result, a failure, or neither if it was stopped.

    Attributes:
        points: the whole learning curve, in case some of it was lost before it was written.
        found: all that a search has found, for the same reason.
        notes: lines for the run's log.
    """

    result: RunResult | None = None
    failure: Failure | None = None
    points: tuple[Point, ...] = ()
    found: Candidates | None = None
    notes: tuple[str, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether the attempt ended before the run did, without a failure."""
        return self.result is None and self.failure is None


def attempt(run: Run, settings: Settings, session: str, token: str, backbones: BackboneCache,
            reporter: Reporter) -> Outcome:
    """Do a claimed run; whatever goes wrong becomes a failure that a person can read.

    Trained weights are kept, if this process sees the data folder and has room for any. What the run finishes is saved
    there too as checkpoints, and those that an earlier attempt left are restored.

    Args:
        session, token: those of the app whose run it is, and of its data folder.
    """
    trains, folder = method_named(run.spec.method).trains, settings.data_folder
    load = _loader(settings, run.spec.task_hash)
    if not (trains and settings.keep_models_gb > 0 and sees_folder(folder, token)):
        outcome = _executed(run.spec, load, backbones, reporter)
        return _noted(outcome, "The trained weights were not kept.") if trains else outcome
    staged = save_folder(folder, run.id, session)
    checkpoints = FolderCheckpoints(folder / FOLDER, run.spec.fingerprint, backbones.placement, session,
                                    settings.keep_models_gb * 1e9)
    try:
        outcome = _executed(run.spec, load, backbones, reporter, staged, checkpoints)
        if outcome.result is not None:
            publish_model(staged, folder, run.id)
        return _noted(outcome, *checkpoints.notes())
    finally:
        checkpoints.close()
        shutil.rmtree(staged, ignore_errors=True)


def backbones_of(device: str, settings: Settings) -> BackboneCache:
    """The models that this process keeps loaded; from one run to the next nothing is loaded again."""
    if device.startswith("cuda:"):
        torch.cuda.set_device(device)  # for this thread: nothing of it shall lie on the first GPU
    with _caching:
        return _backbones(device, settings)


@functools.cache
def _backbones(device: str, settings: Settings) -> BackboneCache:
    return BackboneCache(Placement.choose(device, settings.precision), settings.hub_models)


def _executed(spec: RunSpec, load: TaskLoader, backbones: BackboneCache, reporter: Reporter,
              save_to: Path | None = None, checkpoints: CheckpointStore | None = None) -> Outcome:
    """The experiment with its errors caught."""
    result, failure, notes = None, None, []
    try:
        notes.append(_loaded(spec.model, backbones))
        result = execute(spec, load, backbones, reporter, save_to, checkpoints)
    except Cancelled:
        pass
    except Exception as error:
        failure = failure_of(error, spec)
    finally:
        give_back_memory()
    return Outcome(result, failure, tuple(reporter.points), reporter.found, tuple(notes))


def _loaded(model: str, backbones: BackboneCache) -> str:
    """Load the model if need be; gives a line for the log."""
    loads, started = backbones.loads, time.perf_counter()
    backbones.get(model)
    if backbones.loads == loads:
        return f"The model {model} was in memory."
    return f"The model {model} was loaded in {time.perf_counter() - started:.1f} s."


def _noted(outcome: Outcome, *notes: str) -> Outcome:
    return replace(outcome, notes=(*outcome.notes, *notes))


def _loader(settings: Settings, task_hash: str) -> TaskLoader:
    """A loader within the host's limits, for the very data that the run was submitted for."""
    def load(source: str | dict[str, object]) -> Task:
        limits = DataLimits(rows=settings.max_rows, file_bytes=settings.max_file_mb * 1_000_000)
        task = load_task(source, limits=limits, allowed_hub=settings.hub_data)
        if task.content_hash != task_hash:
            raise DataError("The data of {task!r} changed after the run was submitted. Start the study again.",
                            task=task.name)
        return task
    return load


def give_back_memory() -> None:
    """Return freed memory to the system, where the C library can (glibc): it keeps hundreds of megabytes of a run."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
