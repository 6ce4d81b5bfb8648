"""A whole study for the command line: read its file, run it here or on workers, and sum it up in one document."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
import yaml

from core.data.catalog import is_file_path
from core.data.task import Task
from core.errors import SpecError
from core.metrics.groups import main_metric_of
from core.metrics.metric import main_metric_in
from core.metrics.significance import difference_rows, summary_rows
from core.runs.attempt import backbones_of
from core.runs.folder import DataFolder
from core.runs.inline import run_inline
from core.runs.plain_values import plain
from core.runs.run import Run
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.settings import Settings

Translate = Callable[[str], object]

_FILE_KEYS = ("train", "test", "unlabelled")
_MAX_FILE_BYTES = 1_000_000
_POLL_SECONDS = 0.2
_RECOVER_SECONDS = 5.0


def read_study_file(path: Path, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Read a YAML study and apply changes of the form `key=value`, with dots for keys within keys.

    Data files may be named relative to the study's folder or to the working directory.

    Raises:
        SpecError: the file cannot be read, is no YAML mapping, or a change has another form.
    """
    study = read_mapping(path, changes, "task: reviews")
    task = study.get("task")
    if isinstance(task, str) and is_file_path(task):
        study["task"] = _found(task, path.parent)
    if isinstance(task, dict):
        study["task"] = {key: _found(value, path.parent) if key in _FILE_KEYS else value
                         for key, value in task.items()}
    return study


def read_mapping(path: Path, changes: Sequence[str], example: str) -> dict[str, Any]:
    """Read a YAML file of keys and values, and apply changes such as `seeds=[13,21]`; `example` shows a line of it.

    Raises:
        SpecError: as `read_study_file`.
    """
    try:
        with path.open(encoding="utf-8") as file:
            found = _yaml(file.read(_MAX_FILE_BYTES), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError("The file {path!r} cannot be read: {why}.", path=str(path), why=str(error)) from error
    if not isinstance(found, dict):
        raise SpecError("The file {path!r} must hold keys and values, such as {example}.", path=str(path),
                        example=example)
    for change in changes:
        _apply(found, change)
    return found


def run_study(study: StudySpec, task: Task, folder: DataFolder, settings: Settings, translate: Translate) -> str:
    """Do all runs of a study and return its id; `say` hears a line for each run that ends.

    Runs go to workers where there are several GPUs or a scheduler is named, otherwise they are done in this thread.
    """
    store = folder.store
    folder.queue.recover()
    key = store.submit(study, study.runs(task), store.command_line, reserved=True)
    spread = bool(settings.address) or (settings.device in ("auto", "cuda") and torch.cuda.device_count() > 1)
    try:
        with _workers(folder, settings, key) if spread else nullcontext():
            _finish(folder, key, settings, spread, translate)
    except KeyboardInterrupt:
        for run in store.runs(store.command_line, key):
            store.cancel(run.id, store.command_line)
        raise
    return key


def study_document(study_id: str, store: RunStore, visitor: str | None = None) -> dict[str, Any]:
    """A study's runs and their summary as plain values; of the command line's studies if no visitor is given."""
    visitor = visitor or store.command_line
    study, records = store.study(study_id, visitor), store.records(visitor, study_id)
    done = [record for record in records if record.status == "done"]
    metric = main_metric_of(done)
    runs = [{"id": record.id, "method": record.method, "pattern": record.pattern, "shots": record.shots,
             "seed": record.seed, "status": record.status, "metrics": record.metrics, "seconds": record.seconds,
             "error": record.error or None} for record in records]
    document: dict[str, Any] = plain({"study": study.name, "id": study.id, "runs": runs,
                                      "summary": summary_rows(done, metric),
                                      "differences": difference_rows(done, metric)})
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
    raise SpecError("There is no study {name!r}. There are: {known}.", name=name[:80],
                    known=", ".join(dict.fromkeys(study.name for study in studies[:20])) or "none")


@contextmanager
def _workers(folder: DataFolder, settings: Settings, study: str) -> Iterator[None]:
    from core.runs.workers import Workers

    workers = Workers(folder.queue, settings, only=study)
    workers.start()
    try:
        yield
    finally:
        workers.stop()


def _finish(folder: DataFolder, study: str, settings: Settings, elsewhere: bool, translate: Translate) -> None:
    """Do or await all runs of the study."""
    store, queue, told = folder.store, folder.queue, set[str]()
    recover = time.monotonic() + _RECOVER_SECONDS
    while True:
        runs = store.runs(store.command_line, study)
        for run in runs:
            if not run.active and run.id not in told:
                told.add(run.id)
                translate(f"[{len(told)}/{len(runs)}] {_line(run)}")
        if len(told) == len(runs):
            return
        backbones = backbones_of(settings.device, settings)
        if elsewhere or run_inline(queue, backbones, settings, study=study) is None:
            time.sleep(_POLL_SECONDS)
        if time.monotonic() > recover:  # an equal run may wait for a process that died
            queue.recover()
            recover = time.monotonic() + _RECOVER_SECONDS


def _line(run: Run) -> str:
    name = " · ".join(part for part in (run.spec.method, run.spec.pattern_text, f"K {run.spec.shots}",
                                        f"seed {run.spec.seed}") if part)
    metric = main_metric_in([run.metrics]).name
    found = f"{metric} {run.metrics[metric]:.3f}" if metric in run.metrics else ""
    seconds = f", {run.seconds:.1f} s" if run.seconds is not None else ""
    return f"{name}: {found or run.explanation() or run.status}{seconds}"


def _yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError("{where!r} is not valid YAML: {why}.", where=where, why=" ".join(str(error).split())) from error


def _apply(study: dict[str, Any], change: str) -> None:
    key, equals, value = change.partition("=")
    *outer, last = key.strip().split(".")
    if not (equals and last):
        raise SpecError("The change {change!r} must have the form {form}.", change=change[:80],
                        form="key=value, e.g. seeds=[13,21] or options.lm-bff.steps=50")
    within = study
    for name in outer:
        step = within.get(name) or {}
        if not isinstance(step, dict):
            raise SpecError("The change {change!r} does not fit: {name!r} has no keys.", change=change[:80], name=name)
        within[name] = step
        within = step
    within[last] = _yaml(value, change)


def _found(name: object, folder: Path) -> object:
    """An absolute path, so that workers find the file too; a name that leads nowhere stays as it was written."""
    for base in (Path.cwd(), folder):
        path = base / str(name)
        if path.is_file():
            return str(path.resolve())
    return name
