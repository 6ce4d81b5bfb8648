"""The Lab on tasks whose answers are texts."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.data.task import Example, Task, generation
from core.errors import InputError
from core.inspection import Alternative, FieldMarks, TextView, Token, forget
from core.prompts.pattern import Prompt
from tests.ui.conftest import Page
from ui.api import _look
from ui.lab.decoding import WAYS, all_ways, decoding_of
from ui.lab.fields import fields_text
from ui.lab.newest import Precedence
from ui.lab.tab import Lab
from ui.lab.text_panels import compared, output_panel
from ui.lab.texts import TextLab

ENGLISH = gr.Request(headers={"accept-language": "en"}, session_hash="a")
CHINESE = gr.Request(headers={"accept-language": "zh-CN"}, session_hash="b")
NAMES = ("The Mill", "Blue Spice", "Giraffe", "The Vaults")
PLACES = Task("places", generation(), *(tuple(
    Example(f"name[{NAMES[at % 4]}], food[{food}]",
            references=(f"{NAMES[at % 4]} serves {food} food.", f"Eat {food} at {NAMES[at % 4]}."))
    for at, food in enumerate(("French", "Chinese", "Italian", "English", "Indian") * 4))
    for _ in "ab"))
ASKED = ("places", "mini-seq2seq", "{text_a} {mask}")
SOURCE = PLACES.test[0].text_a
TEXTS = (SOURCE, "", "")
GREEDY = ("by-greedy", 12, 4, 1.0, 0.8, 0.95, 13)
BEAMS = ("by-beams", *GREEDY[1:])


@pytest.fixture(scope="module")
def lab(ground: Page) -> Lab:
    ground[0].task = lambda choice: PLACES  # type: ignore[method-assign]
    return Lab(*ground)


@pytest.fixture
def texts(lab: Lab) -> TextLab:
    forget()
    return lab.texts


def written(texts: TextLab, *ways: Any, begun: Any = None, before: Any = None, source: str = SOURCE,
            asked: tuple[str, ...] = ASKED, request: gr.Request = ENGLISH) -> list[list[Any]]:
    """The states of the output panel with the tree and what is kept."""
    return list(texts.write(request, *asked, source, "", "", 0, begun or {}, before or {},
                            *(ways or GREEDY)))


def test_the_lab_opens_a_task_of_texts(lab: Lab) -> None:
    pattern, _, source, second, _, _, note, *_ = filled = lab.open_task(ENGLISH, "places")
    assert (pattern["value"], source, second["visible"]) == ("{text_a} {mask}", SOURCE, False)
    assert "Test example 1 of 20, with 2 references" in note
    by_label, words, answers, on, _, controls, panels = filled[-7:]
    assert (by_label, on) == (False, True)
    assert [part["visible"] for part in (words, answers)] == [False] * 2
    assert [part["visible"] for part in (controls, panels)] == [True] * 2
    assert len(filled) == len(lab.opened)


def test_a_model_that_writes_takes_the_place_of_one_that_does_not(texts: TextLab) -> None:
    model, replaced = texts.fit_model(True, "mini-masked", "")
    assert (model, replaced) == ("mini-seq2seq", "mini-masked")
    assert texts.fit_model(True, "mini-causal", "") == [gr.skip()] * 2
    assert texts.fit_model(False, "mini-seq2seq", "mini-masked") == ["mini-masked", ""]
    assert texts.fit_model(False, "mini-causal", "mini-masked") == [gr.skip(), ""]


def test_the_text_grows_and_ends_with_its_probabilities(
        texts: TextLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.lab.texts._SHOWN_SECONDS", -1)
    *growing, (panel, tree, kept) = written(texts)
    assert growing
    assert all("writing: " in state[0] and "data-token" not in state[0] for state in growing)
    assert panel.count("data-token") >= 2
    assert panel.count("cl-picked") == 1
    assert panel.count("data-go") >= 4
    assert tree == ""
    assert kept["output"]
    assert "The closest of 2 references" in panel
    assert "Fields covered: " in panel


def test_changed_words_are_lit_up(texts: TextLab) -> None:
    (*_, (first, _, kept)) = written(texts)
    assert "cl-lit" not in first
    again = written(texts, before={**kept, "output": f"Quite {kept['output']}"})[-1][0]
    assert "cl-lit" not in again
    changed = written(texts, before={**kept, "output": "Nothing of it"})[-1][0]
    assert "cl-lit" in changed
    elsewhere = written(texts, before={"of": "places 7", "output": "Nothing of it"})[-1][0]
    assert "cl-lit" not in elsewhere


def test_a_click_goes_on_from_another_token(texts: TextLab) -> None:
    first = written(texts)[-1][0]
    at, other = (int(part.split('"')[0]) for part in first.split('data-at="')[1].split(
        'data-go="'))
    ids = [int(token) for token in first.split('data-ids="')[1].split('"')[0].split(",")]
    clicked = SimpleNamespace(ids=[*ids[:at], other])
    begun = texts.go_on(*ASKED, *TEXTS, clicked)  # type: ignore[arg-type]
    assert begun == {"of": [*ASKED, *TEXTS], "ids": [*ids[:at], other]}
    panel = written(texts, begun=begun)[-1][0]
    new = [int(token) for token in panel.split('data-ids="')[1].split('"')[0].split(",")]
    assert new[: at + 1] == [*ids[:at], other]
    assert "data-again" in panel
    assert panel.count("cl-forced") == at + 1
    other_source = written(texts, begun=begun, source="name[Giraffe], food[French]")[-1][0]
    assert "data-again" not in other_source
    assert texts.go_on(*ASKED, *TEXTS, SimpleNamespace()) == gr.skip()  # type: ignore[arg-type]
    assert texts.go_on(*ASKED, *TEXTS, SimpleNamespace(ids="x")) == gr.skip()  # type: ignore


def test_the_tree_of_beams_is_drawn(texts: TextLab) -> None:
    panel, tree, _ = written(texts, *BEAMS)[-1]
    assert "What it writes" in panel
    assert "The tree of the search" in tree
    assert tree.count("cl-rank") == 4
    assert tree.count("cl-won") == 1


def test_an_edited_source_says_that_the_reference_is_older(texts: TextLab) -> None:
    older = "It belongs to the example as it was before you changed it."
    assert older not in written(texts)[-1][0]
    assert older in written(texts, source="name[Giraffe], food[French]")[-1][0]


def test_an_older_text_ends_when_the_page_asks_another(
        texts: TextLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.lab.texts._SHOWN_SECONDS", -1)
    older = texts.write(ENGLISH, *ASKED, *TEXTS, 0, {}, {}, "by-greedy", 200, *GREEDY[2:])
    next(older)
    texts.notice(ENGLISH, *ASKED, "name[Giraffe]", "", "", 0, {}, "16", *GREEDY)
    assert list(older) == []


@pytest.mark.parametrize(("asked", "told"), [
    (("places", "mini-masked", "{text_a} {mask}"), "fills single masks"),
    (("places", "mini-seq2seq", "{mask} {text_a}"), "nothing may come after it"),
    (("places", "mini-seq2seq", "{text_a"), "not closed"),
])
def test_what_cannot_be_asked_is_said_in_every_panel(asked: tuple[str, ...], told: str,
                                                     texts: TextLab) -> None:
    ((panel, _, _),) = written(texts, asked=asked)
    assert told in panel
    note, prompt, fields = texts.notice(ENGLISH, *asked, *TEXTS, 0, {}, "16", *GREEDY)
    assert told in note
    assert told in prompt
    assert "Mill" in fields
    *_, (dataset, _) = texts.watch_examples(ENGLISH, *asked, "16", {}, *GREEDY)
    assert told in dataset


def test_metrics_grow_and_show_what_changed(texts: TextLab) -> None:
    blank, *parts = texts.watch_examples(ENGLISH, *ASKED, "16", {}, *GREEDY)
    assert blank[0] == ""
    assert ["over the first 8; 16 are coming" in panel for panel, _ in parts] == [True, False]
    panel, known = parts[-1]
    assert "over 16 of 20 test examples" in panel
    assert panel.count("<tr><td>") == 10
    assert "cl-change" not in panel
    assert set(known["now"]) == {"8", "16"}
    other = ("places", "mini-seq2seq", "summarize: {text_a} {mask}")
    outdated, *_, (changed, after) = texts.watch_examples(ENGLISH, *other, "16", known, *GREEDY)
    assert panel in outdated[0]
    assert "cl-outdated" in outdated[0]
    assert changed.count("cl-change") == len(after["now"]["16"])
    *_, (same, _) = texts.watch_examples(ENGLISH, *other, "16", after, *GREEDY)
    assert same == changed
    assert after["before"] == known["now"]


def test_older_metrics_end_when_the_page_asks_others(texts: TextLab) -> None:
    older = texts.watch_examples(ENGLISH, *ASKED, "16", {}, *GREEDY)
    next(older)
    texts.notice(ENGLISH, *ASKED, *TEXTS, 0, {}, "8", *GREEDY)
    assert list(older) == []


def test_the_text_goes_before_the_texts_of_examples() -> None:
    first, begun = Precedence(), time.monotonic()
    first.give_way("a")
    first.claim("a")
    first.give_way("b")
    threading.Timer(0.2, first.release, ["a"]).start()
    first.give_way("a")
    assert 0.2 <= time.monotonic() - begun < 1.9


def test_nobody_waits_for_a_page_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.lab.newest._STEP_SECONDS", 0.1)
    monkeypatch.setattr("ui.lab.newest._PAGES", 2)
    first = Precedence()
    for page in ("a", "b"):
        first.claim(page)
    first.give_way("a")
    first.claim("c")
    assert list(first._until) == ["c"]


def test_three_ways_stand_side_by_side(texts: TextLab) -> None:
    asked = (*ASKED, *TEXTS, 0, {})
    panels = list(texts.write_in_three_ways(ENGLISH, *asked, True, *GREEDY))
    assert [panel.count("<div><h4>") for panel in panels] == [1, 2, 3]
    assert "2 of 3 ways" in panels[1]
    assert list(texts.write_in_three_ways(ENGLISH, *asked, False, *GREEDY)) == [""]


def test_patterns_are_kept_and_measured_side_by_side(lab: Lab) -> None:
    variants: list[dict[str, Any]] = []
    for pattern in ("{text_a} {mask}", "summarize: {text_a} {mask}"):
        variants, note = lab.variants.keep(ENGLISH, "places", "mini-seq2seq", pattern, variants)
        assert "Kept. " in note
    assert [variant["words"] for variant in variants] == [{}, {}]
    table, row, chosen = lab.variants.show(ENGLISH, "places", "mini-seq2seq", variants, "64")
    assert (row["visible"], len(chosen["choices"])) == (True, 2)
    assert table.count('<tr><td class="cl-mono">') == 2
    assert "over 16 test examples" in table
    assert lab.variants.load("places", variants, chosen["value"])[0] == variants[-1]["pattern"]
    unfit = lab.variants.show(ENGLISH, "places", "mini-masked", variants, "64")[0]
    assert "fills single masks" in unfit
    assert "nothing may come after it" in lab.variants.keep(
        ENGLISH, "places", "mini-seq2seq", "{mask} {text_a}", [])[1]


def test_scripts_ask_the_same(lab: Lab) -> None:
    asked = (lab.services, "{text_a} {mask}", {})
    found = _look(*asked, SOURCE, "places", "mini-seq2seq", 64)
    assert "".join(found["output_tokens"]).strip() == found["output"]
    assert len(found["probabilities"]) == len(found["output_tokens"])
    many = _look(*asked, "", "places", "mini-seq2seq", 3)
    assert (many["n"], len(many["outputs"])) == (3, 3)
    assert "exact_match" in many["metrics"]
    with pytest.raises(InputError, match="fills single masks"):
        _look(*asked, "", "places", "mini-masked", 3)


def test_all_is_said_in_chinese_too(texts: TextLab) -> None:
    panel, tree, _ = written(texts, *BEAMS, request=CHINESE)[-1]
    assert "模型写出的文本" in panel
    assert "搜索树" in tree


def test_empty_boxes_stand_for_the_usual_values() -> None:
    assert decoding_of("by-greedy", *[None] * 6).max_tokens == 48
    assert decoding_of("by-beams", *[None] * 6).beams == 4
    assert decoding_of("by-sampling", *[None] * 6).temperature == 0.8
    ways = all_ways(GREEDY)
    assert tuple(ways) == WAYS
    assert [way.beams for way in ways.values()] == [1, 4, 1]


def test_fields_are_shown_where_they_can_be_edited() -> None:
    shown = json.loads(fields_text(SOURCE, str))
    assert (shown["form"], shown["slots"]) == ("bracketed", [["name", "The Mill"],
                                                             ["food", "French"]])
    assert fields_text("A harbour was closed.", str) == ""


def test_a_token_without_a_letter_can_be_picked() -> None:
    token = Token(3, " ", 0.5, (Alternative(3, " ", 0.5),))
    view = TextView(Prompt(()), [], [], 0, "", (token,), done=True)
    panel = output_panel(view, "", (), FieldMarks((), ()), str)
    assert 'data-token="0" title="␣  50.0 %"><span class="cl-blank">·</span></span>' in panel


def test_every_text_is_escaped(texts: TextLab) -> None:
    assert compared("<b>a</b>", ()) == "&lt;b&gt;a&lt;/b&gt;"
    assert "<b>" not in compared("<b>a</b>", ("<i>a</i>",))
    panel = written(texts, source='name[<img src=x onerror="1">], food[French]')[-1][0]
    assert "<img" not in panel
