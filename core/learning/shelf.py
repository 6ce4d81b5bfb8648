"""Where a run keeps the parts that it has finished, so that an equal run takes them up instead of doing them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy.typing as npt


@dataclass(frozen=True)
class Part:
    """One finished part of a run.

    Attributes:
        arrays: weights or answers, by name.
        facts: plain values.
        seconds: how long it took.
    """

    arrays: Mapping[str, npt.NDArray[Any]] = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


class Shelf(Protocol):
    """The parts of one run, by name.

    Attributes:
        seconds: how long all parts that were taken had taken.
    """

    seconds: float

    def take(self, name: str) -> Part | None:
        """A part that was kept whole; None if there is none."""

    def put(self, name: str, part: Part) -> None:
        """Keep a part if there is room; never fails."""
