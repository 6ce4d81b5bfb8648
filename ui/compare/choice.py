"""Which of a visitor's runs are compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from core.metrics.groups import main_metric_of
from core.runs.comparison import distinct
from core.runs.ready_made import ready_made_runs
from core.runs.records import RunRecord
from core.runs.run import Run
from core.runs.store import RunStore

Shown = dict[str, Any]  # {"studies": [id, …], "runs": [id, …], "state": Choice.state}
NOTHING: Shown = {"studies": [], "runs": [], "state": ""}


@dataclass(frozen=True)
class Choice:
    """The runs of some studies and some single runs of one visitor; equal runs are counted once."""

    runs: list[Run]

    @staticmethod
    def of(store: RunStore, visitor: str, studies: Collection[str],
           singles: Collection[str]) -> Choice:
        """Read the visitor's runs and those that come with the app; others' runs are not found."""
        mine = store.runs(visitor) if visitor else []
        chosen = (run for run in mine if run.study in studies or run.id in singles)
        return Choice(distinct([*ready_made_runs(studies), *chosen]))

    @staticmethod
    def shown(store: RunStore, visitor: str, shown: Shown) -> Choice:
        """The runs that the page shows now."""
        return Choice.of(store, visitor, shown["studies"], shown["runs"])

    @property
    def records(self) -> list[RunRecord]:
        """As plain values."""
        return [run.record() for run in self.runs]

    @property
    def done(self) -> list[Run]:
        """Those with a result."""
        return [run for run in self.runs if run.status == "done"]

    @property
    def done_records(self) -> list[RunRecord]:
        """The finished ones as plain values."""
        return [run.record() for run in self.done]

    def metric(self, name: str) -> str:
        """The metric of that name if any run has it, else the main one.

        A page may still send what it showed before the runs changed.
        """
        known = {metric for run in self.done for metric in run.metrics}
        return name if name in known else main_metric_of(self.done_records)

    @property
    def state(self) -> str:
        """Changes when anything that is shown of the runs does."""
        facts = [[run.id, run.status, run.metrics, run.seconds] for run in self.runs]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
