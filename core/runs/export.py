"""Runs, studies and predictions as files: CSV, JSON, and YAML that `python -m core run` repeats."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import yaml

from core.runs.plain_values import plain
from core.runs.records import RunRecord
from core.runs.spec import StudySpec

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_PLAIN = ("id", "task", "model", "method", "pattern", "words", "shots", "seed", "status", "seconds", "error")


def records_csv(records: Sequence[RunRecord]) -> str:
    """A row for each run, with a column for each option (`option:`) and metric (`metric:`) that any of them has."""
    rows = [{**{name: getattr(record, name) for name in _PLAIN},
             **{f"option:{name}": value for name, value in record.options.items()},
             **{f"metric:{name}": value for name, value in record.metrics.items()}} for record in records]
    names = dict.fromkeys(name for row in rows for name in row) if rows else dict.fromkeys(_PLAIN)
    return table_csv(pd.DataFrame([{name: row.get(name, "") for name in names} for row in rows], columns=list(names)))


def records_json(records: Sequence[RunRecord]) -> str:
    """A list with an object for each run."""
    return json.dumps(plain([dataclasses.asdict(record) for record in records]), ensure_ascii=False, indent=2)


def study_yaml(study: StudySpec | Mapping[str, Any]) -> str:
    """A study file that makes the same runs again."""
    values = study.as_dict() if isinstance(study, StudySpec) else dict(study)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)


def table_csv(table: pd.DataFrame) -> str:
    """A table, such as a run's predictions, as CSV; no cell can be mistaken for a formula by a spreadsheet."""
    safe = table.map(_harmless)
    safe.columns = pd.Index([_harmless(name) for name in table.columns])
    return str(safe.to_csv(index=False))


def _harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
