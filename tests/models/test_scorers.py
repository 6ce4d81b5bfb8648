"""Which scorer fits which words, and words that no model can tell apart."""

from collections.abc import Callable

import pytest

from core.data.task import Task, classification
from core.errors import VerbalizerError
from core.inspection import read_question
from core.models.backbone import Backbone
from core.models.scorers import check_words, scorer_for
from core.prompts.verbalizer import Verbalizer

LABELS = ("bad", "good")
Tiny = Callable[[str], Backbone]


@pytest.mark.parametrize(("kind", "bad", "good", "scorer"), [
    ("bert", "terrible", "great", "single mask"),
    ("bert", "no great", "great", "multi-mask"),
    ("t5", "no great", "great", "single mask"),
])
def test_words_decide_the_scorer(kind: str, bad: str, good: str, scorer: str, tiny: Tiny) -> None:
    words = Verbalizer.of({"bad": bad, "good": good}, LABELS)
    assert scorer_for(words, tiny(kind)) == scorer


@pytest.mark.parametrize(("kind", "bad", "good"), [
    ("bert", ["Great"], ["great"]),  # lower-casing
    ("bert", ["gréat"], ["great"]),  # accents taken away
    ("bert", ["GREAT"], ["gre\u0301at"]),
    ("bert", ["great", "No"], ["no", "Great"]),  # in another order
    ("bert", ["No great"], ["no great"]),  # of several tokens
    ("distilbert", ["Terrible"], ["terrible"]),
])
def test_words_of_the_same_tokens_are_refused_everywhere(
        kind: str, bad: list[str], good: list[str], tiny: Tiny) -> None:
    backbone = tiny(kind)
    words = {"bad": bad, "good": good}
    verbalizer = Verbalizer.of(words, LABELS)
    with pytest.raises(VerbalizerError, match="can never be told apart"):
        check_words(verbalizer, scorer_for(verbalizer, backbone), backbone)
    question = read_question("{text_a} {mask}", words, Task("t", classification(*LABELS), (), ()),
                             backbone)
    assert question.verbalizer is None
    with pytest.raises(VerbalizerError, match="can never be told apart"):
        question.check()


@pytest.mark.parametrize(("kind", "bad", "good"), [
    ("roberta", ["The"], ["the"]),  # letters' case matters
    ("bert", ["great", "no"], ["great"]),  # one word in common is allowed
])
def test_words_that_differ_in_tokens_are_kept(kind: str, bad: list[str], good: list[str],
                                              tiny: Tiny) -> None:
    verbalizer = Verbalizer.of({"bad": bad, "good": good}, LABELS)
    check_words(verbalizer, "single mask", tiny(kind))
