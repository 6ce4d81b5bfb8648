"""The options of a method as a study holds them: presets, and options of several values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import SpecError
from core.learning.method import Method

MOST_SETS = 2000  # of one method
_PRESET = "preset"


def option_sets(method: Method[Any], given: Any) -> list[dict[str, Any]]:
    """The sets of options that a method is run with, each option with one value.

    Args:
        given: a mapping, or a list of several. An option with a list of values is tried with each
            of them, and with each of those of other options. `preset` names settings of the
            method's paper; what is given beside it counts more. Nothing means the defaults.

    Raises:
        SpecError: there is no such preset, a list is empty, or there are too many combinations.
    """
    several = given if isinstance(given, list) else [given]
    return [values for options in several or [{}]
            for values in _combinations(method, _with_preset(method, options or {}))]


def _with_preset(method: Method[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(given)
    name = options.pop(_PRESET, None)
    if name is None:
        return options
    if str(name) not in method.presets:
        raise SpecError("The method {method!r} has no preset {name!r}. Its presets are {known}.",
                        method=method.name, name=str(name)[:60],
                        known=", ".join(method.presets) or "none")
    return {**method.presets[str(name)], **options}


def _combinations(method: Method[Any], options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every choice of one value for each option."""
    values = {name: value if isinstance(value, list) else [value]
              for name, value in options.items()}
    empty = next((name for name, some in values.items() if not some), None)
    if empty is not None:
        raise SpecError("The option {name!r} of {method!r} is an empty list. Give it a value.",
                        name=str(empty)[:60], method=method.name)
    count = math.prod(map(len, values.values()))
    if count > MOST_SETS:
        raise SpecError(
            "The options of {method!r} make {count} combinations; {most} are allowed. Give fewer "
            "values.", method=method.name, count=count, most=MOST_SETS)
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))
