"""`python -m core report` and `delete`: studies that were run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.data.catalog import load_task
from core.runs.folder import DataFolder
from core.runs.spec import StudySpec
from core.runs.study_file import read_study_file

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def do(run: Run, data: DataFolder) -> Run:
    """Runs a command on the data folder."""
    return lambda *arguments: run(*arguments, "--data-dir", data.path)


@pytest.fixture
def submit(write_study: Callable[..., Path], data: DataFolder) -> Callable[..., str]:
    """`submit(*seeds)`: the id of a study with a run that waits for each seed."""
    def keep(*seeds: int) -> str:
        study = StudySpec.from_dict(read_study_file(write_study(methods=["head"], seeds=[*seeds])))
        runs = study.runs(load_task(study.task))
        return data.store.submit(study, runs, data.store.command_line)
    return keep


def test_a_study_is_reported_by_name(write_study: Callable[..., Path], do: Run,
                                     tmp_path: Path) -> None:
    run_document = json.loads(do("run", write_study(methods=["zero-shot"]), "--json")[1])
    status, out, _ = do("report", "small", "--json")
    assert (status, json.loads(out)) == (0, run_document)
    status, out, _ = do("report", "small", "--out", tmp_path / "report")
    written = [Path(line.removeprefix("wrote ")) for line in out.splitlines()
               if line.startswith("wrote ")]
    assert status == 0
    assert len(written) > 1
    assert all(path.is_file() and path.stat().st_size for path in written)


def test_a_study_is_kept_for_compare(write_study: Callable[..., Path], do: Run,
                                     tmp_path: Path) -> None:
    do("run", write_study(methods=["zero-shot"]))
    path = tmp_path / "ready.json"
    status, _, _ = do("report", "small", "--ready-made", path, "--about", "One run.")
    assert status == 0
    assert "One run." in path.read_text(encoding="utf-8")


def test_a_study_that_is_not_there_is_not_reported(do: Run, submit: Callable[..., str]) -> None:
    submit(1)
    status, out, err = do("report", "other")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "There is no study 'other'. There are: small" in err


def test_a_study_is_deleted_by_name_or_id(do: Run, submit: Callable[..., str],
                                          data: DataFolder) -> None:
    keys = [submit(1), submit(2, 3), submit(4)]
    status, out, _ = do("delete", keys[0], "--json")
    assert (status, json.loads(out)) == (0, {"study": "small", "id": keys[0], "runs": 1})
    status, out, _ = do("delete", "small")
    assert status == 0
    assert "small" in out
    assert [study.id for study in data.store.studies(data.store.command_line)] == [keys[1]]


@pytest.mark.parametrize(("running", "message"), [
    (False, "There is no study 'other'. There are: small"), (True, "Cancel it first"),
])
def test_a_study_that_cannot_be_deleted_is_one_line_and_status_2(
    running: bool, message: str, do: Run, submit: Callable[..., str], data: DataFolder
) -> None:
    submit(1)
    if running:
        data.queue.claim()
    status, out, err = do("delete", "small" if running else "other")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert len(data.store.studies(data.store.command_line)) == 1
