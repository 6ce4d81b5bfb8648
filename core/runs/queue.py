"""The worker's side of the store: runs are claimed, reported on and settled, and nothing is lost when a process dies.

A claimed `Run` is the ticket for every later write: once another claim has been made, or the run was given back, writes
under the old ticket change nothing.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.runs.artifacts import Artifacts
from core.runs.attempt import Failure, Outcome, killed
from core.runs.database import Database
from core.runs.execution import RunResult
from core.runs.run import Candidates, Point, Run
from core.runs.sessions import Session

MAX_KILLS = 2  # deaths of a worker under a run before it fails
MAX_CRASHES = 6  # deaths of the app, or of a worker before the run began, before it fails
_INTERRUPTED = "The program that was doing this run has ended. Run it again to go on."


class RunQueue:
    """The queue of one data folder, shared by all processes that use it."""

    def __init__(self, folder: Path, keep_models_gb: float = 10.0) -> None:
        """Open the store in `folder`, making it if needed.

        Raises:
            SpecError: the folder cannot be written, or the store is of a newer version.
        """
        self.folder = Path(folder).expanduser().resolve()
        self._database = Database(self.folder)
        self._session = Session(self.folder)
        self.artifacts = Artifacts(self.folder, keep_models_gb * 1e9)

    @property
    def session(self) -> str:
        """The id of this process in the data folder."""
        return self._session.id

    @property
    def damaged(self) -> Path | None:
        """Where a damaged store was moved to when this one was opened."""
        return self._database.moved

    def close(self) -> None:
        """Leave; what this process has claimed and not given back is for others to recover."""
        self._session.close()
        self._database.close()

    def claim(self, study: str | None = None, run: str | None = None) -> Run | None:
        """Take the next run to do, optionally only of one study or one run itself; None if none can start now.

        The visitor who was served longest ago comes first, then the oldest run. A run waits while an equal one runs.
        """
        with self._database.write() as database:
            row = database.execute(
                """SELECT id FROM runs AS mine WHERE status = 'queued' AND (reserved IS NULL OR reserved = :me)
                   AND (:study IS NULL OR study = :study) AND (:run IS NULL OR id = :run)
                   AND NOT EXISTS (SELECT 1 FROM runs AS other WHERE other.fingerprint = mine.fingerprint
                                   AND other.status = 'running')
                   ORDER BY (SELECT coalesce(max(started), 0) FROM runs AS past WHERE past.visitor = mine.visitor),
                            number LIMIT 1""", {"me": self.session, "study": study, "run": run}).fetchone()
            if row is None:
                return None
            database.execute("UPDATE runs SET status = 'running', owner = ?, started = ?, attempt = attempt + 1, "
                             "step = 0, total = 0 WHERE id = ?", (self.session, time.time(), row["id"]))
            for table in ("curve", "found"):
                database.execute(f"DELETE FROM {table} WHERE run = ?", (row["id"],))
            return Run.from_row(database.execute("SELECT * FROM runs WHERE id = ?", (row["id"],)).fetchone())

    def progress(self, run: Run, step: int, total: int, points: Sequence[Point],
                 found: Candidates | None = None) -> None:
        """Write how far a claimed run is, and all that its search has found, if that is new."""
        with self._database.write() as database:
            if self._holds(database, run):
                database.execute("UPDATE runs SET step = ?, total = ? WHERE id = ?", (step, total, run.id))
                self._add_points(database, run, points)
                self._keep_found(database, run, found)

    def note(self, run: Run, text: str) -> None:
        """Add a line to a claimed run's log."""
        with self._database.write() as database:
            if self._holds(database, run):
                self._log(database, run.id, text)

    def settle(self, run: Run, outcome: Outcome) -> None:
        """Write what came of a claimed run."""
        with self._database.write() as database:
            if self._holds(database, run):
                self._keep_found(database, run, outcome.found)
        if outcome.result is not None:
            self.finish(run, outcome.result, outcome.points, outcome.notes)
        elif outcome.failure is not None:
            self.fail(run, outcome.failure, outcome.points)
        else:
            self._end(run, "cancelled", "Cancelled.", outcome.points)

    def finish(self, run: Run, result: RunResult, points: Sequence[Point] = (), notes: Sequence[str] = ()) -> None:
        """Write a result, and give it to all equal runs that wait for it."""
        staged = self.artifacts.stage_predictions(run.id, self.session, result.predictions)
        with self._database.write() as database:
            if not self._holds(database, run):
                staged.unlink()
                return
            self.artifacts.publish_predictions(run.id, staged)
            self._add_points(database, run, points)
            database.execute(
                "UPDATE runs SET status = 'done', finished = ?, owner = NULL, stopping = 0, step = total, metrics = ?, "
                "labels = ?, confusion = ?, seconds = ? WHERE id = ?",
                (time.time(), json.dumps(result.metrics), json.dumps(result.labels), json.dumps(result.confusion),
                 result.seconds, run.id))
            for text in (*notes, f"Done in {result.seconds:.1f} s."):
                self._log(database, run.id, text)
            equal = database.execute("SELECT id FROM runs WHERE fingerprint = ? AND status = 'queued'",
                                     (run.spec.fingerprint,)).fetchall()
            for row in equal:
                self._copy_result(database, run.id, row["id"])
        self.artifacts.remove_checkpoints(run.spec.fingerprint)
        for removed in self.artifacts.trim_models():
            self._log_alone(removed, "The trained weights were removed to make room for newer ones.")

    def fail(self, run: Run, failure: Failure, points: Sequence[Point] = ()) -> None:
        """Write why a claimed run failed."""
        self._end(run, "failed", failure.details or f"Failed: {failure.reason}.", points, failure)

    def cancelled(self, run: Run) -> None:
        """Write that a claimed run was stopped because a person asked for it."""
        self._end(run, "cancelled", "Cancelled.")

    def interrupted(self, run: Run) -> None:
        """Write that the program that was doing a claimed run ends before the run does."""
        self._end(run, "interrupted", "Interrupted.", failure=Failure("", _INTERRUPTED))

    def killed(self, run: Run, began: bool = True) -> None:
        """Write that the worker died under a claimed run: it waits for another try, or fails if it had one before.

        One that had not begun there has most likely no part in it, and has more tries.
        """
        with self._database.write() as database:
            if self._holds(database, run):
                counted = replace(run, kills=run.kills + began, crashes=run.crashes + (not began))
                self._try_again(database, counted, "The worker's process was ended. The run is tried again.")

    def release(self, run: Run) -> None:
        """Put a claimed run back into the queue."""
        with self._database.write() as database:
            if self._holds(database, run):
                self._requeue(database, run.id, "Put back into the queue.")

    def stop_requests(self) -> set[str]:
        """Ids of runs that this process does and that a person has cancelled."""
        return {row["id"] for row in self._database.read(
            "SELECT id FROM runs WHERE status = 'running' AND owner = ? AND stopping = 1", self.session)}

    def recover(self) -> None:
        """Take over from processes that died: what they were doing waits again, or is called interrupted if only they
        could do it; half-written files go."""
        owners = self._database.read("SELECT owner AS id FROM runs WHERE status = 'running' UNION "
                                     "SELECT reserved FROM runs WHERE status IN ('queued', 'running')")
        dead = {str(row["id"]) for row in owners if row["id"] is not None and not self._lives(row["id"])}
        for owner in dead:
            with self._database.write() as database:
                for row in database.execute("SELECT * FROM runs WHERE (status = 'running' AND owner = ?) "
                                            "OR (status = 'queued' AND reserved = ?)", (owner, owner)).fetchall():
                    self._take_over(database, Run.from_row(row))
        for session in self._session.all():
            self._lives(session)
        known = {row["id"] for row in self._database.read("SELECT id FROM runs WHERE status IN ('running', 'done')")}
        self.artifacts.clean(self._lives, known)

    def _take_over(self, database: sqlite3.Connection, run: Run) -> None:
        if run.reserved is not None:
            self._write_end(database, run.id, "interrupted", "Interrupted.", Failure("", _INTERRUPTED))
        else:
            self._try_again(database, replace(run, crashes=run.crashes + 1),
                            "The app was ended while the run was going on. The run is tried again.")

    def _try_again(self, database: sqlite3.Connection, run: Run, text: str) -> None:
        """Let a run wait again after its worker or the app died, unless that happened too often."""
        database.execute("UPDATE runs SET kills = ?, crashes = ? WHERE id = ?", (run.kills, run.crashes, run.id))
        if run.kills >= MAX_KILLS or run.crashes >= MAX_CRASHES:
            self._write_end(database, run.id, "failed", "Failed: killed.", killed(run.kills + run.crashes))
        else:
            self._requeue(database, run.id, text)

    def _lives(self, session: str) -> bool:
        return session == self.session or self._session.lives(session)

    def _holds(self, database: sqlite3.Connection, run: Run) -> bool:
        """Whether a claimed run is still this process's to write."""
        return database.execute("SELECT 1 FROM runs WHERE id = ? AND status = 'running' AND owner = ? AND attempt = ?",
                                (run.id, self.session, run.attempt)).fetchone() is not None

    def _end(self, run: Run, status: str, text: str, points: Sequence[Point] = (),
             failure: Failure | None = None) -> None:
        with self._database.write() as database:
            if self._holds(database, run):
                self._add_points(database, run, points)
                self._write_end(database, run.id, status, text, failure)

    def _write_end(self, database: sqlite3.Connection, run: str, status: str, text: str,
                   failure: Failure | None = None) -> None:
        failure = failure or Failure("", "")
        database.execute("UPDATE runs SET status = ?, finished = ?, owner = NULL, stopping = 0, reason = ?, error = ?, "
                         "error_values = ? WHERE id = ?",
                         (status, time.time(), failure.reason, failure.template,
                          json.dumps(failure.values, ensure_ascii=False, default=str), run))
        self._log(database, run, text)

    def _requeue(self, database: sqlite3.Connection, run: str, text: str) -> None:
        """Let a run wait again, unless a person has asked to stop it."""
        if database.execute("SELECT stopping FROM runs WHERE id = ?", (run,)).fetchone()["stopping"]:
            self._write_end(database, run, "cancelled", "Cancelled.")
            return
        database.execute("UPDATE runs SET status = 'queued', owner = NULL, step = 0, total = 0 WHERE id = ?", (run,))
        self._log(database, run, text)

    def _copy_result(self, database: sqlite3.Connection, source: str, run: str) -> None:
        """Give a run the result of an equal one."""
        self.artifacts.link_predictions(source, run)
        database.execute(
            """UPDATE runs SET status = 'done', finished = ?,
               (step, total, metrics, labels, confusion, seconds, copied_from) =
               (SELECT step, total, metrics, labels, confusion, seconds, coalesce(copied_from, id) FROM runs
                WHERE id = ?) WHERE id = ?""", (time.time(), source, run))
        database.execute("DELETE FROM curve WHERE run = ?", (run,))
        database.execute("INSERT INTO curve SELECT ?, step, loss, dev_accuracy FROM curve WHERE run = ?", (run, source))
        database.execute("INSERT OR REPLACE INTO found SELECT ?, candidates FROM found WHERE run = ?", (run, source))
        self._log(database, run, "An equal run has been done already; this is its result.")

    def _add_points(self, database: sqlite3.Connection, run: Run, points: Sequence[Point]) -> None:
        database.executemany("INSERT OR REPLACE INTO curve VALUES (?, ?, ?, ?)", [(run.id, *point) for point in points])

    def _keep_found(self, database: sqlite3.Connection, run: Run, found: Candidates | None) -> None:
        if found is not None:
            database.execute("INSERT OR REPLACE INTO found VALUES (?, ?)", (run.id, json.dumps(found)))

    def _log(self, database: sqlite3.Connection, run: str, text: str) -> None:
        database.execute("INSERT INTO events (run, time, text) VALUES (?, ?, ?)", (run, time.time(), text))

    def _log_alone(self, run: str, text: str) -> None:
        with self._database.write() as database:
            if database.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone():
                self._log(database, run, text)
