"""Groups of runs that differ in nothing but their seed."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from core.metrics.metric import main_metric_in


class Measured(Protocol):
    """The part of a run's record that this package reads; `core.runs.records.RunRecord` has it."""

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

    `method` also names the options in which the runs of the method differ: `lm-bff (steps=300)`. An
    option that is on or off is named where it is on: `lm-bff (demonstrations)`.
    """

    task: str
    model: str
    method: str
    pattern: str
    words: str
    shots: int


def main_metric_of(records: Iterable[Measured]) -> str:
    """The name of the main metric of the finished runs among the records."""
    return main_metric_in(record.metrics for record in records if record.status == "done").name


def measured(records: Iterable[R], metric: str) -> list[R]:
    """The finished runs that have a finite value of `metric`, in their order."""
    done = [record for record in records if record.status == "done"]
    return [record for record in done if math.isfinite(record.metrics.get(metric, math.nan))]


def settings(records: Sequence[Measured]) -> list[Setting]:
    """The setting of each record, in their order."""
    values: dict[tuple[str, str], set[str]] = defaultdict(set)  # of each method's options
    for record in records:
        for name, value in record.options.items():
            values[record.method, name].add(_written(value))
    varied = {option for option, several in values.items() if len(several) > 1}
    return [_setting(record, varied) for record in records]


def grouped(records: Sequence[R]) -> dict[Setting, list[R]]:
    """The runs of each setting; settings and runs keep the order of `records`."""
    groups: dict[Setting, list[R]] = {}
    for setting, record in zip(settings(records), records, strict=True):
        groups.setdefault(setting, []).append(record)
    return groups


def _setting(record: Measured, varied: Collection[tuple[str, str]]) -> Setting:
    method = _method_name(record, varied)
    return Setting(record.task, record.model, method, record.pattern, record.words, record.shots)


def _method_name(record: Measured, varied: Collection[tuple[str, str]]) -> str:
    """The method and those of its options that are among the varied ones (method, option)."""
    named = [name if value is True else f"{name}={_written(value)}"
             for name, value in sorted(record.options.items())
             if (record.method, name) in varied and value is not False]
    return f"{record.method} ({', '.join(named)})" if named else record.method


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
