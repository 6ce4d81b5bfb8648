"""Demonstrations as cards in the Lab: moved, swapped, removed, and what is answered with them."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from tests.ui.conftest import Page
from ui.lab.in_context import MOST, InContextBoxes, cards_panel, changed
from ui.lab.words import WORD_BOXES

ENGLISH = gr.Request(headers={"accept-language": "en"}, session_hash="a")
PATTERN = "{text_a} It was {mask}."
WORDS = ["terrible", "great", *[""] * (WORD_BOXES - 2)]
LABELS = ["bad", "good", "bad", "good", "bad"]


@pytest.fixture(scope="module")
def boxes(ground: Page) -> InContextBoxes:
    return InContextBoxes(*ground)


@pytest.mark.parametrize(("act", "at", "after"), [
    ("up", 1, [1, 0, 2]), ("up", 0, [0, 1, 2]), ("down", 1, [0, 2, 1]), ("down", 2, [0, 1, 2]),
    ("remove", 0, [1, 2]), ("swap", 0, [4, 1, 2]), ("swap", 1, [0, 3, 2]), ("add", 0, [0, 1, 2, 3]),
])
def test_what_a_click_does(act: str, at: int, after: list[int]) -> None:
    assert changed([0, 1, 2], act, at, LABELS) == after


def test_what_cannot_be_done_changes_nothing() -> None:
    assert changed([3], "remove", 0, LABELS) == [3]
    assert changed([1, 3], "swap", 0, LABELS) == [1, 3]
    assert changed([0, 1, 2, 3, 4], "add", 0, LABELS) == [0, 1, 2, 3, 4]
    assert len(changed(list(range(MOST)), "add", 0, ["bad"] * 40)) == MOST
    for act, at in (("up", 7), ("swap", -1), ("dance", 0)):
        with pytest.raises(ValueError, match=r".*"):
            changed([0, 1], act, at, LABELS)


@pytest.mark.parametrize("sent", [{"act": "up", "at": "x"}, {"act": "up"}, {}, {"act": 7, "at": 0},
                                  {"act": "up", "at": 99}, {"act": "up", "at": None}])
def test_odd_clicks_are_passed_over(boxes: InContextBoxes, sent: dict[str, Any]) -> None:
    event = gr.EventData(None, sent)
    assert boxes.act([0, 1], "reviews", 4, 13, event) == gr.skip()


def drawn(boxes: InContextBoxes, count: float | None = 4) -> list[int]:
    shown, order, *_ = boxes.draw(ENGLISH, True, count, "reviews", 4, 13)
    assert shown["visible"]
    return list(order)


def test_cards_are_spread_over_the_labels(boxes: InContextBoxes) -> None:
    order = drawn(boxes)
    train = boxes._train("reviews", 4, 13)
    assert sorted(str(train[place].label) for place in order) == ["negative"] * 2 + ["positive"] * 2
    assert len(drawn(boxes, 99)) == 8
    assert len(drawn(boxes, None)) == 1
    assert boxes.draw(ENGLISH, False, 4, "reviews", 4, 13)[1:] == [[], "", "", ""]


def answers(boxes: InContextBoxes, order: list[int], calibration: str = "off",
            model: str = "mini-masked", pattern: str = PATTERN) -> list[str]:
    asked = order, "reviews", 4.0, 13.0, calibration, model, pattern
    cards, answer = boxes.watch(ENGLISH, *asked, "The soup was cold.", "", "", *WORDS)
    *_, dataset = boxes.count_right(ENGLISH, *asked, "64", *WORDS)
    return [cards, answer, dataset]


@pytest.mark.parametrize("model", ["mini-masked", "mini-causal"])
def test_answer_and_accuracy_follow_the_cards(boxes: InContextBoxes, model: str) -> None:
    order = drawn(boxes)
    cards, answer, dataset = answers(boxes, order, model=model)
    assert cards.count("<li>") == 4
    assert "The soup was cold." in answer
    assert "How often it is right in context" in dataset
    assert "over 64 of 252 test examples" in dataset
    for other in (order[::-1], order[1:]):
        assert answers(boxes, other, model=model)[1] != answer
    assert answers(boxes, order, "content-free", model=model)[1] != answer


def test_without_cards_nothing_is_shown(boxes: InContextBoxes) -> None:
    assert answers(boxes, []) == ["", "", ""]


@pytest.mark.parametrize(("model", "pattern", "says"), [
    ("mini-seq2seq", PATTERN, "is a seq2seq model"),
    ("mini-masked", "{text_a} It was", "The pattern has no {mask}"),
])
def test_what_cannot_be_asked_is_said(
        model: str, pattern: str, says: str, boxes: InContextBoxes) -> None:
    cards, answer, dataset = answers(boxes, drawn(boxes), model=model, pattern=pattern)
    assert says in cards + answer
    assert dataset == ""


def test_too_many_shots_are_said(boxes: InContextBoxes) -> None:
    _, order, *_ = boxes.draw(ENGLISH, True, 4, "reviews", 900, 13)
    cards, _ = boxes.watch(ENGLISH, order, "reviews", 900, 13, "off", "mini-masked", PATTERN,
                           "A text.", "", "", *WORDS)
    assert "training rows of each label" in cards


def test_texts_on_cards_are_text(boxes: InContextBoxes) -> None:
    from core.data.task import Example
    shown = [Example("<img src=x onerror=alert(1)>", label="negative")]
    assert "<img" not in cards_panel(shown, ["negative", "positive"], str)
