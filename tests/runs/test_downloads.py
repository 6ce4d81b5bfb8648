"""Downloads open where they are meant to."""

import io
import json
import zipfile

import pandas as pd
import pytest
import yaml

from core.data.task import Example, Task, classification
from core.runs.downloads import (
    csv_download,
    json_download,
    predictions_download,
    study_of,
    yaml_download,
)
from core.runs.run import Run, Study
from core.runs.spec import RunSpec, StudySpec

TASK = Task(
    "films",
    classification("bad", "good"),
    tuple(Example(f"text {i}", label=("bad", "good")[i % 2]) for i in range(8)),
    (Example("test", label="good"),),
)
STUDY = StudySpec.from_dict(
    {
        "name": "first / try",
        "task": "films",
        "model": "mini",
        "methods": ["zero-shot", "head", "lm-bff"],
        "shots": [2],
        "patterns": [
            {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["poor"], "good": ["fine"]}}
        ],
        "seeds": [13, 21],
    }
)


def run_of(spec: RunSpec, name: str = "a1") -> Run:
    return Run(
        name,
        "s1",
        "me",
        spec,
        "done",
        0.0,
        metrics={"accuracy": 0.5, "odd": float("nan")},
        seconds=1.5,
    )


RUNS = [run_of(spec, f"run{at}") for at, spec in enumerate(STUDY.runs(TASK))]


def study(name: str) -> Study:
    return Study(name, name, "study", {**STUDY.as_dict(), "name": name}, 0.0)


def test_csv_has_a_row_for_each_run() -> None:
    table = pd.read_csv(io.BytesIO(csv_download([run.record() for run in RUNS]).data))
    assert len(table) == len(RUNS) == 5
    assert set(table["metric:accuracy"]) == {0.5}


def test_json_is_strict_and_holds_runs_and_summary() -> None:
    document = json.loads(
        json_download([run.record() for run in RUNS]).data, parse_constant=pytest.fail
    )
    assert [len(document["runs"]), len(document["summary"])] == [5, 3]


def test_yaml_of_a_study_makes_the_same_runs() -> None:
    file = yaml_download([study("first / try")], [])
    assert file.name == "first-try.yaml"
    assert StudySpec.from_dict(yaml.safe_load(file.data)).runs(TASK) == STUDY.runs(TASK)


def test_several_studies_come_as_a_zip_with_names_of_their_own() -> None:
    file = yaml_download([study("one"), study("one")], [RUNS[1]])
    archive = zipfile.ZipFile(io.BytesIO(file.data))
    assert archive.namelist() == ["1-one.yaml", "2-one.yaml", "3-films-head-seed-13.yaml"]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.spec.method}-{run.spec.seed}")
def test_a_study_of_one_run_makes_that_run(run: Run) -> None:
    assert StudySpec.from_dict(study_of(run.spec).as_dict()).runs(TASK) == [run.spec]


@pytest.mark.parametrize(("count", "columns"), [(1, ["text_a"]), (2, ["text_a", "run", "seed"])])
def test_predictions_of_several_runs_name_them(count: int, columns: list[str]) -> None:
    file = predictions_download(RUNS[:count], [pd.DataFrame({"text_a": ["=1+1"]})] * count)
    table = pd.read_csv(io.BytesIO(file.data))
    assert list(table.columns) == columns
    assert table["text_a"].tolist() == ["'=1+1"] * count
