"""Processes that end: an app that is stopped or killed within a study, and a scheduler."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.inline import run_inline
from core.runs.queue import RunQueue
from core.runs.spec import RunSpec, StudySpec
from core.runs.store import RunStore
from core.runs.workers import Workers
from core.settings import Settings

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
APP = """
import sys, time
from pathlib import Path
from core.runs.folder import DataFolder
from core.runs.workers import Workers
from core.settings import Settings
if __name__ == "__main__":
    settings = Settings(data_folder=Path(sys.argv[1]), model=sys.argv[2], device="cpu")
    Workers(DataFolder(settings.data_folder).queue, settings).start()
    time.sleep(3600)
"""


def _one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@pytest.fixture
def launch() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a Python process, and kills it with its children at the end of the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        *arguments: str, path: Path = ROOT, before: Callable[[], None] | None = None
    ) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(path)}
        started.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                cwd=path,
                env=environment,
                preexec_fn=before,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
        process.wait()


@pytest.fixture
def scheduler(
    launch: Callable[..., Any], tmp_path: Path
) -> Callable[[int], list[subprocess.Popen[bytes]]]:
    """Starts a scheduler, which does not know Cloze Lab, and a worker."""
    def start(port: int) -> list[subprocess.Popen[bytes]]:
        common = ("--host", "127.0.0.1", "--no-dashboard")
        return [
            launch(
                "-m",
                "distributed.cli.dask_scheduler",
                "--port",
                str(port),
                *common,
                "--idle-timeout",
                "300s",
                path=tmp_path,
            ),
            launch(
                "-m",
                "distributed.cli.dask_worker",
                f"tcp://127.0.0.1:{port}",
                "--nthreads",
                "1",
                *common,
                "--local-directory",
                str(tmp_path),
                "--death-timeout",
                "60",
                before=_one_core,
            ),
        ]

    return start


def spawned() -> set[psutil.Process]:
    """Worker processes below this one; the tracker that multiprocessing leaves for all is none."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child)
    return found


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_stopping_puts_runs_back(
    store: RunStore,
    queue: RunQueue,
    settings: Settings,
    submit: Callable[..., list[str]],
    until: Callable[..., None],
) -> None:
    first, second = submit(seeds=(1, 2), steps=100_000, every=100_000)
    before = spawned()
    workers = Workers(queue, settings)
    workers.start()
    until(lambda: store.run(first, "ann").step > 0, "a step")
    workers.stop()
    assert [store.run(key, "ann").status for key in (first, second)] == ["queued", "queued"]
    assert spawned() <= before
    assert os.listdir(store.folder / "models") == []


def test_no_run_is_lost_or_repeated_when_the_app_is_killed(
    store: RunStore,
    settings: Settings,
    submit: Callable[..., list[str]],
    launch: Callable[..., Any],
    until: Callable[..., None],
) -> None:
    first, second, third = submit(seeds=(1, 2, 3), steps=150, every=150)
    app = launch("-c", APP, str(store.folder), settings.model)
    until(lambda: store.run(second, "ann").step > 0, "the second run")
    children = psutil.Process(app.pid).children(recursive=True)
    app.send_signal(signal.SIGKILL)
    until(lambda: not any(map(alive, children)), "the end of its processes")
    launch("-c", APP, str(store.folder), settings.model)
    until(lambda: not any(run.active for run in store.runs("ann")), "the end of the study")
    assert [(run.id, run.status, run.attempt) for run in store.runs("ann")] == [
        (first, "done", 1), (second, "done", 2), (third, "done", 1)]
    assert sorted(path.stem for path in (store.folder / "predictions").iterdir()) == sorted(
        (first, second, third)
    )
    with closing(sqlite3.connect(store.folder / "cloze-lab.sqlite")) as check:
        assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_ensemble_goes_on_where_the_app_was_killed(
        store: RunStore, queue: RunQueue, settings: Settings, ensemble: Callable[..., StudySpec],
        runs_of: Callable[[StudySpec], list[RunSpec]], launch: Callable[..., Any],
        until: Callable[..., None]) -> None:
    study = ensemble("ipet", steps=60, patterns=3, student_steps=200)
    (run,) = store.runs("ann", store.submit(study, runs_of(study), "ann"))
    app = launch("-c", APP, str(store.folder), settings.model)
    until(
        lambda: len(list(store.folder.glob("parts/*/model-*"))) > 3,
        "a model of the second generation",
    )
    children = psutil.Process(app.pid).children(recursive=True)
    app.send_signal(signal.SIGKILL)
    until(lambda: not any(map(alive, children)), "the end of its processes")
    launch("-c", APP, str(store.folder), settings.model)
    until(lambda: not store.run(run.id, "ann").active, "the end of the run")
    assert (store.run(run.id, "ann").status, store.run(run.id, "ann").attempt) == ("done", 2)
    assert "of 6 models were restored from an earlier attempt." in "".join(store.log(run.id, "ann"))
    again = store.retry(run.id, "ann", reserved=True)
    assert run_inline(queue, BackboneCache(Placement("cpu", "float32")), settings, run=again)
    assert "restored" not in "".join(store.log(again, "ann"))
    assert store.run(again, "ann").metrics == store.run(run.id, "ann").metrics
    assert store.curve(again, "ann") == store.curve(run.id, "ann")


def test_a_scheduler_by_address_may_go_and_come_back(
        store: RunStore, queue: RunQueue, settings: Settings, submit: Callable[..., list[str]],
        scheduler: Callable[[int], list[Any]],
        until: Callable[..., None]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    first, second = submit(seeds=(1, 2), steps=600, every=600)
    workers = Workers(queue, replace(settings, scheduler=f"tcp://127.0.0.1:{port}"))
    workers.start()  # nobody is there yet
    processes = scheduler(port)
    until(lambda: store.run(first, "ann").step > 0, "the first run")
    for process in processes:
        process.kill()
    scheduler(port)
    until(lambda: not any(run.active for run in store.runs("ann")), "the end of the study")
    workers.stop()
    runs = [store.run(key, "ann") for key in (first, second)]
    assert [(run.status, run.kills) for run in runs] == [("done", 0), ("done", 0)]
    assert [store.model_folder(run.id, "ann") is not None for run in runs] == [
        True,
        True,
    ]  # the folder is the same
