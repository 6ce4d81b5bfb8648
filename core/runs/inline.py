"""Runs done in the calling thread.

For the command line, and for hosts that lend a GPU only inside a request.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.models.loading import BackboneCache
from core.runs.attempt import attempt, one_at_a_time
from core.runs.queue import RunQueue
from core.runs.reporter import Reporter
from core.runs.run import Run
from core.settings import Settings

_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 20.0  # for runs that still run when the app ends


def _never() -> bool:
    return False


def run_inline(queue: RunQueue, backbones: BackboneCache, settings: Settings, *,
               visitor: str | None = None, study: str | None = None, run: str | None = None,
               ended: Callable[[], bool] = _never) -> Run | None:
    """Claim the next run, do it now and write all of it to the store.

    If the thread is interrupted (Ctrl-C), so is the run; once `ended` is true, it goes back into
    the queue at its next step.

    Args:
        visitor, study, run: as for `RunQueue.claim`.

    Returns:
        The run as it was claimed; None if none can start now.
    """
    with one_at_a_time:
        claimed = queue.claim(visitor=visitor, study=study, run=run)
        if claimed is None:
            return None
        try:
            _do(claimed, queue, backbones, settings, ended)
        except BaseException:
            queue.interrupted(claimed)
            raise
    return claimed


def _do(claimed: Run, queue: RunQueue, backbones: BackboneCache, settings: Settings,
        ended: Callable[[], bool]) -> None:
    """Attempt a claimed run and settle it, or release it once `ended` is true."""
    cancelled = _cancelled(queue, claimed)
    reporter = Reporter(functools.partial(queue.progress, claimed),
                        lambda: ended() or cancelled())
    outcome = attempt(claimed, settings, queue.session, queue.artifacts.token, backbones, reporter)
    if outcome.stopped and ended():
        queue.release(claimed)
    else:
        queue.settle(claimed, outcome)


class InlineRuns:
    """Does a visitor's runs inside that visitor's requests, where the app has no workers.

    One run is done at a time. Visitors take turns, a run each.
    """

    def __init__(self, queue: RunQueue, backbones: BackboneCache, settings: Settings) -> None:
        self._queue, self._backbones, self._settings = queue, backbones, settings
        self._turns = threading.Condition()
        self._waiting: deque[object] = deque()  # a ticket for each request; the first has its turn
        self._ended = threading.Event()

    def start(self) -> None:
        """Recover what an app that died was doing; its runs wait for a request of their visitor."""
        self._queue.recover()

    def stop(self) -> None:
        """End; a run that still runs stops at its next step and waits for the next start."""
        self._ended.set()
        with self._turns:
            self._turns.wait_for(lambda: not self._waiting, timeout=_PATIENCE_SECONDS)

    def do_waiting(self, visitor: str) -> None:
        """Do the visitor's waiting runs, one after another, until none is left that can start."""
        done: Run | None = None
        while visitor and not self._ended.is_set():
            with self._turn():
                done = run_inline(self._queue, self._backbones, self._settings, visitor=visitor,
                                  ended=self._ended.is_set)
            if done is None:
                return

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until all requests that came before have had their turn."""
        ticket = object()
        with self._turns:
            self._waiting.append(ticket)
            self._turns.wait_for(lambda: self._waiting[0] is ticket)
        try:
            yield
        finally:
            with self._turns:
                self._waiting.popleft()
                self._turns.notify_all()


def _cancelled(queue: RunQueue, run: Run) -> Callable[[], bool]:
    """Whether a person has cancelled the run; asks the store a few times a second."""
    asked = 0.0

    def cancelled() -> bool:
        nonlocal asked
        now = time.monotonic()
        if now - asked < _POLL_SECONDS:
            return False
        asked = now
        return run.id in queue.stop_requests()

    return cancelled
