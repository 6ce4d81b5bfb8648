"""Published results in the Search tab: read for the task, kept as variants, refused in clear words."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr
import pytest

from tests.ui.conftest import Page
from ui.search.published import PublishedResults

ENGLISH = gr.Request(headers={"accept-language": "en"})
LINES = ("*cls**sent_0*_Such_a*mask*_one.*sep+*\t0.9", "*cls**sent_0*_How*mask*!*sep+*\t0.8", "no template\t0.1")


@pytest.fixture(scope="module")
def panel(ground: Page) -> PublishedResults:
    return PublishedResults(*ground)


def test_results_are_offered_best_first_and_kept(panel: PublishedResults, tmp_path: Path) -> None:
    path = tmp_path / "16-13.score.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    note, picked, keep = panel.read(ENGLISH, "reviews", str(path))
    assert "2 results for this task, 1 lines of no use" in note
    assert [title for title, _ in picked["choices"]] == [
        "0.900 · {text_a} Such a {mask} one. · terrible / great", "0.800 · {text_a} How {mask}! · terrible / great"]
    assert keep["visible"]
    variants, told = panel.keep(ENGLISH, "reviews", [value for _, value in picked["choices"]], [])
    assert [each["pattern"] for each in variants] == ["{text_a} Such a {mask} one.", "{text_a} How {mask}!"]
    assert "Kept 2" in told
    assert panel.keep(ENGLISH, "reviews", picked["value"], variants)[0] == variants
    assert "cl-problem" in panel.keep(ENGLISH, "headlines", picked["value"], [])[1]


def test_files_of_no_use_are_told(panel: PublishedResults, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"\xff\xfe\x00 \x80")
    assert "no text in UTF-8" in panel.read(ENGLISH, "reviews", str(path))[0]
    path.write_text(json.dumps({"task": "trec", "mapping": {"0": "a"}}), encoding="utf-8")
    assert "no results for the task" in panel.read(ENGLISH, "reviews", str(path))[0]
    assert panel.read(ENGLISH, "reviews", None)[0] == ""
