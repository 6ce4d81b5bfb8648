"""Demonstrations beside the question."""

import pytest

from core.data.task import Example
from core.errors import DataError
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

PATTERN = Pattern.parse("{text_a} It was {mask}.")
WORDS = Verbalizer.of({"bad": ["terrible", "awful"], "good": "great"}, ["bad", "good"])
QUERY = Example("A dull plot.", label="bad")
SHOTS = [
    Example("I laughed.", label="good"),
    Example("I slept.", label="bad"),
    Example("I cried.", label="good"),
]


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (
            False,
            "A dull plot. It was ____. I slept. It was terrible. I laughed. It was great. "
            "I cried. It was great.",
        ),
        (
            True,
            "I laughed. It was great. I slept. It was terrible. I cried. It was great. "
            "A dull plot. It was ____.",
        ),
    ],
)
def test_where_demonstrations_stand(before: bool, text: str) -> None:
    prompt = with_demonstrations(PATTERN, QUERY, SHOTS, WORDS, before=before)
    assert prompt.text() == text
    assert prompt.masks == 1
    assert [segment.kind for segment in prompt.segments].count("cls") == 1
    assert [segment.kind for segment in prompt.segments].count("sep") == 4
    assert (prompt.segments[0].kind, prompt.segments[-1].kind) == ("cls", "sep")


def test_only_demonstrations_carry_labels() -> None:
    prompt = with_demonstrations(PATTERN, QUERY, SHOTS[:1], WORDS)
    assert [(s.kind, s.label) for s in prompt.segments if s.kind in ("text", "word")] == [
        ("text", ""), ("text", "good"), ("word", "good"),
    ]


def test_no_demonstrations_leave_the_question_as_it_is() -> None:
    for before in (False, True):
        assert with_demonstrations(PATTERN, QUERY, [], WORDS, before=before) == PATTERN.render(
            QUERY
        )


def test_pairs_show_both_texts() -> None:
    pattern = Pattern.parse("{text_a|drop_last}? {mask}, {text_b|lower_first}")
    shot = Example("It rained.", "The street is wet.", "good")
    assert with_demonstrations(pattern, shot, [shot], WORDS).text() == (
        "It rained? ____, the street is wet. It rained? great, the street is wet."
    )


@pytest.mark.parametrize("label", [None, "neutral"])
def test_a_demonstration_needs_a_label_with_a_word(label: str | None) -> None:
    with pytest.raises(DataError, match="words are given for bad, good"):
        with_demonstrations(PATTERN, QUERY, [Example("So so.", label=label)], WORDS)
