"""One attempt at a run that was claimed: the experiment, its files, and how it ended.

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
from core.models.loading import BackboneCache
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
"""Held during an attempt: runs share the process's random numbers and threads, so none overlap."""

_caching = threading.Lock()  # two threads that want the same model at once shall not load it twice


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: with a result, with a failure, or with neither if it was stopped.

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

    Trained weights and checkpoints are kept in the data folder, if this process sees it and may
    keep any; the checkpoints that an earlier attempt left there are restored.

    Args:
        session, token: of the app whose run it is, and of its data folder.
    """
    load_task = _task_loader(settings, run.spec.task_hash)
    if not run.spec.trains:
        return _execute(run.spec, load_task, backbones, reporter)
    if not (settings.keep_models_gb > 0 and sees_folder(settings.data_folder, token)):
        outcome = _execute(run.spec, load_task, backbones, reporter)
        return _with_notes(outcome, "The trained weights were not kept.")
    return _attempt_with_files(run, settings, session, load_task, backbones, reporter)


def _attempt_with_files(run: Run, settings: Settings, session: str, load_task: TaskLoader,
                        backbones: BackboneCache, reporter: Reporter) -> Outcome:
    """Do a run that keeps its weights and checkpoints in the data folder."""
    folder, spec, room = settings.data_folder, run.spec, settings.keep_models_gb * 1e9
    staged = save_folder(folder, run.id, session)
    placement = backbones.placement.in_precision(spec.precision)
    checkpoints = FolderCheckpoints(folder / FOLDER, spec.fingerprint, placement, session, room)
    try:
        outcome = _execute(spec, load_task, backbones, reporter, staged, checkpoints)
        if outcome.result is not None:
            publish_model(staged, folder, run.id)
        return _with_notes(outcome, *checkpoints.notes())
    finally:
        checkpoints.close()
        shutil.rmtree(staged, ignore_errors=True)


def backbones_of(device: str, settings: Settings) -> BackboneCache:
    """The models that this process keeps loaded from one run to the next."""
    if device.startswith("cuda:"):
        torch.cuda.set_device(device)  # of this thread, which else would use the first GPU too
    with _caching:
        return _backbones(device, settings)


@functools.cache
def _backbones(device: str, settings: Settings) -> BackboneCache:
    return BackboneCache(Placement.choose(device, settings.precision), settings.hub_models,
                         converted=settings.converted_models)


def _execute(spec: RunSpec, load_task: TaskLoader, backbones: BackboneCache, reporter: Reporter,
             save_to: Path | None = None, checkpoints: CheckpointStore | None = None) -> Outcome:
    """Execute a run; its errors become failures."""
    result, failure, notes = None, None, []
    try:
        notes.append(_load_model(spec, backbones))
        result = execute(spec, load_task, backbones, reporter, save_to, checkpoints)
    except Cancelled:
        pass
    except Exception as error:
        failure = failure_of(error, spec)
    finally:
        give_back_memory()
    return Outcome(result, failure, tuple(reporter.points), reporter.found, tuple(notes))


def _load_model(spec: RunSpec, backbones: BackboneCache) -> str:
    """Load a run's model unless it is in memory; returns a line for the log."""
    loads, started = backbones.loads, time.perf_counter()
    backbones.get(spec.model, spec.precision)
    if backbones.loads == loads:
        return f"The model {spec.model} was in memory."
    return f"The model {spec.model} was loaded in {time.perf_counter() - started:.1f} s."


def _with_notes(outcome: Outcome, *notes: str) -> Outcome:
    return replace(outcome, notes=(*outcome.notes, *notes))


def _task_loader(settings: Settings, task_hash: str) -> TaskLoader:
    """A loader within the host's limits, of the same data that the run was submitted for."""
    limits = DataLimits(rows=settings.max_rows, file_bytes=settings.max_file_mb * 1_000_000)

    def load(source: str | dict[str, object]) -> Task:
        task = load_task(source, limits=limits, allowed_hub=settings.hub_data)
        if task.content_hash != task_hash:
            raise DataError("The data of {task!r} changed after the run was submitted. Start the "
                            "study again.", task=task.name)
        return task

    return load


def give_back_memory() -> None:
    """Return freed memory to the system where the C library can; glibc keeps hundreds of MB."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
