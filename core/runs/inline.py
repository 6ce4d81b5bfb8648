"""Runs done in the calling thread: for the command line, and for hosts that lend a GPU only inside a request."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from core.models.backbone import BackboneCache
from core.runs.attempt import Reporter, perform
from core.runs.run import Run
from core.runs.store import RunStore
from core.settings import Settings

_POLL_SECONDS = 0.25


def run_inline(store: RunStore, run_id: str, cache: BackboneCache, settings: Settings) -> bool:
    """Do one run now and write all of it to the store; False if it is not waiting, or an equal one is running."""
    run = store.claim(run=run_id)
    if run is not None:
        do_claimed(store, run, cache, settings)
    return run is not None


def do_claimed(store: RunStore, run: Run, cache: BackboneCache, settings: Settings) -> None:
    """Do a run that was claimed; it is called interrupted if the thread is (Ctrl-C, the end of a request)."""
    reporter = Reporter(functools.partial(store.progress, run), _stopped(store, run))
    try:
        store.settle(run, perform(run, settings, store.session, store.artifacts.token, cache, reporter))
    except BaseException:
        store.interrupted(run)
        raise


def _stopped(store: RunStore, run: Run) -> Callable[[], bool]:
    """Whether a person has cancelled the run; asks the store a few times a second."""
    asked = 0.0

    def stopped() -> bool:
        nonlocal asked
        now = time.monotonic()
        if now - asked < _POLL_SECONDS:
            return False
        asked = now
        return run.id in store.stop_requests()

    return stopped
