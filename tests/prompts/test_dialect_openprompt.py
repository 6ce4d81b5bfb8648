"""OpenPrompt's brace templates: read, written, refused, and never run."""

import pytest

from core.errors import PatternError
from core.prompts.dialects import read_openprompt, write_openprompt
from core.prompts.dialects.openprompt import filled, parse_openprompt
from core.prompts.pattern import Pattern


@pytest.mark.parametrize(
    ("template", "pattern"),
    [
        ('{"placeholder": "text_a"} It was {"mask"}.', "{text_a} It was {mask}."),
        ('{"placeholder": "text_a"}{"special": "<sep>"} {"mask"}', "{text_a}{sep} {mask}"),
        (
            '{"placeholder": "text_a", "shortenable": False}{"mask"}',
            "{text_a|not_shortenable}{mask}",
        ),
        (
            '{"placeholder": "text_b", "post_processing": lambda x: x[:-1]}? {"mask"}',
            "{text_b|drop_last}? {mask}",
        ),
        (
            '{"placeholder": "text_a", "post_processing": lambda x: '
            'x.rstrip(string.punctuation)} {"mask"}',
            "{text_a|strip_punctuation} {mask}",
        ),
        (
            '{"placeholder": "text_a", "post_processing": lambda x: '
            'x[:1].lower() + x[1:]} {"mask"}',
            "{text_a|lower_first} {mask}",
        ),
        (
            '{"text": "It  was  "}{"mask"} {"placeholder": "text_a"}',
            "It  was  {mask|tight} {text_a}",
        ),
        (' {"placeholder": "text_a"} 是{"mask"}。', " {text_a} 是{mask}。"),
        (
            '{"meta": "word"} in "{"placeholder": "text_a"}": {"mask"}',
            '{word} in "{text_a}": {mask}',
        ),
        ('{"meta": "词", "shortenable": False} {"mask"}', "{词|not_shortenable} {mask}"),
    ],
)
def test_openprompt_is_read_and_written(template: str, pattern: str) -> None:
    assert str(read_openprompt(template)) == pattern
    assert write_openprompt(Pattern.parse(pattern, ["word", "词"])) == template


@pytest.mark.parametrize(
    ("template", "pattern"),
    [
        ("{'mask'}   {'placeholder': 'text_a'}  ", "{mask} {text_a}"),
        (
            '{"special": "<s>"}{"placeholder": "text_a"} {"mask"}{"special": "</s>"}',
            "{text_a} {mask}",
        ),
        ('{"text": "Is"} {"mask": None}', "Is {mask}"),
        (
            '{"placeholder": "text_a", "post_processing": lambda s: s.rstrip(".")} {"mask"}',
            "{text_a|strip_punctuation} {mask}",
        ),
        (
            '{"placeholder": "text_a", "post_processing": lambda text: text + "?"} {"mask"}',
            "{text_a}? {mask}",
        ),
        ('{"placeholder": "text_a", "shortenable": True} {"mask"}', "{text_a} {mask}"),
    ],
)
def test_other_spellings_of_openprompt_are_read(template: str, pattern: str) -> None:
    assert str(read_openprompt(template)) == pattern


@pytest.mark.parametrize(
    ("template", "message", "position"),
    [
        ('{"placeholder": "text_a" {"mask"}', "character 1 is not closed", 0),
        ('a {"placeholder": "text_a"}', 'no {"mask"}', 27),
        ('a {"maks"}', "no kind of OpenPrompt's, or an unknown key", 2),
        ('{"mask", "colour"}', "unknown key", 0),
        ('{}{"mask"}', "no kind", 0),
        ('{"mask"} {mask}', "cannot be read", 9),
        ('{"mask"} {"text": print(1)}', "cannot be read", 9),
        ('{"mask"} {"text": ["a"]}', "cannot be read", 9),
        ('{"mask"} {**{"text": "a"}}', "cannot be read", 9),
        ('{"mask"} {"text": 1}', "'text' at character 10 needs a text", 9),
        ('{"mask"} {"text": "' + "x" * 400 + '"}', "cannot be read", 9),
        ('{"mask"} {"placeholder": "text_c"}', "cannot say placeholder 'text_c' (character 10)", 9),
        ('{"mask"} {"meta": "a title"}', "cannot say meta 'a title'", 9),
        ('{"mask"} {"meta": "mask"}', "cannot say meta 'mask'", 9),
        ('{"mask"} {"soft": "It was"}', "Soft tokens are trained vectors", 9),
        ('{"mask"} {"soft_id": 1}', "Soft tokens are trained vectors", 9),
        ('{"mask"}{"special": "<pad>"}', "cannot say special '<pad>'", 8),
        (
            '{"mask"} {"placeholder": "text_a", "post_processing": lambda x: x.upper()}',
            "is not understood",
            9,
        ),
        (
            '{"mask"} {"placeholder": "text_a", "post_processing": lambda x, y: x}',
            "cannot be read",
            9,
        ),
        ('{"mask"} {"placeholder": "text_a", "post_processing": "x"}', "is not understood", 9),
        ('{"mask"}' + "x" * 2000, "2000 are allowed", 2000),
    ],
)
def test_openprompt_names_what_is_wrong(template: str, message: str, position: int) -> None:
    with pytest.raises(PatternError) as error:
        read_openprompt(template)
    assert message in str(error.value)
    assert error.value.position == position


@pytest.mark.parametrize(("pattern", "message", "position"), [
    ("{text_a} a{{b {mask}", "literal brace (character 11)", 10),
    ("{mask} {text_a|drop_last|lower_first}", "take one change of a text", 6),
])
def test_what_braces_cannot_express_is_not_written(
    pattern: str, message: str, position: int
) -> None:
    with pytest.raises(PatternError) as error:
        write_openprompt(Pattern.parse(pattern))
    assert message in str(error.value)
    assert error.value.position == position


def test_filling_needs_every_value() -> None:
    pieces = parse_openprompt('{"meta": "word"} {"soft": "is"} {"mask"}')
    with pytest.raises(PatternError, match=r"'word' \(character 1\) has no text"):
        filled(pieces, {})
    with pytest.raises(PatternError, match=r"'is' \(character 18\) has no text"):
        filled(pieces, {"word": "bank"})
