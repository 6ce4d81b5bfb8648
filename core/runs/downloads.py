"""Files that a person downloads, made in memory: runs, studies, predictions, a labelled table."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from core.data.files import Table
from core.data.task_draft import stem
from core.metrics.groups import main_metric_of
from core.metrics.official_files import e2e_files, webnlg_files
from core.metrics.significance import summary_rows
from core.runs.export import json_text, records_csv, study_yaml, table_csv
from core.runs.outputs import answers_of
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
    """Runs with all their settings, and the means of a metric, or of the main one, over seeds."""
    metric = metric or main_metric_of(records)
    document = {"runs": [dataclasses.asdict(record) for record in records], "metric": metric,
                "summary": summary_rows(records, metric)}
    return Download("runs.json", json_text(document).encode())


def yaml_download(studies: Sequence[Study], singles: Sequence[Run]) -> Download:
    """A study file, for `python -m core run`, of each study and each run; several come as a zip."""
    specs = [study.spec for study in studies] + [study_of(run.spec).as_dict() for run in singles]
    files = [Download(f"{_file_name(str(spec['name']))}.yaml", study_yaml(spec).encode())
             for spec in specs]
    return files[0] if len(files) == 1 else Download("studies.zip", _zipped(files))


def predictions_download(runs: Sequence[Run], tables: Sequence[pd.DataFrame]) -> Download:
    """The predictions of one run, or of several with columns of their ids and seeds."""
    name = f"predictions-{runs[0].id}.csv"
    if len(runs) == 1:
        return Download(name, table_csv(tables[0]).encode())
    named = [table.assign(run=run.id, seed=run.spec.seed)
             for run, table in zip(runs, tables, strict=True)]
    return Download(name, table_csv(pd.concat(named)).encode())


def official_download(run: Run, predictions: pd.DataFrame) -> Download:
    """A run's outputs and references as the official scripts of E2E, WebNLG and DART read them."""
    answers = answers_of(predictions)
    files = [(f"{folder}/{name}", text)
             for folder, texts in (("e2e", e2e_files(answers)), ("webnlg", webnlg_files(answers)))
             for name, text in texts.items()]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return Download(f"outputs-{run.id}.zip", content.getvalue())


def answered_download(table: Table, rows: pd.DataFrame, answers: str = "labelled") -> Download:
    """A table with its answers as CSV, marked as UTF-8 so that spreadsheets read it."""
    name = re.sub(r"[^\w.-]+", "-", stem(table))[:60]
    return Download(f"{name}-{answers}.csv", table_csv(rows).encode("utf-8-sig"))


def study_of(run: RunSpec) -> StudySpec:
    """A study of one run alone."""
    return StudySpec(name=f"{run.task_name} {run.method} seed {run.seed}", task=run.task,
                     methods=(run.method,), patterns=run.patterns, model=run.model,
                     shots=(run.shots,), seeds=(run.seed,),
                     options={run.method: dict(run.options)}, test_limit=run.test_limit,
                     precision=run.precision)


def _zipped(files: Sequence[Download]) -> bytes:
    """A zip of files, numbered, for several may have one name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(files, start=1):
            archive.writestr(f"{number}-{file.name}", file.data)
    return content.getvalue()


def _file_name(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name).strip("-")[:60] or "study"
