"""Checkpoints of a run: what it has finished, so that an equal run restores it instead of doing it
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy.typing as npt


@dataclass(frozen=True)
class Checkpoint:
    """One finished piece of a run: a trained model, or a model's answers.

    Attributes:
        arrays: weights or answers, by name.
        facts: plain values.
        seconds: how long it took.
    """

    arrays: Mapping[str, npt.NDArray[Any]] = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


class CheckpointStore(Protocol):
    """The checkpoints of one run, by name.

    Attributes:
        seconds: how long everything that was restored had taken.
    """

    seconds: float

    def restore(self, name: str) -> Checkpoint | None:
        """A checkpoint that was saved whole; None if there is none."""

    def save(self, name: str, checkpoint: Checkpoint) -> None:
        """Save a checkpoint if there is room; never fails."""
