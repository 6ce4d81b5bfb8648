"""Runs in stages: progress counted over all of them, and what each has found, as rows that people look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.methods.method import Progress

Row = dict[str, Any]


class Stages:
    """Rows of findings, each with the `stage` it belongs to; all are told anew whenever one is added or changed."""

    def __init__(self, progress: Progress, total: int) -> None:
        """`total` is the number of steps of the whole run."""
        self.rows: list[Row] = []
        self._progress, self._total = progress, total
        self._done = 0

    def add(self, stage: str, **facts: object) -> Row:
        """Add a row of plain values and tell it."""
        row: Row = {"stage": stage, **facts}
        self.rows.append(row)
        self.tell()
        return row

    def tell(self) -> None:
        """Tell all rows as they are now."""
        self._progress(self._done, self._total, found=self.rows)

    def part(self, steps: int) -> Progress:
        """Progress for the next part of the run, of so many steps."""
        before, self._done = self._done, self._done + steps

        def told(step: int, total: int, *, loss: float | None = None, dev_score: float | None = None,  # noqa: ARG001
                 found: Sequence[Mapping[str, Any]] | None = None) -> None:  # noqa: ARG001
            self._progress(before + step, self._total, loss=loss, dev_score=dev_score)

        return told
