"""Options of methods: frozen dataclasses whose fields explain themselves, so that forms and files
share one source.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, get_type_hints

from core.data.task import KINDS, Kind
from core.errors import SpecError

_LONGEST_TEXT = 300  # characters
T = TypeVar("T", bound="Options")


@dataclass(frozen=True)
class Options:
    """Base of every method's options; values are bool, int, float or str."""


def option(default: Any, explain: str, low: float = -math.inf, high: float = math.inf,
           choices: tuple[str, ...] = (), kinds: tuple[Kind, ...] = KINDS, *,
           several: bool = False) -> Any:
    """A field of an Options class with its meaning, range or choices; text without choices is free.

    `kinds` are those of the tasks that it matters for; forms for others leave it out. With
    `several`, forms take several numbers, each of which makes a run.
    """
    return field(default=default, metadata={"explain": explain, "low": low, "high": high,
                                            "choices": choices, "kinds": kinds,
                                            "several": several})


def options_for(kind: type[Options], task: Kind) -> set[str]:
    """The names of the options of a class that matter for a kind of task."""
    return {each.name for each in fields(kind) if task in each.metadata["kinds"]}


def read_options(kind: type[T], given: Mapping[str, object], method: str) -> T:
    """Make options from plain values, every one checked.

    Raises:
        SpecError: an unknown option (the known ones are named), a value of the wrong type or out of
            its range.
    """
    types = get_type_hints(kind)
    known = {each.name: each for each in fields(kind)}
    values = {}
    for name, value in given.items():
        if name not in known:
            raise SpecError(
                "The method {method!r} has no option {name!r}. Its options are {known}.",
                method=method,
                            name=str(name)[:60], known=", ".join(known) or "none")
        values[name] = _value(method, name, value, types[name], known[name].metadata)
    return kind(**values)


def options_dict(options: Options) -> dict[str, object]:
    """All options as plain values."""
    return dataclasses.asdict(options)


def _value(method: str, name: str, value: object, kind: Any, limits: Mapping[str, Any]) -> object:
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise _wrong(method, name, value, "true or false")
    if kind is str:
        free = not limits["choices"] and isinstance(value,
                                                    str) and 0 < len(value.strip()) <= _LONGEST_TEXT
        if free or value in limits["choices"]:
            return value
        if not limits["choices"]:
            raise _wrong(method, name, value, f"text of at most {_LONGEST_TEXT} characters")
        raise _wrong(method, name, value, "one of " + ", ".join(limits["choices"]))
    if kind is float and isinstance(value, str):  # YAML reads 1e-4 as text
        with suppress(ValueError):
            value = float(value)
    if isinstance(value,
                  bool) or not isinstance(value, (int, float)) or not -math.inf < value < math.inf:
        raise _wrong(method, name, value, "a number")
    if kind is int and value != int(value):
        raise _wrong(method, name, value, "a whole number")
    if not limits["low"] <= value <= limits["high"]:
        raise _wrong(method, name, value, f"from {limits['low']:g} to {limits['high']:g}")
    return kind(value)


def _wrong(method: str, name: str, value: object, wanted: str) -> SpecError:
    shown = "" if value is None else str(value)[:80]
    return SpecError("The option {name!r} of {method!r} is {value!r}; it must be {wanted}.",
                     name=name, method=method, value=shown, wanted=wanted)
