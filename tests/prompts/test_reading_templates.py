"""Templates of any dialect: recognised, read for a task, set aside with a reason, written back."""

from __future__ import annotations

import json
import time

import pytest

from core.data.task import Example, Task, classification, multiple_choice
from core.errors import ClozeLabError, DataError, PatternError, VerbalizerError
from core.prompts.dialects import DIALECTS, decode_templates, read_templates, write_template
from core.prompts.dialects.outcome import Reading
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

ROWS = (Example("Fine.", label="negative"), Example("Bad.", label="positive"))
REVIEWS = Task("reviews", classification("negative", "positive"), ROWS, ROWS)
PAIRS = Task(
    "pairs",
    classification("no", "yes", pairs=True),
    (Example("It rains.", "It is wet.", "yes"),) * 2,
    ROWS,
)
SENSES = Task(
    "senses",
    classification("F", "T", columns=("word",)),
    (Example("A bank.", "", "F", (("word", "bank"),)),) * 2,
    ROWS,
)
ANSWERS = Task("answers", multiple_choice("choice1", "choice2"),
               (Example("Why?", "", "choice1", (("choice1", "a"), ("choice2", "b"))),) * 2, ROWS)
STARS = "*cls**sent_0*_It_was*mask*.*sep+*"
BRACES = '{"placeholder": "text_a"} It was {"mask"}.'
JINJA = "{{text}} It was ||| {{ answer_choices[label] }}"
YAML = """dataset: imdb
templates:
  1: !Template
    answer_choices: bad ||| good
    jinja: "{{text}} It was ||| {{ answer_choices[label] }}"
    metadata: !TemplateMetadata {languages: [en]}
    name: Was it
  2: !Template
    jinja: "{% if text %}{{text}}{% endif %} ||| {{ answer_choices[label] }}"
    answer_choices: bad ||| good
    name: Conditions
  3: 7
"""
WORDS = {"negative": ["bad"], "positive": ["good"]}


def read(
    *texts: str, task: Task | None = REVIEWS, **more: str
) -> list[tuple[str | None, dict[str, list[str]]]]:
    found = read_templates(texts, task, **more).found
    return [(template.pattern and str(template.pattern), template.words) for template in found]


def remarks(reading: Reading) -> str:
    return "\n".join(map(str, (*reading.notes, *reading.aside)))


