"""`python -m core patterns`: templates of three dialects to patterns, and back."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

STARS = "*cls**sent_0*_{}*mask*.*sep+*"
BRACES = ('{"placeholder": "text_a"} It was {"mask"}.\n{"soft": "x"} {"mask"}\n'
          'Just {"mask"}! {"placeholder": "text_a"}\n')
YAML = """dataset: imdb
templates:
  1: !Template
    name: Was it
    answer_choices: bad ||| good
    jinja: "{{text}} So: ||| {{ answer_choices[label] }}"
  2: !Template {name: Open, answer_choices: null, jinja: "{{text}} ||| good"}
"""


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return tmp_path / "templates"


@pytest.fixture
def read(run: Run) -> Run:
    """`read(*arguments)`: what `patterns` gives."""
    return lambda *arguments: run("patterns", *arguments)


def test_results_of_lm_bff_are_printed_best_first(templates: Path, read: Run) -> None:
    lines = [f"{STARS.format(chr(65 + number))}\t0.{number + 10}" for number in range(12)]
    templates.write_text("\n".join([*lines, "x\t0.9"]))
    status, out, err = read(templates, "--task", "reviews", "--best", 2)
    assert (status, out.splitlines()) == (0, [
        "0.210  {text_a} L {mask}.  negative=terrible;positive=great",
        "0.200  {text_a} K {mask}.  negative=terrible;positive=great"])
    assert "line 13: " in err
    assert "2 of 12 patterns are printed" in err
    assert len(json.loads(read(templates, "--task", "reviews", "--json")[1])) == 10


@pytest.mark.parametrize("first", ["0.90625 {}", "{}\t0.90625"])
def test_scores_may_stand_first_and_may_be_missing(first: str, templates: Path, read: Run) -> None:
    templates.write_text(f"{STARS.format('A')}\n{first.format(STARS.format('B'))}\n")
    status, out, err = read(templates, "--task", "reviews")
    assert (status, err, out.splitlines()) == (0, "", [
        "0.906  {text_a} B {mask}.  negative=terrible;positive=great",
        "–      {text_a} A {mask}.  negative=terrible;positive=great"])


def test_scores_are_printed_without_a_task_too(templates: Path, read: Run) -> None:
    templates.write_text(f"0.5 {STARS.format('A')}\n{STARS.format('B')}\n")
    assert read(templates)[1].splitlines() == ["0.500  {text_a} A {mask}.",
                                               "–      {text_a} B {mask}."]


def test_templates_of_openprompt_take_a_verbalizer(
    templates: Path, tmp_path: Path, read: Run
) -> None:
    templates.write_text(BRACES)
    words = tmp_path / "verbalizer.txt"
    words.write_text("bad, dull\ngood\n")
    status, out, err = read(templates, "--task", "reviews", "--verbalizer", words)
    assert (status, out.splitlines()) == (0, [
        "{text_a} It was {mask}.  negative=bad,dull;positive=good",
        "Just {mask}! {text_a}    negative=bad,dull;positive=good"])
    assert "line 2: A pattern cannot say soft 'x'" in err
    rows = json.loads(read(templates, "--json")[1])
    assert [(row["pattern"], row["words"], row["line"]) for row in rows] == [
        ("{text_a} It was {mask}.", {}, 1), ("Just {mask}! {text_a}", {}, 3)]


def test_a_file_of_promptsource_names_what_it_leaves_out(templates: Path, read: Run) -> None:
    templates.write_text(YAML)
    status, out, err = read(templates, "--task", "reviews")
    assert (status, out) == (0, "Was it  {text_a} So: {mask}  negative=bad;positive=good\n")
    assert "template 'Open': " in err
    assert "in their order: negative = bad, positive = good" in err


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, read: Run) -> None:
    typed = io.BytesIO(b"\xef\xbb\xbf" + BRACES.encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(typed))
    assert read("-", "--dialect", "openprompt")[1].startswith("{text_a} It was {mask}.\n")


@pytest.mark.parametrize(("dialect", "written"), [
    ("lm-bff", "*cls**sent_0*_So:*mask**sep+*\n{'negative': 'bad', 'positive': 'good'}\n"),
    ("openprompt", '{"placeholder": "text_a"} So: {"mask"}\n'
                   '{"negative": ["bad"], "positive": ["good"]}\n'),
    ("promptsource", "answer_choices: bad ||| good"),
])
def test_patterns_are_written_in_a_dialect(
    dialect: str, written: str, templates: Path, read: Run
) -> None:
    words = "negative=bad;positive=good"
    typed = read("--pattern", "{text_a} So: {mask}", "--words", words, "--write", dialect)
    assert typed[0] == 0
    assert written in typed[1]
    templates.write_text(typed[1])
    rows = json.loads(read(templates, "--task", "reviews", "--json")[1])
    assert [(row["pattern"], row["words"]) for row in rows] == [
        ("{text_a} So: {mask}", {"negative": ["bad"], "positive": ["good"]})]
    status, out, _ = read(templates, "--task", "reviews", "--write", dialect)
    assert status == 0
    assert written in out


def test_what_a_dialect_cannot_say_is_told_and_the_rest_is_written(
    templates: Path, read: Run
) -> None:
    templates.write_text('{"meta": "word"} {"placeholder": "text_a"} {"mask"}\n'
                         '{"placeholder": "text_a"} {"mask"}\n')
    status, out, err = read(templates, "--write", "lm-bff")
    assert (status, out) == (0, "*cls**sent_0**mask**sep+*\n")
    assert "line 1: LM-BFF's templates show the first and the second text alone, not {word}" in err


@pytest.mark.parametrize(("content", "arguments", "message"), [
    (b"", (), "is empty"),
    (b"It was a film.", (), "No template of LM-BFF, OpenPrompt or promptsource"),
    (b"\x89PNG\r\n\x1a\n", (), "a picture"),
    (BRACES.splitlines()[1].encode(), (), "A pattern cannot say soft"),
    (b"*cls**sent_0*_bad*sep+*\n*cls**sent_0*_bad*sep+*", (),
     "None of the 2 templates can be used. The first, line 1"),
    (STARS.encode(), ("--write", "promptsource"), "needs label words"),
    (STARS.encode(), ("--pattern", "{mask}"), "either a file of templates or --pattern"),
    (STARS.encode(), ("--best", "0"), "--best is 0"),
])
def test_nothing_usable_is_one_line_and_status_2(
    content: bytes, arguments: tuple[str, ...], message: str, templates: Path, read: Run
) -> None:
    templates.write_bytes(content)
    status, out, err = read(templates, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_file_that_is_not_there_is_named(templates: Path, read: Run) -> None:
    status, _, err = read(templates)
    assert status == 2
    assert "cannot be read" in err
