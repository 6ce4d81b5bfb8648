"""The Lab on the bundled model and tasks."""

from __future__ import annotations

import gradio as gr
import pytest

from tests.ui.conftest import Page
from ui.lab.newest import NewestQuestion
from ui.lab.tab import Lab
from ui.lab.words import WORD_BOXES

ENGLISH = gr.Request(headers={"accept-language": "en"})
WORDS = ["terrible", "great", *[""] * (WORD_BOXES - 2)]


@pytest.fixture(scope="module")
def lab(ground: Page) -> Lab:
    return Lab(*ground)


def test_a_published_pattern_brings_its_words(lab: Lab) -> None:
    pattern, *words = lab.take_published("reviews", "0")
    assert "{mask}" in pattern
    assert len(words) == WORD_BOXES
    assert [bool(word) for word in words[:3]] == [True, True, False]


@pytest.mark.parametrize("chosen", [None, "", "999", "-1", "great"])
def test_without_a_published_pattern_nothing_changes(lab: Lab, chosen: str | None) -> None:
    assert lab.take_published("reviews", chosen) == [gr.skip()] * (1 + WORD_BOXES)


def test_examples_go_round(lab: Lab) -> None:
    first = lab.move("reviews", 251, "Next", ENGLISH)
    assert first[3] == 0
    assert lab.move("reviews", 0, "Previous", ENGLISH)[3] == 251
    assert "Test example 1 of 252" in first[4]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_unknown_task_changes_nothing(lab: Lab) -> None:
    assert lab.open_task(ENGLISH, "no/such-task") == [gr.skip()] * len(lab.opened)


def look(lab: Lab, on: bool = True, shots: float | None = 4,
         text: str = "The soup was cold.") -> str:
    pattern, words = "{text_a} It was {mask}.", ["terrible", "great"]
    return lab.demonstrations.watch(ENGLISH, on, "reviews", "mini-masked", pattern, text, "", "",
                                    shots, 13, 2, 0.5, 50, *words, *[""] * (WORD_BOXES - 2))[1]


def test_demonstrations_are_shown_with_their_similarity(lab: Lab) -> None:
    card = look(lab)
    assert card.count("<tr><td>") == 2
    assert "The whole prompt of the first draw" in card
    assert look(lab, text="What a beautiful song!") != card
    assert look(lab, on=False) == ""


def test_demonstrations_that_cannot_be_drawn_are_reported(lab: Lab) -> None:
    assert "training rows of each label" in look(lab, shots=900)
    assert "whole numbers" in look(lab, shots=None)
    assert "fewer than 2 examples" in look(lab, shots=1)


def page(name: str) -> gr.Request:
    """A request of an open page."""
    return gr.Request(headers={"accept-language": "en"}, session_hash=name)


def test_what_takes_long_is_shown_in_growing_parts(
        lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "reviews", "mini-masked", "{text_a} It was all {mask}.", "64", *WORDS
    monkeypatch.setattr("ui.lab.tab.PART_SECONDS", 1e9)
    (at_once,) = lab.watch_examples(page("a"), *asked)
    monkeypatch.setattr("ui.lab.tab.PART_SECONDS", -1)
    parts = list(lab.watch_examples(page("a"), *asked))
    assert ["over the first 16; 64 are coming" in part for part in parts] == [True, False, False]
    assert "over the first 32; 64 are coming" in parts[1]
    assert parts[2] == at_once
    assert "over 64 of 252 test examples" in at_once


@pytest.mark.parametrize("other", ["{text_a} It was so {mask}!", "{text_a} {mask}", "{mask"])
def test_an_older_question_ends_when_the_page_asks_another(
        other: str, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.lab.tab.PART_SECONDS", -1)
    pattern = f"{{text_a}} It was very {{mask}} {len(other)}."
    older = lab.watch_examples(page("a"), "reviews", "mini-masked", pattern, "64", *WORDS)
    assert "over the first 16" in next(older)
    lab.watch_prompt(page("b"), "reviews", "mini-masked", other, "A text.", "", "", *WORDS)
    assert "over the first 32" in next(older)
    lab.watch_prompt(page("a"), "reviews", "mini-masked", other, "A text.", "", "", *WORDS)
    assert list(older) == []


def test_another_text_ends_no_question(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.lab.tab.PART_SECONDS", -1)
    asked = "reviews", "mini-masked", "{text_a} It was rather {mask}."
    older = lab.watch_examples(page("a"), *asked, "64", *WORDS)
    next(older)
    lab.watch_prompt(page("a"), *asked, "Another text.", "", "", *WORDS)
    assert len(list(older)) == 2


def test_the_oldest_pages_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.lab.newest._PAGES", 2)
    newest = NewestQuestion()
    for name in ("a", "b", "c"):
        newest.ask(name, "question")
    assert list(newest._asked) == ["b", "c"]
    assert newest.is_newest("a", "anything")
    assert not newest.is_newest("b", "anything")
    assert newest.is_newest(None, "anything")
