"""A run and a study as the store knows them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import fill
from core.metrics.metric import Metric, main_metric
from core.runs.records import RunRecord
from core.runs.spec import RunSpec

RunStatus = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
Point = tuple[int, float | None, float | None]  # step, training loss, development score
Candidates = list[dict[str, Any]]  # found by a search, best first; of `Candidate.as_dict`


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True)
class Run:
    """One run: what it is, how far it is, what it found or why it failed.

    Attributes:
        id, study, visitor: short random ids; the visitor is whose run it is.
        spec: everything that decides its result.
        status: where it stands; `reason`, `error` and `error_values` say why it failed.
        created, started, finished: seconds since 1970; `started` is the latest start.
        attempt: how often it was started; kills: how often its worker died under it; crashes: how
            often the whole app did, or a worker before the run began.
        stopping: a person asked to cancel it, and it has not stopped yet.
        step, total: its progress, 0 of 0 for methods that train nothing.
        metrics, labels, confusion, seconds: what it found, and how long that took.
        copied_from: the equal run whose result it has, or None if it was done itself.
    """

    id: str
    study: str
    visitor: str
    spec: RunSpec
    status: RunStatus
    created: float
    started: float | None = None
    finished: float | None = None
    reason: str = ""
    error: str = ""
    error_values: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    kills: int = 0
    crashes: int = 0
    reserved: str | None = None
    stopping: bool = False
    step: int = 0
    total: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    confusion: list[list[int]] = field(default_factory=list)
    seconds: float | None = None
    copied_from: str | None = None

    @staticmethod
    def from_row(row: sqlite3.Row) -> Run:
        """Read a row of the table of runs."""
        return Run(
            row["id"], row["study"], row["visitor"], RunSpec.from_dict(json.loads(row["spec"])),
            row["status"], row["created"], row["started"], row["finished"], row["reason"],
            row["error"], json.loads(row["error_values"]), row["attempt"], row["kills"],
            row["crashes"], row["reserved"], bool(row["stopping"]), row["step"], row["total"],
            json.loads(row["metrics"]), tuple(json.loads(row["labels"])),
            json.loads(row["confusion"]), row["seconds"], row["copied_from"],
        )

    @property
    def metric(self) -> Metric:
        """The main metric of its task's kind."""
        return main_metric(self.spec.kind)

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.status in ("queued", "running")

    @property
    def seconds_left(self) -> float | None:
        """About how long it will still take, judged by its pace so far."""
        if self.status != "running" or self.started is None or not 0 < self.step <= self.total:
            return None
        return max(0.0, time.time() - self.started) / self.step * (self.total - self.step)

    def explanation(self, translate: Callable[[str], str] = _unchanged) -> str:
        """Why it failed and what to do, translated; empty if nothing is wrong."""
        return fill(translate(self.error), self.error_values) if self.error else ""

    def record(self) -> RunRecord:
        """Plain values for tables, figures and exports."""
        spec = self.spec
        return RunRecord(self.id, spec.task_name, spec.model, spec.method, spec.pattern_text,
                         spec.words_text, spec.shots, spec.seed, spec.options_that_matter,
                         self.status,
                         self.metrics, self.seconds, self.explanation())


@dataclass(frozen=True)
class Study:
    """What a person submitted at one time: `spec` as study files hold it, and its `kind`."""

    id: str
    name: str
    kind: str
    spec: dict[str, Any]
    created: float

    @property
    def title(self) -> str:
        """Its name and when it was started."""
        return f"{self.name} · {time.strftime('%Y-%m-%d %H:%M', time.localtime(self.created))}"
