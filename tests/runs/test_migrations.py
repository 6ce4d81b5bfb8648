"""Changes of the tables are applied once, whole, and never by an older version."""

from __future__ import annotations

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


def test_a_new_one_keeps_what_is_there(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(connection, "store")
    connection.execute("INSERT INTO studies VALUES ('s', 'ann', 'old', 'study', '{}', 0)")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("9999 colours", (
        "ALTER TABLE studies ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'",))))
    migrate(connection, "store")
    assert connection.execute("SELECT name, colour FROM studies").fetchall() == [("old", "blue")]


def test_one_that_fails_leaves_nothing_behind(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(connection, "store")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("9999 broken", (
        "CREATE TABLE colours (name TEXT)", "CREATE TABLE runs (id TEXT)"))))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, "store")
    connection.rollback()
    assert "9999 broken" not in applied(connection)
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'colours'").fetchall() == []


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    DataFolder(tmp_path).close()
    with sqlite3.connect(tmp_path / "cloze-lab.sqlite") as newer:
        newer.execute("INSERT INTO migrations VALUES ('9999 of tomorrow', 0)")
    newer.close()
    before = (tmp_path / "cloze-lab.sqlite").read_bytes()
    with pytest.raises(SpecError, match=r"newer version.*9999 of tomorrow"):
        DataFolder(tmp_path)
    assert (tmp_path / "cloze-lab.sqlite").read_bytes() == before
