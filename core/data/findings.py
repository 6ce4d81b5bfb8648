"""What was noticed about data: one `Finding` is one sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import fill

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """Something a person should know about their data.

    Attributes:
        severity: "error" (nothing can start), "warning" (results may mislead) or "note".
        template: the sentence with its values left open; also its translation key.
        values: what fills it.
    """

    severity: Severity
    template: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(self.template, self.values)
