"""The dispatcher: one thread of the app that takes runs from the queue to the workers and brings back what they find.

Each worker has one run at a time and is chosen here, so that a dead or stuck one is known by its address. This thread
alone writes what workers report; until then it waits in an inbox.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from distributed import KilledWorker
from distributed import TimeoutError as NoAnswer
from distributed.protocol import deserialize_bytes, serialize_bytes

from core.errors import ClozeLabError
from core.runs.attempt import Outcome
from core.runs.cluster import Cluster, Worker, connected
from core.runs.failures import failure_of
from core.runs.queue import RunQueue
from core.runs.run import Run
from core.runs.worker_process import Order
from core.settings import Settings

_TICK_SECONDS = 0.1
_LOOK_SECONDS = 1.0  # between looks at which workers are alive
_RECOVER_SECONDS = 30.0  # between looks for runs of other processes that died
_PATIENCE_SECONDS = 120.0  # a local cluster without any worker for so long is started anew
_MOST_BACKOFF_SECONDS = 30.0
_log = logging.getLogger("cloze_lab")


@dataclass
class _Assignment:
    """A run at a worker.

    Attributes:
        began, ended: what the worker has reported.
        stop_by: when the worker is ended if the run, which was cancelled, has not stopped.
    """

    run: Run
    future: Any
    began: bool = False
    ended: bool = False
    stop_by: float | None = None


def _sealed(order: Order) -> Callable[[], Outcome]:
    """The call of `carry_out` in a form that a scheduler can pass on without having Cloze Lab installed.

    A scheduler imports what it can name; it cannot name a function within a function, nor see into bytes.
    """
    content = serialize_bytes(order)

    def opened() -> Outcome:
        from core.runs.worker_process import carry_out

        return carry_out(deserialize_bytes(content))

    return opened


class Workers:
    """Does waiting runs in the background, from `start` to `stop`. Runs wait while no worker can be reached.

    `ready` is set while workers are there.
    """

    def __init__(self, queue: RunQueue, settings: Settings, grace: float = 10.0, only: str | None = None) -> None:
        """`grace` is how many seconds a cancelled run has to stop by itself before its worker is ended; `only` names
        the one study to do runs of.
        """
        self.ready = threading.Event()
        self._queue = queue
        self._settings = settings
        self._grace = grace
        self._only = only
        self._inbox: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._assigned: dict[str, _Assignment] = {}  # by the worker's address
        self._workers: list[Worker] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End; runs that were going on wait for the next start."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _serve(self) -> None:
        backoff = 1.0
        while not self._end.is_set():
            try:
                self._give_back()
                with connected(self._settings) as cluster:
                    backoff = 1.0
                    try:
                        self._dispatch(cluster)
                    finally:
                        self._give_back()
            except Exception as error:  # the scheduler went away, or workers cannot start: nothing is lost, try again
                _log.warning("Workers cannot be reached; trying again in %.0f s: %s: %s", backoff,
                             type(error).__name__, error)
                self._end.wait(backoff)
                backoff = min(2 * backoff, _MOST_BACKOFF_SECONDS)

    def _dispatch(self, cluster: Cluster) -> None:
        topic = f"cloze-lab-{self._queue.session}"
        cluster.client.subscribe_topic(topic, lambda event: self._inbox.put(event[1]))
        look = recover = 0.0
        seen = time.monotonic()
        while not self._end.is_set():
            now = time.monotonic()
            if now >= look:
                self._look_at_workers(cluster)
                look = now + _LOOK_SECONDS
                seen = now if self._workers else seen
                if cluster.local and now - seen > _PATIENCE_SECONDS:
                    raise ConnectionError("no worker process has come up")
            try:
                if now >= recover:
                    self._queue.recover()
                    recover = now + _RECOVER_SECONDS
                self._assign(cluster, topic)
                self._listen()
                self._settle(cluster)
            except ClozeLabError as error:  # the disk is full, say: what is not written yet is tried again
                _log.warning("The database cannot be written: %s", error)
                self._end.wait(_LOOK_SECONDS)

    def _look_at_workers(self, cluster: Cluster) -> None:
        self._workers = cluster.workers()
        (self.ready.set if self._workers else self.ready.clear)()

    def _assign(self, cluster: Cluster, topic: str) -> None:
        """Give each idle worker a run; where any has a GPU, only those that have."""
        for worker in [each for each in self._workers if each.gpu] or self._workers:
            idle = worker.open and worker.address not in self._assigned
            run = self._queue.claim(study=self._only) if idle else None
            if run is None:
                continue
            device = worker.name if cluster.local else self._settings.device
            order = Order(run, self._settings, self._queue.session, self._queue.artifacts.token, device,
                          cluster.neighbours(self._workers), topic)
            future = cluster.client.submit(
                _sealed(order), key=f"{topic}-{run.id}-{run.attempt}", pure=False, retries=0, workers=[worker.address],
                allow_other_workers=False, resources={"GPU": 1} if worker.gpu else None)
            self._assigned[worker.address] = _Assignment(run, future)
            future.add_done_callback(lambda _: self._inbox.put({}))  # wakes `_listen`
            self._queue.note(run, f"Given to the worker {worker.name}.")

    def _listen(self) -> None:
        """Wait a moment for what workers report, and write it down."""
        try:
            news = self._inbox.get(timeout=_TICK_SECONDS)
            while True:
                self._hear(news)
                news = self._inbox.get_nowait()
        except Empty:
            pass

    def _hear(self, news: dict[str, Any]) -> None:
        for assignment in self._assigned.values():
            if (assignment.run.id, assignment.run.attempt) == (news.get("run"), news.get("attempt")):
                assignment.began = True
                assignment.ended = "ended" in news
                if "step" in news:
                    self._queue.progress(assignment.run, news["step"], news["total"], news["points"],
                                         news["found"])

    def _settle(self, cluster: Cluster) -> None:
        """Write down what has come of runs, stop the cancelled ones, and notice dead workers."""
        stopping = self._queue.stop_requests() if self._assigned else set()
        alive = {worker.address for worker in self._workers}
        for address, assignment in list(self._assigned.items()):
            if assignment.future.status in ("finished", "error"):
                self._bring_back(address, assignment)
            elif assignment.stop_by is not None:
                if not assignment.ended and address in alive:
                    self._end_if_late(cluster, address, assignment)
                    continue
                self._queue.cancelled(assignment.run)
            elif assignment.future.status == "cancelled":
                raise ConnectionError("the scheduler has gone")
            elif address not in alive:
                assignment.future.cancel()
                self._lost(address, assignment)
            else:
                if assignment.run.id in stopping:
                    assignment.stop_by = time.monotonic() + self._grace
                    assignment.future.cancel()
                continue
            del self._assigned[address]

    def _bring_back(self, address: str, assignment: _Assignment) -> None:
        try:
            self._queue.settle(assignment.run, assignment.future.result(timeout=_LOOK_SECONDS * 30))
        except ClozeLabError:  # the store's, not the run's
            raise
        except (KilledWorker, NoAnswer):
            self._lost(address, assignment)
        except Exception as error:
            self._queue.fail(assignment.run, failure_of(error, assignment.run.spec))

    def _lost(self, address: str, assignment: _Assignment) -> None:
        """The worker died, perhaps because of the run."""
        self._workers = [worker for worker in self._workers if worker.address != address]
        self._queue.killed(assignment.run, assignment.began)

    def _end_if_late(self, cluster: Cluster, address: str, assignment: _Assignment) -> None:
        if assignment.stop_by is not None and time.monotonic() > assignment.stop_by:
            assignment.stop_by = float("inf")
            self._queue.note(assignment.run, "The run did not stop by itself; its worker is ended.")
            threading.Thread(target=cluster.restart, args=(address,), name="restart", daemon=True).start()

    def _give_back(self) -> None:
        """Let go of all runs; they wait again."""
        self.ready.clear()
        self._workers = []
        for address, assignment in list(self._assigned.items()):
            with suppress(Exception):  # the connection may be gone
                assignment.future.cancel()
            self._queue.release(assignment.run)
            del self._assigned[address]
