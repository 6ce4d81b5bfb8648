"""The Use tab over a store with runs that were really done by a tiny model."""

from __future__ import annotations

import csv
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import pandas as pd
import pytest
from finished_runs import do_all, done

from core.data.catalog import load_task
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs import finished_run
from core.runs.folder import DataFolder
from core.runs.run import Run
from core.settings import Settings
from ui.services import Services
from ui.session import Session
from ui.use.tab import MAX_LINES, Use

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en", "zh-CN"))
CACHE = BackboneCache(Placement("cpu", "float32"))
STEPS = {"steps": 2, "evaluate_every": 2, "batch_size": 2}
SINGLE = {"pattern": "{text_a} It was {mask}.",
          "words": {"negative": ["terrible"], "positive": ["great"]}}
PAIRS = {"pattern": "{text_a} {mask} {text_b}",
         "words": {"entailment": ["yes"], "neutral": ["and"], "contradiction": ["no"]}}
TEXT = "What a great film!"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
    """A temporary folder, where downloads are written too."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        opened = DataFolder(folder)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def services(data: DataFolder) -> Services:
    return Services(Settings(data_folder=data.path, device="cpu"), CACHE, data.store)


@pytest.fixture(scope="module")
def tab(services: Services) -> Use:
    with gr.Blocks(), gr.Tabs(), gr.Tab("Use") as place:
        states = [gr.BrowserState("", storage_key=key) for key in ("v", "a", "o")]
        chosen = (gr.Dropdown(), gr.Dropdown(), gr.Textbox())
        return Use(services, Session(states[0], *chosen, *states[1:]), place)


@pytest.fixture(scope="module")
def runs(data: DataFolder, services: Services,
         tiny_model_folder: Callable[[str], Path]) -> dict[str, Run]:
    """Ann's finished runs: a method each on single texts, and one on pairs."""
    common = {"model": str(tiny_model_folder("bert")), "shots": [4], "seeds": [13],
              "test_limit": 12, "options": {"lm-bff": STEPS, "head": STEPS}}
    found = [*done(data, services.settings, CACHE, {
        **common, "name": "pairs", "task": "entailment", "methods": ["lm-bff"],
        "patterns": [PAIRS]}, load_task),
        *done(data, services.settings, CACHE, {
            **common, "name": "single", "task": "reviews",
            "methods": ["lm-bff", "head", "zero-shot"], "patterns": [SINGLE]}, load_task)]
    return dict(zip(("pairs", "lm-bff", "head", "zero-shot"), found, strict=True))


def test_finished_runs_are_offered_and_one_with_weights_is_chosen(
    tab: Use, runs: dict[str, Run]) -> None:
    offered, note = tab.list_runs(ENGLISH, "ann", None)
    keys = [key for _, key in offered["choices"]]
    assert keys == [runs[name].id for name in ("zero-shot", "head", "lm-bff", "pairs")]
    assert (offered["value"], note) == (runs["head"].id, "")
    assert tab.list_runs(ENGLISH, "ann", runs["pairs"].id)[0]["value"] == runs["pairs"].id


@pytest.mark.parametrize("visitor", ["bob", ""])
def test_other_visitors_see_nothing(visitor: str, tab: Use, runs: dict[str, Run]) -> None:
    offered, note = tab.list_runs(ENGLISH, visitor, None)
    assert offered["choices"] == []
    assert "No finished runs yet" in note
    assert "There is no run" in tab.open_run(ENGLISH, visitor, runs["head"].id)[1]
    assert "There is no run" in tab.ask(ENGLISH, visitor, runs["head"].id, TEXT, "", "", False)[0]
    assert "There is no run" in tab.train_again(ENGLISH, visitor, runs["head"].id)
    with pytest.raises(gr.Error, match="There is no run"):
        tab.pack_model(ENGLISH, visitor, runs["head"].id)


