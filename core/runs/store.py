"""The store, as visitors see it: studies, runs, results, logs.

Visitors submit, ask, cancel and try again; each sees only what is theirs, and what belongs to another is answered as if
it did not exist. What workers use is `RunQueue`; both stand over one database, and `DataFolder` opens them.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pandas as pd

from core.errors import LimitError, SpecError
from core.learning.options import options_dict, read_options
from core.methods.registry import method_named
from core.runs.artifacts import Artifacts
from core.runs.database import Database
from core.runs.estimate import check_steps
from core.runs.records import RunRecord
from core.runs.rows import copy_result, write_end, write_log
from core.runs.run import Candidates, Point, Run, RunStatus, Study
from core.runs.spec import RunSpec, StudySpec

__all__ = ["Run", "RunStatus", "RunStore", "Study"]

CHANGEABLE = ("shots", "seed", "options", "test_limit")
_PACE_RUNS = 20  # how many finished runs tell how long the next will take


class RunStore:
    """Studies and their runs in one data folder; safe for many threads and processes."""

    def __init__(self, database: Database, artifacts: Artifacts, session: str, max_runs_per_visitor: int,
                 max_steps: int) -> None:
        """`session` is the id of this process in the data folder; the limits are for what is submitted."""
        self.artifacts = artifacts
        self._database = database
        self._session = session
        self._max_runs = max_runs_per_visitor
        self._max_steps = max_steps

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.artifacts.folder

    @property
    def command_line(self) -> str:
        """The visitor that commands on this machine are; as hard to guess as a browser's id."""
        return f"command-line-{self.artifacts.token}"

    def submit(self, study: StudySpec, runs: Sequence[RunSpec], visitor: str, *, reserved: bool = False) -> str:
        """Put a study's runs into the queue, all or none, and return the study's id. Known results are taken at once.

        With `reserved`, only this process may do them.

        Raises:
            LimitError: more runs or steps than a visitor may have here.
        """
        key, now = _new_id(), time.time()
        with self._database.write() as connection:
            self._check_limits(connection, runs, visitor)
            connection.execute("INSERT INTO studies VALUES (?, ?, ?, 'study', ?, ?)",
                               (key, visitor, study.name, json.dumps(study.as_dict(), ensure_ascii=False), now))
            for spec in runs:
                run = self._insert(connection, spec, key, visitor, reserved)
                earlier = self._earlier(connection, spec)
                if earlier is not None:
                    copy_result(connection, self.artifacts, earlier, run)
        return key

    def cancel(self, run_id: str, visitor: str) -> None:
        """Take a waiting run out of the queue; ask a running one to stop at its next step."""
        run = self.run(run_id, visitor)
        with self._database.write() as connection:
            status = connection.execute("SELECT status FROM runs WHERE id = ?", (run.id,)).fetchone()["status"]
            if status == "running":
                connection.execute("UPDATE runs SET stopping = 1 WHERE id = ?", (run.id,))
                write_log(connection, run.id, "Asked to stop.")
            elif status == "queued":
                write_end(connection, run.id, "cancelled", "Cancelled.")

    def retry(self, run_id: str, visitor: str, changes: Mapping[str, Any] | None = None, *,
              reserved: bool = False) -> str:
        """Submit a run of the visitor again, with changes of `CHANGEABLE`; return the new run's id.

        Without a change it is done anew, even where its result is known.

        Raises:
            SpecError: no such run, or a change that cannot be made.
            LimitError: more runs or steps than a visitor may have here.
        """
        run = self.run(run_id, visitor)
        spec = _changed(run.spec, changes or {})
        with self._database.write() as connection:
            self._check_limits(connection, [spec], visitor)
            new = self._insert(connection, spec, run.study, visitor, reserved)
            earlier = self._earlier(connection, spec) if spec != run.spec else None
            if earlier is not None:
                copy_result(connection, self.artifacts, earlier, new)
        return new

    def run(self, run_id: str, visitor: str) -> Run:
        """One run of the visitor.

        Raises:
            SpecError: there is no such run, or it is another visitor's.
        """
        rows = self._database.read("SELECT * FROM runs WHERE id = ? AND visitor = ?", run_id, visitor)
        if not rows:
            raise SpecError("There is no run {id!r}.", id=str(run_id)[:40])
        return Run.from_row(rows[0])

    def runs(self, visitor: str, study: str | None = None) -> list[Run]:
        """The visitor's runs, or those of one study, in the order of submission."""
        rows = self._database.read("SELECT * FROM runs WHERE visitor = ? AND (? IS NULL OR study = ?) ORDER BY number",
                                   visitor, study, study)
        return [Run.from_row(row) for row in rows]

    def studies(self, visitor: str) -> list[Study]:
        """The visitor's studies, the newest first."""
        rows = self._database.read("SELECT * FROM studies WHERE visitor = ? ORDER BY created DESC, rowid DESC", visitor)
        return [Study(row["id"], row["name"], row["kind"], json.loads(row["spec"]), row["created"]) for row in rows]

    def study(self, study_id: str, visitor: str) -> Study:
        """One study of the visitor.

        Raises:
            SpecError: there is no such study, or it is another visitor's.
        """
        for study in self.studies(visitor):
            if study.id == study_id:
                return study
        raise SpecError("There is no study {id!r}.", id=str(study_id)[:40])

    def records(self, visitor: str, study: str | None = None) -> list[RunRecord]:
        """The visitor's runs as plain values for tables, figures and exports."""
        return [run.record() for run in self.runs(visitor, study)]

    def curve(self, run_id: str, visitor: str) -> list[Point]:
        """A run's learning curve: step, training loss, development score."""
        rows = self._database.read("SELECT curve.step, loss, dev_score FROM curve JOIN runs ON runs.id = run "
                                   "WHERE run = ? AND visitor = ? ORDER BY curve.step", run_id, visitor)
        return [(row["step"], row["loss"], row["dev_score"]) for row in rows]

    def found(self, run_id: str, visitor: str) -> Candidates:
        """What a run's search has found, best first; empty for runs that do not search."""
        rows = self._database.read("SELECT candidates FROM found JOIN runs ON runs.id = run WHERE run = ? AND "
                                   "visitor = ?", run_id, visitor)
        candidates: Candidates = json.loads(rows[0]["candidates"]) if rows else []
        return candidates

    def log(self, run_id: str, visitor: str) -> list[str]:
        """A run's log: lines with the time of day."""
        rows = self._database.read("SELECT time, text FROM events JOIN runs ON runs.id = run "
                                   "WHERE run = ? AND visitor = ? ORDER BY events.number", run_id, visitor)
        return [f"{time.strftime('%H:%M:%S', time.localtime(row['time']))} {row['text']}" for row in rows]

    def predictions(self, run_id: str, visitor: str) -> pd.DataFrame:
        """A row for each test example of a run; empty if it is not done."""
        return self.artifacts.predictions(self.run(run_id, visitor).id)

    def model_folder(self, run_id: str, visitor: str) -> Path | None:
        """Where a run's trained model lies, if it was kept."""
        run = self.run(run_id, visitor)
        folder = self.artifacts.model(run.copied_from or run.id)
        return folder if folder.is_dir() else None

    @contextmanager
    def reading_model(self, run_id: str, visitor: str) -> Iterator[Path | None]:
        """As `model_folder`; the folder stays for as long as it is read here."""
        run = self.run(run_id, visitor)
        with self.artifacts.reading_model(run.copied_from or run.id) as folder:
            yield folder

    def delete_study(self, study_id: str, visitor: str) -> None:
        """Delete a study, its runs and all that they left.

        Raises:
            SpecError: there is no such study, or a run of it is going on.
        """
        study = self.study(study_id, visitor)
        with self._database.write() as connection:
            runs = connection.execute("SELECT id, status, fingerprint FROM runs WHERE study = ?",
                                      (study.id,)).fetchall()
            if any(run["status"] == "running" for run in runs):
                raise SpecError("A run of the study {name!r} is going on. Cancel it first.", name=study.name)
            connection.execute("DELETE FROM studies WHERE id = ?", (study.id,))
            used = {row["copied_from"] for row in connection.execute("SELECT DISTINCT copied_from FROM runs")}
            left = {row["fingerprint"] for row in connection.execute("SELECT DISTINCT fingerprint FROM runs")}
        for run in runs:
            self.artifacts.remove(run["id"], keep_model=run["id"] in used)
            if run["fingerprint"] not in left:
                self.artifacts.remove_checkpoints(run["fingerprint"])

    def seconds_taken(self, method: str, model: str) -> list[float]:
        """Seconds per step (or per run, for methods without steps) of the latest finished runs of the kind."""
        rows = self._database.read(
            "SELECT seconds, total FROM runs WHERE method = ? AND model = ? AND status = 'done' "
            "AND copied_from IS NULL ORDER BY finished DESC LIMIT ?", method, model, _PACE_RUNS)
        return [row["seconds"] / max(1, row["total"]) for row in rows]

    def _check_limits(self, connection: Connection, runs: Sequence[RunSpec], visitor: str) -> None:
        if not visitor:
            raise SpecError("This browser has no id yet. Reload the page and try again.")
        for spec in runs:
            check_steps(spec, self._max_steps)
        active = connection.execute("SELECT count(*) FROM runs WHERE visitor = ? AND status IN ('queued', 'running')",
                                    (visitor,)).fetchone()[0]
        if active + len(runs) > self._max_runs:
            raise LimitError("{new} more runs would make {count} that wait or run; {limit} are allowed here. Wait, "
                             "cancel some, or choose fewer seeds, shots or patterns.",
                             new=len(runs), count=active + len(runs), limit=self._max_runs)

    def _insert(self, connection: Connection, spec: RunSpec, study: str, visitor: str, reserved: bool) -> str:
        run = _new_id()
        connection.execute(
            "INSERT INTO runs (id, study, visitor, spec, method, model, fingerprint, status, created, reserved) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)",
            (run, study, visitor, json.dumps(spec.as_dict(), ensure_ascii=False), spec.method, spec.model,
             spec.fingerprint, time.time(), self._session if reserved else None))
        write_log(connection, run, "Submitted.")
        return run

    def _earlier(self, connection: Connection, spec: RunSpec) -> str | None:
        """The id of an equal run whose result is there."""
        rows = connection.execute("SELECT id FROM runs WHERE fingerprint = ? AND status = 'done' ORDER BY number DESC",
                                  (spec.fingerprint,))
        return next((str(row["id"]) for row in rows if self.artifacts.has_predictions(row["id"])), None)


def _new_id() -> str:
    return secrets.token_hex(5)


def _changed(spec: RunSpec, changes: Mapping[str, Any]) -> RunSpec:
    """The spec with other shots, seed, options or test_limit, every one checked."""
    method = method_named(spec.method)
    for key, value in changes.items():
        if key not in CHANGEABLE:
            raise SpecError("{key!r} cannot be changed in a run. What can is {known}.", key=str(key)[:40],
                            known=", ".join(CHANGEABLE))
        if key == "options":
            if not isinstance(value, Mapping):
                raise SpecError("{key!r} is {value!r}; it must be {wanted}.", key=key, value=str(value)[:80],
                                wanted="a mapping of options")
            value = options_dict(read_options(method.options, {**spec.options, **value}, spec.method))
        elif not (key == "test_limit" and value is None):
            least = 1 if key == "test_limit" else 0
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 2**31:
                raise SpecError("{key!r} is {value!r}; it must be {wanted}.", key=key, value=str(value)[:80],
                                wanted="a whole number")
        spec = replace(spec, **{key: value})
    return replace(spec, shots=spec.shots if method.uses_shots else 0)
