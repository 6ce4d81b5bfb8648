"""Files of runs beside the database: predictions as Parquet, models and checkpoints as folders.

Everything is written under a temporary name, which ends with the session's id, and renamed when it
is whole.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from core.errors import LimitError
from core.runs import checkpoints
from core.runs.database import DISK_FULL
from core.runs.secret_file import kept_secret
from core.runs.sessions import locked

_TOKEN = "folder.token"


class Artifacts:
    """Files of runs, by run id, in one data folder."""

    def __init__(self, folder: Path, keep_bytes: float) -> None:
        """`keep_bytes` is the room for trained models, and as much again for checkpoints."""
        self.folder = folder
        self._keep_bytes = keep_bytes
        self._predictions = folder / "predictions"
        self._models = folder / "models"
        for subfolder in (self._predictions, self._models):
            subfolder.mkdir(exist_ok=True)
        self.token = _folder_token(folder)

    def stage_predictions(self, run: str, session: str, table: pd.DataFrame) -> Path:
        """Write a run's predictions under a temporary name; `publish_predictions` makes them final.

        Raises:
            LimitError: the disk is full or cannot be written.
        """
        staged = self._predictions / f".{run}.{session}"
        try:
            table.to_parquet(staged, index=False)
        except OSError as error:
            raise LimitError(DISK_FULL, folder=str(self.folder), why=str(error)) from error
        return staged

    def publish_predictions(self, run: str, staged: Path) -> None:
        """Give staged predictions their name."""
        staged.replace(self._table(run))

    def link_predictions(self, source: str, run: str) -> None:
        """Give a run the predictions of the equal run `source`."""
        self._table(run).unlink(missing_ok=True)
        try:
            os.link(self._table(source), self._table(run))
        except OSError:  # a file system without links
            shutil.copyfile(self._table(source), self._table(run))

    def has_predictions(self, run: str) -> bool:
        """Whether a run's predictions are there."""
        return self._table(run).is_file()

    def predictions(self, run: str) -> pd.DataFrame:
        """A run's predictions; an empty table if there are none."""
        return pd.read_parquet(self._table(run)) if self.has_predictions(run) else pd.DataFrame()

    def model(self, run: str) -> Path:
        """Where a run's trained model lies, if it was kept."""
        return self._models / run

    @contextmanager
    def reading_model(self, run: str) -> Iterator[Path | None]:
        """Keep a run's model from being removed while it is read; None if there is none."""
        folder = self.model(run)
        if not folder.is_dir():
            yield None
            return
        with locked(folder, shared=True):
            yield folder if folder.is_dir() else None

    def trim_models(self) -> list[str]:
        """Remove the oldest models that nobody reads until the rest fits; returns their runs."""
        removed = []
        with locked(self._models):
            folders = sorted(self._models.glob("[!.]*"), key=lambda folder: folder.stat().st_mtime)
            sizes = {folder: _size(folder) for folder in folders}
            excess = sum(sizes.values()) - self._keep_bytes
            for folder in folders:
                if excess > 0 and self._remove_model(folder):
                    excess -= sizes[folder]
                    removed.append(folder.name)
        return removed

    def remove(self, run: str, keep_model: bool = False) -> None:
        """Remove a run's predictions, and its model unless it is being read."""
        self._table(run).unlink(missing_ok=True)
        with locked(self._models):
            if not keep_model and self.model(run).is_dir():
                self._remove_model(self.model(run))

    def remove_checkpoints(self, fingerprint: str) -> None:
        """Remove the checkpoints of a run that is done or deleted."""
        checkpoints.remove_checkpoints(self.folder / checkpoints.FOLDER, fingerprint)

    def clean(self, is_alive: Callable[[str], bool], known: Collection[str]) -> None:
        """Remove what is of no use any more.

        Half-written files of dead sessions, models of runs that are not `known`, old checkpoints.
        """
        checkpoints.clean_checkpoints(self.folder / checkpoints.FOLDER, self._keep_bytes, is_alive)
        for path in [*self._predictions.glob(".*"), *self._models.glob(".*")]:
            if not is_alive(path.name.rpartition(".")[2]):
                _remove(path)
        with locked(self._models):
            for path in self._models.glob("[!.]*"):
                if path.name not in known:
                    self._remove_model(path)

    def _remove_model(self, folder: Path) -> bool:
        """Remove a model unless it is being read; the caller holds the folder of models."""
        with locked(folder, wait=False) as free:
            if free:
                gone = self._models / f".gone.{folder.name}.{secrets.token_hex(3)}"
                folder.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
            return free

    def _table(self, run: str) -> Path:
        return self._predictions / f"{run}.parquet"


def save_folder(folder: Path, run: str, session: str) -> Path:
    """Where a worker may write a run's model until it is whole."""
    return folder / "models" / f".{run}.{session}"


def publish_model(staged: Path, folder: Path, run: str) -> None:
    """Give a model that is whole its name."""
    final = folder / "models" / run
    shutil.rmtree(final, ignore_errors=True)
    staged.rename(final)


def sees_folder(folder: Path, token: str) -> bool:
    """Whether this process sees the data folder of `token`: a worker may be on another machine."""
    try:
        return (folder / _TOKEN).read_text(encoding="utf-8") == token
    except OSError:
        return False


def _size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _folder_token(folder: Path) -> str:
    with locked(folder / ".opening"):
        return kept_secret(folder / _TOKEN, secrets.token_hex(12))