@pytest.mark.parametrize(
    ("text", "pattern", "words"),
    [
        (BRACES, "{text_a} It was {mask}.", {}),
        (BRACES + '\n{"negative": ["bad"], "positive": "good"}', "{text_a} It was {mask}.", WORDS),
        (BRACES + "\n\nbad\ngood\n", "{text_a} It was {mask}.", WORDS),
        ('{"placeholder": "text_a"}\nIt was\n{"mask"}', "{text_a}\nIt was\n{mask}", {}),
        (STARS, "{text_a} It was {mask}.", {"negative": ["terrible"], "positive": ["great"]}),
        (STARS + "\n{'0':'bad','1':'good'}", "{text_a} It was {mask}.", WORDS),
        (YAML, "{text_a} It was {mask}", WORDS),
        (JINJA, "{text_a} It was {mask}", {}),
        (f"jinja: '{JINJA}'\nanswer_choices: bad ||| good", "{text_a} It was {mask}", WORDS),
        ("bad\ngood", None, WORDS),
        (
            "bad, dull\ngood, great fun",
            None,
            {"negative": ["bad", "dull"], "positive": ["good", "great fun"]},
        ),
        ('[["bad"], ["good"]]', None, WORDS),
    ],
)
def test_the_dialect_is_recognised(
    text: str, pattern: str | None, words: dict[str, list[str]]
) -> None:
    assert read(text) == [(pattern, words)]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n\n \n",
        lambda text: text.replace("\n", "\r"),
        lambda text: "\n\n" + text,
    ],
)
@pytest.mark.parametrize("text", [BRACES + "\n" + BRACES.replace("It", "This"), STARS, YAML, JINJA])
def test_marks_and_line_ends_change_nothing(text: str, change) -> None:
    assert read(change(text)) == read(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_files_of_any_encoding_are_read(encoding: str) -> None:
    text = ('{"placeholder": "text_a"} 这部电影很{"mask"}。\n' * 3).encode(encoding)
    assert read(decode_templates(text, "a.txt")) == [("{text_a} 这部电影很{mask}。", {})]


def test_words_of_another_text_go_to_all_patterns_without_words() -> None:
    two = BRACES + "\n" + 'Just {"mask"}! {"placeholder": "text_a"}'
    patterns = ["{text_a} It was {mask}.", "Just {mask}! {text_a}"]
    assert (
        read(two, "bad\ngood")
        == read(two, words="bad\ngood")
        == [(pattern, WORDS) for pattern in patterns]
    )
    both = read(two, "bad\ngood\n\ndull\nfine")
    assert [words["positive"] for _, words in both] == [["good"], ["fine"], ["good"], ["fine"]]


LM_BFF_FOUND = "{text_a} It was {mask}.", {"negative": ["terrible"], "positive": ["great"]}
OPENPROMPT_FOUND = "{text_a} It was {mask}.", {}


@pytest.mark.parametrize(("text", "found"), [
    (f"{STARS}\n{BRACES}", [LM_BFF_FOUND, OPENPROMPT_FOUND]),
    (f"{BRACES}\n{STARS}", [OPENPROMPT_FOUND, LM_BFF_FOUND]),
    (f"{BRACES}\n\n{STARS}\n\n{BRACES.replace('It', 'This')}",
     [OPENPROMPT_FOUND, LM_BFF_FOUND, ("{text_a} This was {mask}.", {})]),
    (f"{STARS}\n{{'0':'bad','1':'good'}}\n{BRACES}\nbad\ngood",
     [("{text_a} It was {mask}.", WORDS)]),
    (f'{{"task": "sst2", "template": "{STARS}"}}\n{BRACES}', [LM_BFF_FOUND, OPENPROMPT_FOUND]),
])
def test_lines_of_two_dialects_in_one_text_are_each_read_in_theirs(
        text: str, found: list[tuple[str, dict[str, list[str]]]]) -> None:
    assert read(text) == found


def test_a_line_of_another_dialect_keeps_its_number() -> None:
    reading = read_templates([f'{STARS}\n{{"mask"}} {{"soft": "x"}}'], REVIEWS)
    assert [aside.place.line for aside in reading.aside] == [2]


def test_curly_quotation_marks_are_read_and_noted() -> None:
    reading = read_templates(["{“placeholder”: “text_a”} was {“mask”}"], REVIEWS)
    assert str(reading.found[0].pattern) == "{text_a} was {mask}"
    assert "Curly quotation marks" in remarks(reading)


@pytest.mark.parametrize(("jinja", "pattern"), [
    ("{{hypothesis}} {{premise}}", "{text_b} {text_a}"),
    ("{{hypothesis}}", "{text_b}"),
    ("{{first}} {{other}}", "{text_a} {text_b}"),
    ("{{text_b}} {{question}}", "{text_b} {text_a}"),
])
def test_columns_are_matched_by_name_or_order(jinja: str, pattern: str) -> None:
    reading = read_templates([jinja + " So ||| {{answer_choices[label]}}"], PAIRS)
    assert str(reading.found[0].pattern) == pattern + " So {mask}"
    assert "Columns of the template were taken as follows" in remarks(reading)


def test_further_columns_are_checked_against_the_task() -> None:
    template = '{"meta": "word"} in {"placeholder": "text_a"}: {"mask"}'
    for task in (SENSES, None):
        assert read(template, task=task) == [("{word} in {text_a}: {mask}", {})]
    jinja = "{{word}} in {{text_a}} ||| {{answer_choices[label]}}"
    assert read(jinja, task=SENSES) == [("{word} in {text_a} {mask}", {})]
    with pytest.raises(
        PatternError, match="shows the column 'word', which the examples of this task do not have"
    ):
        read_templates([template], REVIEWS).check()


def test_what_is_of_no_use_is_set_aside_with_its_place() -> None:
    reading = read_templates(
        [BRACES + '\n{"soft": "x"} {"mask"}\n\n{"placeholder": "text_b"} {"mask"}'], REVIEWS
    )
    assert len(reading.found) == 1
    assert [aside.place.line for aside in reading.aside] == [2, 4]
    assert "line 2: A pattern cannot say soft 'x'" in remarks(reading)
    reading = read_templates([YAML], REVIEWS)
    assert [aside.place.name for aside in reading.aside] == ["Conditions", "3"]
    assert "template 'Conditions': A pattern has no conditions" in remarks(reading)
    with pytest.raises(
        DataError, match=r"None of the 2 templates can be used\. The first, line 1: "
    ):
        read_templates(['{"mask"} {"soft": "x"}\n{"soft": "x"} {"mask"}'], REVIEWS).check()


def test_words_that_do_not_fit_are_left_out_with_a_remark() -> None:
    reading = read_templates([YAML.replace("bad ||| good", "bad ||| fair ||| good")], REVIEWS)
    assert reading.found[0].words == {}
    assert "its label words are left out: There are words for 3 labels; the task has 2" in remarks(
        reading
    )
    reading = read_templates([BRACES + '\n{"bad": ["x"], "good": ["y"]}'], REVIEWS)
    assert "'bad' is no label of this task" in remarks(reading)
    reading = read_templates([YAML], ANSWERS)
    assert reading.found[0].words == {}
    assert "have no label words" in remarks(reading)


def test_results_of_a_search_come_best_first() -> None:
    reading = read_templates(
        [STARS + "\t0.5\n*cls**sent_0*_How*mask*!*sep+*\t0.75\nno template\t0.9"], REVIEWS
    )
    assert [template.dev_score for template in reading.found] == [0.75, 0.5]
    assert [aside.place.line for aside in reading.aside] == [3]


def test_a_task_that_lm_bff_does_not_know_takes_its_templates_without_words() -> None:
    assert read(STARS + "\t0.5", task=PAIRS) == [("{text_a} It was {mask}.", {})]
    assert read(STARS + "\n{'0': 'bad', '1': 'good'}", task=PAIRS) == [
        ("{text_a} It was {mask}.", {"no": ["bad"], "yes": ["good"]})]
    with pytest.raises(DataError, match="no results for the task 'pairs'"):
        read_templates([json.dumps({"task": "sst2", "template": STARS})], PAIRS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty"),
        (" \n\t\ufeff", "No template"),
        (
            "It was a fine film, and I would see it again.",
            "No template of LM-BFF, OpenPrompt or promptsource",
        ),
        ("[X] It was [MASK].", "No template"),
        ("<text> It was <mask>.", "No template"),
        ("{0} It was {1}.", "No template"),
        ("Review: $text\nIt was ___", "No template"),
        ("\0\1\2\3", "No template"),
        ("{text_a} It was {mask}.", "is a pattern already"),
        ("templates: [", "no YAML"),
        ("a: &a [x, x]\ntemplates: [*a, *a]", "aliases are not read"),
        ("templates: {a: !!python/object/apply:os.getcwd []}", "no YAML"),
        ("templates: " + "[" * 50_000, "no YAML"),
        (
            "templates:\n" + "".join(f" {at}: {{jinja: a}}\n" for at in range(501)),
            "501 templates; 500 are allowed",
        ),
        ("{{ 9 ** 9 ** 9 }} {{text}} ||| {{answer_choices[label]}}", "'Pow'"),
        ("{{text}} {{ ''.__class__.__mro__ }} ||| {{answer_choices[label]}}", "unsafe"),
        (
            "{% for a in range(999) %}{{text}}{% endfor %} ||| {{answer_choices[label]}}",
            "no conditions, loops",
        ),
        ("{{text}} {{answer_choices|join}} ||| {{answer_choices[label]}}", "none are given"),
        ("{{" + "(" * 20_000 + "||| {{", "10000 are allowed"),
        ('{"mask"}' * 300_000, "2000 are allowed"),
        ((BRACES + "\n") * 5_001, "more than 5000 lines"),
        ("x" * 10_000_001, "10000000 are allowed"),
    ],
)
def test_bad_texts_get_a_sentence_and_quickly(text: str, message: str) -> None:
    started = time.monotonic()
    with pytest.raises(ClozeLabError) as error:
        read_templates([text], REVIEWS).check()
    assert message in str(error.value)
    assert len(str(error.value)) < 400
    assert time.monotonic() - started < 20


