"""What the store and the queue both write of a run, each as a part of its caller's transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from sqlite3 import Connection

from core.runs.artifacts import Artifacts
from core.runs.failures import Failure
from core.runs.run import Candidates, Point, RunStatus


def write_log(connection: Connection, run_id: str, text: str) -> None:
    """Add a line to a run's log."""
    connection.execute("INSERT INTO events (run, time, text) VALUES (?, ?, ?)",
                       (run_id, time.time(), text))


def write_points(connection: Connection, run_id: str, points: Sequence[Point]) -> None:
    """Add points to a run's learning curve; the point of a known step is replaced."""
    connection.executemany("INSERT OR REPLACE INTO curve VALUES (?, ?, ?, ?)",
                           [(run_id, *point) for point in points])


def write_found(connection: Connection, run_id: str, found: Candidates | None) -> None:
    """Write all that a run's search has found, if it is given."""
    if found is not None:
        connection.execute("INSERT OR REPLACE INTO found VALUES (?, ?)",
                           (run_id, json.dumps(found)))


def write_end(connection: Connection, run_id: str, status: RunStatus, text: str,
              failure: Failure | None = None) -> None:
    """Write that a run has ended without a result; `text` is the last line of its log."""
    failure = failure or Failure("", "")
    values = json.dumps(failure.values, ensure_ascii=False, default=str)
    connection.execute(
        """UPDATE runs SET status = ?, finished = ?, owner = NULL, stopping = 0,
           reason = ?, error = ?, error_values = ? WHERE id = ?""",
        (status, time.time(), failure.reason, failure.template, values, run_id))
    write_log(connection, run_id, text)


def copy_result(connection: Connection, artifacts: Artifacts, source: str, run_id: str) -> None:
    """Give a run the result of the equal run `source`."""
    artifacts.link_predictions(source, run_id)
    connection.execute(
        """UPDATE runs SET status = 'done', finished = ?,
           (step, total, metrics, labels, confusion, seconds, copied_from) =
           (SELECT step, total, metrics, labels, confusion, seconds, coalesce(copied_from, id)
            FROM runs WHERE id = ?) WHERE id = ?""", (time.time(), source, run_id))
    connection.execute("DELETE FROM curve WHERE run = ?", (run_id,))
    connection.execute(
        "INSERT INTO curve SELECT ?, step, loss, dev_score FROM curve WHERE run = ?",
        (run_id, source))
    connection.execute(
        "INSERT OR REPLACE INTO found SELECT ?, candidates FROM found WHERE run = ?",
        (run_id, source))
    write_log(connection, run_id, "An equal run has been done already; this is its result.")
