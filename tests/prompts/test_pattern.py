"""Patterns: read, written back, and refused with the place of the mistake."""

import random
import string

import pytest

from core.data.task import Example
from core.errors import PatternError
from core.prompts.pattern import FIELDS, MODIFIERS, Pattern, Segment

EXAMPLE = Example("A fine film.", "It lasts.", "good")


@pytest.mark.parametrize(("text", "pieces"), [
    ("{text_a} It was {mask}.", ["text_a", "' It was'", " mask", "'.'"]),
    ("{mask}: {text_a}", ["mask", "':'", " text_a"]),
    ("{text_a}{mask}", ["text_a", "mask"]),
    ("{text_a}  {mask}", ["text_a", "' '", " mask"]),
    ("{text_a} {mask|tight}", ["text_a", "' '", "mask|tight"]),
    (" {text_a}{sep} {text_b|lower_first|drop_last} {mask}",
     [" text_a", "sep", " text_b|lower_first|drop_last", " mask"]),
    ("{{{text_a}}} {mask}", ["'{'", "text_a", "'}'", " mask"]),
    ("{ text_a | not_shortenable } {mask}", ["text_a|not_shortenable", " mask"]),
    ("{text_a} 是{mask}。{mask}", ["text_a", "' 是'", "mask", "'。'", "mask"]),
])
def test_a_pattern_is_read_as_segments(text: str, pieces: list[str]) -> None:
    shown = [
        repr(s.text)
        if s.kind == "literal"
        else " " * s.space + "|".join((s.field or s.kind, *s.modifiers))
        for s in Pattern.parse(text).segments
    ]
    assert shown == pieces


@pytest.mark.parametrize(
    "text",
    [
        "{text_a} It was {mask}.",
        "{text_a|drop_last}? {mask}, {text_b|lower_first}",
        "{{braces}} {text_a} {mask}",
        "  two  spaces  {text_a}  {mask}  ",
        "{text_a} {mask|tight}",
        "{sep}{text_a} {sep} {mask}",
        "}}{{{mask}",
    ],
)
def test_writing_gives_back_what_was_read(text: str) -> None:
    assert str(Pattern.parse(text)) == text


@pytest.mark.parametrize(("text", "message", "position"), [
    ("", "empty", 0),
    (" \n", "empty", 0),
    ("no field", "nothing is asked", 8),
    ("{text_a} It was", "nothing is asked", 15),
    ("{text_a} {mask", "character 10 is not closed", 9),
    ("{text_a {mask}", "character 1 is not closed", 0),
    ("{mask} }", "character 8 closes nothing", 7),
    ("{text_c} {mask}", "no field {text_c} (character 1)", 0),
    ("{mask} {maks}", "Did you mean 'mask'?", 7),
    ("{text_a|lower} {mask}", "Did you mean 'lower_first'?", 0),
    ("x {mask|drop_last}", "{mask} takes no modifier 'drop_last' (character 3)", 2),
    ("{mask}" * 11, "11 masks; 10 are allowed", 60),
    ("{mask}" + "x" * 1995, "2001 characters; 2000 are allowed", 2000),
])
def test_an_unreadable_pattern_is_refused_with_the_place(
    text: str, message: str, position: int
) -> None:
    with pytest.raises(PatternError) as error:
        Pattern.parse(text)
    assert message in str(error.value)
    assert error.value.position == position


def _scrambled(random_: random.Random) -> str:
    fields = [
        *("{" + field + "}" for field in FIELDS),
        *("{text_a|" + modifier + "}" for modifier in MODIFIERS),
    ]
    noise = [
        "{",
        "}",
        "|",
        " ",
        "{{",
        "}}",
        "ß",
        "\n",
        "\0",
        "{mask|",
        "text_b",
        random_.choice(string.printable),
    ]
    return "".join(
        random_.choice(fields if random_.random() < 0.8 else noise)
        for _ in range(random_.randrange(12))
    )


