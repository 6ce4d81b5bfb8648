"""Inside a worker process: it keeps models loaded, does a run at a time and reports to the app."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from typing import Any

import torch
from distributed import WorkerPlugin, get_worker

from core.runs.attempt import Outcome, attempt, backbones_of, one_at_a_time
from core.runs.reporter import Reporter
from core.runs.run import Candidates, Point, Run
from core.settings import Settings

_log = logging.getLogger("cloze_lab")


@dataclass(frozen=True)
class Order:
    """All that a worker must know to do a run.

    Attributes:
        session, token: of the app that gives the order, and of its data folder.
        device: where to run, as settings name it.
        neighbours: how many workers share their machine's cores; None for local ones, whose threads
            are set already.
        topic: where progress is reported.
    """

    run: Run
    settings: Settings
    session: str
    token: str
    device: str
    neighbours: int | None
    topic: str


class WarmModel(WorkerPlugin):  # type: ignore[misc]
    """Loads the default model when a worker process starts, so that the first run need not wait."""

    name = "cloze-lab"

    def __init__(self, settings: Settings, local: bool) -> None:
        self._settings = settings
        self._local = local

    def setup(self, worker: Any) -> None:
        """Start loading, beside the worker's own work."""
        device = str(worker.name) if self._local else self._settings.device
        threading.Thread(target=self._load, args=(device,), name="warm-up", daemon=True).start()

    def _load(self, device: str) -> None:
        try:
            backbones_of(device, self._settings).get(self._settings.model)
        except Exception as error:  # a run that needs the model fails with the reason
            _log.warning("The model %s is not loaded yet: %s", self._settings.model, error)


def carry_out(order: Order) -> Outcome:
    """Attempt a run in this process; it stops when the app has cancelled it or is gone."""
    worker = get_worker()
    key = worker.get_current_task()
    ticket = {"run": order.run.id, "attempt": order.run.attempt}

    def report(step: int, total: int, points: list[Point], found: Candidates | None) -> None:
        progress = {"step": step, "total": total, "points": [list(point) for point in points],
                    "found": found}
        worker.log_event(order.topic, {**ticket, **progress})

    def stopped() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    worker.log_event(order.topic, {**ticket, "began": True})
    try:
        with one_at_a_time:
            if order.neighbours is not None:
                torch.set_num_threads(max(1, _cores() // order.neighbours))
            backbones = backbones_of(order.device, order.settings)
            return attempt(order.run, order.settings, order.session, order.token, backbones,
                           Reporter(report, stopped))
    finally:
        worker.log_event(order.topic, {**ticket, "ended": True})


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
