"""The Train tab: the card of one run, and deleting a study."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.runs.folder import DataFolder
from core.runs.spec import StudySpec
from ui.train.deletion import StudyDeletion
from ui.train.runs import Runs

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en", "zh-CN"))
PATTERN = {"pattern": "{text_a} It was {mask}.",
           "words": {"negative": ["terrible"], "positive": ["great"]}}


def test_the_card_of_a_search_shows_its_candidates(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    store, queue = data.store, data.queue
    spec = StudySpec.from_dict({"task": "reviews", "methods": ["auto-words", "lm-bff"],
                                "patterns": [PATTERN], "seeds": [13],
                                "options": {"auto-words": {"steps": 50}}})
    store.submit(spec, spec.runs(load_task("reviews", limits=DataLimits())), "ann")
    run = queue.claim()
    assert run is not None
    queue.progress(run, 10, 400, [],
                   [{**PATTERN, "words": {"negative": ["awful"], "positive": ["<fine>"]},
                     "score": 0.75, "dev_score": 0.9, "trained": 10}])
    runs = Runs.__new__(Runs)
    runs.services = SimpleNamespace(store=store)
    searching, other = (runs.show_run(ENGLISH, "ann", run.id)[0] for run in store.runs("ann"))
    assert "awful / &lt;fine&gt;" in searching
    assert "dropped at step 10" in searching
    assert "Candidates" not in other
    data.close()


def studied(data: DataFolder, seeds: tuple[int, ...] = (13,), visitor: str = "ann",
            steps: int = 2) -> str:
    """Submit a tiny study; gives its id."""
    spec = StudySpec.from_dict({
        "name": "short", "task": "reviews", "methods": ["lm-bff"], "patterns": [PATTERN],
        "shots": [4], "seeds": list(seeds), "test_limit": 8,
        "options": {"lm-bff": {"steps": steps, "evaluate_every": steps, "batch_size": 2}}})
    return data.store.submit(spec, spec.runs(load_task("reviews", limits=DataLimits())), visitor)


@pytest.fixture
def deletion(data: DataFolder) -> StudyDeletion:
    with gr.Blocks():
        return StudyDeletion(SimpleNamespace(store=data.store), SimpleNamespace(visitor=None))


def test_a_study_is_deleted_in_two_steps(data: DataFolder, deletion: StudyDeletion) -> None:
    key = studied(data, (13, 21))
    asked, question, buttons = deletion.ask(ENGLISH, "ann", key)
    assert (asked, buttons["visible"]) == (key, True)
    assert "“short” with its 2 runs" in question
    assert deletion.dismiss()[0] == ""
    assert len(data.store.studies("ann")) == 1
    asked, note, buttons = deletion.delete(ENGLISH, "ann", asked)
    assert (asked, buttons["visible"]) == ("", False)
    assert "Deleted." in note
    assert (data.store.studies("ann"), data.store.runs("ann")) == ([], [])


def test_one_run_is_not_called_several(data: DataFolder, deletion: StudyDeletion) -> None:
    assert "with its run," in deletion.ask(ENGLISH, "ann", studied(data))[1]


@pytest.mark.parametrize(("request_of", "expected"),
                         [(ENGLISH, "Cancel it first"), (CHINESE, "请先取消")])
def test_a_study_with_a_running_run_is_not_deleted(request_of: gr.Request, expected: str,
                                                   data: DataFolder,
                                                   deletion: StudyDeletion) -> None:
    key = studied(data)
    data.queue.claim()
    assert expected in deletion.delete(request_of, "ann", key)[1]
    assert len(data.store.studies("ann")) == 1


@pytest.mark.parametrize(("visitor", "study"),
                         [("bob", "theirs"), ("ann", ""), ("ann", None), ("ann", "none")])
def test_only_studies_of_ones_own_can_be_deleted(visitor: str, study: str | None, data: DataFolder,
                                                 deletion: StudyDeletion) -> None:
    key = studied(data)
    asked, note, buttons = deletion.ask(ENGLISH, visitor, key if study == "theirs" else study)
    assert (asked, buttons["visible"]) == ("", False)
    assert "There is no study" in note
    assert "There is no study" in deletion.delete(ENGLISH, visitor,
                                                  key if study == "theirs" else study or "")[1]
    assert len(data.store.studies("ann")) == 1


def test_the_card_of_a_deleted_run_is_closed(data: DataFolder) -> None:
    runs = Runs.__new__(Runs)
    runs.services = SimpleNamespace(store=data.store)
    key = studied(data)
    (run,) = data.store.runs("ann")
    assert runs.close_run("ann", run.id) == [gr.skip()] * 7
    data.store.delete_study(key, "ann")
    assert runs.close_run("ann", run.id)[:2] == ["", ""]