@pytest.mark.parametrize(("name", "take", "second", "expected"), [
    ("lm-bff", True, False, ""), ("head", True, False, ""), ("pairs", True, True, ""),
    ("zero-shot", False, False, "it asks the model"),
])
def test_an_opened_run_shows_what_it_needs(name: str, take: bool, second: bool, expected: str,
                                           tab: Use, runs: dict[str, Run]) -> None:
    about, note, body, taken, again, text_b, more, file_text_b, _, _, ask, _ = tab.open_run(
        ENGLISH, "ann", runs[name].id)
    assert ask["value"] == "Label it"
    assert runs[name].spec.method in about
    assert expected in note
    shown = [update["visible"] for update in (body, taken, again, text_b, file_text_b)]
    assert shown == [True, take, False, second, second]
    assert not more["visible"]


def test_one_text_gives_a_bar_for_each_label(tab: Use, runs: dict[str, Run]) -> None:
    note, answer = tab.ask(ENGLISH, "ann", runs["lm-bff"].id, TEXT, "", "", False)
    assert note == ""
    assert answer.count("cl-fill") == 2


def test_lines_give_a_row_each_and_are_escaped(tab: Use, runs: dict[str, Run]) -> None:
    _, answer = tab.ask(CHINESE, "ann", runs["zero-shot"].id, "<b>One</b>\n\n Two \n", "", "", True)
    assert answer.count("cl-stack") == 2
    assert "&lt;b&gt;One&lt;/b&gt;" in answer
    assert "<b>" not in answer
    assert "概率" in answer


def test_pairs_are_asked_as_pairs(tab: Use, runs: dict[str, Run]) -> None:
    alone, other = (tab.ask(ENGLISH, "ann", runs["pairs"].id, TEXT, second, "", False)[1]
                    for second in ("It is.", "No!"))
    assert alone.count("cl-fill") == 3
    assert alone != other


@pytest.mark.parametrize(("name", "text", "second", "lines", "expected"), [
    ("head", " \n ", "", True, "There is no text yet"),
    ("head", None, "", False, "There is no text yet"),
    ("pairs", TEXT, "", False, "1 first text(s) and 0 second text(s)"),
    ("pairs", "a\nb", "c", True, "2 first text(s) and 1 second text(s)"),
    ("head", "a\n" * (MAX_LINES + 1), "", True, "are more than the 200"),
])
def test_what_cannot_be_labelled_is_reported(name: str, text: str, second: str, lines: bool,
                                             expected: str,
                                         tab: Use, runs: dict[str, Run]) -> None:
    note, answer = tab.ask(ENGLISH, "ann", runs[name].id, text, second, "", lines)
    assert expected in note
    assert answer == gr.skip()


def test_another_run_answers_what_is_typed(tab: Use, runs: dict[str, Run]) -> None:
    typed = (TEXT, "", "", False)
    assert tab.ask_again(ENGLISH, "ann", runs["head"].id,
                         *typed) == tab.ask(ENGLISH, "ann", runs["head"].id, *typed)
    assert "Type or paste" in tab.ask_again(ENGLISH, "ann", runs["head"].id, " ", "", "", False)[1]


def test_a_model_is_packed_where_nobody_can_guess_it(tab: Use, runs: dict[str, Run],
                                                     services: Services) -> None:
    paths = [Path(tab.pack_model(ENGLISH, "ann", runs["head"].id)[1]["value"]) for _ in range(2)]
    assert paths[0] != paths[1]
    assert paths[0].is_relative_to(services.settings.data_folder / "uploads")
    assert paths[0].name == f"reviews-head-{runs['head'].id}.zip"
    assert zipfile.ZipFile(paths[0]).testzip() is None


def test_what_has_no_weights_is_not_packed(tab: Use, runs: dict[str, Run]) -> None:
    with pytest.raises(gr.Error, match="were removed"):
        tab.pack_model(ENGLISH, "ann", runs["zero-shot"].id)


