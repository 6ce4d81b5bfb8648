"""Exports can be read back, and no cell becomes a formula."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math

import pandas as pd
import pytest
import yaml

from core.runs.export import json_text, records_csv, study_yaml, table_csv
from core.runs.records import RunRecord
from core.runs.spec import StudySpec

RECORDS = [
    RunRecord(
        "r1",
        "reviews",
        "mini",
        "lm-bff",
        "=It was {mask}.",
        "bad=terrible",
        16,
        13,
        {"steps": 100},
        metrics={"accuracy": 0.5, "dev_accuracy": math.nan},
        seconds=1.5,
    ),
    RunRecord(
        "r2",
        "reviews",
        "mini",
        "zero-shot",
        "",
        "",
        0,
        13,
        {"calibrate": True},
        "failed",
        error="It is gone.",
    ),
]


def test_records_as_csv() -> None:
    first, second = csv.DictReader(io.StringIO(records_csv(RECORDS)))
    assert (first["id"], first["option:steps"], first["metric:accuracy"]) == ("r1", "100", "0.5")
    assert first["pattern"] == "'=It was {mask}."
    assert (second["status"], second["option:calibrate"], second["metric:accuracy"]) == (
        "failed",
        "True",
        "",
    )


def test_no_records_still_have_a_heading() -> None:
    assert records_csv([]).startswith("id,task,model,method,pattern")


def test_records_as_json() -> None:
    first, second = json.loads(json_text([dataclasses.asdict(record) for record in RECORDS]))
    assert first["metrics"] == {"accuracy": 0.5, "dev_accuracy": None}
    assert second["error"] == "It is gone."


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM", "'@SUM"),
        ("\tx", "'\tx"),
        ("plain", "plain"),
        ("", ""),
        (-0.5, "-0.5"),
        ("a=b", "a=b"),
    ],
)
def test_cells_cannot_be_formulas(cell: object, written: str) -> None:
    rows = list(csv.reader(io.StringIO(table_csv(pd.DataFrame({"=x": [cell], "y": ["z"]})))))
    assert rows == [["'=x", "y"], [written, "z"]]


def test_a_study_file_gives_the_same_study() -> None:
    study = StudySpec.from_dict(
        {
            "name": "größer: 'a'",
            "task": {"train": "a.csv", "test": "b.csv", "text_a": "t", "label": "l"},
            "model": "m",
            "methods": ["lm-bff", "zero-shot"],
            "shots": [4, 16],
            "seeds": [1],
            "test_limit": 5,
            "patterns": [
                {
                    "pattern": "{text_a} It was {mask}.",
                    "words": {"no": ["bad"], "1": ["good", "fine"]},
                }
            ],
            "options": {"lm-bff": {"steps": 10}},
        }
    )
    assert StudySpec.from_dict(yaml.safe_load(study_yaml(study))) == study
    assert study_yaml(study.as_dict()) == study_yaml(study)
