"""A small task in files, a tiny random BERT, study files of both, and a data folder."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.__main__ import main
from core.data.task import Task
from core.runs.folder import DataFolder

PATTERN = {
    "pattern": "{text_a} It was {mask}.",
    "words": {"bad": ["terrible"], "good": ["great"]},
}
Answer = tuple[int, str, str]  # exit status, standard output, standard error


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`run(*arguments)`: what a command of these arguments gives."""
    def type_command(*arguments: object) -> Answer:
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err
    return type_command


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command computes on the CPU."""
    monkeypatch.setenv("CLOZE_LAB_DEVICE", "cpu")


@pytest.fixture(scope="session")
def tiny_model(tiny_model_folder: Callable[..., Path]) -> str:
    """The folder of a tiny random BERT."""
    return str(tiny_model_folder("bert"))


@pytest.fixture(scope="session")
def task_source(tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tiny task in two files, as study files name it."""
    folder = tmp_path_factory.mktemp("task")
    for part in ("train", "test"):
        with (folder / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("text", "label"))
            rows.writerows((example.text_a, example.label) for example in getattr(tiny_task, part))
    return {"name": "tiny", "train": str(folder / "train.csv"), "test": str(folder / "test.csv")}


@pytest.fixture
def write_study(task_source: dict[str, Any], tiny_model: str,
                tmp_path: Path) -> Callable[..., Path]:
    """`write_study(**keys)`: a study file of the tiny task and model with further keys."""
    def write(**keys: Any) -> Path:
        path = tmp_path / "study.yaml"
        study = {"name": "small", "task": task_source, "model": tiny_model, "patterns": [PATTERN]}
        path.write_text(yaml.safe_dump({**study, **keys}), encoding="utf-8")
        return path
    return write


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataFolder]:
    """An empty data folder."""
    opened = DataFolder(tmp_path / "data")
    yield opened
    opened.close()
