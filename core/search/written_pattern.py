"""A pattern that a model wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.prompts.pattern import Pattern

Layout = Literal["mask-last", "mask-first", "pair"]


@dataclass(frozen=True)
class WrittenPattern:
    """A written pattern; `score` is its summed log-probability over the training examples."""

    pattern: Pattern
    layout: Layout
    score: float
