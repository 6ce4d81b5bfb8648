"""Runs resume where they stopped: checkpoints are for equal runs alone, and within their room."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.learning.checkpoint import Checkpoint
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs import checkpoints
from core.runs.checkpoints import FolderCheckpoints, clean_checkpoints, remove_checkpoints
from core.runs.folder import DataFolder
from core.runs.inline import run_inline
from core.runs.run import Run
from core.runs.spec import RunSpec, StudySpec
from core.runs.store import RunStore
from core.settings import Settings

CPU = Placement("cpu", "float32")
WEIGHT = np.arange(250, dtype=np.float32)  # 1,000 bytes
SAVED = Checkpoint({"weight": WEIGHT}, {"points": [[1, 2, 0.1, None]]}, 2.5)
Submit = Callable[..., list[str]]


def opened(
    root: Path, run: str = "run", placement: Placement = CPU, room: float = 1e6
) -> FolderCheckpoints:
    return FolderCheckpoints(root, run, placement, "session", room)


def runs_in(root: Path) -> list[str]:
    """The runs that have checkpoints."""
    return sorted(path.name.split("-")[0] for path in root.iterdir())


def test_checkpoints_come_back_as_they_were(tmp_path: Path) -> None:
    opened(tmp_path).save("model-1", SAVED)
    again = opened(tmp_path)
    found = again.restore("model-1")
    assert found is not None
    np.testing.assert_array_equal(found.arrays["weight"], SAVED.arrays["weight"])
    assert (found.facts, found.seconds, again.seconds) == (SAVED.facts, 2.5, 2.5)
    assert again.restore("model-2") is None
    assert again.notes() == ["1 of 2 models were restored from an earlier attempt."]
    assert [path.name for path in tmp_path.glob("*/*")] == ["model-1.safetensors"]


@pytest.mark.parametrize("other", [{"run": "other"}, {"placement": Placement("cuda:1", "float32")},
                                   {"placement": Placement("cpu", "bfloat16")}])
def test_other_runs_have_other_checkpoints(other: dict[str, Any], tmp_path: Path) -> None:
    opened(tmp_path).save("model-1", SAVED)
    assert opened(tmp_path, **other).restore("model-1") is None


def test_a_changed_number_or_fact_is_noticed(tmp_path: Path) -> None:
    opened(tmp_path).save("model-1", SAVED)
    path = next(tmp_path.glob("*/*"))
    whole = path.read_bytes()
    for harmed in (
        whole[:-1] + b"\x01",
        whole.replace(b"0.1", b"0.2"),
        whole[:40],
        b"\xff" * 8 + whole,
    ):
        path.write_bytes(harmed)
        assert opened(tmp_path).restore("model-1") is None
    path.write_bytes(whole)
    assert opened(tmp_path).restore("model-1") is not None


def test_the_oldest_checkpoints_make_room_unless_they_are_in_use(tmp_path: Path) -> None:
    folders = {name: opened(tmp_path, name, room=4500) for name in ("old", "older", "used")}
    for age, (name, each) in zip((100, 200, 300), folders.items(), strict=True):
        each.save("model-1", SAVED)
        folder = next(tmp_path.glob(f"{name}-*"))
        os.utime(folder, (folder.stat().st_mtime - age,) * 2)
    for name in ("old", "older"):
        folders[name].close()
    fresh = opened(tmp_path, "fresh", room=4500)
    fresh.save("model-1", SAVED)
    assert runs_in(tmp_path) == ["fresh", "old", "used"]
    fresh.save("model-2", Checkpoint({"weight": np.zeros(9000, dtype=np.float32)}))
    assert "there is no room" in fresh.notes()[0]
    assert runs_in(tmp_path) == ["fresh", "old", "used"]


def test_the_last_of_the_disk_is_left_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SPARE_BYTES", 1e18)
    full = opened(tmp_path)
    full.save("model-1", SAVED)
    assert full.restore("model-1") is None
    assert "there is no room" in full.notes()[0]


def test_old_and_half_written_checkpoints_go(tmp_path: Path) -> None:
    held = opened(tmp_path, "held")
    for each in (held, opened(tmp_path, "old"), opened(tmp_path, "new")):
        each.save("model-1", SAVED)
        if each is not held:
            each.close()
    for name in ("held", "old"):
        os.utime(next(tmp_path.glob(f"{name}-*")), (0, 0))
    new = next(tmp_path.glob("new-*"))
    for session in ("dead", "alive"):
        (new / f".model-2.abc.{session}").write_text("half")
    clean_checkpoints(tmp_path, 1e6, lambda session: session == "alive")
    assert runs_in(tmp_path) == ["held", "new"]
    assert sorted(path.name for path in new.iterdir()) == [
        ".model-2.abc.alive",
        "model-1.safetensors",
    ]
    remove_checkpoints(tmp_path, "new")
    assert not new.exists()
    held.close()
    clean_checkpoints(tmp_path, 0, lambda session: True)
    assert list(tmp_path.iterdir()) == []


class Attempts:
    """Does runs in a store, inline, and cancels them at will."""

    def __init__(
        self, data: DataFolder, settings: Settings, runs_of: Callable[[StudySpec], list[RunSpec]]
    ) -> None:
        self.store, self.queue = data.store, data.queue
        self.settings, self.runs_of = settings, runs_of
        self.cache = BackboneCache(CPU)

    def submit(self, study: StudySpec, visitor: str = "ann") -> str:
        key = self.store.submit(study, self.runs_of(study), visitor)
        return self.store.runs(visitor, key)[0].id

    def do(self, key: str, visitor: str = "ann") -> Run:
        assert run_inline(self.queue, self.cache, self.settings, run=key)
        return self.store.run(key, visitor)

    def stop_after(self, monkeypatch: pytest.MonkeyPatch, models: int, key: str) -> Run:
        """Do a run and have its process interrupted once so many models are finished."""
        real = FolderCheckpoints.save
        finished = []

        def save(saved: FolderCheckpoints, name: str, checkpoint: Checkpoint) -> None:
            real(saved, name, checkpoint)
            finished.append(name)
            if len(finished) == models:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(FolderCheckpoints, "save", save)
            with pytest.raises(KeyboardInterrupt):
                self.do(key)
        return self.store.run(key, "ann")


@pytest.fixture
def attempts(
    data: DataFolder, settings: Settings, runs_of: Callable[[StudySpec], list[RunSpec]]
) -> Attempts:
    return Attempts(data, settings, runs_of)


def restored(store: RunStore, key: str, visitor: str = "ann") -> list[str]:
    return [line[9:] for line in store.log(key, visitor) if "restored" in line]


@pytest.mark.parametrize(("method", "stop", "told"), [
    ("pet", 1, "1 of 2"), ("pet", 3, "2 of 2"), ("ipet", 4, "3 of 4")])
def test_a_run_started_again_goes_on(
    method: str,
    stop: int,
    told: str,
    ensemble: Callable[..., StudySpec],
    attempts: Attempts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runs_of: Callable[[StudySpec], list[RunSpec]],
) -> None:
    study, store = ensemble(method), attempts.store
    first = attempts.submit(study)
    assert attempts.stop_after(monkeypatch, stop, first).status == "interrupted"
    assert len(list(store.folder.glob("parts/*/*.safetensors"))) == stop
    second = store.retry(first, "ann")
    run = attempts.do(second)
    assert run.status == "done"
    assert restored(store, second) == [f"{told} models were restored from an earlier attempt."]
    assert list((store.folder / "parts").iterdir()) == []
    other = DataFolder(tmp_path / "elsewhere")
    elsewhere = other.store
    whole = Attempts(other, Settings(data_folder=other.path, device="cpu"), runs_of)
    expected = whole.do(whole.submit(study))
    assert (run.metrics, run.confusion) == (expected.metrics, expected.confusion)
    pd.testing.assert_frame_equal(
        store.predictions(second, "ann"),
        elsewhere.predictions(expected.id, "ann"),
        check_exact=True,
    )
    assert store.curve(second, "ann") == elsewhere.curve(expected.id, "ann")
    assert json.dumps(store.found(second, "ann")) == json.dumps(elsewhere.found(expected.id, "ann"))
    assert restored(elsewhere, expected.id) == []
    other.close()


@pytest.mark.parametrize("other", [{"seed": 21}, {"patterns": 3}, {"steps": 5}, {"method": "ipet"}])
def test_a_run_that_is_another_restores_nothing(
    other: dict[str, Any],
    ensemble: Callable[..., StudySpec],
    attempts: Attempts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts.stop_after(monkeypatch, 2, attempts.submit(ensemble()))
    key = attempts.submit(ensemble(**other))
    assert attempts.do(key).status == "done"
    assert restored(attempts.store, key) == []
    assert len(list(attempts.store.folder.glob("parts/*"))) == 1  # those of the run that stopped


def test_checkpoints_go_with_the_last_study_of_the_run(
    ensemble: Callable[..., StudySpec], attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = attempts.store
    attempts.stop_after(monkeypatch, 1, attempts.submit(ensemble()))
    attempts.submit(ensemble(), "bob")
    for visitor, left in (("ann", 1), ("bob", 0)):
        store.delete_study(store.studies(visitor)[0].id, visitor)
        assert len(list(store.folder.glob("parts/*"))) == left


def test_nothing_is_saved_where_nothing_may_be(
    ensemble: Callable[..., StudySpec],
    attempts: Attempts,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts.settings = Settings(data_folder=settings.data_folder, device="cpu", keep_models_gb=0)
    assert attempts.do(attempts.submit(ensemble())).status == "done"
    assert not (attempts.store.folder / "parts").exists()
