"""Runs in stages: progress counted over all of them, and what each has found, as rows that people
look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.data.task import Schema
from core.learning.method import Progress, Stage

Row = dict[str, Any]


class StagedProgress:
    """Findings, each with the `stage` it belongs to; a change reports all of them."""

    def __init__(self, progress: Progress, stages: Sequence[Stage], schema: Schema) -> None:
        """Count over all `stages`; multiple choice lacks the last one, the classifier."""
        taken = stages[:-1] if schema.kind == "choice" else stages
        self.rows: list[Row] = []
        self._progress, self._total = progress, sum(stage.steps * stage.models for stage in taken)
        self._done = 0

    def add(self, stage: str, **facts: object) -> Row:
        """Add a row of plain values and report it."""
        row: Row = {"stage": stage, **facts}
        self.rows.append(row)
        self.report()
        return row

    def report(self) -> None:
        """Report all rows as they are now."""
        self._progress(self._done, self._total, found=self.rows)

    def part(self, steps: int) -> Progress:
        """Progress for the next part of the run, of so many steps."""
        before, self._done = self._done, self._done + steps

        def report(step: int, total: int, *, loss: float | None = None,  # noqa: ARG001
                   dev_score: float | None = None,
                   found: Sequence[Mapping[str, Any]] | None = None) -> None:  # noqa: ARG001
            self._progress(before + step, self._total, loss=loss, dev_score=dev_score)

        return report
