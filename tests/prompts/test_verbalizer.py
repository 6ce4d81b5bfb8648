"""Verbalizers: label words as people type them."""

import random

import pytest

from core.errors import VerbalizerError
from core.prompts.verbalizer import Verbalizer, join_words, split_words

LABELS = ("negative", "positive")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("negative=terrible;positive=great", {"negative": ["terrible"], "positive": ["great"]}),
        (
            " positive = great , good ; negative = bad ; ",
            {"negative": ["bad"], "positive": ["great", "good"]},
        ),
        ("negative=bad,bad;positive=good", {"negative": ["bad"], "positive": ["good"]}),
        (r"negative=\,,\;;positive=\=", {"negative": [",", ";"], "positive": ["="]}),
        (
            r"negative=\\,\alpha;positive=a\、b",
            {"negative": ["\\", r"\alpha"], "positive": ["a、b"]},
        ),
        ("negative=差、坏;positive=好，棒", {"negative": ["差", "坏"], "positive": ["好", "棒"]}),
    ],
)
def test_words_are_read_in_the_order_of_the_labels(text: str, words: dict[str, list[str]]) -> None:
    verbalizer = Verbalizer.parse(text, LABELS)
    assert verbalizer.as_dict() == words
    assert verbalizer.labels == LABELS
    assert Verbalizer.parse(str(verbalizer), LABELS) == verbalizer


@pytest.mark.parametrize(
    ("text", "message", "label"),
    [
        ("", "'negative' has no word", "negative"),
        ("negative=bad", "'positive' has no word", "positive"),
        (
            "negative=bad;positive=good;neutral=fine",
            "'neutral' is no label of this task",
            "neutral",
        ),
        ("negative=bad;positive=bad", "same words as 'negative'", "positive"),
        ("negative=bad,sad;positive=sad,bad", "can never be told apart", "positive"),
        ("negative;positive=good", "not of the form", None),
        ("negative=a=b;positive=good", "not of the form", None),
        ("negative=" + "x" * 61 + ";positive=good", "word of 61 characters", "negative"),
        (
            "positive=" + ",".join(map(str, range(51))) + ";negative=bad",
            "51 words; 50 are allowed",
            "positive",
        ),
    ],
)
def test_unfit_words_are_refused(text: str, message: str, label: str | None) -> None:
    with pytest.raises(VerbalizerError) as error:
        Verbalizer.parse(text, LABELS)
    assert message in str(error.value)
    assert error.value.label == label


def test_words_may_be_given_singly_or_in_lists() -> None:
    verbalizer = Verbalizer.of({"positive": ["great", "good"], "negative": "bad"}, LABELS)
    assert verbalizer.all_words() == [
        ("negative", "bad"),
        ("positive", "great"),
        ("positive", "good"),
    ]
    assert verbalizer.first_word("positive") == "great"


def test_an_empty_word_is_refused() -> None:
    with pytest.raises(VerbalizerError, match="empty word"):
        Verbalizer.of({"negative": ["bad", " "], "positive": ["good"]}, LABELS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a, b,c", ["a", "b", "c"]),
        ("", []),
        (" , ", []),
        (r"a\,b", ["a,b"]),
        ("very good,bad", ["very good", "bad"]),
    ],
)
def test_split_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_random_texts_are_read_or_refused() -> None:
    pieces = ["negative", "positive", "=", ",", ";", "\\", "good", " ", "，", "\n", "\0"]
    read = 0
    for seed in range(300):
        random_ = random.Random(seed)
        text = "negative=bad;positive=" + "".join(random_.choices(pieces, k=random_.randrange(6)))
        try:
            verbalizer = Verbalizer.parse(text, LABELS)
        except VerbalizerError:
            continue
        read += 1
        assert Verbalizer.parse(str(verbalizer), LABELS) == verbalizer, text
    assert 30 < read < 270


def test_labels_may_be_taken_as_they_are_written() -> None:
    assert Verbalizer.parse("b=x;a=y,z").as_dict() == {"b": ["x"], "a": ["y", "z"]}


@pytest.mark.parametrize("words", [
    ["great"], ["so, so", "fine"], ["a;b", "c=d", "e\\f", "好，很好"],
])
def test_joined_words_are_split_again(words: list[str]) -> None:
    assert split_words(join_words(words)) == words
