"""The dispatcher: one thread of the app that gives queued runs to workers and writes their results.

Each worker has one run at a time and is chosen here, so that a dead or stuck one is known by its
address. What workers report waits in an inbox until this thread, and no other, writes it.
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
_LOOK_SECONDS = 1.0  # between checks which workers are alive
_RECOVER_SECONDS = 30.0  # between checks for runs of other processes that died
_RESULT_SECONDS = 30.0  # for the transfer of a result
_PATIENCE_SECONDS = 120.0  # a local cluster without any worker for so long is started again
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
    """The call of `carry_out` in a form that a scheduler without Cloze Lab can pass on.

    A scheduler imports what it can name: neither a function within a function nor what is in bytes.
    """
    content = serialize_bytes(order)

    def opened() -> Outcome:
        from core.runs.worker_process import carry_out

        return carry_out(deserialize_bytes(content))

    return opened


class Workers:
    """Does waiting runs in the background, from `start` to `stop`.

    Runs wait while no worker can be reached; `ready` is set while workers are there.
    """

    def __init__(self, queue: RunQueue, settings: Settings, grace: float = 10.0,
                 only: str | None = None) -> None:
        """Make the dispatcher of a queue.

        Args:
            grace: seconds that a cancelled run has to stop by itself before its worker is ended.
            only: the one study whose runs are done; None means all.
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
        """End; runs that are not done wait for the next start."""
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
            except Exception as error:  # the scheduler is gone, or workers cannot start
                _log.warning("Workers cannot be reached; trying again in %.0f s: %s: %s", backoff,
                             type(error).__name__, error)
                self._end.wait(backoff)
                backoff = min(2 * backoff, _MOST_BACKOFF_SECONDS)

    def _dispatch(self, cluster: Cluster) -> None:
        topic = f"cloze-lab-{self._queue.session}"
        cluster.client.subscribe_topic(topic, lambda event: self._inbox.put(event[1]))
        next_look = next_recovery = 0.0
        last_seen = time.monotonic()
        while not self._end.is_set():
            now = time.monotonic()
            if now >= next_look:
                self._look_at_workers(cluster)
                next_look = now + _LOOK_SECONDS
                last_seen = now if self._workers else last_seen
                if cluster.local and now - last_seen > _PATIENCE_SECONDS:
                    raise ConnectionError("no worker process has come up")
            try:
                if now >= next_recovery:
                    self._queue.recover()
                    next_recovery = now + _RECOVER_SECONDS
                self._assign(cluster, topic)
                self._write_reports()
                self._settle(cluster)
            except ClozeLabError as error:  # a full disk: what is not written is tried again
                _log.warning("The database cannot be written: %s", error)
                self._end.wait(_LOOK_SECONDS)

    def _look_at_workers(self, cluster: Cluster) -> None:
        self._workers = cluster.workers()
        (self.ready.set if self._workers else self.ready.clear)()

    def _assign(self, cluster: Cluster, topic: str) -> None:
        """Give each idle worker a run; where any has a GPU, only those that have."""
        for worker in [worker for worker in self._workers if worker.gpu] or self._workers:
            idle = worker.open and worker.address not in self._assigned
            run = self._queue.claim(study=self._only) if idle else None
            if run is not None:
                future = self._submit(run, worker, cluster, topic)
                self._assigned[worker.address] = _Assignment(run, future)
                future.add_done_callback(lambda _: self._inbox.put({}))  # wakes `_write_reports`
                self._queue.note(run, f"Given to the worker {worker.name}.")

    def _submit(self, run: Run, worker: Worker, cluster: Cluster, topic: str) -> Any:
        """Send a run to a worker; returns the future of its Outcome."""
        device = worker.name if cluster.local else self._settings.device
        token = self._queue.artifacts.token
        order = Order(run, self._settings, self._queue.session, token, device,
                      cluster.neighbours(self._workers), topic)
        return cluster.client.submit(
            _sealed(order), key=f"{topic}-{run.id}-{run.attempt}", pure=False, retries=0,
            workers=[worker.address], allow_other_workers=False,
            resources={"GPU": 1} if worker.gpu else None)

    def _write_reports(self) -> None:
        """Wait a moment for what workers report, and write it."""
        try:
            report = self._inbox.get(timeout=_TICK_SECONDS)
            while True:
                self._write_report(report)
                report = self._inbox.get_nowait()
        except Empty:
            pass

    def _write_report(self, report: dict[str, Any]) -> None:
        ticket = (report.get("run"), report.get("attempt"))
        for assignment in self._assigned.values():
            run = assignment.run
            if (run.id, run.attempt) == ticket:
                assignment.began = True
                assignment.ended = "ended" in report
                if "step" in report:
                    self._queue.progress(run, report["step"], report["total"], report["points"],
                                         report["found"])

    def _settle(self, cluster: Cluster) -> None:
        """Write the results of runs, stop the cancelled ones, and notice dead workers."""
        stopping = self._queue.stop_requests() if self._assigned else set()
        for address, assignment in list(self._assigned.items()):
            if self._is_over(cluster, address, assignment):
                del self._assigned[address]
            elif assignment.stop_by is None and assignment.run.id in stopping:
                assignment.stop_by = time.monotonic() + self._grace
                assignment.future.cancel()

    def _is_over(self, cluster: Cluster, address: str, assignment: _Assignment) -> bool:
        """Whether a worker no longer does its run; if so, how it ended is written.

        Raises:
            ConnectionError: the scheduler is gone.
        """
        alive = any(worker.address == address for worker in self._workers)
        if assignment.future.status in ("finished", "error"):
            self._write_outcome(address, assignment)
            return True
        if assignment.stop_by is not None:
            if not assignment.ended and alive:
                self._end_if_late(cluster, address, assignment)
                return False
            self._queue.cancelled(assignment.run)
            return True
        if assignment.future.status == "cancelled":
            raise ConnectionError("the scheduler has gone")
        if not alive:
            assignment.future.cancel()
            self._write_death(address, assignment)
        return not alive

    def _write_outcome(self, address: str, assignment: _Assignment) -> None:
        try:
            outcome = assignment.future.result(timeout=_RESULT_SECONDS)
            self._queue.settle(assignment.run, outcome)
        except ClozeLabError:  # the store's, not the run's
            raise
        except (KilledWorker, NoAnswer):
            self._write_death(address, assignment)
        except Exception as error:
            self._queue.fail(assignment.run, failure_of(error, assignment.run.spec))

    def _write_death(self, address: str, assignment: _Assignment) -> None:
        """The worker died, perhaps because of the run."""
        self._workers = [worker for worker in self._workers if worker.address != address]
        self._queue.killed(assignment.run, assignment.began)

    def _end_if_late(self, cluster: Cluster, address: str, assignment: _Assignment) -> None:
        if assignment.stop_by is not None and time.monotonic() > assignment.stop_by:
            assignment.stop_by = float("inf")
            self._queue.note(assignment.run, "The run did not stop by itself; its worker is ended.")
            threading.Thread(target=cluster.restart, args=(address,), name="restart",
                             daemon=True).start()

    def _give_back(self) -> None:
        """Give all runs back to the queue."""
        self.ready.clear()
        self._workers = []
        for address, assignment in list(self._assigned.items()):
            with suppress(Exception):  # the connection may be gone
                assignment.future.cancel()
            self._queue.release(assignment.run)
            del self._assigned[address]
