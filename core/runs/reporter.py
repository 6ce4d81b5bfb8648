"""How a run reports its progress, and how it learns that it shall stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.errors import Cancelled
from core.runs.run import Candidates, Point

CURVE_POINTS = 400  # most losses of a run that are reported; every development score is
_REPORT_SECONDS = 0.25

Report = Callable[[int, int, list[Point], Candidates | None], None]  # step, total, points, found


class Reporter:
    """Progress that is reported about four times a second, in batches, and that stops the run.

    What a search has found is reported at once. Of a long run, every n-th loss is reported; the
    last step and every development score always are.
    """

    def __init__(self, report: Report, stopped: Callable[[], bool]) -> None:
        self.points: list[Point] = []
        self.found: Candidates | None = None
        self._report, self._stopped = report, stopped
        self._reported = 0
        self._last_time = 0.0

    def __call__(self, step: int, total: int, *, loss: float | None = None,
                 dev_score: float | None = None,
                 found: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Report a step.

        Raises:
            Cancelled: the run shall stop.
        """
        self._add_point(step, total, loss, dev_score)
        if found is not None:
            self.found = [dict(candidate) for candidate in found]
        now = time.monotonic()
        if now - self._last_time >= _REPORT_SECONDS or step == total or found is not None:
            self._last_time = now
            new_points = self.points[self._reported:]
            self._report(step, total, new_points, self.found if found is not None else None)
            self._reported = len(self.points)
        if self._stopped():
            raise Cancelled()

    def _add_point(self, step: int, total: int, loss: float | None,
                   dev_score: float | None) -> None:
        interval = -(-total // CURVE_POINTS) or 1  # rounded up
        shown = loss is not None and (step % interval == 0 or step == total)
        if shown or dev_score is not None:
            self.points.append((step, loss, dev_score))
