"""The Use tab with runs that write texts, really done by a tiny causal model."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
import pytest
from finished_runs import done

from core.data.catalog import load_task
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.finished_run import has_adapter
from core.runs.folder import DataFolder
from core.runs.run import Run
from core.settings import Settings
from ui.services import Services
from ui.session import Session
from ui.use.tab import Use

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en", "zh-CN"))
CACHE = BackboneCache(Placement("cpu", "float32"))
SHORT = {"steps": 2, "evaluate_every": 2, "batch_size": 2, "max_tokens": 6}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
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
def venues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of sources and targets."""
    path = tmp_path_factory.mktemp("files") / "venues.csv"
    pd.DataFrame({"source": [f"place {at}" for at in range(12)],
                  "target": [f"Here is place {at}." for at in range(12)]}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def runs(data: DataFolder, services: Services, venues: Path,
         tiny_model_folder: Callable[..., Path]) -> dict[str, Run]:
    """Ann's finished runs, by method."""
    methods = ["zero-shot", "fine-tuning", "prefix-tuning"]
    study: dict[str, Any] = {
        "task": {"train": str(venues)}, "model": str(tiny_model_folder("gpt2")),
        "methods": methods, "shots": [2], "seeds": [13],
        "options": {"prefix-tuning": {**SHORT, "length": 2}, "fine-tuning": SHORT,
                    "zero-shot": {"max_tokens": 6}}}
    found = done(data, services.settings, CACHE, study, load_task)
    return {run.spec.method: run for run in found}


def ask(tab: Use, run: Run, text: str, *, lines: bool = False) -> list[Any]:
    return tab.ask(ENGLISH, "ann", run.id, text, "", "", lines)


def test_runs_that_write_are_offered(tab: Use, runs: dict[str, Run]) -> None:
    offered, note = tab.list_runs(ENGLISH, "ann", None)
    assert {key for _, key in offered["choices"]} == {run.id for run in runs.values()}
    assert (offered["value"], note) == (runs["prefix-tuning"].id, "")


@pytest.mark.parametrize(("request_", "titles"), [
    (ENGLISH, ["Source text", "Write it", "Write for all rows"]),
    (CHINESE, ["源文本", "写作", "为所有行写作"]),
])
def test_boxes_are_called_by_what_they_are_for(request_: gr.Request, titles: list[str], tab: Use,
                                               runs: dict[str, Run]) -> None:
    *_, text, button, start = tab.open_run(request_, "ann", runs["fine-tuning"].id)
    assert [text["label"], button["value"], start["value"]] == titles


@pytest.mark.parametrize(("name", "adapter"), [("prefix-tuning", True), ("fine-tuning", False)])
def test_a_prefix_is_said_to_be_an_adapter(name: str, adapter: bool, tab: Use, services: Services,
                                           runs: dict[str, Run]) -> None:
    _, note, *_ = tab.open_run(ENGLISH, "ann", runs[name].id)
    assert ("PEFT adapter" in note) == adapter == has_adapter(runs[name], services.store)


@pytest.mark.parametrize("name", ["zero-shot", "fine-tuning", "prefix-tuning"])
def test_a_text_is_written_for_a_source(name: str, tab: Use, runs: dict[str, Run]) -> None:
    note, answer = ask(tab, runs[name], "place 3")
    assert note == ""
    assert "What it writes" in answer
    assert "cl-fill" not in answer


def test_lines_give_a_row_each_and_are_escaped(tab: Use, runs: dict[str, Run]) -> None:
    _, answer = ask(tab, runs["prefix-tuning"], "<b>place</b>\n\nplace 2", lines=True)
    assert answer.count("<tr>") == 3
    assert "&lt;b&gt;place" in answer
    assert "<b>" not in answer


def test_every_row_of_a_file_gets_its_text(tab: Use, runs: dict[str, Run], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    pd.DataFrame({"source": ["place 1", "", "place 2"], "output": ["a", "b", "c"]}).to_csv(
        path, index=False)
    note, summary, result, preview, link = tab.file.answer_file(
        ENGLISH, "ann", runs["prefix-tuning"].id, str(path), "source", None)
    assert "2 of 3 rows" in summary, note
    assert result["visible"]
    assert list(preview.columns) == ["output 2", "source", "output"]
    assert link["value"].endswith("mine-written.csv")
    with open(link["value"], encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["output"] for row in rows] == ["a", "b", "c"]
    assert rows[1]["output 2"] == ""


@pytest.mark.parametrize("rows", ["place 1\nplace 2\n", "name[Aromi], food[Chinese]\n"])
def test_a_file_of_sources_alone_is_read(rows: str, tab: Use, tmp_path: Path) -> None:
    (tmp_path / "sources.csv").write_text(f"source\n{rows}", encoding="utf-8")
    note, text_a, _, start, *_ = tab.file.read_file(ENGLISH, str(tmp_path / "sources.csv"))
    assert (text_a["value"], start["interactive"]) == ("source", True), note


def test_a_file_is_cancelled_while_it_is_written(tab: Use, runs: dict[str, Run],
                                                 venues: Path) -> None:
    page, seen = gr.Request(headers={"accept-language": "en"}, session_hash="p"), []

    def press(place: tuple[int, int], unit: str) -> None:
        seen.append(place)
        tab.file.stop(page)

    tab.file.begin(page)
    note, _, result, *_ = tab.file.answer_file(
        page, "ann", runs["fine-tuning"].id, str(venues), "source", None, press)
    assert "Cancelled after 0 of 12 rows" in note
    assert (result["visible"], seen) == (False, [(0, 12)])
    tab.file.begin(page)
    again, *_ = tab.file.answer_file(
        page, "ann", runs["fine-tuning"].id, str(venues), "source", None, lambda *_, **__: None)
    assert "Cancelled" not in again


def test_the_buttons_change_while_a_file_is_answered(tab: Use) -> None:
    start, cancel = tab.file.begin(ENGLISH)
    assert (start["interactive"], cancel["visible"]) == (False, True)


def test_the_archive_of_a_prefix_holds_a_peft_adapter(tab: Use, runs: dict[str, Run]) -> None:
    path = tab.pack_model(ENGLISH, "ann", runs["prefix-tuning"].id)[1]["value"]
    with zipfile.ZipFile(path) as archive:
        names = {Path(name).name for name in archive.namelist()}
        folder = Path(path).stem
        config = json.loads(archive.read(f"{folder}/adapter_config.json"))
        text = archive.read(f"{folder}/README.md").decode()
    assert {"README.md", "prefix.safetensors", "adapter_model.safetensors"} <= names
    assert (config["peft_type"], config["num_virtual_tokens"]) == ("PREFIX_TUNING", 2)
    assert "PeftModel" in text
