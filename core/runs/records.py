"""A run as plain values: the rows of which tables, figures and exports are made."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        id: short unique id.
        task, model, method: names.
        pattern: the pattern's text; empty for methods without one; several joined by " | ".
        words: the verbalizer as text; empty for methods without one.
        shots, seed: K per label, 0 if the method uses none, and the seed of the split and training.
        options: the method's options, all that matter for the task's kind.
        status: queued, running, done, failed, cancelled or interrupted.
        metrics: name → value: those of `core.metrics.metric` with their 95 % intervals (accuracy,
            accuracy_low, accuracy_high), development scores (dev_accuracy), others of the method.
        seconds: how long it took.
        error: what went wrong and what to do, for failed runs.
    """

    id: str
    task: str
    model: str
    method: str
    pattern: str
    words: str
    shots: int
    seed: int
    options: dict[str, object] = field(default_factory=dict)
    status: str = "done"
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    error: str = ""
