"""A study as study files hold it, plain values, checked key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.data.split import LM_BFF_SEEDS
from core.errors import SpecError
from core.learning.options import read_options
from core.methods.registry import method_named
from core.models.model_files import default_model
from core.models.placement import AUTO, PRECISIONS
from core.runs.option_sets import option_sets

DEFAULT_SHOTS = (16,)
MAX_NUMBER = 2**31  # of seeds and shots
_KEYS = ("name", "task", "model", "methods", "patterns", "shots", "seeds", "options", "test_limit",
         "precision")


def check_study(data: object) -> dict[str, Any]:
    """The arguments of a `StudySpec`, from plain values as read from YAML.

    Raises:
        SpecError: a key is missing, unknown or has a value of the wrong kind.
    """
    given = _mapping(data)
    methods = _names(given, "methods")
    return {
        "methods": methods,
        "options": _options(given.get("options") or {}, methods),
        "test_limit": _test_limit(given.get("test_limit")),
        "precision": _precision(given.get("precision", AUTO)),
        "patterns": _patterns(given.get("patterns") or []),
        "model": _model(given.get("model") or default_model()),
        "shots": _numbers(given, "shots", DEFAULT_SHOTS),
        "seeds": _numbers(given, "seeds", LM_BFF_SEEDS),
        "task": _task(given["task"]),
        "name": str(given.get("name") or "study"),
    }


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise SpecError("A study is a mapping with the keys {keys}.", keys=", ".join(_KEYS))
    for key in data:
        if key not in _KEYS:
            raise SpecError("A study has no key {key!r}. Its keys are {keys}.",
                            key=str(key)[:60], keys=", ".join(_KEYS))
    for key in ("task", "methods"):
        if not data.get(key):
            raise SpecError("The study has no {key!r}. Add it.", key=key)
    if not isinstance(data["task"], (str, Mapping)):
        raise SpecError("'task' must be a name, a hub id or a mapping of files, not {value!r}.",
                        value=str(data["task"])[:60])
    return data


def _task(task: str | Mapping[str, Any]) -> str | dict[str, Any]:
    return dict(task) if isinstance(task, Mapping) else str(task)


def _options(options: object, methods: Sequence[str]) -> dict[str, Any]:
    """The options of each method, all checked; also those of methods that are not run."""
    if not isinstance(options, Mapping) or not all(map(_are_options, options.values())):
        raise SpecError("'options' must map method names to their options, or to lists of several, "
                        "e.g. {example}.", example="{lm-bff: {steps: 100}}")
    for name in [*methods, *options]:
        method = method_named(str(name))
        for values in option_sets(method, options.get(name) or {}):
            read_options(method.options, values, method.name)
    return {str(name): _copied(values) for name, values in options.items()}


def _are_options(values: object) -> bool:
    """Whether they are options, or a list of several sets of them."""
    return all(isinstance(each, Mapping)
               for each in (values if isinstance(values, list) else [values]))


def _copied(options: Any) -> dict[str, Any] | list[dict[str, Any]]:
    return [dict(values) for values in options] if isinstance(options, list) else dict(options)


def _test_limit(limit: object) -> int | None:
    if limit is None or (isinstance(limit, int) and not isinstance(limit, bool) and limit >= 1):
        return limit
    raise SpecError("'test_limit' is {value!r}; it must be a whole number above 0.",
                    value=str(limit)[:40])


def _precision(precision: object) -> str:
    if precision in PRECISIONS:
        return str(precision)
    raise SpecError("'precision' is {value!r}; it must be one of {known}.",
                    value=str(precision)[:40], known=", ".join(PRECISIONS))


def _patterns(patterns: object) -> tuple[Any, ...]:
    """Patterns in a list; each is checked where the task's schema is known."""
    if not isinstance(patterns, Sequence) or isinstance(patterns, str):
        raise SpecError("'patterns' must be a list of {form}.",
                        form='{pattern: "…", words: {label: [word]}}')
    return tuple(patterns)


def _model(model: object) -> str:
    if not isinstance(model, str):
        raise SpecError("'model' is {value!r}; it must be a bundled name, a hub id or a folder.",
                        value=str(model)[:80])
    return model


def _names(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = _listed(data[key], str)
    if names is None:
        raise _no_list(key, data[key], "names")
    return tuple(dict.fromkeys(names))


def _numbers(data: Mapping[str, Any], key: str, default: Sequence[int]) -> tuple[int, ...]:
    value = data.get(key, default)
    numbers = _listed(value, int)
    if numbers is None:
        raise _no_list(key, value, "whole numbers")
    if not all(0 <= number <= MAX_NUMBER for number in numbers):
        raise SpecError("{key!r} is {value!r}; numbers must be from 0 to {most}.",
                        key=key, value=str(value)[:80], most=MAX_NUMBER)
    return tuple(dict.fromkeys(numbers))


def _listed(value: Any, kind: type[Any]) -> list[Any] | None:
    """One or several values of a kind as a list; None if there is none or one of another kind."""
    values = [value] if isinstance(value, kind) else value
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        return None
    fits = all(isinstance(item, kind) and not isinstance(item, bool) for item in values)
    return list(values) if fits else None


def _no_list(key: str, value: object, wanted: str) -> SpecError:
    return SpecError("{key!r} is {value!r}; it must be a list of {wanted}.",
                     key=key, value=str(value)[:80], wanted=wanted)