def test_removed_weights_can_be_trained_again(tab: Use, runs: dict[str, Run], data: DataFolder,
                                              services: Services) -> None:
    finished_run._predictors.clear()
    store, run = services.store, runs["lm-bff"]
    shutil.rmtree(store.artifacts.model(run.id))
    found = tab.open_run(ENGLISH, "ann", run.id)
    assert "removed to save space" in found[1]
    assert [update["visible"] for update in found[3:5]] == [False, True]
    assert "removed to save space" in tab.ask(ENGLISH, "ann", run.id, TEXT, "", "", False)[0]
    assert "being trained again" in tab.train_again(ENGLISH, "ann", run.id)
    do_all(data, services.settings, CACHE)
    new = store.runs("ann")[-1]
    assert tab.open_run(ENGLISH, "ann", new.id)[3]["visible"]
    assert tab.ask(ENGLISH, "ann", new.id, TEXT, "", "", False)[0] == ""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A file with a formula, an empty text and columns in an unusual order."""
    table = pd.DataFrame(
        {"note": ["=1+1", "no text", "fine"], "review": [TEXT, "", "The bread was terrible."]})
    table.to_csv(tmp_path / "shop.tsv", sep="\t", index=False, encoding="utf-16")
    return str(tmp_path / "shop.tsv")


def test_a_file_is_read_and_its_columns_are_guessed(tab: Use, shop: str) -> None:
    note, text_a, text_b, start, counts, result = tab.file.read_file(ENGLISH, shop)
    assert "shop.tsv: 3 rows · 2 columns · utf-16-le · tab" in note
    assert (text_a["value"], text_b["value"], start["interactive"]) == ("review", None, True)
    assert (counts, result["visible"]) == ("", False)


def test_what_was_assumed_of_a_file_is_said(tab: Use, tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_bytes("review\nОчень хороший фильм\n".encode("koi8-r"))
    note = tab.file.read_file(ENGLISH, str(tmp_path / "films.csv"))[0]
    assert "was read as koi8-r, which is a guess: &#x27;Очень хороший фильм&#x27;" in note


@pytest.mark.parametrize(("content", "expected"),
                         [(b"", "is empty"), (b"PK\x03\x04", "Excel workbook"), (None, "no file")])
def test_a_bad_file_is_reported(content: bytes | None, expected: str, tab: Use,
                                tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "bad.csv").write_bytes(content)
    found = tab.file.read_file(ENGLISH, str(tmp_path / "bad.csv"))
    assert expected in found[0]
    assert found[3]["interactive"] is False


def test_every_row_of_a_file_is_labelled(tab: Use, runs: dict[str, Run], shop: str) -> None:
    _, counts, result, preview, link = tab.file.answer_file(ENGLISH, "ann", runs["head"].id, shop,
                                                           "review", None)
    assert "2 of 3 rows" in counts
    assert result["visible"]
    assert list(preview.columns) == ["predicted", "p:negative", "p:positive", "note", "review"]
    with open(link["value"], encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["note"] for row in rows] == ["'=1+1", "no text", "fine"]
    assert [bool(row["predicted"]) for row in rows] == [True, False, True]
    assert float(rows[0]["p:negative"]) + float(rows[0]["p:positive"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("name", "text_a", "text_b", "expected"), [
    ("head", None, None, "No column is chosen"),
    ("head", "gone", None, "has no column &#x27;gone&#x27;"),
    ("pairs", "review", None, "Choose the column of the second text"),
    ("pairs", "review", "gone", "has no column"),
])
def test_a_file_that_cannot_be_labelled_is_reported(name: str, text_a: str | None,
                                                    text_b: str | None,
                                                expected: str, tab: Use, runs: dict[str, Run],
                                                shop: str) -> None:
    note, counts, result, *_ = tab.file.answer_file(ENGLISH, "ann", runs[name].id, shop, text_a,
                                                   text_b)
    assert expected in note
    assert (counts, result["visible"]) == ("", False)


def test_without_a_file_nothing_is_labelled(tab: Use, runs: dict[str, Run]) -> None:
    assert "No column is chosen" in tab.file.answer_file(ENGLISH, "ann", runs["head"].id, None,
                                                        "review", None)[0]
    assert tab.file.read_file(ENGLISH, None)[3]["interactive"] is False
