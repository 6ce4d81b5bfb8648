"""Templates in the Lab: read, ticked, loaded and kept; the pattern written in each dialect."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from tests.ui.conftest import Page
from ui.lab.template_import import TemplateImport
from ui.lab.words import WORD_BOXES

ENGLISH, ZH = (gr.Request(headers={"accept-language": language}) for language in ("en", "zh-CN"))
RESULTS = ("*cls**sent_0*_Such_a*mask*_one.*sep+*\t0.9", "*cls**sent_0*_How*mask*!*sep+*\t0.8",
           "no template\t0.1")
BRACES = '{"placeholder": "text_a"} I found it {"mask"}.'
PATTERN = "{text_a} I found it {mask}."
YAML = """dataset: imdb
templates:
  1: !Template
    {name: One, answer_choices: "bad, dull ||| good",
     jinja: "{{text}} So: ||| {{ answer_choices[label] }}"}
  2: !Template
    {name: Loops, answer_choices: a ||| b, jinja: "{% for a in text %}{% endfor %} ||| x"}
"""
WORDS = ["terrible", "great", *[""] * (WORD_BOXES - 2)]
FURTHER = Path(__file__).resolve().parents[2] / "core" / "prompts" / "dialects"


@pytest.fixture(scope="module")
def panel(ground: Page) -> TemplateImport:
    return TemplateImport(*ground)


def values(picked: dict) -> list[str]:
    return [value for _, value in picked["choices"]]


def test_what_is_pasted_is_shown_and_loaded(panel: TemplateImport) -> None:
    expected, picked, actions, _ = panel.read(ENGLISH, "reviews", BRACES + "\n{'soft'} {'mask'}",
                                              None)
    assert "Patterns found: 1." in expected
    assert "line 2: A pattern cannot say soft None" in expected
    assert [title for title, _ in picked["choices"]] == [PATTERN]
    assert actions["visible"]
    pattern, *words, note = panel.load(ENGLISH, "reviews", picked["value"], "{text_a} {mask}",
                                       *WORDS)
    assert pattern == PATTERN
    assert words == [gr.skip()] * WORD_BOXES
    assert "Loaded." in note


def test_answer_choices_become_label_words_in_order(panel: TemplateImport) -> None:
    expected, picked, *_ = panel.read(ENGLISH, "reviews", YAML, None)
    assert "in their order: negative = bad, dull, positive = good" in expected
    assert "Loops: A pattern has no conditions" in expected
    assert picked["choices"][0][0] == "One · {text_a} So: {mask} · bad, dull / good"
    pattern, *words, _ = panel.load(ENGLISH, "reviews", picked["value"], "", *WORDS)
    assert (pattern, words) == ("{text_a} So: {mask}",
                                ["bad\\, dull", "good", *[""] * (WORD_BOXES - 2)])


def test_words_alone_leave_the_pattern(panel: TemplateImport) -> None:
    _, picked, *_ = panel.read(ENGLISH, "reviews", "dull\nfine", None)
    pattern, *words, _ = panel.load(ENGLISH, "reviews", picked["value"], PATTERN, *WORDS)
    assert pattern == gr.skip()
    assert words[:2] == ["dull", "fine"]
    assert panel.keep(ENGLISH, [], "reviews", picked["value"], PATTERN, *WORDS)[0] == [
        {"task": "reviews", "pattern": PATTERN,
         "words": {"negative": ["dull"], "positive": ["fine"]}}]


def test_results_are_offered_best_first_and_kept(panel: TemplateImport, tmp_path: Path) -> None:
    path = tmp_path / "16-13.score.txt"
    path.write_text("\n".join(RESULTS), encoding="utf-8")
    expected, picked, *_ = panel.read(ENGLISH, "reviews", "", str(path))
    assert "Patterns found: 2." in expected
    assert "line 3: " in expected
    assert [title for title, _ in picked["choices"]] == [
        "0.900 · {text_a} Such a {mask} one. · terrible / great",
        "0.800 · {text_a} How {mask}! · terrible / great"]
    variants, note = panel.keep(ENGLISH, [], "reviews", values(picked), "", *WORDS)
    assert [variant["pattern"] for variant in variants] == ["{text_a} Such a {mask} one.",
                                                      "{text_a} How {mask}!"]
    assert "Kept 2" in note
    assert panel.keep(ENGLISH, variants, "reviews", picked["value"], "", *WORDS)[0] == variants
    assert "cl-problem" in panel.keep(ENGLISH, [], "headlines", picked["value"], "", *WORDS)[1]


def test_results_without_a_score_are_marked(panel: TemplateImport) -> None:
    pasted = "0.9 *cls**sent_0*_Such*mask*!*sep+*\n*cls**sent_0*_How*mask*!*sep+*"
    picked = panel.read(ENGLISH, "reviews", pasted, None)[1]
    assert [title for title, _ in picked["choices"]] == [
        "0.900 · {text_a} Such {mask}! · terrible / great",
        "– · {text_a} How {mask}! · terrible / great"]


def test_a_template_and_its_verbalizer_may_come_apart(panel: TemplateImport,
                                                      tmp_path: Path) -> None:
    path = tmp_path / "verbalizer.json"
    path.write_bytes(b'\xef\xbb\xbf{"negative": ["dull"],\r\n "positive": ["fine"]}\r\n')
    picked = panel.read(ENGLISH, "reviews", BRACES, str(path))[1]
    assert picked["choices"][0][0] == f"{PATTERN} · dull / fine"


def test_long_lists_are_cut_and_counted(panel: TemplateImport) -> None:
    lines = [BRACES.replace("it", f"it{at}") for at in range(20)] + ['{"soft"}{"mask"}'] * 20
    expected, picked, *_ = panel.read(ENGLISH, "reviews", "\n".join(lines), None)
    assert len(picked["choices"]) == 12
    assert "Patterns found: 20. The first 12 are shown" in expected
    assert "and 12 more" in expected


@pytest.mark.parametrize(("pasted", "data", "message"), [
    ("What a film!", None, "No template of LM-BFF"),
    ("<b>[MASK]</b>", None, "&lt;b&gt;"),
    ("", b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
    ("", b"\xff\xfe\x00\xd8\x80\x81", "does not hold templates"),
    ("", b"", "is empty"),
    ("templates: [", None, "no YAML"),
    (BRACES * 100, None, "2000 are allowed"),
    ("x" * 10_000_001, None, "10000000 are allowed"),
])
def test_bad_input_is_reported_and_offers_nothing(
    panel: TemplateImport, tmp_path: Path, pasted: str, data: bytes | None, message: str
) -> None:
    path = tmp_path / "templates"
    path.write_bytes(data or b"")
    expected, picked, actions, _ = panel.read(ENGLISH, "reviews", pasted,
                                          None if data is None else str(path))
    assert message in expected
    assert len(expected) < 2000
    assert not picked["visible"]
    assert not actions["visible"]


def test_nothing_pasted_says_nothing(panel: TemplateImport) -> None:
    assert panel.read(ENGLISH, "reviews", " \n", None)[0] == ""
    assert "Tick a pattern first" in panel.load(ENGLISH, "reviews", [], "", *WORDS)[-1]


@pytest.mark.parametrize(("dialect", "written"), [
    ("lm-bff", "*cls**sent_0*_So:*mask**sep+*\n{'negative': 'terrible', 'positive': 'great'}"),
    ("openprompt",
     '{"placeholder": "text_a"} So: {"mask"}\n{"negative": ["terrible"], "positive": ["great"]}'),
    ("promptsource", "jinja: '{{text_a}} So: ||| {{ answer_choices[label] }}'"),
])
def test_the_pattern_is_exported_and_read_back(panel: TemplateImport, dialect: str,
                                               written: str) -> None:
    box, note = panel.export(ENGLISH, dialect, "reviews", "{text_a} So: {mask}", *WORDS)
    assert written in box["value"]
    assert note == ""
    picked = panel.read(ENGLISH, "reviews", box["value"], None)[1]
    assert picked["choices"][0][0].endswith("{text_a} So: {mask} · terrible / great")


@pytest.mark.parametrize(("dialect", "pattern", "message"), [
    ("promptsource", "{text_a} It was {mask}.", "must stand at the end"),
    ("openprompt", "{text_a} It was {mask", "is not closed"),
    ("lm-bff", "{text_b} {mask}", "one text only"),
])
def test_what_cannot_be_exported_is_reported(panel: TemplateImport, dialect: str, pattern: str,
                                         message: str) -> None:
    box, note = panel.export(ENGLISH, dialect, "reviews", pattern, *WORDS)
    assert not box["visible"]
    assert message in note


def test_messages_are_spoken_in_chinese(panel: TemplateImport) -> None:
    expected = panel.read(ZH, "reviews", BRACES + "\n{'soft'} {'mask'}", None)[0]
    assert "找到的模式：1 个" in expected
    assert "第 2 行：模式无法表示" in expected
