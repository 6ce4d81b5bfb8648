"""LM-BFF's star templates and label words: read, written, refused, and never run."""

import pytest

from core.errors import PatternError, VerbalizerError
from core.prompts.dialects import read_lm_bff, read_mapping, write_lm_bff, write_mapping
from core.prompts.dialects.lm_bff import demonstration_template, parse_stars, render_stars
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer


@pytest.mark.parametrize(("template", "pattern"), [
    ("*cls**sent_0*_It_was*mask*.*sep+*", "{text_a} It was {mask}."),
    ("*cls**mask*:*+sent_0**sep+*", "{mask}: {text_a}"),
    ("*cls**sent-_0*?*mask*,*+sentl_1**sep+*", "{text_a|drop_last}? {mask}, {text_b|lower_first}"),
    ("*cls**sentu-_0*_(*mask*)*sentl-_1**sep+*",
     "{text_a|upper_first|drop_last} ( {mask}){text_b|lower_first|drop_last}"),
    ("*cls**sent_0*_*mask*_*sent_1**sep+*", "{text_a} {mask|tight} {text_b|tight}"),
    ("*cls**sent_0**mask**mask**sep+*", "{text_a} {mask} {mask}"),
    ("*cls**sent_0**sep+**mask*{x}*sep+*", "{text_a}{sep}{mask}{{x}}"),
])
def test_lm_bff_is_read_and_written(template: str, pattern: str) -> None:
    assert str(read_lm_bff(template)) == pattern
    assert write_lm_bff(Pattern.parse(pattern)) == template


@pytest.mark.parametrize(("template", "message", "position"), [
    ("", "no *mask*", 0),
    ("*cls**sent_0**sep+*", "no *mask*", 19),
    ("*sent_0**mask**sep+*", "here *cls* is missing", 1),
    ("*mask*", "here *cls* is missing", 1),
    ("*cls**mask**sent_0*.", "here *sep+* is missing", 19),
    ("*cls**sent_x**mask**sep+*", "'sent_x' at character 7 is no field", 6),
    ("*cls**+sent-_**mask**sep+*", "'+sent-_'", 6),
    ("*cls*label_is*mask**sep+*", "'label_is' at character 6", 5),
    ("*cls**sent_2**mask**sep+*", "cannot take the field *sent_2* (character 7)", 6),
    ("*cls**sent_0**mask**sep+**sent_1**label_0**sep+*", "*label_0*", 34),
    ("*cls**mask**cls**sep+*", "*cls* (character 13)", 12),
    ("*mask*" + "x" * 20_000, "20000 are allowed", 20_000),
])
def test_lm_bff_names_what_is_wrong(template: str, message: str, position: int) -> None:
    with pytest.raises(PatternError) as error:
        read_lm_bff(template)
    assert message in str(error.value)
    assert error.value.position == position


@pytest.mark.parametrize(("pattern", "message", "position"), [
    ("{text_a} 2*2 {mask}", "'*' as text (character 11)", 10),
    ("{text_a} a_b {mask}", "'_' as text (character 11)", 10),
    ("{text_a|strip_punctuation} {mask}", "cannot say the modifiers", 0),
    ("{mask} {text_a|not_shortenable}", "cannot say the modifiers of {text_a|not_shortenable}", 6),
    ("{text_a|lower_first|upper_first} {mask}", "cannot say the modifiers", 0),
    ("{text_a}mask{mask|tight}", "'mask' (character 9) for a field", 8),
    ("{text_a}sent 0 {mask}", "'sent 0' (character 9) for a field", 8),
])
def test_what_stars_cannot_express_is_not_written(
    pattern: str, message: str, position: int
) -> None:
    with pytest.raises(PatternError) as error:
        write_lm_bff(Pattern.parse(pattern))
    assert message in str(error.value)
    assert error.value.position == position


@pytest.mark.parametrize(
    ("template", "labels", "whole"),
    [
        (
            "*cls**sent_0**mask*.*sep+*",
            2,
            "*cls**sent_0**mask*.*sep+**sent_1**label_0*.*sep+**sent_2**label_1*.*sep+*",
        ),
        (
            "*cls**sent_0**mask**+sentl_1**sep+*",
            1,
            "*cls**sent_0**mask**+sentl_1**sep+**sent_2**label_0**+sentl_3**sep+*",
        ),
        ("*cls*In_0.5_s*mask**sep*", 1, "*cls*In_0.5_s*mask**sep*In_0.5_s*label_0**sep*"),
    ],
)
def test_automatic_demonstration_templates(template: str, labels: int, whole: str) -> None:
    assert demonstration_template(template, labels) == whole


@pytest.mark.parametrize(("template", "message", "position"), [
    ("*mask**sent_2*", "*sent_2* (character 8) asks for number 2; 2 are given", 7),
    ("*mask**label_2*", "*label_2* (character 8) asks for number 2", 7),
    ("*mask**labelx_1*", "*labelx_1* (character 8) asks for number 1; 1 are given", 7),
])
def test_stars_need_what_they_name(template: str, message: str, position: int) -> None:
    with pytest.raises(PatternError) as error:
        render_stars(parse_stars(template), ["one", "two"], ["no", "yes"], [1])
    assert message in str(error.value)
    assert error.value.position == position


def test_stars_are_rendered_with_words_and_labels() -> None:
    stars = parse_stars("*cls**sent_0**mask**sep+**+sentu-_1*_is*labelx_0**sep*")
    prompt = render_stars(stars, ["one", "two"], ["no", "yes"], [1])
    assert [(s.kind, s.text) for s in prompt.segments] == [
        ("cls", ""),
        ("text", "one"),
        ("mask", ""),
        ("sep", ""),
        ("text", " Tw"),
        ("literal", " is"),
        ("word", "yes"),
        ("sep", ""),
    ]


@pytest.mark.parametrize(
    "text", ["{'0':'bad','1':'good'}", '{"0": "bad", "1": "good"}', "{0: 'bad', 1: 'good'}"]
)
def test_mappings_are_read(text: str) -> None:
    assert read_mapping(text) == {"0": "bad", "1": "good"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bad",
        "['bad']",
        "{'0': ['bad']}",
        "{'0': 1}",
        "{0.5: 'bad'}",
        "{'0': __import__('os').getcwd()}",
        "{" * 500,
        "{'0': 'bad'",
        "dict(a='b')",
        "{[]: 'x'}",
        '{"a": {"b": "c"}}',
        "\0",
        "[" * 100_000,
    ],
)
def test_mappings_are_never_run(text: str) -> None:
    with pytest.raises(VerbalizerError, match="Label words are given as"):
        read_mapping(text)


def test_mappings_are_written() -> None:
    words = Verbalizer.of({"0": "it's", "1": "great"}, ["0", "1"])
    assert read_mapping(write_mapping(words)) == {"0": "it's", "1": "great"}
    with pytest.raises(VerbalizerError, match="one word for each label"):
        write_mapping(Verbalizer.of({"a": ["x", "y"], "b": "z"}, ["a", "b"]))
