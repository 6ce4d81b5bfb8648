"""The queue: runs are claimed, done and settled, and none is lost when a process dies.

A claimed `Run` is the ticket for every later write: once the run was released or claimed again,
writes under the old ticket change nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from sqlite3 import Connection

from core.runs.artifacts import Artifacts
from core.runs.attempt import Outcome
from core.runs.database import Database
from core.runs.execution import RunResult
from core.runs.failures import Failure, interrupted, killed
from core.runs.run import Candidates, Point, Run, RunStatus
from core.runs.sessions import Session
from core.runs.writes import copy_result, write_end, write_found, write_log, write_points

MAX_KILLS = 2  # deaths of a worker under a run before it fails
MAX_CRASHES = 6  # deaths of the app, or of a worker before the run began, before it fails

_NEXT_RUN = """SELECT id FROM runs AS mine
    WHERE status = 'queued' AND (reserved IS NULL OR reserved = :session)
    AND (:visitor IS NULL OR visitor = :visitor)
    AND (:study IS NULL OR study = :study)
    AND (:run IS NULL OR id = :run)
    AND NOT EXISTS (SELECT 1 FROM runs AS other
                    WHERE other.fingerprint = mine.fingerprint AND other.status = 'running')
    ORDER BY (SELECT coalesce(max(started), 0) FROM runs AS past
              WHERE past.visitor = mine.visitor), number
    LIMIT 1"""


class RunQueue:
    """The queue of one data folder, shared by all processes that use it."""

    def __init__(self, database: Database, artifacts: Artifacts, session: Session) -> None:
        self.artifacts = artifacts
        self._database = database
        self._session = session

    @property
    def session(self) -> str:
        """The id of this process in the data folder."""
        return self._session.id

    def claim(self, *, visitor: str | None = None, study: str | None = None,
              run: str | None = None) -> Run | None:
        """Take the next run to do; if they are given, only of that visitor or study, or that run.

        The visitor whose latest run started longest ago comes first, then the oldest run. A run
        waits while an equal one runs.

        Returns:
            The run; None if none can start now.
        """
        which = {"session": self.session, "visitor": visitor, "study": study, "run": run}
        with self._database.write() as connection:
            row = connection.execute(_NEXT_RUN, which).fetchone()
            return None if row is None else self._start(connection, row["id"])

    def progress(self, run: Run, step: int, total: int, points: Sequence[Point],
                 found: Candidates | None = None) -> None:
        """Write how far a claimed run is, and all that its search has found, if that is new."""
        with self._database.write() as connection:
            if self._holds(connection, run):
                connection.execute("UPDATE runs SET step = ?, total = ? WHERE id = ?",
                                   (step, total, run.id))
                write_points(connection, run.id, points)
                write_found(connection, run.id, found)

    def note(self, run: Run, text: str) -> None:
        """Add a line to a claimed run's log."""
        with self._database.write() as connection:
            if self._holds(connection, run):
                write_log(connection, run.id, text)

    def settle(self, run: Run, outcome: Outcome) -> None:
        """Write how a claimed run ended."""
        with self._database.write() as connection:
            if self._holds(connection, run):
                write_found(connection, run.id, outcome.found)
        if outcome.result is not None:
            self.finish(run, outcome.result, outcome.points, outcome.notes)
        elif outcome.failure is not None:
            self.fail(run, outcome.failure, outcome.points)
        else:
            self._end(run, "cancelled", "Cancelled.", outcome.points)

    def finish(self, run: Run, result: RunResult, points: Sequence[Point] = (),
               notes: Sequence[str] = ()) -> None:
        """Write a claimed run's result, and give it to all equal runs that wait for it."""
        staged = self.artifacts.stage_predictions(run.id, self.session, result.predictions)
        with self._database.write() as connection:
            if not self._holds(connection, run):
                staged.unlink()
                return
            self.artifacts.publish_predictions(run.id, staged)
            write_points(connection, run.id, points)
            _write_result(connection, run.id, result)
            for text in (*notes, f"Done in {result.seconds:.1f} s."):
                write_log(connection, run.id, text)
            self._share_result(connection, run)
        self.artifacts.remove_checkpoints(run.spec.fingerprint)
        for removed in self.artifacts.trim_models():
            self._note_removal(removed)

    def fail(self, run: Run, failure: Failure, points: Sequence[Point] = ()) -> None:
        """Write why a claimed run failed."""
        self._end(run, "failed", failure.details or f"Failed: {failure.reason}.", points, failure)

    def cancelled(self, run: Run) -> None:
        """Write that a claimed run was stopped because a person asked for it."""
        self._end(run, "cancelled", "Cancelled.")

    def interrupted(self, run: Run) -> None:
        """Write that the program that was doing a claimed run was interrupted."""
        self._end(run, "interrupted", "Interrupted.", failure=interrupted())

    def killed(self, run: Run, began: bool = True) -> None:
        """Write that the worker of a claimed run died; the run is tried again, or has failed.

        A run that had begun is tried once more; one that had not most likely did not cause the
        death, and is tried more often.
        """
        with self._database.write() as connection:
            if self._holds(connection, run):
                counted = replace(run, kills=run.kills + began, crashes=run.crashes + (not began))
                _try_again(connection, counted,
                           "The worker's process was ended. The run is tried again.")

    def release(self, run: Run) -> None:
        """Put a claimed run back into the queue."""
        with self._database.write() as connection:
            if self._holds(connection, run):
                _requeue(connection, run.id, "Put back into the queue.")

    def stop_requests(self) -> set[str]:
        """Ids of runs that this process does and that a person has cancelled."""
        rows = self._database.read(
            "SELECT id FROM runs WHERE status = 'running' AND owner = ? AND stopping = 1",
            self.session)
        return {row["id"] for row in rows}

    def recover(self) -> None:
        """Recover what processes that died were doing.

        Their runs wait again, or are interrupted if only they could do them; half-written files are
        removed.
        """
        for session in self._owners():
            if not self._is_alive(session):
                self._recover_runs(session)
        for session in self._session.all():
            self._is_alive(session)  # removes what a dead one left
        rows = self._database.read("SELECT id FROM runs WHERE status IN ('running', 'done')")
        self.artifacts.clean(self._is_alive, {row["id"] for row in rows})

    def _owners(self) -> set[str]:
        """The sessions that do runs or have reserved some."""
        rows = self._database.read(
            "SELECT owner AS id FROM runs WHERE status = 'running' UNION "
            "SELECT reserved FROM runs WHERE status IN ('queued', 'running')")
        return {str(row["id"]) for row in rows if row["id"] is not None}

    def _recover_runs(self, session: str) -> None:
        """Recover the runs of a session whose process died."""
        with self._database.write() as connection:
            rows = connection.execute(
                "SELECT * FROM runs WHERE (status = 'running' AND owner = ?) "
                "OR (status = 'queued' AND reserved = ?)", (session, session)).fetchall()
            for row in rows:
                _recover(connection, Run.from_row(row))

    def _is_alive(self, session: str) -> bool:
        return session == self.session or self._session.is_alive(session)

    def _start(self, connection: Connection, run_id: str) -> Run:
        """Give a run to this process."""
        connection.execute(
            """UPDATE runs SET status = 'running', owner = ?, started = ?, attempt = attempt + 1,
               step = 0, total = 0 WHERE id = ?""", (self.session, time.time(), run_id))
        for table in ("curve", "found"):
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run_id,))
        row = connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        return Run.from_row(row)

    def _holds(self, connection: Connection, run: Run) -> bool:
        """Whether this process still does the run that it claimed, in the same attempt."""
        row = connection.execute(
            "SELECT 1 FROM runs WHERE id = ? AND status = 'running' AND owner = ? AND attempt = ?",
            (run.id, self.session, run.attempt)).fetchone()
        return row is not None

    def _share_result(self, connection: Connection, run: Run) -> None:
        """Give a run's result to all equal ones that wait."""
        equal = connection.execute(
            "SELECT id FROM runs WHERE fingerprint = ? AND status = 'queued'",
            (run.spec.fingerprint,)).fetchall()
        for row in equal:
            copy_result(connection, self.artifacts, run.id, row["id"])

    def _end(self, run: Run, status: RunStatus, text: str, points: Sequence[Point] = (),
             failure: Failure | None = None) -> None:
        with self._database.write() as connection:
            if self._holds(connection, run):
                write_points(connection, run.id, points)
                write_end(connection, run.id, status, text, failure)

    def _note_removal(self, run_id: str) -> None:
        with self._database.write() as connection:
            if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone():
                write_log(connection, run_id,
                          "The trained weights were removed to make room for newer ones.")


