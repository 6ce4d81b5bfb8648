"""The Lab on the bundled model and tasks."""

from __future__ import annotations

import gradio as gr
import pytest

from tests.ui.conftest import Page
from ui.lab.tab import Lab
from ui.lab.words import WORD_BOXES

ENGLISH = gr.Request(headers={"accept-language": "en"})


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
