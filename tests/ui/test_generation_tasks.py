"""A task whose answers are texts: every tab says kindly what does not work on it yet, and nothing
breaks.
"""

from __future__ import annotations

import gradio as gr
import pytest

from core.data.task import Example, Task, generation
from tests.ui.conftest import Page
from ui.lab.tab import Lab
from ui.lab.words import WORD_BOXES
from ui.search.tab import Search

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en", "zh-CN"))
VENUES = Task("venues", generation(), *(tuple(
    Example(f"place {at}", references=(f"This is place {at}.", f"Here is place {at}."))
    for at in range(start, start + 40)) for start in (0, 40)))
NO_WORDS = [""] * WORD_BOXES


@pytest.fixture(scope="module")
def tabs(ground: Page) -> tuple[Lab, Search]:
    services, session = ground
    services.task = lambda choice: VENUES  # type: ignore[method-assign]
    services.source = lambda choice: "venues"  # type: ignore[method-assign]
    with gr.Tab() as tab:
        lab = Lab(services, session)
        return lab, Search(services, session, lab, tab)


def test_the_lab_shows_source_and_references(tabs: tuple[Lab, Search]) -> None:
    lab, _ = tabs
    pattern, _, source, second, _, _, note, *_ = lab.open_task(ENGLISH, "venues")
    assert (pattern["value"], source, second["visible"]) == ("{text_a} {mask}", "place 40", False)
    assert "references: This is place 40. ▪ Here is place 40." in note


@pytest.mark.parametrize(("request_", "told"), [
    (ENGLISH, "The answers of this task are texts"),
    (CHINESE, "该任务的答案是文本"),
])
def test_the_lab_says_what_does_not_work_yet(request_: gr.Request, told: str,
                                             tabs: tuple[Lab, Search]) -> None:
    lab, _ = tabs
    asked = ("venues", "mini-masked", "{text_a} {mask}")
    pattern_note, words_note, *_, prompt, answer = lab.watch_prompt(
        request_, *asked, "place 1", "", "", *NO_WORDS)
    assert (pattern_note, answer) == ("", "")
    assert told in words_note
    assert told in prompt
    (panel,) = lab.watch_examples(request_, *asked, "64", *NO_WORDS)
    assert told in panel


def test_search_says_which_methods_write_texts(tabs: tuple[Lab, Search]) -> None:
    _, search = tabs
    values = [box.value for box in search.options.values()]
    note, start = search.show_plan(ENGLISH, "venues", "mini-masked", "auto-words", 16, 13,
                                   "{text_a} {mask}", *NO_WORDS, *values)
    assert ("Methods that write texts are" in note, start["interactive"]) == (True, False)
