"""Finished studies kept as files: the same results read back, without a text of the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.errors import SpecError
from core.metrics.groups import grouped
from core.runs.folder import DataFolder
from core.runs.ready_made import (
    FOLDER,
    paper_figures,
    read_ready_made,
    ready_made,
    write_ready_made,
)
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.runs.study import run_study
from core.settings import Settings


def test_what_is_kept_is_read_back(
    data: DataFolder,
    store: RunStore,
    settings: Settings,
    make_study: Callable[..., StudySpec],
    task_source: dict[str, Any],
    tmp_path: Path,
) -> None:
    task = load_task(task_source, limits=DataLimits())
    key = run_study(make_study(seeds=(1, 2)), task, data, settings, print)
    path = tmp_path / "dinners.json"
    write_ready_made(key, store, path, "Two seeds.")
    found, runs = read_ready_made(path), store.runs(store.command_line, key)
    assert (found.about, found.study.name, found.study.spec["task"]) == (
        "Two seeds.",
        "tiny",
        "dinner",
    )
    for kept, run in zip(found.runs, runs, strict=True):
        assert (kept.metrics, kept.confusion, kept.labels, kept.seconds) == (
            run.metrics,
            run.confusion,
            run.labels,
            run.seconds,
        )
        assert kept.spec.fingerprint == run.spec.fingerprint
        assert (kept.record().task, kept.record().options) == ("dinner", run.record().options)
    assert len({run.id for run in found.runs}) == 2
    text = path.read_text(encoding="utf-8")
    assert str(Path(task_source["train"]).parent) not in text
    assert task.test[0].text_a not in text


def test_unfinished_studies_are_not_kept(
    store: RunStore, make_study: Callable[..., StudySpec], runs_of: Any, tmp_path: Path
) -> None:
    key = store.submit(make_study(), runs_of(make_study()), store.command_line)
    with pytest.raises(SpecError, match="'tiny' has runs that are not done"):
        write_ready_made(key, store, tmp_path / "x.json")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"study": {}}', '{"study": {"name": "x"}, "created": 1, "runs": [{}]}']
)
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=r"other\.json' is no finished study"):
        read_ready_made(path)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_those_that_come_with_the_app_can_be_read_and_repeated(path: Path) -> None:
    found = read_ready_made(path)
    assert found.about
    assert len(found.runs) > 2
    assert StudySpec.from_dict(found.study.spec).name == found.study.name
    for run in found.runs:
        assert 0 < run.metrics["accuracy"] <= 1
        assert len(run.confusion) == len(run.labels)


@pytest.mark.parametrize("name", paper_figures())
def test_papers_figures_stand_beside_settings_of_their_study(name: str) -> None:
    study = next(each for each in ready_made() if each.study.id.endswith(f":{name}"))
    assert study.paper == paper_figures()[name]
    assert study.paper.source
    found = {
        (setting.method, setting.shots) for setting in grouped([run.record() for run in study.runs])
    }
    for method, figures in study.paper.methods.items():
        for shots, told in figures.items():
            assert (method, shots) in found
            assert shots in study.paper.examples
            mean, _, sd = told.partition(" ± ")
            assert 0 < float(mean) < 100
            assert 0 <= float(sd or 0) < 20
