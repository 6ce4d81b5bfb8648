"""One SQLite file: a damaged one is moved aside, a newer one refused, a full disk reported."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import ClozeLabError, LimitError, SpecError
from core.runs.migrations import migrate
from core.runs.sessions import locked

FILE_NAME = "cloze-lab.sqlite"
DISK_FULL = "Nothing can be saved in the data folder {folder!r}: {why}. Free some space."
_BUSY_SECONDS = 20.0
_log = logging.getLogger("cloze_lab")


class Database:
    """One connection behind one lock, for all threads; transactions are short.

    Attributes:
        path: the file.
        moved: where a damaged file was moved to, if there was one.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the store in `folder`.

        Raises:
            SpecError: the folder cannot be written, or the store is of a newer version.
        """
        self.path = folder / FILE_NAME
        self.moved: Path | None = None
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / ".opening"):
                self._connection = self._open()
        except (OSError, sqlite3.OperationalError) as error:
            raise SpecError("The data folder {folder!r} cannot be used: {why}. Choose another one "
                            "with CLOZE_LAB_DATA.", folder=str(folder), why=str(error)) from error

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self.moved = self._move_aside()
            _log.warning("The store %s was damaged. It is now %s, and a new one was begun.",
                         self.path, self.moved)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None,
                                     check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("the store is damaged")
            migrate(connection, str(self.path))
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_aside(self) -> Path:
        aside = self.path.with_name(f"{FILE_NAME}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        for ending in ("", "-wal", "-shm"):
            part = self.path.with_name(FILE_NAME + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
        return aside

    def read(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock, self._translated():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is written, or nothing.

        Raises:
            LimitError: the disk is full.
            SpecError: the file cannot be written.
        """
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                raise  # a bug, not a fault of the disk
            raise self._explain(error) from error

    def _explain(self, error: sqlite3.DatabaseError) -> ClozeLabError:
        if "full" in str(error):
            return LimitError(DISK_FULL, folder=str(self.path.parent), why=str(error))
        return SpecError("The store {path!r} cannot be used: {why}.",
                         path=str(self.path), why=str(error))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()