def _write_result(connection: Connection, run_id: str, result: RunResult) -> None:
    connection.execute(
        """UPDATE runs SET status = 'done', finished = ?, owner = NULL, stopping = 0, step = total,
           metrics = ?, labels = ?, confusion = ?, seconds = ? WHERE id = ?""",
        (time.time(), json.dumps(result.metrics), json.dumps(result.labels),
         json.dumps(result.confusion), result.seconds, run_id))


def _recover(connection: Connection, run: Run) -> None:
    """Try a run whose process died again, unless only that process could do it."""
    if run.reserved is not None:
        write_end(connection, run.id, "interrupted", "Interrupted.", interrupted())
    else:
        _try_again(connection, replace(run, crashes=run.crashes + 1),
                   "The app was ended while the run was going on. The run is tried again.")


def _try_again(connection: Connection, run: Run, text: str) -> None:
    """Let a run wait again after its worker or the app died, unless that happened too often."""
    connection.execute("UPDATE runs SET kills = ?, crashes = ? WHERE id = ?",
                       (run.kills, run.crashes, run.id))
    if run.kills >= MAX_KILLS or run.crashes >= MAX_CRASHES:
        write_end(connection, run.id, "failed", "Failed: killed.", killed(run.kills + run.crashes))
    else:
        _requeue(connection, run.id, text)


def _requeue(connection: Connection, run_id: str, text: str) -> None:
    """Let a run wait again, unless a person has asked to stop it."""
    row = connection.execute("SELECT stopping FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row["stopping"]:
        write_end(connection, run_id, "cancelled", "Cancelled.")
        return
    connection.execute(
        "UPDATE runs SET status = 'queued', owner = NULL, step = 0, total = 0 WHERE id = ?",
        (run_id,))
    write_log(connection, run_id, text)
