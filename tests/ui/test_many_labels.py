"""Tasks with more labels than the Lab has boxes for: one box, short panels, and the other tabs."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
import numpy as np
import pytest

from core.data.task import Example, Schema, Task, classification, multiple_choice
from core.errors import InputError
from core.prompts.verbalizer import split_words
from tests.ui.conftest import Page
from ui.compare.panels import confusion_table
from ui.lab.tab import Lab
from ui.lab.template_import import TemplateImport
from ui.lab.words import ROWS, WORD_BOXES, box_values, typed_texts

ENGLISH = gr.Request(headers={"accept-language": "en"})
FEW = classification("bad", "good")
LETTERS = [f"{first}{second}" for first in "abcdefghijklmno" for second in "abcdefghij"]  # 150
PATTERN = "{text_a} It was {mask}."


@pytest.fixture(scope="module")
def labels(ground: Page) -> list[str]:
    """150 words, each of one token."""
    vocabulary = ground[0].backbone("mini-masked").tokenizer.get_vocab()
    words = (word for word in vocabulary if word.isascii() and word.isalpha() and len(word) > 3)
    return sorted(word for word in words if word.islower())[:150]


@pytest.fixture(scope="module")
def lab(ground: Page, labels: list[str]) -> Lab:
    services, _ = ground
    examples = tuple(Example(f"Number {at} is about {name}.", label=name)
                     for at in range(2) for name in labels)
    task = Task("many", classification(*labels), examples, examples)
    services.task = lambda choice: task  # type: ignore[method-assign]
    services.source = lambda choice: "many"  # type: ignore[method-assign]
    return Lab(*ground)


@pytest.fixture
def opened(lab: Lab) -> list[Any]:
    """What the boxes of words hold when the task is opened."""
    found = lab.open_task(ENGLISH, "many")
    return found[7 : 7 + WORD_BOXES]


def test_all_labels_have_their_words_in_one_box(opened: list[Any], labels: list[str]) -> None:
    assert [box["visible"] for box in opened] == [*[False] * ROWS, True]
    assert opened[-1]["value"].splitlines() == [f"{label} = {label}" for label in labels]


def test_the_answer_is_shown_for_the_most_probable(opened: list[Any], lab: Lab) -> None:
    words = [box["value"] for box in opened]
    *notes, prompt, answer = lab.watch_prompt(ENGLISH, "many", "mini-masked", PATTERN, "A text.",
                                              "", "", *words)
    assert not any(notes)
    assert "A text." in prompt
    assert "and 130 more" in answer
    *_, dataset = lab.watch_examples(ENGLISH, "many", "mini-masked", PATTERN, "128", *words)
    assert "20 of 150 labels, those with most mistakes" in dataset
    assert dataset.count('<th scope="row"') == 20


def test_what_is_wrong_with_a_line_is_told(opened: list[Any], lab: Lab, labels: list[str]) -> None:
    lines = opened[-1]["value"].splitlines()
    for changed, message in ((["nothing = x", *lines], "does not begin with a label"),
                             (lines[1:], f"{labels[0]}&#x27; has no word"),
                             ([f"{labels[0]} = {labels[1]}", *lines[1:]], "same")):
        words = [*[""] * ROWS, "\n".join(changed)]
        shown = lab.watch_prompt(ENGLISH, "many", "mini-masked", PATTERN, "A text.", "", "", *words)
        assert message in "".join(part for part in shown if isinstance(part, str))


def test_variants_templates_and_training_take_the_words(
    opened: list[Any], lab: Lab, ground: Page, labels: list[str]
) -> None:
    words = [box["value"] for box in opened]
    variants, note = lab.variants.keep(ENGLISH, "many", "mini-masked", PATTERN, [], *words)
    assert "Kept" in note
    assert list(variants[0]["words"]) == labels
    key = lab.variants.show(ENGLISH, "many", "mini-masked", variants, "64")[2]["value"]
    assert lab.variants.load("many", variants, key) == [PATTERN, *words]
    assert lab.variants.share(ENGLISH, "many", PATTERN, *words)[0]["visible"]
    box, _ = TemplateImport(*ground).export(ENGLISH, "openprompt", "many", PATTERN, *words)
    assert json.loads(box["value"].splitlines()[1]) == {label: [label] for label in labels}


@pytest.mark.parametrize(("schema", "words"), [
    (FEW, {"bad": ["poor", "dull, grey"], "good": ["fine"]}),
    (classification(*LETTERS), {label: [f"{label}x", "a, b"] for label in LETTERS}),
    (classification(*LETTERS[1:], "a = b"), {label: [label] for label in (*LETTERS[1:], "a = b")}),
])
def test_boxes_give_back_what_they_hold(schema: Schema, words: dict[str, list[str]]) -> None:
    values = box_values(schema, words)
    typed = typed_texts(schema, values)
    assert len(values) == WORD_BOXES
    assert {label: split_words(text) for label, text in typed.items()} == words


def test_empty_boxes_hold_nothing() -> None:
    assert typed_texts(FEW, [None, ""]) == {"bad": "", "good": ""}
    assert set(typed_texts(classification(*LETTERS), [None] * WORD_BOXES).values()) == {""}
    assert typed_texts(multiple_choice("choice1", "choice2"), ["x"] * WORD_BOXES) == {}
    with pytest.raises(InputError, match="does not begin with a label"):
        typed_texts(classification(*LETTERS), [*[""] * ROWS, "aa = x\nzz = y"])


def test_the_table_of_confusion_has_the_labels_with_most_mistakes() -> None:
    confusion = np.eye(150, dtype=int) * 3
    confusion[7, 9] = 5
    html = confusion_table(confusion.tolist(), LETTERS, lambda text: text)
    assert html.count("<tr>") == 61
    assert f">{LETTERS[7]}<" in html
