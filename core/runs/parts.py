"""Finished parts of runs that are not done, on disk, so that an equal run goes on where one stopped.

A folder for each run that must give the same result, and in it a safetensors file for each part, whose header holds the
plain facts as JSON and a checksum. Files are written under a temporary name, which ends with the session's id, and
renamed when they are whole.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from core.learning.resuming import MODEL
from core.learning.shelf import Part
from core.models.placement import Placement
from core.runs.sessions import locked

KEPT_DAYS = 7.0  # after its last part was written, a folder that no run uses goes
SPARE_BYTES = 200e6  # of the disk that parts leave free for results
_ENDING = ".safetensors"
_Arrays = Mapping[str, npt.NDArray[Any]]


class FolderShelf:
    """The parts of one run in a folder of its own, which stays while it is in use.

    Attributes:
        seconds: how long all parts that were taken had taken.
        trouble: why parts are no longer kept; empty while they are.
    """

    def __init__(self, root: Path, run: str, placement: Placement, session: str, room: float) -> None:
        """Parts of the run with the fingerprint `run`, among those of other runs in `root`; all have `room` bytes.

        On another kind of device, or in another precision, the same run gives slightly other numbers.
        """
        self._root, self._session, self._room = root, session, room
        self._folder = root / f"{run}-{placement.device.split(':')[0]}-{placement.precision}"
        self._use = ExitStack()
        self._used = False
        self._asked: list[str] = []
        self._taken: list[str] = []
        self.seconds = 0.0
        self.trouble = ""

    def take(self, name: str) -> Part | None:
        """A part that was kept whole; a damaged one counts as none."""
        self._asked.append(name)
        try:
            part = _read(self._folder / f"{name}{_ENDING}")
            self._hold()
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            return None
        self._taken.append(name)
        self.seconds += part.seconds
        return part

    def put(self, name: str, part: Part) -> None:
        """Keep a part; once there is no room, none is kept any more."""
        if self.trouble:
            return
        staged = self._folder / f".{name}.{secrets.token_hex(3)}.{self._session}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._hold()
            size = sum(each.nbytes for each in part.arrays.values())
            if not make_room(self._root, self._room, size) or shutil.disk_usage(self._root).free < size + SPARE_BYTES:
                self.trouble = "there is no room"
                return
            _write(staged, part)
            staged.replace(self._folder / f"{name}{_ENDING}")
        except (OSError, SafetensorError) as error:
            self.trouble = str(error)
            with suppress(OSError):
                staged.unlink(missing_ok=True)

    def notes(self) -> list[str]:
        """Lines for the run's log: what was taken up, and why something is not kept."""
        asked, taken = (len({each for each in names if each.startswith(MODEL)}) for names in (self._asked, self._taken))
        found = [f"{taken} of {asked} models were taken up from an earlier attempt."] if taken else []
        return found + [f"Not all finished parts of the run were kept on the disk: {self.trouble}."] * bool(
            self.trouble)

    def close(self) -> None:
        """Let others remove the folder."""
        self._use.close()

    def _hold(self) -> None:
        if not self._used:
            self._use.enter_context(locked(self._folder, shared=True))
            self._used = True


def make_room(root: Path, room: float, size: float = 0) -> bool:
    """Whether `size` more bytes fit; the oldest folders that no run uses are removed for it, if that helps."""
    folders = sorted(root.glob("*"), key=lambda each: each.stat().st_mtime) if root.is_dir() else []
    sizes = {each: sum(file.stat().st_size for file in each.glob("*")) for each in folders}
    excess = sum(sizes.values()) + size - room
    for folder in folders:
        if excess > 0 and size <= room and _remove(folder):
            excess -= sizes[folder]
    return excess <= 0


def remove_parts(root: Path, run: str) -> None:
    """Remove what the run with the fingerprint `run` has kept: it is done, or forgotten."""
    for folder in root.glob(f"{run}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def clean_parts(root: Path, room: float, lives: Callable[[str], bool]) -> None:
    """Remove half-written parts of dead sessions, and folders that no run uses if they are old or there is no room."""
    for path in root.glob("*/.*"):
        if not lives(path.name.rpartition(".")[2]):
            path.unlink(missing_ok=True)
    for folder in root.glob("*"):
        if time.time() - folder.stat().st_mtime > KEPT_DAYS * 86_400:
            _remove(folder)
    make_room(root, room)


def _remove(folder: Path) -> bool:
    """Remove a folder unless a run uses it."""
    with suppress(OSError), locked(folder, wait=False) as free:
        if free:
            shutil.rmtree(folder, ignore_errors=True)
        return free
    return not folder.exists()


def _write(path: Path, part: Part) -> None:
    arrays = {name: np.ascontiguousarray(each) for name, each in part.arrays.items()}
    facts = json.dumps({"facts": part.facts, "seconds": part.seconds})
    save_file(arrays, path, {"part": facts, "checksum": str(_checksum(arrays, facts))})


def _read(path: Path) -> Part:
    """Read a part.

    Raises:
        OSError, SafetensorError, ValueError, KeyError, TypeError: there is none, or it is damaged.
    """
    with safe_open(path, framework="numpy") as file:
        header: Mapping[str, str] = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    if header["checksum"] != str(_checksum(arrays, header["part"])):
        raise ValueError("the checksum is another")
    read = json.loads(header["part"])
    return Part(arrays, read["facts"], float(read["seconds"]))


def _checksum(arrays: _Arrays, facts: str) -> int:
    found = zlib.crc32(facts.encode())
    for name in sorted(arrays):
        found = zlib.crc32(arrays[name].reshape(-1).view(np.uint8).data, found)
    return found
