"""Runs inside requests: the page's own handlers do a study where the app has no workers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.data.catalog import load_task
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.folder import DataFolder
from core.runs.inline import InlineRuns
from core.runs.spec import StudySpec
from core.settings import Settings
from ui.services import Services
from ui.shell import build_app

PATTERN = {"pattern": "{text_a} It was {mask}.",
           "words": {"negative": ["terrible"], "positive": ["great"]}}
ENDLESS = 90_000


@pytest.fixture
def services(data: DataFolder) -> Services:
    """A host without workers."""
    settings = Settings(data_folder=data.path, device="cpu", scheduler="inline")
    backbones = BackboneCache(Placement("cpu", "float32"))
    return Services(settings, backbones, data.store, InlineRuns(data.queue, backbones, settings))


@pytest.fixture
def submit(data: DataFolder, tiny_model_folder: Callable[[str], Path]) -> Callable[..., str]:
    """Submits a study of short runs and gives its id."""
    def send(visitor: str = "ann", seeds: tuple[int, ...] = (1, 2), steps: int = 2) -> str:
        spec = StudySpec.from_dict({
            "name": "short", "task": "reviews", "model": str(tiny_model_folder("bert")),
            "methods": ["lm-bff"], "patterns": [PATTERN], "shots": [4], "seeds": list(seeds),
            "test_limit": 8,
            "options": {"lm-bff": {"steps": steps, "evaluate_every": steps, "batch_size": 2}}})
        return data.store.submit(spec, spec.runs(load_task("reviews")), visitor)
    return send


def request(services: Services) -> Any:
    """The page's own handler that does runs."""
    blocks = build_app(services)
    (handler, *same) = {event.fn
                        for event in blocks.fns.values() if event.concurrency_id == "inline"}
    assert not same
    return handler


def background(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def wait_for_steps(data: DataFolder, until: Callable[..., None]) -> None:
    until(lambda: any(run.step > 0 for run in data.store.runs("ann")), "a step")


def test_the_request_after_a_submission_does_the_study(data: DataFolder, services: Services,
                                                       submit: Callable[..., str]) -> None:
    do_runs = request(services)
    key, other = submit(), submit("bob", (3,))
    do_runs("ann")
    assert [run.status for run in data.store.runs("ann", key)] == ["done", "done"]
    assert all(run.metrics["n"] == 8 for run in data.store.runs("ann", key))
    assert [run.status
            for run in data.store.runs("bob", other)] == ["queued"]  # bob's own request does it
    assert do_runs("") is None


def test_every_tab_that_submits_runs_has_such_a_request(services: Services) -> None:
    blocks = build_app(services)
    inline = [event for event in blocks.fns.values() if event.concurrency_id == "inline"]
    assert len(inline) == 5  # Train: start, again, an opened page; Search; Use
    assert {event.concurrency_limit for event in inline} == {8}
    services.inline = None
    events = build_app(services).fns.values()
    assert not [event for event in events if event.concurrency_id == "inline"]


def test_the_header_says_where_runs_are_done(services: Services) -> None:
    assert "runs inside requests" in services.badges()


def test_a_run_is_cancelled_and_the_next_one_goes_on(data: DataFolder, services: Services,
                                                     submit: Callable[..., str],
                                                     until: Callable[..., None]) -> None:
    submit(seeds=(1,), steps=ENDLESS)
    submit(seeds=(2,))
    thread = background(lambda: services.inline.do_waiting("ann"))
    wait_for_steps(data, until)
    first, second = data.store.runs("ann")
    assert [first.status, second.status] == ["running", "queued"]
    data.store.cancel(first.id, "ann")
    thread.join()
    assert [run.status for run in data.store.runs("ann")] == ["cancelled", "done"]


def test_a_stopped_app_leaves_its_run_waiting_for_the_next_start(
        data: DataFolder, services: Services, submit: Callable[..., str],
        until: Callable[..., None]) -> None:
    submit(seeds=(1,), steps=ENDLESS)
    thread = background(lambda: services.inline.do_waiting("ann"))
    wait_for_steps(data, until)
    services.inline.stop()
    thread.join(20)
    (run,) = data.store.runs("ann")
    assert (run.status, run.crashes, run.attempt) == ("queued", 0, 1)
    services.inline.do_waiting("ann")  # no longer
    assert data.store.runs("ann")[0].attempt == 1


def test_what_a_killed_app_was_doing_is_recovered(data: DataFolder, services: Services,
                                                  submit: Callable[..., str]) -> None:
    submit(seeds=(1,))
    dead = DataFolder(data.path)
    dead.queue.claim()
    dead.close()
    services.inline.start()
    services.inline.do_waiting("ann")
    assert [(run.status, run.attempt) for run in data.store.runs("ann")] == [("done", 2)]


def test_visitors_take_turns(data: DataFolder, services: Services, submit: Callable[..., str],
                             until: Callable[..., None]) -> None:
    submit(seeds=(9,), steps=ENDLESS)
    threads = [background(lambda: services.inline.do_waiting("ann"))]
    wait_for_steps(data, until)  # the others come while it goes on
    for visitor in ("bob", "cat"):
        submit(visitor, seeds=(ord(visitor[0]), ord(visitor[0]) + 100))
        threads.append(background(lambda visitor=visitor: services.inline.do_waiting(visitor)))
        until(lambda: len(services.inline._waiting) == len(threads), "the request in its place")
    data.store.cancel(data.store.runs("ann")[0].id, "ann")
    for thread in threads:
        thread.join()
    runs = [run for visitor in ("bob", "cat") for run in data.store.runs(visitor)]
    assert {run.status for run in runs} == {"done"}
    assert [run.visitor
            for run in sorted(runs, key=lambda run: run.started
                              or 0)] == ["bob", "cat", "bob", "cat"]
