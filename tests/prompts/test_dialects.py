"""All dialects: one pattern in each of them, and bad templates refused with an InputError."""

import random

import pytest

from core.data.task import Example
from core.errors import InputError, PatternError, VerbalizerError
from core.prompts.dialects import (
    parse_promptsource,
    read_lm_bff,
    read_mapping,
    read_openprompt,
    read_promptsource,
    write_lm_bff,
    write_openprompt,
    write_promptsource,
)
from core.prompts.dialects.lm_bff import parse_stars, render_stars
from core.prompts.dialects.openprompt import filled, parse_openprompt
from core.prompts.dialects.promptsource import JinjaTemplate, render_promptsource
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

COLUMNS = {"text_a": "text_a", "text_b": "text_b"}
WORDS = Verbalizer.of({"negative": "terrible", "positive": "great"}, ["negative", "positive"])


def _jinja(pattern: Pattern) -> str:
    return parse_promptsource(write_promptsource(pattern, WORDS))[0].jinja


def test_one_pattern_in_three_dialects() -> None:
    pattern = Pattern.parse("{text_a} Question: {text_b}? Answer: {mask}")
    assert read_lm_bff(write_lm_bff(pattern)) == pattern
    assert read_openprompt(write_openprompt(pattern)) == pattern
    assert read_promptsource(_jinja(pattern), COLUMNS, "a ||| b")[0] == pattern
    rendered = render_promptsource(JinjaTemplate("x", _jinja(pattern), "no ||| yes"),
                                   {"text_a": "Rain.", "text_b": "Wet", "label": 1})
    assert (rendered.prompt, rendered.target) == ("Rain. Question: Wet? Answer:", "yes")
    assert pattern.render(Example("Rain.", "Wet")).text("").strip() == rendered.prompt


MUTATED = {
    "lm_bff": [
        "*cls**sent-_0*?*mask*,*+sentl_1**sep+*",
        "*cls**sent_0*_It_was*mask*.*sep+**sent_1**label_0**sep+*",
    ],
    "openprompt": [
        '{"placeholder": "text_a", "post_processing": lambda x: x.rstrip(".")} It was '
        '{"mask"} {"text": "a"}',
        '{"soft": None, "duplicate": 3}{"meta": "b"} {"placeholder": "text_b", '
        '"shortenable": False}{"mask"}',
    ],
    "jinja": [
        "{{text_a}} x {{ answer_choices | join(', ') }} ||| {{answer_choices[label]}}",
        "{% for a, b in zip(text_a, [1, 2]) %}{{a}}={{b + 1}}{% endfor %} ||| "
        "{{ text_b|upper|first ~ 'x' }}",
    ],
    "yaml": [write_promptsource(Pattern.parse("{text_a} {mask}"), WORDS)],
    "mapping": ["{'0': 'terrible', '1': 'great'}", '{"a": "b"}'],
}
READERS = {
    "lm_bff": [read_lm_bff, lambda text: render_stars(parse_stars(text), ["a", "b"], ["c"])],
    "openprompt": [
        read_openprompt,
        lambda text: filled(parse_openprompt(text), {"text_a": "A.", "text_b": "", "b": "c"}),
    ],
    "jinja": [
        lambda text: read_promptsource(text, COLUMNS, "a ||| b"),
        lambda text: render_promptsource(
            JinjaTemplate("x", text, text), {"text_a": "A.", "text_b": ["b"]}
        ),
    ],
    "yaml": [parse_promptsource],
    "mapping": [read_mapping],
}


def _mutated(text: str, random_: random.Random) -> str:
    for _ in range(random_.randrange(1, 5)):
        at, length = random_.randrange(len(text) + 1), random_.randrange(4)
        piece = random_.choice(
            [
                *"*_{}[]()\"'|%:,+-.# \n\\&!0",
                "\0",
                "\ud800",
                "é",
                "sent_",
                "label_",
                "{{",
                "}}",
                "|||",
                "lambda x: ",
                "!!int ",
                text[at : at + 9],
            ]
        )
        text = text[:at] + piece + text[at + length :]
    return text


@pytest.mark.parametrize("dialect", MUTATED)
def test_mutated_templates_are_read_or_refused(dialect: str) -> None:
    refused = []
    for seed in range(300):
        random_ = random.Random(seed)
        text = _mutated(random_.choice(MUTATED[dialect]), random_)
        for read in READERS[dialect]:
            try:
                read(text)
            except InputError as error:
                refused.append(error)
    assert 30 < len(refused) < 300 * len(READERS[dialect])
    assert all(str(error) for error in refused)
    assert {type(error) for error in refused} == {
        VerbalizerError if dialect == "mapping" else PatternError
    }
