"""The test examples that are measured while one types."""

from __future__ import annotations

from core.data.task import Example, Task
from core.randomness import rng
from core.runs.execution import test_part

SAMPLES = (64, 128, 256, 1000)
MAX_ANSWERS = 96  # of multiple choice, where each is filled in token by token
PART_SECONDS = 0.5  # before a part of the examples is shown


def measured(task: Task, sample: str) -> tuple[Example, ...]:
    """As many test examples as `sample` says, mixed: files often go label by label."""
    many = int(sample or SAMPLES[0])
    if task.schema.kind == "choice":
        many = min(many, max(1, MAX_ANSWERS // len(task.schema.labels)))
    part = test_part(task, many)
    return tuple(part[index] for index in rng(0, "growing parts").permutation(len(part)))
