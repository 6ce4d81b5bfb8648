"""Checkpoints of runs that are not done, on disk, so that an equal run resumes where one stopped.

Each run has a folder, named by its fingerprint, and each checkpoint is a safetensors file in it,
whose header holds the facts as JSON and a checksum. Files are written under a temporary name, which
ends with the session's id, and renamed when they are whole.
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

from core.learning.checkpoint import Checkpoint
from core.learning.checkpoints import MODEL
from core.models.placement import Placement
from core.runs.sessions import locked

FOLDER = "parts"  # in the data folder; an older name, kept so that older checkpoints are found
KEPT_DAYS = 7.0  # since its last checkpoint, until a folder that no run uses is removed
SPARE_BYTES = 200e6  # of the disk that checkpoints leave free for results
_ENDING = ".safetensors"
_HEADER = "part"  # the key of the facts, as older files have it
_Arrays = Mapping[str, npt.NDArray[Any]]


class FolderCheckpoints:
    """The checkpoints of one run in a folder of its own, which stays while it is in use.

    Attributes:
        seconds: how long everything that was restored had taken.
        trouble: why checkpoints are no longer saved; empty while they are.
    """

    def __init__(self, root: Path, run: str, placement: Placement, session: str,
                 room: float) -> None:
        """Open the checkpoints of a run among those of other runs.

        On another kind of device, or in another precision, the same run gives slightly other
        numbers, so it has checkpoints of its own.

        Args:
            root: the folder of all checkpoints.
            run: the run's fingerprint.
            session: the id of this process in the data folder.
            room: bytes that all checkpoints in `root` may take.
        """
        self._root, self._session, self._room = root, session, room
        device = placement.device.split(":")[0]
        self._folder = root / f"{run}-{device}-{placement.precision}"
        self._use = ExitStack()
        self._used = False
        self._asked: list[str] = []
        self._restored: list[str] = []
        self.seconds = 0.0
        self.trouble = ""

    def restore(self, name: str) -> Checkpoint | None:
        """A checkpoint that was saved whole; None if there is none, or a damaged one."""
        self._asked.append(name)
        try:
            checkpoint = _read(self._folder / f"{name}{_ENDING}")
            self._hold()
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            return None
        self._restored.append(name)
        self.seconds += checkpoint.seconds
        return checkpoint

    def save(self, name: str, checkpoint: Checkpoint) -> None:
        """Save a checkpoint; once there is no room, none is saved any more."""
        if self.trouble:
            return
        staged = self._folder / f".{name}.{secrets.token_hex(3)}.{self._session}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._hold()
            if not self._fits(sum(array.nbytes for array in checkpoint.arrays.values())):
                self.trouble = "there is no room"
                return
            _write(staged, checkpoint)
            staged.replace(self._folder / f"{name}{_ENDING}")
        except (OSError, SafetensorError) as error:
            self.trouble = str(error)
            with suppress(OSError):
                staged.unlink(missing_ok=True)

    def notes(self) -> list[str]:
        """Lines for the run's log: what was restored, and why something is not saved."""
        asked, restored = _models(self._asked), _models(self._restored)
        lines = []
        if restored:
            lines.append(f"{restored} of {asked} models were restored from an earlier attempt.")
        if self.trouble:
            lines.append(f"Not all checkpoints of the run could be saved: {self.trouble}.")
        return lines

    def close(self) -> None:
        """Let others remove the folder."""
        self._use.close()

    def _fits(self, size: int) -> bool:
        """Whether there is room for `size` more bytes, and enough of the disk stays free."""
        free = shutil.disk_usage(self._root).free
        return make_room(self._root, self._room, size) and free >= size + SPARE_BYTES

    def _hold(self) -> None:
        if not self._used:
            self._use.enter_context(locked(self._folder, shared=True))
            self._used = True


def make_room(root: Path, room: float, size: float = 0) -> bool:
    """Whether `size` more bytes fit; if need be, the oldest folders that no run uses are removed.

    None is removed for more than the whole `room`.
    """
    folders = sorted(root.glob("*"), key=lambda path: path.stat().st_mtime) if root.is_dir() else []
    sizes = {folder: sum(file.stat().st_size for file in folder.glob("*")) for folder in folders}
    excess = sum(sizes.values()) + size - room
    for folder in folders:
        if excess > 0 and size <= room and _remove(folder):
            excess -= sizes[folder]
    return excess <= 0


def remove_checkpoints(root: Path, run: str) -> None:
    """Remove what the run with the fingerprint `run` has saved: it is done, or deleted."""
    for folder in root.glob(f"{run}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def clean_checkpoints(root: Path, room: float, is_alive: Callable[[str], bool]) -> None:
    """Remove half-written checkpoints of dead sessions, and unused folders: old or too many."""
    for path in root.glob("*/.*"):
        if not is_alive(path.name.rpartition(".")[2]):
            path.unlink(missing_ok=True)
    for folder in root.glob("*"):
        if time.time() - folder.stat().st_mtime > KEPT_DAYS * 86_400:
            _remove(folder)
    make_room(root, room)


def _models(names: list[str]) -> int:
    """How many different models are among the names."""
    return len({name for name in names if name.startswith(MODEL)})


def _remove(folder: Path) -> bool:
    """Remove a folder unless a run uses it."""
    with suppress(OSError), locked(folder, wait=False) as free:
        if free:
            shutil.rmtree(folder, ignore_errors=True)
        return free
    return not folder.exists()


def _write(path: Path, checkpoint: Checkpoint) -> None:
    arrays = {name: np.ascontiguousarray(array) for name, array in checkpoint.arrays.items()}
    facts = json.dumps({"facts": checkpoint.facts, "seconds": checkpoint.seconds})
    save_file(arrays, path, {_HEADER: facts, "checksum": str(_checksum(arrays, facts))})


def _read(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        OSError, SafetensorError, ValueError, KeyError, TypeError: there is none, or it is damaged.
    """
    with safe_open(path, framework="numpy") as file:
        header: Mapping[str, str] = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    if header["checksum"] != str(_checksum(arrays, header[_HEADER])):
        raise ValueError("the checksum is another")
    values = json.loads(header[_HEADER])
    return Checkpoint(arrays, values["facts"], float(values["seconds"]))


def _checksum(arrays: _Arrays, facts: str) -> int:
    checksum = zlib.crc32(facts.encode())
    for name in sorted(arrays):
        checksum = zlib.crc32(arrays[name].reshape(-1).view(np.uint8).data, checksum)
    return checksum
