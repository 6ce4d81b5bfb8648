"""Which processes use a data folder: each locks a file there for as long as it lives."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Session:
    """This process's presence in a data folder, until `close` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sessions"
        self._folder.mkdir(exist_ok=True)
        self.id = secrets.token_hex(6)
        new = self._folder / f".{self.id}"
        self._file = new.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        new.rename(self._path(self.id))  # seen by others only once it is locked

    def is_alive(self, session: str) -> bool:
        """Whether the process of `session` still runs; the file of a dead one is removed."""
        path = self._path(session)
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        path.unlink(missing_ok=True)
        return False

    def all(self) -> set[str]:
        """Every session that left a file, dead or alive."""
        return {path.stem for path in self._folder.glob("*.lock")}

    def close(self) -> None:
        """Give up the presence."""
        self._path(self.id).unlink(missing_ok=True)
        self._file.close()

    def _path(self, session: str) -> Path:
        return self._folder / f"{session}.lock"


@contextmanager
def locked(path: Path, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Lock a file or folder until the end of the block.

    Yields:
        Whether the lock was got, which is certain with `wait`.
    """
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    flags = os.O_RDONLY if path.is_dir() else os.O_CREAT | os.O_RDWR
    file = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, mode)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)
