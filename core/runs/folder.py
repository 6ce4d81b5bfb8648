"""An open data folder: the store that visitors use and the queue that workers use."""

from __future__ import annotations

from pathlib import Path

from core.runs.artifacts import Artifacts
from core.runs.database import Database
from core.runs.queue import RunQueue
from core.runs.sessions import Session
from core.runs.store import RunStore


class DataFolder:
    """All that the app keeps, over one database; safe for many threads and processes.

    Attributes:
        path: the folder.
        store: studies, runs and results, as visitors see them.
        queue: runs to be done, as workers see them.
        damaged: where a damaged database was moved to when the folder was opened.
    """

    def __init__(self, folder: Path, *, keep_models_gb: float = 10.0,
                 max_runs_per_visitor: int = 5_000, max_steps: int = 100_000) -> None:
        """Open `folder`, making it if needed.

        Args:
            keep_models_gb: room for trained models, and as much again for checkpoints.
            max_runs_per_visitor: most runs of one visitor that wait or run at a time.
            max_steps: most steps of a run.

        Raises:
            SpecError: the folder cannot be written, or the database is of a newer version.
        """
        self.path = Path(folder).expanduser().resolve()
        self._database = Database(self.path)
        self._session = Session(self.path)
        artifacts = Artifacts(self.path, keep_models_gb * 1e9)
        self.store = RunStore(self._database, artifacts, self._session.id, max_runs_per_visitor,
                              max_steps)
        self.queue = RunQueue(self._database, artifacts, self._session)
        self.damaged = self._database.moved

    def close(self) -> None:
        """Close it; what this process has claimed and not released is for others to recover."""
        self._session.close()
        self._database.close()
