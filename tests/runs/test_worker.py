"""Background workers for real: processes here, killed, stopped and cancelled while they train."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import psutil
import pytest

from core.models.loading import BackboneCache, load_backbone
from core.models.placement import Placement
from core.runs.cluster import local_devices
from core.runs.folder import DataFolder
from core.runs.inline import run_inline
from core.runs.queue import RunQueue
from core.runs.run import Run
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.runs.workers import Workers
from core.settings import Settings

pytestmark = pytest.mark.slow
ENDLESS = 100_000  # steps of a run that would take minutes


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: str, until: Callable[..., None]
) -> Iterator[Any]:
    """A store and its workers; one process does the runs of all tests here."""
    settings = Settings(data_folder=tmp_path_factory.mktemp("lab"), model=tiny_model, device="cpu")
    data = DataFolder(settings.data_folder)
    workers = Workers(data.queue, settings, grace=3.0)
    workers.start()
    until(workers.ready.is_set, "a worker")
    yield SimpleNamespace(store=data.store, workers=workers, settings=settings)
    workers.stop()
    data.close()


@pytest.fixture
def send(
    lab: Any, make_study: Callable[..., StudySpec], runs_of: Callable[..., Any]
) -> Callable[..., list[str]]:
    """Submits a study to the lab and gives its runs' ids."""
    def submit(visitor: str = "ann", **study: Any) -> list[str]:
        made = make_study(**study)
        key = lab.store.submit(made, runs_of(made), visitor)
        return [run.id for run in lab.store.runs(visitor, key)]
    return submit


@pytest.fixture
def ended(lab: Any, until: Callable[..., None]) -> Callable[..., Run]:
    """Waits until a run has ended, and gives it."""
    def wait(key: str, visitor: str = "ann") -> Run:
        until(lambda: not lab.store.run(key, visitor).active, f"the end of {key}")
        found: Run = lab.store.run(key, visitor)
        return found
    return wait


@pytest.fixture
def trains(lab: Any, until: Callable[..., None]) -> Callable[..., None]:
    """Waits until a run has made its first steps."""
    return lambda key: until(lambda: lab.store.run(key, "ann").step > 0, f"a step of {key}")


def worker_process() -> psutil.Process:
    """The process that does the runs."""
    children = psutil.Process().children(recursive=True)
    return next(child for child in children if "spawn_main" in " ".join(child.cmdline()))


def text(lab: Any, key: str) -> str:
    return "\n".join(lab.store.log(key, "ann"))


def test_runs_are_done_and_told(
    lab: Any, send: Callable[..., list[str]], ended: Callable[..., Run]
) -> None:
    (key,) = send(seeds=(1,), steps=12, every=3)
    run = ended(key)
    assert (run.status, run.step, run.total, run.attempt) == ("done", 12, 12, 1)
    assert run.metrics["n"] == len(lab.store.predictions(key, "ann")) == 16
    curve = lab.store.curve(key, "ann")
    assert [step for step, _, _ in curve] == list(range(1, 13))
    assert [step for step, _, accuracy in curve if accuracy is not None] == [3, 6, 9, 12]


def test_the_second_run_loads_nothing(
    lab: Any, send: Callable[..., list[str]], ended: Callable[..., Run]
) -> None:
    first, second = send(seeds=(2, 3))
    assert ended(first).status == ended(second).status == "done"
    assert "was in memory" in text(lab, second)


def test_a_worker_finds_what_this_thread_finds(
    lab: Any,
    send: Callable[..., list[str]],
    ended: Callable[..., Run],
    submit: Callable[..., list[str]],
    store: RunStore,
    queue: RunQueue,
    settings: Settings,
) -> None:
    (key,), (here,) = send(seeds=(4,)), submit(seeds=(4,))
    assert run_inline(queue, BackboneCache(Placement("cpu", "float32")), settings, run=here)
    assert ended(key).metrics == store.run(here, "ann").metrics
    pd.testing.assert_frame_equal(lab.store.predictions(key, "ann"), store.predictions(here, "ann"))
    assert lab.store.curve(key, "ann") == store.curve(here, "ann")


