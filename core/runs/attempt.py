"""One attempt at a run: what is told while it goes on, and what comes of it. The same in a worker and in the app."""

from __future__ import annotations

import ctypes
import errno
import functools
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.task import Task
from core.errors import Cancelled, ClozeLabError, DataError, DownloadError, PatternError, VerbalizerError
from core.methods.registry import method_named
from core.methods.shelf import CheckpointStore
from core.models.backbone import BackboneCache
from core.models.placement import Placement
from core.runs.artifacts import publish_model, save_folder, sees_folder
from core.runs.checkpoints import FOLDER, FolderCheckpoints
from core.runs.execution import RunResult, TaskLoader, execute
from core.runs.run import Candidates, Point, Run
from core.runs.spec import RunSpec
from core.settings import Settings

REASONS = ("out of memory", "data", "pattern", "download", "killed", "bug")
CURVE_POINTS = 400  # most losses of a run that are told; every development accuracy is
_TELL_SECONDS = 0.25
_caching = threading.Lock()  # two threads that want the same model at once shall not load it twice
_NO_ROOM = ("There was not enough memory for {method!r} on {model!r}. Choose a smaller batch size, a smaller model or "
            "shorter texts.")
_DISK_FULL = "The worker's disk is full: {why}. Free some space and run it again."
_BUG = "Something went wrong in the app itself: {kind}: {why}. The run's log has the details; please report them."
_KILLED = ("The process that did this run was ended {times} times, most likely because the machine had too little "
           "memory. Choose a smaller batch size or a smaller model.")
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Failure:
    """Why a run failed: one of REASONS, a message (template and values) with what to do, and details for its log."""

    reason: str
    template: str
    values: dict[str, Any] = field(default_factory=dict)
    details: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: a result, a failure, or neither if it was cancelled.

    Attributes:
        points: the whole learning curve, in case some of it was lost on the way.
        found: all that a search has found, for the same reason.
        notes: lines for the run's log.
    """

    result: RunResult | None = None
    failure: Failure | None = None
    points: tuple[Point, ...] = ()
    found: Candidates | None = None
    notes: tuple[str, ...] = ()


class Reporter:
    """Progress that is told about four times a second, in batches; stops the run when a person has cancelled it.

    What a search has found is told at once. Of a long run, every n-th loss is told, and always the last step and every
    development accuracy.
    """

    def __init__(self, tell: Callable[[int, int, list[Point], Candidates | None], None],
                 stopped: Callable[[], bool]) -> None:
        self.points: list[Point] = []
        self.found: Candidates | None = None
        self._tell = tell
        self._stopped = stopped
        self._told = 0
        self._last_time = 0.0

    def __call__(self, step: int, total: int, *, loss: float | None = None, dev_accuracy: float | None = None,
                 found: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Report a step.

        Raises:
            Cancelled: the run shall stop.
        """
        every = -(-total // CURVE_POINTS) or 1
        news = loss is not None or dev_accuracy is not None
        if news and (step % every == 0 or step == total or dev_accuracy is not None):
            self.points.append((step, loss, dev_accuracy))
        now = time.monotonic()
        if found is not None:
            self.found = [dict(each) for each in found]
        if now - self._last_time >= _TELL_SECONDS or step == total or found is not None:
            self._last_time = now
            self._tell(step, total, self.points[self._told:], self.found if found is not None else None)
            self._told = len(self.points)
        if self._stopped():
            raise Cancelled()


def attempt(spec: RunSpec, load: TaskLoader, cache: BackboneCache, reporter: Reporter,
            save_to: Path | None, checkpoints: CheckpointStore | None = None) -> Outcome:
    """Do a run; whatever goes wrong becomes a failure that a person can read."""
    loads, started = cache.loads, time.perf_counter()
    try:
        cache.get(spec.model)
        note = (f"The model {spec.model} was loaded in {time.perf_counter() - started:.1f} s."
                if cache.loads > loads else f"The model {spec.model} was in memory.")
        result = execute(spec, load, cache, reporter, save_to, checkpoints)
    except Cancelled:
        return Outcome(points=tuple(reporter.points), found=reporter.found)
    except Exception as error:
        return Outcome(failure=failure_of(error, spec), points=tuple(reporter.points), found=reporter.found)
    finally:
        give_back_memory()
    return Outcome(result, points=tuple(reporter.points), found=reporter.found, notes=(note,))


def perform(run: Run, settings: Settings, session: str, token: str, cache: BackboneCache,
            reporter: Reporter) -> Outcome:
    """Attempt a run and keep its trained weights, if this process sees the data folder and has room for any.

    What the run finishes is saved there too as checkpoints, and those that an earlier attempt left are restored.
    `session` and `token` are those of the app whose run it is, and of its data folder.
    """
    trains, folder = method_named(run.spec.method).trains, settings.data_folder
    if not (trains and settings.keep_models_gb > 0 and sees_folder(folder, token)):
        outcome = attempt(run.spec, _loader(settings, run.spec.task_hash), cache, reporter, None)
        return replace(outcome, notes=(*outcome.notes, "The trained weights were not kept.")) if trains else outcome
    staged = save_folder(folder, run.id, session)
    checkpoints = FolderCheckpoints(folder / FOLDER, run.spec.fingerprint, cache.placement, session,
                                    settings.keep_models_gb * 1e9)
    try:
        outcome = attempt(run.spec, _loader(settings, run.spec.task_hash), cache, reporter, staged, checkpoints)
        if outcome.result is not None:
            publish_model(staged, folder, run.id)
        return replace(outcome, notes=(*outcome.notes, *checkpoints.notes()))
    finally:
        checkpoints.close()
        shutil.rmtree(staged, ignore_errors=True)


def backbones(device: str, settings: Settings) -> BackboneCache:
    """The models that this process keeps loaded; from one run to the next nothing is loaded again."""
    if device.startswith("cuda:"):
        torch.cuda.set_device(device)  # for this thread: nothing of it shall lie on the first GPU
    with _caching:
        return _backbones(device, settings)


@functools.cache
def _backbones(device: str, settings: Settings) -> BackboneCache:
    return BackboneCache(Placement.choose(device, settings.precision), settings.hub_models)


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


def failure_of(error: Exception, spec: RunSpec) -> Failure:
    """Say why a run failed. Messages meant for people are kept; anything else is a bug, with details for the log."""
    details = "".join(traceback.format_exception(error)).rstrip()
    if isinstance(error, ClozeLabError):
        return Failure(_reason(error), error.template, error.values)
    text = (str(error).strip() or repr(error)).split("\n")[-1][:300]
    if _lacks_memory(error):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return Failure("out of memory", _NO_ROOM, {"method": spec.method, "model": spec.model}, details)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Failure("data", _DISK_FULL, {"why": text}, details)
    return Failure("bug", _BUG, {"kind": type(error).__name__, "why": text}, details)


def killed(times: int) -> Failure:
    """The failure of a run whose worker died again and again."""
    return Failure("killed", _KILLED, {"times": times})


def _lacks_memory(error: Exception) -> bool:
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or any(sign in str(error).lower() for sign in _NO_MEMORY)


def _reason(error: ClozeLabError) -> str:
    if isinstance(error, DownloadError):
        return "download"
    return "pattern" if isinstance(error, (PatternError, VerbalizerError)) else "data"