def test_many_answer_choices_that_loop_are_stopped_early() -> None:
    looping = "{% for a in range(999) %}{% for b in range(99) %}{% endfor %}{% endfor %}"
    text = "templates:\n" + "".join(
        f' {at}: {{jinja: "{JINJA}", answer_choices: "{looping}"}}\n' for at in range(400))
    started = time.monotonic()
    reading = read_templates([text], REVIEWS)
    assert len(reading.aside) == 400
    assert "more than 2000 steps" in remarks(reading)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 x", "a PDF document"),
        (b"PK\x03\x04 x", "a ZIP archive"),
        (b"\x89PNG\r\n", "a picture"),
        (bytes(range(256)) * 9, "binary data"),
        (b"x" * 10_000_001, "more than 10 MB"),
    ],
)
def test_files_that_are_no_text_are_named(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        decode_templates(data, "templates.txt")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("words", [WORDS, {"negative": ["so-so"], "positive": ["it's great"]}])
def test_what_is_written_is_read_back(dialect: str, words: dict[str, list[str]]) -> None:
    pattern = Pattern.parse("{text_a} All in all, it was {mask}")
    text = write_template(dialect, pattern, Verbalizer.of(words, REVIEWS.schema.labels))
    for task in (REVIEWS, PAIRS):
        reading = read_templates([text], task, dialect=dialect)
        assert [found.pattern for found in reading.found] == [pattern]
    assert read(text) == [(str(pattern), words)]


@pytest.mark.parametrize(("dialect", "pattern", "message"), [
    ("lm-bff", "{word} {text_a} {mask}", "the first and the second text alone, not {word}"),
    ("openprompt", "{{x}} {text_a} {mask}", "literal brace"),
    ("promptsource", "{text_a} {mask}", "needs label words"),
])
def test_what_a_dialect_cannot_express_is_named(dialect: str, pattern: str, message: str) -> None:
    with pytest.raises((PatternError, VerbalizerError)) as error:
        write_template(dialect, Pattern.parse(pattern, ["word"]), None)
    assert message in str(error.value)
