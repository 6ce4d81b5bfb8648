"""Changes of the tables are applied once, whole, and never by an older version."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from core.errors import SpecError
from core.runs import migrations
from core.runs.folder import DataFolder
from core.runs.migrations import MIGRATIONS, migrate


@pytest.fixture
def connection() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def applied(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM migrations ORDER BY name")]


def test_all_are_applied_and_recorded_once(connection: sqlite3.Connection) -> None:
    for _ in range(2):
        migrate(connection, "store")
        assert applied(connection) == [name for name, _ in MIGRATIONS]


def test_names_are_in_order_and_different() -> None:
    names = [name for name, _ in MIGRATIONS]
    assert names == sorted(set(names))


def test_a_new_one_keeps_what_is_there(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(connection, "store")
    connection.execute("INSERT INTO studies VALUES ('s', 'ann', 'old', 'study', '{}', 0)")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("9999 colours", (
        "ALTER TABLE studies ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'",))))
    migrate(connection, "store")
    assert connection.execute("SELECT name, colour FROM studies").fetchall() == [("old", "blue")]


def test_one_that_fails_leaves_nothing_behind(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(connection, "store")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("9999 broken", (
        "CREATE TABLE colours (name TEXT)", "CREATE TABLE runs (id TEXT)"))))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, "store")
    connection.rollback()
    assert "9999 broken" not in applied(connection)
    assert (
        connection.execute("SELECT name FROM sqlite_master WHERE name = 'colours'").fetchall() == []
    )


def test_curves_and_candidates_of_an_older_store_are_read(tmp_path: Path) -> None:
    """Development accuracies had this name in the tables; a label of that name stays."""
    with sqlite3.connect(tmp_path / "cloze-lab.sqlite", isolation_level=None) as older:
        older.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, applied REAL NOT NULL)")
        for name, statements in MIGRATIONS[:3]:
            for statement in statements:
                older.execute(statement)
            older.execute("INSERT INTO migrations VALUES (?, 0)", (name,))
        older.execute("INSERT INTO studies VALUES ('s', 'ann', 'old', 'study', '{}', 0)")
        older.execute(
            "INSERT INTO runs (id, study, visitor, spec, method, model, fingerprint, status, "
            "created) "
            "VALUES ('r', 's', 'ann', '{}', 'auto-words', 'mini', 'f', 'done', 0)"
        )
        older.executemany(
            "INSERT INTO curve VALUES ('r', ?, ?, ?)", [(1, 0.9, None), (2, 0.8, 0.75)]
        )
        older.execute(
            "INSERT INTO found VALUES ('r', ?)",
            (
                json.dumps(
                    [
                        {
                            "pattern": 'Say "dev_accuracy": {mask}',
                            "words": {"dev_accuracy": ["dev_accuracy"]},
                            "score": 0.5,
                            "dev_accuracy": 0.75,
                            "trained": 2,
                        },
                        {"stage": "model", "dev_accuracy": None},
                    ]
                ),
            ),
        )
    older.close()
    data = DataFolder(tmp_path)
    store = data.store
    assert store.curve("r", "ann") == [(1, 0.9, None), (2, 0.8, 0.75)]
    assert store.found("r", "ann") == [
        {
            "pattern": 'Say "dev_accuracy": {mask}',
            "words": {"dev_accuracy": ["dev_accuracy"]},
            "score": 0.5,
            "dev_score": 0.75,
            "trained": 2,
        },
        {"stage": "model", "dev_score": None},
    ]
    data.close()


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    DataFolder(tmp_path).close()
    with sqlite3.connect(tmp_path / "cloze-lab.sqlite") as newer:
        newer.execute("INSERT INTO migrations VALUES ('9999 of tomorrow', 0)")
    newer.close()
    before = (tmp_path / "cloze-lab.sqlite").read_bytes()
    with pytest.raises(SpecError, match=r"newer version.*9999 of tomorrow"):
        DataFolder(tmp_path)
    assert (tmp_path / "cloze-lab.sqlite").read_bytes() == before