def test_random_patterns_are_read_or_refused() -> None:
    refused = []
    for seed in range(500):
        text = _scrambled(random.Random(seed))
        try:
            pattern = Pattern.parse(text)
        except PatternError as error:
            refused.append((text, error))
            continue
        assert Pattern.parse(str(pattern)) == pattern
        assert pattern.render(EXAMPLE).masks == pattern.masks
    assert 50 < len(refused) < 450
    assert all(str(error) and error.position in range(len(text) + 1) for text, error in refused)


@pytest.mark.parametrize(("modifier", "text", "changed"), [
    ("strip_punctuation", "Really?!...", "Really"),
    ("strip_punctuation", "好看。", "好看"),
    ("drop_last", "The end.", "The end"),
    ("drop_last", "", ""),
    ("lower_first", "Über", "über"),
    ("upper_first", "a b", "A b"),
    ("upper_first", "", ""),
    ("spaced", "It's $3.50.", "It ' s $ 3 . 50 ."),
    ("not_shortenable", "As it is.", "As it is."),
    ("tight", "As it is.", "As it is."),
    ("drop_last|strip_punctuation", "No.5", "No"),
])
def test_modifiers_change_the_text(modifier: str, text: str, changed: str) -> None:
    prompt = Pattern.parse(f"{{text_a|{modifier}}} {{mask}}").render(Example(text))
    assert prompt.segments[1].text == changed


def test_rendering_puts_special_tokens_at_both_ends() -> None:
    prompt = Pattern.parse("{text_a} {mask}, {text_b|lower_first|not_shortenable}").render(EXAMPLE)
    assert [segment.kind for segment in prompt.segments] == [
        "cls",
        "text",
        "mask",
        "literal",
        "text",
        "sep",
    ]
    assert [segment.shortenable for segment in prompt.segments] == [
        False,
        True,
        False,
        False,
        False,
        False,
    ]
    assert prompt.text() == "A fine film. ____, it lasts."
    assert prompt.text("<mask>") == "A fine film. <mask>, it lasts."
    assert prompt.masks == 1


def test_an_answered_prompt_has_the_word_and_knows_its_label() -> None:
    prompt = Pattern.parse("{text_a} It was {mask}.").render_answered(EXAMPLE, "great")
    assert [segment.kind for segment in prompt.segments] == [
        "text",
        "literal",
        "word",
        "literal",
        "sep",
    ]
    assert [segment.label for segment in prompt.segments] == ["good", "", "good", "", ""]
    assert (prompt.masks, prompt.text()) == (0, "A fine film. It was great.")


def test_braces_of_a_text_stay_as_they_are() -> None:
    assert (
        Pattern.parse("{text_a} {mask}").render(Example("{mask} {x}")).text() == "{mask} {x} ____"
    )


@pytest.mark.parametrize(("pairs", "text", "message", "position"), [
    (False, "{mask} {text_b}", "one text only", 7),
    (True, "It was {mask}.", "shows no text", 0),
])
def test_a_pattern_must_fit_the_task(pairs: bool, text: str, message: str, position: int) -> None:
    with pytest.raises(PatternError, match=message) as error:
        Pattern.parse(text).check(pairs)
    assert error.value.position == position


def test_a_pattern_that_fits_passes() -> None:
    Pattern.parse("{text_a} {mask}").check(pairs=True)
    Pattern.parse("{text_a} {mask} {text_b}").check(pairs=True)


def test_a_pattern_of_segments_keeps_spaces_where_they_belong() -> None:
    segments = [
        Segment("literal", "It {is} "),
        Segment("mask"),
        Segment("text", space=True, field="text_a"),
    ]
    pattern = Pattern.of(segments)
    assert str(pattern) == "It {{is}} {mask|tight} {text_a}"
    assert [(s.text, s.space) for s in pattern.segments] == [
        ("It {is} ", False),
        ("", False),
        ("", True),
    ]


def test_equal_patterns_are_equal() -> None:
    assert Pattern.parse("{text_a} {mask}") == Pattern.parse("{ text_a } { mask }")
    assert len({Pattern.parse("{text_a} {mask}"), Pattern.parse("{ text_a } {mask}")}) == 1
