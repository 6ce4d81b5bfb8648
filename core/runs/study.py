"""A whole study for the command line: its runs done, here or on workers, and summed up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from core.data.task import Task
from core.errors import SpecError
from core.metrics.groups import main_metric_of
from core.metrics.significance import difference_rows, summary_rows
from core.runs.attempt import backbones_of
from core.runs.folder import DataFolder
from core.runs.inline import run_inline
from core.runs.plain_values import plain
from core.runs.records import RunRecord
from core.runs.run import Run
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.settings import Settings

ReportLine = Callable[[str], object]

_POLL_SECONDS = 0.2
_RECOVER_SECONDS = 5.0


def run_study(study: StudySpec, task: Task, folder: DataFolder, settings: Settings,
              report: ReportLine) -> str:
    """Do all runs of a study and return its id; `report` gets a line for each run that ends.

    Runs go to workers where there are several GPUs or a scheduler is named; otherwise they are done
    in this thread.
    """
    store = folder.store
    folder.queue.recover()
    precision = backbones_of(settings.device, settings).placement.precision
    runs = study.runs(task, precision)
    study_id = store.submit(study, runs, store.command_line, reserved=True)
    on_workers = _needs_workers(settings)
    try:
        with _workers(folder, settings, study_id) if on_workers else nullcontext():
            _finish(folder, study_id, settings, on_workers, report)
    except KeyboardInterrupt:
        for run in store.runs(store.command_line, study_id):
            store.cancel(run.id, store.command_line)
        raise
    return study_id


def study_document(study_id: str, store: RunStore, visitor: str | None = None) -> dict[str, Any]:
    """A study's runs and their summary as plain values.

    Without a visitor, it is one of the command line's studies.
    """
    visitor = visitor or store.command_line
    study, records = store.study(study_id, visitor), store.records(visitor, study_id)
    done = [record for record in records if record.status == "done"]
    metric = main_metric_of(done)
    document: dict[str, Any] = plain({
        "study": study.name, "id": study.id, "runs": [_run_row(record) for record in records],
        "summary": summary_rows(done, metric), "differences": difference_rows(done, metric)})
    return document


def study_named(name: str, store: RunStore, visitor: str | None = None) -> str:
    """The id of the newest study with that name or id.

    Raises:
        SpecError: there is none; those that exist are named.
    """
    studies = store.studies(visitor or store.command_line)
    for study in studies:
        if name in (study.id, study.name):
            return study.id
    known = ", ".join(dict.fromkeys(study.name for study in studies[:20])) or "none"
    raise SpecError("There is no study {name!r}. There are: {known}.", name=name[:80], known=known)


def _run_row(record: RunRecord) -> dict[str, Any]:
    return {"id": record.id, "method": record.method, "pattern": record.pattern,
            "shots": record.shots, "seed": record.seed, "status": record.status,
            "metrics": record.metrics, "seconds": record.seconds, "error": record.error or None}


def _needs_workers(settings: Settings) -> bool:
    any_gpu = settings.device in ("auto", "cuda")
    return bool(settings.address) or (any_gpu and torch.cuda.device_count() > 1)


@contextmanager
def _workers(folder: DataFolder, settings: Settings, study_id: str) -> Iterator[None]:
    from core.runs.workers import Workers

    workers = Workers(folder.queue, settings, only=study_id)
    workers.start()
    try:
        yield
    finally:
        workers.stop()


def _finish(folder: DataFolder, study_id: str, settings: Settings, on_workers: bool,
            report: ReportLine) -> None:
    """Do all runs of the study, or wait for the workers that do them."""
    store, queue, reported = folder.store, folder.queue, set[str]()
    recover_at = time.monotonic() + _RECOVER_SECONDS
    while True:
        runs = store.runs(store.command_line, study_id)
        _report_ended(runs, reported, report)
        if len(reported) == len(runs):
            return
        backbones = backbones_of(settings.device, settings)
        if on_workers or run_inline(queue, backbones, settings, study=study_id) is None:
            time.sleep(_POLL_SECONDS)
        if time.monotonic() > recover_at:  # an equal run may wait for a process that died
            queue.recover()
            recover_at = time.monotonic() + _RECOVER_SECONDS


def _report_ended(runs: list[Run], reported: set[str], report: ReportLine) -> None:
    """Report the runs that have ended since the last time, and add them to `reported`."""
    for run in runs:
        if not run.active and run.id not in reported:
            reported.add(run.id)
            report(f"[{len(reported)}/{len(runs)}] {_line(run)}")


def _line(run: Run) -> str:
    spec, metric = run.spec, run.metric.name
    parts = (spec.method, spec.pattern_text, f"K {spec.shots}", f"seed {spec.seed}")
    result = f"{metric} {run.metrics[metric]:.3f}" if metric in run.metrics else ""
    seconds = f", {run.seconds:.1f} s" if run.seconds is not None else ""
    name = " · ".join(part for part in parts if part)
    return f"{name}: {result or run.explanation() or run.status}{seconds}"
