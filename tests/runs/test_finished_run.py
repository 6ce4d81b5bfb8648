"""A finished run labels texts and tables as when it was measured; its model can be downloaded."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from finished_runs import done

from core.data.catalog import load_task
from core.data.columns import ColumnMap
from core.data.files import DataLimits, Table, make_table
from core.data.task import Example
from core.errors import DataError, LimitError, ModelError, SpecError
from core.learning.saved_models import load_predictor
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs import finished_run
from core.runs.downloads import answered_download
from core.runs.finished_run import (
    answer_table,
    predictor_for,
    schema_of,
    weights_of,
    write_archive,
)
from core.runs.folder import DataFolder
from core.runs.prediction import CHUNK, predict
from core.runs.run import Run
from core.runs.store import RunStore
from core.settings import Settings

METHODS = ("zero-shot", "in-context", "head", "lm-bff")
OPTIONS = {"lm-bff": {"steps": 4, "evaluate_every": 2}, "head": {"steps": 4, "evaluate_every": 2},
           "zero-shot": {"calibrate": True}, "in-context": {"demonstrations": 2}}
PATTERN = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}
CACHE = BackboneCache(Placement("cpu", "float32"))
TEXTS = [Example("the film was so good"), Example("a terrible meal")]


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Predictors that other tests left in memory are not used."""
    finished_run._predictors.clear()


@pytest.fixture
def runs(
    data: DataFolder, settings: Settings, task_source: dict[str, Any], tiny_model: str
) -> dict[str, Run]:
    """A finished run of each method."""
    study = {
        "name": "used",
        "task": task_source,
        "model": tiny_model,
        "methods": list(METHODS),
        "patterns": [PATTERN],
        "shots": [4],
        "seeds": [13],
        "options": OPTIONS,
    }
    return {run.spec.method: run for run in done(data, settings, CACHE, study, load_task)}


@pytest.fixture
def lm_bff(runs: dict[str, Run]) -> Run:
    return runs["lm-bff"]


def test_a_run_answers_as_when_it_was_measured(runs: dict[str, Run], store: RunStore) -> None:
    for run in runs.values():
        stored = store.predictions(run.id, "ann")
        examples = [Example(*each) for each in zip(stored["text_a"], stored["text_b"], strict=True)]
        found = predict(
            predictor_for(run, store, load_task, CACHE), schema_of(run, store), examples
        ).table()
        for label in run.labels:
            assert found[f"p:{label}"].to_numpy() == pytest.approx(
                stored[f"p:{label}"].to_numpy(), abs=1e-5
            )
        assert list(found["predicted"]) == list(stored["predicted"])


def test_whose_weights_answer(runs: dict[str, Run], store: RunStore) -> None:
    assert {name: weights_of(run, store) for name, run in runs.items()} == {
        "zero-shot": "base", "in-context": "base", "head": "own", "lm-bff": "own"}


def test_removed_weights_are_said(lm_bff: Run, store: RunStore) -> None:
    shutil.rmtree(store.artifacts.model(lm_bff.id))
    assert weights_of(lm_bff, store) == "removed"
    with pytest.raises(ModelError, match="were removed to save space"):
        predictor_for(lm_bff, store, load_task, CACHE)


def test_predictors_are_kept_and_the_oldest_go(runs: dict[str, Run], store: RunStore) -> None:
    first = predictor_for(runs["head"], store, load_task, CACHE)
    predictor_for(runs["lm-bff"], store, load_task, CACHE)
    assert predictor_for(runs["head"], store, load_task, CACHE) is first
    predictor_for(runs["zero-shot"], store, load_task, CACHE)
    assert len(finished_run._predictors) == 2
    assert predictor_for(runs["head"], store, load_task, CACHE) is first


def test_a_run_that_is_not_done_cannot_be_used(lm_bff: Run, store: RunStore) -> None:
    with pytest.raises(SpecError, match="is not done"):
        predictor_for(replace(lm_bff, status="running"), store, load_task, CACHE)


def test_changed_data_is_noticed(runs: dict[str, Run], store: RunStore) -> None:
    run = runs["zero-shot"]
    changed = replace(run, spec=replace(run.spec, task_hash="another"))
    with pytest.raises(DataError, match="changed after the run"):
        predictor_for(changed, store, load_task, CACHE)


def test_progress_is_told_in_chunks(lm_bff: Run, store: RunStore) -> None:
    told: list[tuple[int, int]] = []
    many = TEXTS * CHUNK
    found = predict(predictor_for(lm_bff, store, load_task, CACHE), schema_of(lm_bff, store), many,
                    lambda at, total: told.append((at, total))).table()
    assert told == [(0, 256), (128, 256), (256, 256)]
    assert list(found.columns) == ["text_a", "text_b", "predicted", "p:bad", "p:good"]
    assert found["p:bad"].nunique() <= 2 * len(TEXTS)


