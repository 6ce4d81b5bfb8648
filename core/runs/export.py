"""Runs, studies and tables as text: CSV, JSON, and YAML that `python -m core run` repeats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import yaml

from core.runs.plain_values import plain
from core.runs.records import RunRecord
from core.runs.spec import StudySpec

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FIELDS = ("id", "task", "model", "method", "pattern", "words", "shots", "seed", "status",
           "seconds", "error")


def records_csv(records: Sequence[RunRecord]) -> str:
    """A row for each run; their options and metrics are columns `option:NAME` and `metric:NAME`."""
    rows = [_row(record) for record in records]
    columns = list(dict.fromkeys(name for row in rows for name in row)) or list(_FIELDS)
    filled = [{name: row.get(name, "") for name in columns} for row in rows]
    return table_csv(pd.DataFrame(filled, columns=columns))


def table_csv(table: pd.DataFrame) -> str:
    """A table, such as a run's predictions; a spreadsheet takes no cell for a formula."""
    safe = table.map(_harmless)
    safe.columns = pd.Index([_harmless(name) for name in table.columns])
    return str(safe.to_csv(index=False))


def study_yaml(study: StudySpec | Mapping[str, Any]) -> str:
    """A study file that makes the same runs again."""
    values = study.as_dict() if isinstance(study, StudySpec) else dict(study)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)


def json_text(value: Any, indent: int = 2) -> str:
    """Plain values as JSON; what JSON does not know is null."""
    return json.dumps(plain(value), ensure_ascii=False, indent=indent)


def _row(record: RunRecord) -> dict[str, object]:
    options = {f"option:{name}": value for name, value in record.options.items()}
    metrics = {f"metric:{name}": value for name, value in record.metrics.items()}
    return {**{name: getattr(record, name) for name in _FIELDS}, **options, **metrics}


def _harmless(cell: object) -> object:
    """A cell with an apostrophe in front of a text that a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
