"""A task of the files that a study names."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from core.data.columns import ColumnMap, guess_columns, with_further_columns
from core.data.files import DataLimits, Table, read_table
from core.data.forms import in_one_form
from core.data.task import Task
from core.data.task_tables import task_from_tables
from core.errors import SpecError

_PARTS = ("train", "test", "unlabelled")
_LABELLED_KEYS, _GENERATION_KEYS = ("text_a", "text_b", "label"), ("source", "target")
_ONLY_LABELLED = ("text_a", "label")
_KEYS = (*_PARTS, *_LABELLED_KEYS, *_GENERATION_KEYS, "name")


def task_from_files(spec: Mapping[str, object], limits: DataLimits = DataLimits()) -> Task:
    """Make a task of files: `{train, test, unlabelled, text_a, text_b, label, name}`.

    For generation the columns are `source` and `target`, and `text_b` where a source has two texts.
    Only `train` is required. Columns that are
    not given are guessed; but once `text_a` is given, there is a second text only if `text_b` is
    given too. All other columns are further texts, which patterns show by the column's name.

    Raises:
        SpecError: a key is unknown or missing, or its value is no text.
        DataError, LimitError: a file cannot be used as it is.
    """
    given = _checked_spec(spec)
    chosen = {given[key] for key in (*_LABELLED_KEYS, *_GENERATION_KEYS) if key in given}
    tables = {part: _read(given[part], chosen, limits) for part in _PARTS if part in given}
    train = tables["train"]
    columns = with_further_columns(tables.values(), _columns(given, train), limits)
    return task_from_tables(
        given.get("name") or Path(train.name).stem,
        train,
        columns,
        test=tables.get("test"),
        unlabelled=tables.get("unlabelled"),
        label_names=train.names.get(columns.label or ""),
        limits=limits,
    )


def _read(path: str, chosen: Collection[str], limits: DataLimits) -> Table:
    """The table of a file, in the usual form unless that lacks chosen columns of the file."""
    table = read_table(os.path.expanduser(path), limits)
    formed = in_one_form(table)
    lost = set(chosen).intersection(table.columns).difference(formed.columns)
    return table if lost else formed


def _columns(given: Mapping[str, str], train: Table) -> ColumnMap:
    if "source" in given:
        return ColumnMap(given["source"], None, given.get("text_b"), target=given["target"])
    return guess_columns(train, **{key: given.get(key) for key in _LABELLED_KEYS})


def _checked_spec(spec: Mapping[str, object]) -> dict[str, str]:
    """The keys that are given, with their values; None and empty texts count as not given."""
    given = {key: _checked_value(key, value) for key, value in spec.items()}
    given = {key: value for key, value in given.items() if value}
    if "train" not in given:
        raise SpecError(
            "A task of files needs the key {key!r}: the file to train on. Its keys are {keys}.",
            key="train", keys=", ".join(_KEYS))
    _check_generation_keys(given)
    return given


def _checked_value(key: str, value: object) -> str:
    if key not in _KEYS:
        raise SpecError(
            "A task of files has no key {key!r}. Its keys are {keys}.",
            key=str(key)[:60], keys=", ".join(_KEYS))
    if value is not None and not isinstance(value, str):
        raise SpecError(
            "{key!r} is {value!r}; it must be a text.", key=key, value=str(value)[:60])
    return value or ""


def _check_generation_keys(given: Mapping[str, str]) -> None:
    """Raise if a source is given without a target, or the keys of both kinds are mixed."""
    both = all(key in given for key in _GENERATION_KEYS)
    labelled = any(key in given for key in _ONLY_LABELLED)
    if any(key in given for key in _GENERATION_KEYS) and (labelled or not both):
        raise SpecError(
            "A task of files whose answers are texts takes both {source} and {target}, and none of "
            "{others}.",
            source="'source'", target="'target'", others=", ".join(_ONLY_LABELLED))
