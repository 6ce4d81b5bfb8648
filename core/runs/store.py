"""The store, as visitors see it: studies, runs, results, logs.

Visitors submit runs, ask for results, cancel and retry. Each sees only their own: what belongs to
another visitor does not exist for them. Workers use `RunQueue`; both share one database, and
`DataFolder` opens them.
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
from core.learning.options import options_dict
from core.runs.artifacts import Artifacts
from core.runs.database import Database
from core.runs.estimate import check_steps
from core.runs.records import RunRecord
from core.runs.run import Candidates, Point, Run, Study
from core.runs.spec import RunSpec, StudySpec
from core.runs.study_values import MAX_NUMBER
from core.runs.writes import copy_result, write_end, write_log

CHANGEABLE = ("shots", "seed", "options", "test_limit")
_PACE_RUNS = 20  # finished runs from which the time of the next is estimated


class RunStore:
    """Studies and their runs in one data folder; safe for many threads and processes."""

    def __init__(self, database: Database, artifacts: Artifacts, session: str,
                 max_runs_per_visitor: int, max_steps: int) -> None:
        """Make a store over an open database.

        Args:
            session: the id of this process in the data folder.
            max_runs_per_visitor, max_steps: limits for what is submitted.
        """
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
        """The visitor id of the command line here; as hard to guess as a browser's."""
        return f"command-line-{self.artifacts.token}"

    def submit(self, study: StudySpec, runs: Sequence[RunSpec], visitor: str, *,
               reserved: bool = False) -> str:
        """Put a study's runs into the queue, all or none, and return the study's id.

        A run whose result is known is done at once. With `reserved`, only this process may do them.

        Raises:
            LimitError: more runs or steps than a visitor may have here.
        """
        study_id = _new_id()
        with self._database.write() as connection:
            self._check_limits(connection, runs, visitor)
            _insert_study(connection, study, study_id, visitor)
            for spec in runs:
                run_id = self._insert_run(connection, spec, study_id, visitor, reserved)
                self._take_known_result(connection, spec, run_id)
        return study_id

    def cancel(self, run_id: str, visitor: str) -> None:
        """Take a waiting run out of the queue; ask a running one to stop at its next step."""
        run = self.run(run_id, visitor)
        with self._database.write() as connection:
            status = _status(connection, run.id)
            if status == "running":
                connection.execute("UPDATE runs SET stopping = 1 WHERE id = ?", (run.id,))
                write_log(connection, run.id, "Asked to stop.")
            elif status == "queued":
                write_end(connection, run.id, "cancelled", "Cancelled.")

    def retry(self, run_id: str, visitor: str, changes: Mapping[str, Any] | None = None, *,
              reserved: bool = False) -> str:
        """Submit a run of the visitor again, with changes of `CHANGEABLE`; return the new run's id.

        Without a change it is done again, even though its result is known.

        Raises:
            SpecError: no such run, or a change that cannot be made.
            LimitError: more runs or steps than a visitor may have here.
        """
        run = self.run(run_id, visitor)
        spec = _changed(run.spec, changes or {})
        with self._database.write() as connection:
            self._check_limits(connection, [spec], visitor)
            new_id = self._insert_run(connection, spec, run.study, visitor, reserved)
            if spec != run.spec:
                self._take_known_result(connection, spec, new_id)
        return new_id

    def run(self, run_id: str, visitor: str) -> Run:
        """One run of the visitor.

        Raises:
            SpecError: there is no such run, or it is another visitor's.
        """
        rows = self._database.read("SELECT * FROM runs WHERE id = ? AND visitor = ?",
                                   run_id, visitor)
        if not rows:
            raise SpecError("There is no run {id!r}.", id=str(run_id)[:40])
        return Run.from_row(rows[0])

    def runs(self, visitor: str, study: str | None = None) -> list[Run]:
        """The visitor's runs, or those of one study, in the order of submission."""
        rows = self._database.read(
            "SELECT * FROM runs WHERE visitor = ? AND (? IS NULL OR study = ?) ORDER BY number",
            visitor, study, study)
        return [Run.from_row(row) for row in rows]

    def studies(self, visitor: str) -> list[Study]:
        """The visitor's studies, the newest first."""
        rows = self._database.read(
            "SELECT * FROM studies WHERE visitor = ? ORDER BY created DESC, rowid DESC", visitor)
        return [Study(row["id"], row["name"], row["kind"], json.loads(row["spec"]), row["created"])
                for row in rows]

    def study(self, study_id: str, visitor: str) -> Study:
        """Return one study of the visitor, or raise SpecError if there is none or not theirs."""
        for study in self.studies(visitor):
            if study.id == study_id:
                return study
        raise SpecError("There is no study {id!r}.", id=str(study_id)[:40])

    def records(self, visitor: str, study: str | None = None) -> list[RunRecord]:
        """The visitor's runs as plain values for tables, figures and exports."""
        return [run.record() for run in self.runs(visitor, study)]

    def curve(self, run_id: str, visitor: str) -> list[Point]:
        """A run's learning curve: step, training loss, development score."""
        rows = self._database.read(
            "SELECT curve.step, loss, dev_score FROM curve JOIN runs ON runs.id = run "
            "WHERE run = ? AND visitor = ? ORDER BY curve.step", run_id, visitor)
        return [(row["step"], row["loss"], row["dev_score"]) for row in rows]

    def found(self, run_id: str, visitor: str) -> Candidates:
        """What a run's search has found, best first; empty for runs that do not search."""
        rows = self._database.read(
            "SELECT candidates FROM found JOIN runs ON runs.id = run WHERE run = ? AND visitor = ?",
            run_id, visitor)
        candidates: Candidates = json.loads(rows[0]["candidates"]) if rows else []
        return candidates

    def log(self, run_id: str, visitor: str) -> list[str]:
        """A run's log: lines with the time of day."""
        rows = self._database.read(
            "SELECT time, text FROM events JOIN runs ON runs.id = run "
            "WHERE run = ? AND visitor = ? ORDER BY events.number", run_id, visitor)
        return [f"{time.strftime('%H:%M:%S', time.localtime(at))} {text}" for at, text in rows]

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
        """As `model_folder`; the folder is not removed until the end of the block."""
        run = self.run(run_id, visitor)
        with self.artifacts.reading_model(run.copied_from or run.id) as folder:
            yield folder

    def delete_study(self, study_id: str, visitor: str) -> None:
        """Delete a study, its runs and their files, but what runs of other studies still use.

        Raises:
            SpecError: there is no such study, or one of its runs is running.
        """
        study = self.study(study_id, visitor)
        with self._database.write() as connection:
            runs = connection.execute("SELECT id, status, fingerprint FROM runs WHERE study = ?",
                                      (study.id,)).fetchall()
            if any(run["status"] == "running" for run in runs):
                raise SpecError("A run of the study {name!r} is going on. Cancel it first.",
                                name=study.name)
            connection.execute("DELETE FROM studies WHERE id = ?", (study.id,))
            copied = _values(connection, "copied_from")
            fingerprints = _values(connection, "fingerprint")
        for run in runs:
            self.artifacts.remove(run["id"], keep_model=run["id"] in copied)
            if run["fingerprint"] not in fingerprints:
                self.artifacts.remove_checkpoints(run["fingerprint"])

    def seconds_taken(self, method: str, model: str) -> list[float]:
        """Seconds per step of the latest finished runs; per run for methods without steps."""
        rows = self._database.read(
            "SELECT seconds, total FROM runs WHERE method = ? AND model = ? AND status = 'done' "
            "AND copied_from IS NULL ORDER BY finished DESC LIMIT ?", method, model, _PACE_RUNS)
        return [row["seconds"] / max(1, row["total"]) for row in rows]

    def _check_limits(self, connection: Connection, runs: Sequence[RunSpec], visitor: str) -> None:
        if not visitor:
            raise SpecError("This browser has no id yet. Reload the page and try again.")
        for spec in runs:
            check_steps(spec, self._max_steps)
        active = connection.execute(
            "SELECT count(*) FROM runs WHERE visitor = ? AND status IN ('queued', 'running')",
            (visitor,)).fetchone()[0]
        count = active + len(runs)
        if count > self._max_runs:
            raise LimitError("{new} more runs would make {count} that wait or run; {limit} are "
                             "allowed here. Wait, cancel some, or choose fewer seeds, shots or "
                             "patterns.", new=len(runs), count=count, limit=self._max_runs)

    def _insert_run(self, connection: Connection, spec: RunSpec, study_id: str, visitor: str,
                    reserved: bool) -> str:
        run_id = _new_id()
        values = json.dumps(spec.as_dict(), ensure_ascii=False)
        connection.execute(
            """INSERT INTO runs (id, study, visitor, spec, method, model, fingerprint, status,
               created, reserved) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)""",
            (run_id, study_id, visitor, values, spec.method, spec.model, spec.fingerprint,
             time.time(), self._session if reserved else None))
        write_log(connection, run_id, "Submitted.")
        return run_id

    def _take_known_result(self, connection: Connection, spec: RunSpec, run_id: str) -> None:
        """Give a run the result of the latest equal one, if there is one with predictions."""
        equal = connection.execute(
            "SELECT id FROM runs WHERE fingerprint = ? AND status = 'done' ORDER BY number DESC",
            (spec.fingerprint,)).fetchall()
        known = (str(row["id"]) for row in equal if self.artifacts.has_predictions(row["id"]))
        source = next(known, None)
        if source is not None:
            copy_result(connection, self.artifacts, source, run_id)


