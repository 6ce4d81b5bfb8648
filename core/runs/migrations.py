"""The database's tables, as a list of named changes that only grows; each is applied once."""

from __future__ import annotations

import sqlite3
import time

from core.errors import SpecError

MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("0001 studies, runs, curves and events", (
        """CREATE TABLE studies (
            id TEXT PRIMARY KEY,
            visitor TEXT NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL DEFAULT 'study',
            spec TEXT NOT NULL,
            created REAL NOT NULL)""",
        "CREATE INDEX studies_of_visitor ON studies (visitor, created)",
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            study TEXT NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
            visitor TEXT NOT NULL,
            spec TEXT NOT NULL,
            method TEXT NOT NULL,
            model TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            status TEXT NOT NULL
                CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled',
                                  'interrupted')),
            reason TEXT NOT NULL DEFAULT '',
            error TEXT NOT NULL DEFAULT '',
            error_values TEXT NOT NULL DEFAULT '{}',
            created REAL NOT NULL,
            started REAL,
            finished REAL,
            attempt INTEGER NOT NULL DEFAULT 0,
            kills INTEGER NOT NULL DEFAULT 0,
            reserved TEXT,
            owner TEXT,
            stopping INTEGER NOT NULL DEFAULT 0,
            step INTEGER NOT NULL DEFAULT 0,
            total INTEGER NOT NULL DEFAULT 0,
            metrics TEXT NOT NULL DEFAULT '{}',
            labels TEXT NOT NULL DEFAULT '[]',
            confusion TEXT NOT NULL DEFAULT '[]',
            seconds REAL,
            copied_from TEXT)""",
        "CREATE INDEX runs_of_study ON runs (study)",
        "CREATE INDEX runs_of_visitor ON runs (visitor, started)",
        "CREATE INDEX runs_by_status ON runs (status, owner)",
        "CREATE INDEX runs_by_fingerprint ON runs (fingerprint, status)",
        "CREATE INDEX runs_by_kind ON runs (method, model, finished)",
        """CREATE TABLE curve (
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            loss REAL,
            dev_accuracy REAL,
            PRIMARY KEY (run, step)) WITHOUT ROWID""",
        """CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            time REAL NOT NULL,
            text TEXT NOT NULL)""",
        "CREATE INDEX events_of_run ON events (run)",
    )),
    ("0002 crashes", (
        "ALTER TABLE runs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0",
    )),
    ("0003 what searches found", (
        """CREATE TABLE found (
            run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            candidates TEXT NOT NULL) WITHOUT ROWID""",
    )),
    ("0004 development scores of any metric", (
        "ALTER TABLE curve RENAME COLUMN dev_accuracy TO dev_score",
        # only the key is renamed: a text's quotes are escaped, and a label of that name stands
        # before a list of words
        """UPDATE found SET candidates = replace(
            replace(candidates, '"dev_accuracy": [', '"dev\\u005faccuracy": ['),
            '"dev_accuracy":', '"dev_score":')""",
    )),
)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the tables up to date; each change is applied whole or not at all.

    Raises:
        SpecError: the store was written by a newer version.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied REAL NOT NULL)")
    applied = {str(name) for (name,) in connection.execute("SELECT name FROM migrations")}
    unknown = applied - {name for name, _ in MIGRATIONS}
    if unknown:
        raise SpecError("The store {path!r} was written by a newer version of Cloze Lab (it has "
                        "{unknown!r}). Update Cloze Lab, or choose another data folder with "
                        "CLOZE_LAB_DATA.", path=path, unknown=min(unknown))
    for name, statements in MIGRATIONS:
        if name not in applied:
            _apply(connection, name, statements)


def _apply(connection: sqlite3.Connection, name: str, statements: tuple[str, ...]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements:
        connection.execute(statement)
    connection.execute("INSERT INTO migrations VALUES (?, ?)", (name, time.time()))
    connection.execute("COMMIT")
