"""Which runs belong together: those that differ in nothing but their seed."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from core.metrics.metric import main_metric_in


class Measured(Protocol):
    """What is asked of a run's record here; `core.runs.records.RunRecord` is one."""

    @property
    def task(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def pattern(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def shots(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def options(self) -> Mapping[str, object]: ...
    @property
    def status(self) -> str: ...
    @property
    def metrics(self) -> Mapping[str, float]: ...


R = TypeVar("R", bound=Measured)


class Setting(NamedTuple):
    """Everything that decides a run except its seed.

    `method` names, beside the method, those of its options in which its runs differ: `lm-bff (steps=300)`. What is
    either on or off is named where it is on: `lm-bff (demonstrations)`.
    """

    task: str
    model: str
    method: str
    pattern: str
    words: str
    shots: int


def main_metric_of(records: Iterable[Measured]) -> str:
    """The name of the main metric of the finished runs among the records."""
    return main_metric_in(each.metrics for each in records if each.status == "done").name


def measured(records: Iterable[R], metric: str) -> list[R]:
    """The finished runs that have a finite value of `metric`, in their order."""
    return [each for each in records if each.status == "done" and math.isfinite(each.metrics.get(metric, math.nan))]


def settings(records: Sequence[Measured]) -> list[Setting]:
    """The setting of each record."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in records:
        for name, value in each.options.items():
            seen[each.method, name].add(_written(value))
    return [Setting(each.task, each.model, _method_name(each, seen), each.pattern, each.words, each.shots)
            for each in records]


def grouped(records: Sequence[R]) -> dict[Setting, list[R]]:
    """The runs of each setting; settings and runs in the order in which they come."""
    groups: dict[Setting, list[R]] = {}
    for setting, each in zip(settings(records), records, strict=True):
        groups.setdefault(setting, []).append(each)
    return groups


def _method_name(record: Measured, seen: Mapping[tuple[str, str], set[str]]) -> str:
    differing = [name if value is True else f"{name}={_written(value)}" for name, value in sorted(
        record.options.items()) if len(seen[record.method, name]) > 1 and value is not False]
    return f"{record.method} ({', '.join(differing)})" if differing else record.method


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
