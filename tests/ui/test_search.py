"""The Search tab: its kinds, options and plans; what a search has found, as tables and choices."""

import json
from dataclasses import fields, replace
from typing import Any

import gradio as gr
import pytest

from core.methods.registry import METHODS, searches
from core.runs.run import Run
from core.runs.spec import RunSpec
from tests.ui.conftest import Page
from ui.lab.tab import Lab
from ui.lab.words import WORD_BOXES
from ui.languages import LANGUAGES
from ui.search.panels import (
    ROWS_SHOWN,
    best_of,
    candidate_table,
    choices,
    search_title,
    stages,
    ticks,
)
from ui.search.tab import Search

ENGLISH = gr.Request(headers={"accept-language": "en"})
SPEC = RunSpec("reviews", "h", "mini-masked", "d", "auto-words",
               ({"pattern": "{text_a} {mask}", "words": {}},), {"tried": 3, "steps": 100}, 16, 13)
RUN = Run("abc", "s", "v", SPEC, "running", 0.0)


def translate(text: str) -> str:
    return text


def candidate(word: str, score: float, dev: float | None = None, trained: int = 0,
              pattern: str = "{text_a} It was {mask}.") -> dict[str, Any]:
    return {"pattern": pattern, "words": {"bad": [word], "good": ["great"]}, "score": score,
            "dev_score": dev, "trained": trained}


FOUND = [candidate("awful", 0.78, 0.9, 100), candidate("<b>", 0.8, 0.6, 20), candidate("poor", 0.7)]


def test_each_row_says_why_it_ranks_where_it_does() -> None:
    html = candidate_table(RUN, FOUND, translate)
    assert html.index("awful / great") < html.index("dropped at step 20") < html.index("not tried")
    assert html.count("<tr") == 1 + len(FOUND)
    assert "&lt;b&gt; / great" in html
    assert "78.0 %" in html
    assert "Pattern" not in html  # all candidates share it, so it stands above
    assert candidate_table(RUN, [], translate) == ""


def test_log_probabilities_of_patterns_are_not_shown_as_shares() -> None:
    written = [candidate("bad", -3.456, pattern="{text_a} This is {mask}."), candidate("bad", -4.0)]
    html = candidate_table(replace(RUN, spec=replace(SPEC, method="auto-patterns")), written,
                           translate)
    assert "-3.46" in html
    assert "Log-probability" in html
    assert "Words" not in html


def test_long_lists_are_cut_and_say_so() -> None:
    found = [candidate(f"w{at}", 0.5) for at in range(ROWS_SHOWN + 7)]
    assert "and 7 more" in candidate_table(RUN, found, translate)


def test_choices_stand_for_whole_candidates() -> None:
    offered = choices(FOUND)
    assert [text for text, _ in offered] == ["1. awful / great", "2. <b> / great",
                                             "3. poor / great"]
    assert json.loads(offered[2][1]) == {"pattern": "{text_a} It was {mask}.",
                                         "words": {"bad": ["poor"], "good": ["great"]}}


def test_the_best_is_ticked_as_the_ranking_moves_until_a_person_ticks() -> None:
    before, after = choices(FOUND), choices(FOUND[::-1])
    best, worst = before[0][1], before[2][1]
    assert ticks(before, "abc", (None, [])) == [best]
    assert ticks(after, "abc", (None, [])) == [worst]
    assert ticks(after, "abc", ("abc", [best])) == [best]
    assert ticks(after, "abc", ("abc", [])) == []
    assert ticks(after, "abc", ("another", [best])) == [worst]


def test_the_best_of_the_ticked_is_loaded_whatever_the_order_of_ticking() -> None:
    first, second, third = (value for _, value in choices(FOUND))
    assert best_of([third, second], choices(FOUND)) == second
    assert best_of([third, first, second], choices(FOUND)) == first
    assert best_of(["gone", third], choices(FOUND)) == third


def test_stages_follow_the_search() -> None:
    assert "Finding candidates" in stages(RUN, [], translate)
    middle = stages(RUN, FOUND, translate)
    assert "Candidates found: 3" in middle
    assert "Fine-tuned and ranked: 2 of 3" in middle
    assert middle.count("cl-done") == 1
    done = stages(replace(RUN, status="done", metrics={"accuracy": 0.815}), FOUND, translate)
    assert "Accuracy on the test rows: 81.5 %" in done.replace("<b>", "")
    assert done.count('"cl-done"') == 3
    failed = replace(RUN, status="failed", error="There is no {what}.",
                     error_values={"what": "<i>"})
    assert "There is no &lt;i&gt;." in stages(failed, [], translate)
    assert search_title(RUN) == "reviews · auto-words · K = 16 · 13 · abc"


@pytest.fixture(scope="module")
def search(ground: Page) -> Search:
    lab = Lab(*ground)
    with gr.Tabs(), gr.Tab("Search") as tab:
        return Search(*ground, lab, tab)


def plan(search: Search, kind: str, **changed: object) -> list[Any]:
    values = [changed.get(name, box.value) for name, box in search.options.items()]
    return search.show_plan(ENGLISH, "reviews", "mini-masked", kind, 16, 13,
                            "{text_a} It was {mask}.", "terrible", "great",
                            *[""] * (WORD_BOXES - 2), *values)


@pytest.mark.parametrize(("kind", "changed", "expected"), [
    ("auto-words", {"tried": 3}, "{text_a} It was {mask}.: at most 300 training steps"),
    ("auto-patterns", {"tried": 2, "steps": 50, "writer": "mini-seq2seq"},
     "negative=terrible;positive=great: at most 100 training steps"),
    ("petal", {"tried": 8},
     "{text_a} It was {mask}.: at most 500 training steps"),  # with 1, 2, 3, 5 and 10 words
    ("petal", {"words_per_label": 2, "words": "first"},
     "{text_a} It was {mask}.: at most 200 training steps"),
    ("petal", {"words_per_label": 0}, "it must be from 1 to 50"),
])
def test_every_kind_of_search_plans(search: Search, kind: str, changed: dict[str, object],
                                    expected: str) -> None:
    note, start = plan(search, kind, **changed)
    assert expected in note
    assert start["interactive"] == ("must be" not in expected)


def test_each_kind_of_search_shows_its_own_options(search: Search) -> None:
    assert [value for _, value in search.kind.choices] == list(search.methods)
    first = {name for name, box in search.options.items() if box.visible}
    assert first == {option.name for option in fields(METHODS[search.kind.value].options)}
    for kind in search.methods:
        shown = [update["visible"] for update in search.show_options(kind)]
        assert shown[: len(search.methods)] == [name == kind for name in search.methods]
        visible = {name for name, shows in zip(search.options, shown[len(search.methods):],
                                               strict=True) if shows}
        assert visible == {option.name for option in fields(METHODS[kind].options)}
        assert set(search.options_of(kind, [1] * len(search.options))) == visible


def test_options_of_one_name_mean_the_same_in_every_search() -> None:
    meanings: dict[str, Any] = {}
    for option in (option for method in searches() for option in fields(method.options)):
        assert meanings.setdefault(option.name,
                                   (option.default, option.metadata)) == (
                                       option.default, option.metadata)


def test_every_search_and_its_options_are_translated() -> None:
    for method in searches():
        options = fields(method.options)
        said = {method.title, method.summary(),
                *(option.name.replace("_", " ") for option in options),
                *(option.metadata["explain"] for option in options)}
        assert said - LANGUAGES.texts["zh"].keys() == set()
