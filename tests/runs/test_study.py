"""Studies of the command line: from a file to the document of results."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.errors import SpecError
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.folder import DataFolder
from core.runs.inline import run_inline
from core.runs.queue import RunQueue
from core.runs.reporter import CURVE_POINTS, Reporter
from core.runs.run import Point
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.runs.study import run_study, study_document, study_named
from core.runs.study_file import read_study_file
from core.settings import Settings

FILE = "name: mine\ntask: reviews\nmethods: [lm-bff]\nseeds: [1]\noptions: {lm-bff: {steps: 5}}\n"


def test_a_study_from_file_to_document(
    data: DataFolder,
    settings: Settings,
    make_study: Callable[..., StudySpec],
    task_source: dict[str, Any],
) -> None:
    study, told = make_study(seeds=(1, 2)), []
    key = run_study(study, load_task(task_source, limits=DataLimits()), data, settings, told.append)
    document = study_document(key, data.store)
    assert [line[:5] for line in told] == ["[1/2]", "[2/2]"]
    assert document["study"] == "tiny"
    assert [(run["seed"], run["status"], run["error"]) for run in document["runs"]] == [
        (1, "done", None), (2, "done", None)]
    assert list(document["runs"][0]) == [
        "id",
        "method",
        "pattern",
        "shots",
        "seed",
        "status",
        "metrics",
        "seconds",
        "error",
    ]
    (row,) = document["summary"]
    assert (row["method"], row["shots"], row["n"], set(row)) == (
        "lm-bff", 4, 2, {"method", "pattern", "shots", "metric", "n", "mean", "sd", "ci95"})
    assert row["mean"] == pytest.approx(
        sum(run["metrics"]["accuracy"] for run in document["runs"]) / 2
    )


def test_a_study_again_takes_known_results(data: DataFolder, store: RunStore, settings: Settings,
                                           make_study: Callable[..., StudySpec],
                                           task_source: dict[str, Any]) -> None:
    task = load_task(task_source, limits=DataLimits())
    first, second = (run_study(make_study(), task, data, settings, print) for _ in range(2))
    (one,), (two,) = (store.runs(store.command_line, key) for key in (first, second))
    assert (two.copied_from, two.metrics) == (one.id, one.metrics)


def test_a_failing_run_does_not_stop_the_study(data: DataFolder, settings: Settings, tmp_path: Path,
                                               make_study: Callable[..., StudySpec],
                                               task_source: dict[str, Any]) -> None:
    moved = tmp_path / "train.csv"
    moved.write_text(Path(task_source["train"]).read_text(encoding="utf-8"), encoding="utf-8")
    source = {**task_source, "train": str(moved)}
    task = load_task(source, limits=DataLimits())
    moved.unlink()
    key = run_study(make_study(seeds=(1, 2), task=source), task, data, settings, print)
    document = study_document(key, data.store)
    assert [run["status"] for run in document["runs"]] == ["failed", "failed"]
    assert "train.csv" in document["runs"][0]["error"]
    assert document["summary"] == []


def test_an_inline_run_is_like_any_other(store: RunStore, queue: RunQueue, settings: Settings,
                                         submit: Callable[..., list[str]]) -> None:
    (key,) = submit(steps=6)
    cache = BackboneCache(Placement("cpu", "float32"))
    claimed = run_inline(queue, cache, settings, run=key)
    assert claimed is not None
    assert claimed.id == key
    assert run_inline(queue, cache, settings, run=key) is None
    run = store.run(key, "ann")
    assert (run.status, run.step, len(store.predictions(key, "ann"))) == ("done", 6, 16)
    assert [step for step, _, accuracy in store.curve(key, "ann") if accuracy is not None] == [
        2,
        4,
        6,
    ]
    assert store.model_folder(key, "ann") is not None


def test_an_inline_run_hears_of_its_cancellation(
    store: RunStore,
    queue: RunQueue,
    settings: Settings,
    submit: Callable[..., list[str]],
    until: Callable[..., None],
) -> None:
    (key,) = submit(steps=100_000)
    cache = BackboneCache(Placement("cpu", "float32"))
    running = threading.Thread(target=run_inline, args=(queue, cache, settings))
    running.start()
    until(lambda: store.run(key, "ann").step > 0, "a step")
    store.cancel(key, "ann")
    running.join()
    assert store.run(key, "ann").status == "cancelled"


def test_an_interrupted_study_leaves_nothing_waiting(
    data: DataFolder,
    store: RunStore,
    settings: Settings,
    make_study: Callable[..., StudySpec],
    task_source: dict[str, Any],
) -> None:
    def press_ctrl_c(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(
            make_study(seeds=(1, 2)),
            load_task(task_source, limits=DataLimits()),
            data,
            settings,
            press_ctrl_c,
        )
    assert [run.status for run in store.runs(store.command_line)] == ["done", "cancelled"]


@pytest.mark.parametrize(
    ("total", "told"), [(5, 5), (CURVE_POINTS, CURVE_POINTS), (4 * CURVE_POINTS, CURVE_POINTS)]
)
def test_long_curves_are_thinned_but_no_accuracy_is_lost(total: int, told: int) -> None:
    heard: list[Point] = []
    reporter = Reporter(lambda step, total, points, found: heard.extend(points), lambda: False)
    for step in range(1, total + 1):
        reporter(step, total, loss=1.0, dev_score=0.5 if step in (3, total) else None)
    assert heard == reporter.points
    assert [step for step, _, accuracy in heard if accuracy is not None] == [3, total]
    assert told <= len(heard) <= told + 1
    assert heard[-1][0] == total


def test_a_study_file_is_read_and_changed(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE, encoding="utf-8")
    study = read_study_file(
        path, ["seeds=[13, 21]", "options.lm-bff.steps=7", "options.head.steps=3", "test_limit=9"]
    )
    assert study == {
        "name": "mine",
        "task": "reviews",
        "methods": ["lm-bff"],
        "seeds": [13, 21],
        "test_limit": 9,
        "options": {"lm-bff": {"steps": 7}, "head": {"steps": 3}},
    }


def test_data_files_are_found_beside_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside").mkdir()
    for name in ("here.csv", "beside/there.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    path = tmp_path / "beside" / "mine.yaml"
    path.write_text(
        "task: {train: there.csv, test: here.csv, unlabelled: gone.csv, text_a: there.csv}"
    )
    monkeypatch.chdir(tmp_path)
    assert read_study_file(path)["task"] == {
        "train": str(tmp_path / "beside/there.csv"),
        "text_a": "there.csv",
        "test": str(tmp_path / "here.csv"),
        "unlabelled": "gone.csv",
    }


@pytest.mark.parametrize(
    ("content", "change", "told"),
    [
        (None, "a=1", "cannot be read"),
        ("- list", "a=1", "keys and values"),
        ("{", "a=1", "not valid YAML"),
        (FILE, "seeds", "must have the form"),
        (FILE, "=3", "must have the form"),
        (FILE, "seeds=[", "not valid YAML"),
        (FILE, "name.x=1", "'name' has no keys"),
        ("\udcff", "a=1", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(
    tmp_path: Path, content: str | None, change: str, told: str
) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SpecError, match=told):
        read_study_file(path, [change])


def test_studies_are_found_by_name_or_id(
    store: RunStore, make_study: Callable[..., StudySpec]
) -> None:
    old, new = (store.submit(make_study(), [], store.command_line) for _ in range(2))
    assert study_named("tiny", store) == new
    assert study_named(old, store) == old
    with pytest.raises(SpecError, match="There are: tiny"):
        study_named("other", store)
    with pytest.raises(SpecError, match="There are: none"):
        study_named("tiny", store, "ann")
