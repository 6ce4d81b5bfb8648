"""A task whose answers are texts: every tab says kindly what does not work on it yet, and nothing
breaks.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from core.data.task import Example, Task, classification, generation
from tests.ui.conftest import Page
from ui.lab.tab import Lab
from ui.lab.words import WORD_BOXES
from ui.search.tab import Search
from ui.train.plan import IN_THE_LAB, Plan

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en", "zh-CN"))
VENUES = Task("venues", generation(), *(tuple(
    Example(f"place {at}", references=(f"This is place {at}.", f"Here is place {at}."))
    for at in range(start, start + 40)) for start in (0, 40)))
NO_WORDS = [""] * WORD_BOXES


@pytest.fixture(scope="module")
def tabs(ground: Page) -> tuple[Lab, Search, Plan]:
    services, session = ground
    services.task = lambda choice: VENUES  # type: ignore[method-assign]
    services.source = lambda choice: "venues"  # type: ignore[method-assign]
    with gr.Tab() as tab:
        lab = Lab(services, session)
        search = Search(services, session, lab, tab)
        return lab, search, Plan(services, session, lab, search)


def test_the_lab_shows_source_and_references(tabs: tuple[Lab, Search, Plan]) -> None:
    lab, _, _ = tabs
    pattern, _, source, second, _, _, note, *_ = lab.open_task(ENGLISH, "venues")
    assert (pattern["value"], source, second["visible"]) == ("{text_a} {mask}", "place 40", False)
    assert "references: This is place 40. ▪ Here is place 40." in note


@pytest.mark.parametrize(("request_", "told"), [
    (ENGLISH, "The answers of this task are texts"),
    (CHINESE, "该任务的答案是文本"),
])
def test_the_lab_says_what_does_not_work_yet(request_: gr.Request, told: str,
                                             tabs: tuple[Lab, Search, Plan]) -> None:
    lab, _, _ = tabs
    asked = ("venues", "mini-masked", "{text_a} {mask}")
    pattern_note, words_note, *_, prompt, answer = lab.watch_prompt(
        request_, *asked, "place 1", "", "", *NO_WORDS)
    assert (pattern_note, answer) == ("", "")
    assert told in words_note
    assert told in prompt
    (panel,) = lab.watch_examples(request_, *asked, "64", *NO_WORDS)
    assert told in panel


def test_search_and_train_say_it_before_anything_starts(tabs: tuple[Lab, Search, Plan]) -> None:
    _, search, train = tabs
    values = [box.value for box in search.options.values()]
    note, start = search.show_plan(ENGLISH, "venues", "mini-masked", "auto-words", 16, 13,
                                   "{text_a} {mask}", *NO_WORDS,
                                   *values)
    assert ("No method writes texts yet" in note, start["interactive"]) == (True, False)
    offered = train.list_methods(ENGLISH, "venues", ["zero-shot", "lm-bff"])
    assert (offered["choices"], offered["value"]) == ([], [])
    options: list[Any] = [box.value for _, _, box in train.options]
    note, start = train.show_plan(ENGLISH, "venues",
                                  "mini-masked", [], [IN_THE_LAB], ["16"], ["13"], 0, "", [],
                                  "{text_a} {mask}", *NO_WORDS, *options, *values)
    assert ("no method writes texts yet" in note, start["interactive"]) == (True, False)


def test_methods_come_back_with_a_task_of_labels(tabs: tuple[Lab, Search, Plan],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, train = tabs
    task = Task("reviews", classification("bad", "good"), (), ())
    monkeypatch.setattr(train.services, "task", lambda choice: task)
    offered = train.list_methods(ENGLISH, "reviews", [])
    assert offered["value"] == ["zero-shot", "head", "lm-bff"]
    assert len(offered["choices"]) >= 9
