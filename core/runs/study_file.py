"""Study files: YAML with the keys of a study, and changes of it as the command line takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from core.data.catalog import is_file_path
from core.errors import SpecError

_FILE_KEYS = ("train", "test", "unlabelled")
_MAX_FILE_BYTES = 1_000_000


def read_study_file(path: Path, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Read a YAML study and apply changes of the form `key=value`, with dots for keys within keys.

    Data files may be named relative to the study's folder or to the working directory.

    Raises:
        SpecError: the file cannot be read or is no YAML mapping, or a change has another form.
    """
    study = read_mapping(path, changes, "task: reviews")
    task = study.get("task")
    if isinstance(task, str) and is_file_path(task):
        study["task"] = _find_file(task, path.parent)
    if isinstance(task, dict):
        study["task"] = {key: _find_file(value, path.parent) if key in _FILE_KEYS else value
                         for key, value in task.items()}
    return study


def read_mapping(path: Path, changes: Sequence[str], example: str) -> dict[str, Any]:
    """Read a YAML file of keys and values, and apply changes such as `seeds=[13,21]`.

    Args:
        example: a line of such a file, for the message.

    Raises:
        SpecError: as `read_study_file`.
    """
    try:
        with path.open(encoding="utf-8") as file:
            values = _parse_yaml(file.read(_MAX_FILE_BYTES), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError("The file {path!r} cannot be read: {why}.",
                        path=str(path), why=str(error)) from error
    if not isinstance(values, dict):
        raise SpecError("The file {path!r} must hold keys and values, such as {example}.",
                        path=str(path), example=example)
    for change in changes:
        _apply(values, change)
    return values


def _parse_yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError("{where!r} is not valid YAML: {why}.",
                        where=where, why=" ".join(str(error).split())) from error


def _apply(values: dict[str, Any], change: str) -> None:
    key, equals, value = change.partition("=")
    *outer, last = key.strip().split(".")
    if not (equals and last):
        raise SpecError("The change {change!r} must have the form {form}.", change=change[:80],
                        form="key=value, e.g. seeds=[13,21] or options.lm-bff.steps=50")
    within = values
    for name in outer:
        inner = within.get(name) or {}
        if not isinstance(inner, dict):
            raise SpecError("The change {change!r} does not fit: {name!r} has no keys.",
                            change=change[:80], name=name)
        within[name] = inner
        within = inner
    within[last] = _parse_yaml(value, change)


def _find_file(name: object, folder: Path) -> object:
    """An absolute path, which workers find too; a name that leads nowhere stays as it is."""
    for path in (Path.cwd() / str(name), folder / str(name)):
        if path.is_file():
            return str(path.resolve())
    return name