def _new_id() -> str:
    return secrets.token_hex(5)


def _insert_study(connection: Connection, study: StudySpec, study_id: str, visitor: str) -> None:
    values = json.dumps(study.as_dict(), ensure_ascii=False)
    connection.execute("INSERT INTO studies VALUES (?, ?, ?, 'study', ?, ?)",
                       (study_id, visitor, study.name, values, time.time()))


def _status(connection: Connection, run_id: str) -> str:
    row = connection.execute("SELECT status FROM runs WHERE id = ?", (run_id,)).fetchone()
    return str(row["status"])


def _values(connection: Connection, column: str) -> set[str]:
    """The different values of a column of the runs."""
    return {row[column] for row in connection.execute(f"SELECT DISTINCT {column} FROM runs")}


def _changed(spec: RunSpec, changes: Mapping[str, Any]) -> RunSpec:
    """The spec with other shots, seed, options or test_limit, each of them checked."""
    for key, value in changes.items():
        spec = replace(spec, **{key: _checked_change(spec, key, value)})
    return replace(spec, shots=spec.shots if _uses_shots(spec) else 0)


def _uses_shots(spec: RunSpec) -> bool:
    method, options = spec.method_and_options()
    return method.uses_shots and method.learns(options)


def _checked_change(spec: RunSpec, key: str, value: Any) -> Any:
    if key not in CHANGEABLE:
        raise SpecError("{key!r} cannot be changed in a run. What can is {known}.",
                        key=str(key)[:40], known=", ".join(CHANGEABLE))
    if key == "options":
        return _changed_options(spec, value)
    least = 1 if key == "test_limit" else 0
    whole = isinstance(value, int) and not isinstance(value, bool)
    if (key == "test_limit" and value is None) or (whole and least <= value <= MAX_NUMBER):
        return value
    raise _unfit(key, value, "a whole number")


def _changed_options(spec: RunSpec, changes: object) -> dict[str, object]:
    if not isinstance(changes, Mapping):
        raise _unfit("options", changes, "a mapping of options")
    changed = replace(spec, options={**spec.options, **changes})
    return options_dict(changed.method_and_options()[1])


def _unfit(key: str, value: object, wanted: str) -> SpecError:
    return SpecError("{key!r} is {value!r}; it must be {wanted}.",
                     key=key, value=str(value)[:80], wanted=wanted)
