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

ENGLISH = gr.Request(headers={"accept-language": "en"})
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
