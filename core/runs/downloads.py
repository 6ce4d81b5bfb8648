"""What a person takes away from a comparison: files that open elsewhere, made in memory."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from core.metrics.groups import main_metric_of
from core.metrics.significance import summary_rows
from core.runs.export import records_csv, study_yaml, table_csv
from core.runs.plain_values import plain
from core.runs.records import RunRecord
from core.runs.run import Run, Study
from core.runs.spec import RunSpec, StudySpec


class Download(NamedTuple):
    """A file's name and content."""

    name: str
    data: bytes


def csv_download(records: Sequence[RunRecord]) -> Download:
    """A row for each run."""
    return Download("runs.csv", records_csv(records).encode())


def json_download(records: Sequence[RunRecord], metric: str | None = None) -> Download:
    """Runs with all their settings, and for each method, pattern and shots the mean of a metric (the main one)."""
    metric = metric or main_metric_of(records)
    document = {"runs": [dataclasses.asdict(record) for record in records], "metric": metric,
                "summary": summary_rows(records, metric)}
    return Download("runs.json", json.dumps(plain(document), ensure_ascii=False, indent=2).encode())


def yaml_download(studies: Sequence[Study], singles: Sequence[Run]) -> Download:
    """Study files that `python -m core run` repeats: one for each study and single run; several come as a zip."""
    specs = [study.spec for study in studies] + [study_of(run.spec).as_dict() for run in singles]
    files = [(f"{_file_name(str(spec['name']))}.yaml", study_yaml(spec).encode()) for spec in specs]
    if len(files) == 1:
        return Download(*files[0])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, data) in enumerate(files, start=1):
            archive.writestr(f"{number}-{name}", data)
    return Download("studies.zip", packed.getvalue())


def predictions_download(runs: Sequence[Run], tables: Sequence[pd.DataFrame]) -> Download:
    """The predictions of one run; those of several below each other, with a column that names the run."""
    name = f"predictions-{runs[0].id}.csv"
    if len(runs) == 1:
        return Download(name, table_csv(tables[0]).encode())
    named = [table.assign(run=run.id, seed=run.spec.seed) for run, table in zip(runs, tables, strict=True)]
    return Download(name, table_csv(pd.concat(named)).encode())


def study_of(run: RunSpec) -> StudySpec:
    """A study of this one run."""
    return StudySpec(name=f"{run.task_name} {run.method} seed {run.seed}", task=run.task, methods=(run.method,),
                     patterns=run.patterns, model=run.model, shots=(run.shots,), seeds=(run.seed,),
                     options={run.method: dict(run.options)}, test_limit=run.test_limit)


def _file_name(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name).strip("-")[:60] or "study"