def test_no_texts_give_no_rows(lm_bff: Run, store: RunStore) -> None:
    found = predict(
        predictor_for(lm_bff, store, load_task, CACHE), schema_of(lm_bff, store), []
    ).table()
    assert found.shape == (0, 5)


def shop() -> Table:
    return make_table(
        "shop.csv",
        ["id", "review", "predicted"],
        [("1", "the film was good", "x"), ("2", " ", "y"), ("3", "a terrible plot", "z")],
    )


def test_a_table_keeps_its_columns_and_empty_rows(lm_bff: Run, store: RunStore) -> None:
    answered = answer_table(
        predictor_for(lm_bff, store, load_task, CACHE),
        shop(),
        ColumnMap("review", None),
        schema_of(lm_bff, store),
        DataLimits(),
    )
    found = answered.rows
    assert list(found.columns) == ["id", "review", "predicted", "predicted 2", "p:bad", "p:good"]
    assert (answered.answer, answered.probabilities) == (
        "predicted 2",
        {"bad": "p:bad", "good": "p:good"},
    )
    assert list(found["id"]) == ["1", "2", "3"]
    assert list(found["predicted"]) == ["x", "y", "z"]
    assert list(found["predicted 2"].isna()) == [False, True, False]
    assert set(found["predicted 2"].dropna()) <= set(lm_bff.labels)
    assert found.loc[[0, 2], ["p:bad", "p:good"]].sum(axis=1).to_numpy() == pytest.approx(
        1, abs=2e-6
    )


@pytest.mark.parametrize(("columns", "limits", "kind", "told"), [
    (ColumnMap("text", None), DataLimits(), DataError, "no column 'text'"),
    (ColumnMap("id", None, "none"), DataLimits(), DataError, "no column 'none'"),
    (ColumnMap("review", None), DataLimits(rows=2), LimitError, "3 rows; 2 are allowed"),
])
def test_bad_tables_are_refused(
    columns: ColumnMap,
    limits: DataLimits,
    kind: type[Exception],
    told: str,
    lm_bff: Run,
    store: RunStore,
) -> None:
    predictor = predictor_for(lm_bff, store, load_task, CACHE)
    with pytest.raises(kind, match=told):
        answer_table(predictor, shop(), columns, schema_of(lm_bff, store), limits)


def test_a_column_without_any_text_is_refused(lm_bff: Run, store: RunStore) -> None:
    table = make_table("shop.csv", ["id", "review"], [("1", ""), ("2", " ")])
    with pytest.raises(DataError, match="empty in every row"):
        answer_table(
            predictor_for(lm_bff, store, load_task, CACHE),
            table,
            ColumnMap("review", None),
            schema_of(lm_bff, store),
            DataLimits(),
        )


def test_the_download_holds_no_formula() -> None:
    file = answered_download(
        shop(), pd.DataFrame({"review": ["=1+1", "fine"], "p:bad": [0.25, -0.5]})
    )
    assert file.name == "shop-labelled.csv"
    assert file.data.decode("utf-8-sig").splitlines() == ["review,p:bad", "'=1+1,0.25", "fine,-0.5"]


@pytest.mark.parametrize("method", ["lm-bff", "head"])
def test_an_archive_holds_a_model_that_answers_alike(
    method: str, runs: dict[str, Run], store: RunStore, tmp_path: Path
) -> None:
    run = runs[method]
    write_archive(run, store, CACHE, tmp_path / "my-model.zip")
    with zipfile.ZipFile(tmp_path / "my-model.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "my-model"
    assert {"README.md", "cloze.json", "config.json", "model.safetensors", "tokenizer.json"} <= {
        path.name for path in folder.iterdir()}
    assert f"K = {run.spec.shots}, seed 13" in (folder / "README.md").read_text(encoding="utf-8")
    taken = load_predictor(folder, CACHE.placement).log_probs(TEXTS)
    assert taken == pytest.approx(
        predictor_for(run, store, load_task, CACHE).log_probs(TEXTS), abs=1e-6
    )


def test_without_weights_there_is_no_archive(
    runs: dict[str, Run], store: RunStore, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="were removed"):
        write_archive(runs["zero-shot"], store, CACHE, tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()


def test_pairs_are_known_by_the_predictions(lm_bff: Run, store: RunStore) -> None:
    assert not schema_of(lm_bff, store).pairs
    shutil.rmtree(store.folder / "predictions")
    assert not schema_of(lm_bff, store).pairs