def test_trained_weights_are_kept(
    lab: Any, send: Callable[..., list[str]], ended: Callable[..., Run]
) -> None:
    (key,) = send(seeds=(5,))
    ended(key)
    folder = lab.store.model_folder(key, "ann")
    assert load_backbone(str(folder), Placement("cpu", "float32")).family == "masked"
    assert [path for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_changed_data_is_noticed(
    task_source: dict[str, Any],
    tmp_path: Path,
    send: Callable[..., list[str]],
    ended: Callable[..., Run],
) -> None:
    changed = tmp_path / "test.csv"
    changed.write_text("text,label\nthe food was bad,bad\n", encoding="utf-8")
    (key,) = send(
        seeds=(6,), task={**task_source, "test": str(changed)}
    )  # its spec holds the first content's hash
    run = ended(key)
    assert (run.status, run.reason) == ("failed", "data")
    assert "changed after the run was submitted" in run.explanation()


def test_equal_runs_of_two_visitors_are_done_once(
    send: Callable[..., list[str]], ended: Callable[..., Run]
) -> None:
    (first,), (second,) = send("ann", seeds=(7,), steps=30), send("bob", seeds=(7,), steps=30)
    runs = [ended(first), ended(second, "bob")]
    assert [run.status for run in runs] == ["done", "done"]
    assert sorted(run.attempt for run in runs) == [0, 1]
    assert {run.copied_from for run in runs} in ({None, first}, {None, second})


def test_a_running_run_is_cancelled(
    lab: Any, send: Callable[..., list[str]], ended: Callable[..., Run], trains: Callable[..., None]
) -> None:
    (key,) = send(seeds=(8,), steps=ENDLESS, every=ENDLESS)
    trains(key)
    lab.store.cancel(key, "ann")
    run = ended(key)
    assert run.status == "cancelled"
    assert run.step < ENDLESS
    assert lab.store.model_folder(key, "ann") is None


def test_a_stuck_run_is_cancelled_by_ending_its_worker(
    lab: Any, send: Callable[..., list[str]], ended: Callable[..., Run], trains: Callable[..., None]
) -> None:
    key, after = *send(seeds=(9,), steps=ENDLESS, every=ENDLESS), *send(seeds=(10,))
    trains(key)
    worker_process().send_signal(signal.SIGSTOP)
    lab.store.cancel(key, "ann")
    assert ended(key).status == "cancelled"
    assert "did not stop by itself" in text(lab, key)
    assert ended(after).status == "done"


def test_a_run_survives_the_death_of_its_worker(
    lab: Any, send: Callable[..., list[str]], ended: Callable[..., Run], trains: Callable[..., None]
) -> None:
    (key,) = send(seeds=(11,), steps=400, every=400)
    trains(key)
    worker_process().kill()
    run = ended(key)
    assert (run.status, run.kills) == ("done", 1)
    assert "tried again" in text(lab, key)


def test_finished_models_survive_the_death_of_their_worker(
    lab: Any,
    ensemble: Callable[..., StudySpec],
    runs_of: Callable[..., Any],
    ended: Callable[..., Run],
    until: Callable[..., None],
    store: RunStore,
    queue: RunQueue,
    settings: Settings,
) -> None:
    study = ensemble(steps=150, patterns=3)
    key = lab.store.runs("ann", lab.store.submit(study, runs_of(study), "ann"))[0].id
    until(lambda: list(lab.store.folder.glob("parts/*/model-*")), "a finished model")
    worker_process().kill()
    run = ended(key)
    assert (run.status, run.kills) == ("done", 1)
    assert "of 3 models were restored from an earlier attempt." in text(lab, key)
    here = store.runs("ann", store.submit(study, runs_of(study), "ann"))[0].id
    assert run_inline(queue, BackboneCache(Placement("cpu", "float32")), settings, run=here)
    assert run.metrics == store.run(here, "ann").metrics
    pd.testing.assert_frame_equal(lab.store.predictions(key, "ann"), store.predictions(here, "ann"))
    assert lab.store.curve(key, "ann") == store.curve(here, "ann")
    assert list((lab.store.folder / "parts").iterdir()) == []


def test_a_run_whose_worker_dies_twice_fails(
    lab: Any, send: Callable[..., list[str]], ended: Callable[..., Run], until: Callable[..., None]
) -> None:
    key, after = *send(seeds=(12,), steps=ENDLESS, every=ENDLESS), *send(seeds=(14,))
    for kills in (0, 1):
        until(
            lambda now=kills: (
                lab.store.run(key, "ann").kills == now and lab.store.run(key, "ann").step > 0
            )
        )
        worker_process().kill()
    run = ended(key)
    assert (run.status, run.reason, run.kills) == ("failed", "killed", 2)
    assert ended(after).status == "done"


@pytest.mark.parametrize(("device", "expected"), [("cpu", ["cpu"])])
def test_devices_of_this_machine(device: str, expected: list[str]) -> None:
    assert local_devices(device) == expected
