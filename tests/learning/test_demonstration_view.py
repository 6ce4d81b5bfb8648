"""Demonstrations made visible: the view says what the predictor does."""

from collections.abc import Callable

import numpy as np
import pytest

from core.data.task import Example, Task, classification
from core.errors import InputError
from core.inspection import look_at_prompt, read_question
from core.learning.demonstration_view import look_at_demonstrations
from core.learning.demonstrations import DemonstratedPredictor, Demonstrations
from core.models.backbone import Backbone
from core.prompts.pvp import PVP

LABELS = ("bad", "good")
SUPPORT = tuple(Example(text, "", label) for text, label in (
    ("The bread was old.", "bad"), ("A cold and lifeless film.",
                                    "bad"), ("The soup was cold.", "bad"),
    ("The dog was lost.", "bad"), ("The soup is great.", "good"), ("A funny film.", "good"),
    ("The bread is warm.", "good"), ("Our dog likes the park.", "good")))
TASK = Task("films", classification(*LABELS), SUPPORT, SUPPORT[:2])
WORDS = {"bad": "terrible", "good": "great"}


def test_the_view_says_what_the_predictor_does(tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("bert")
    question = read_question("{text_a} It is {mask} .", WORDS, TASK, backbone)
    assert question.pattern is not None
    assert question.verbalizer is not None
    drawn = Demonstrations(SUPPORT, contexts=3, similar=0.5, seed=7)
    example = Example("The bread is stale.")
    view = look_at_demonstrations(question, example, drawn, backbone)
    asked = DemonstratedPredictor(backbone, PVP(question.pattern, question.verbalizer), drawn)
    assert view.shown == asked.shown(example)
    assert view.candidates == {"bad": 2, "good": 2}
    assert view.prompt.prompt == asked.prompt(example)
    assert all(each.text_a in view.prompt.prompt.text() for each, _ in view.shown)
    assert list(
        view.label_probabilities.values()) == pytest.approx(np.exp(asked.log_probs([example])[0]),
                                                            abs=1e-5)
    first = np.exp(asked.log_probs_of([asked.prompt(example)])[0])
    assert list(view.prompt.label_probabilities.values()) == pytest.approx(first, abs=1e-5)
    alone = look_at_prompt(question, example, backbone)
    assert list(alone.label_probabilities.values()) != pytest.approx(first, abs=1e-4)


def test_a_question_that_cannot_be_asked_is_refused(tiny: Callable[[str], Backbone]) -> None:
    question = read_question("{text_a} It is .", WORDS, TASK, tiny("bert"))
    with pytest.raises(InputError, match="has no"):
        look_at_demonstrations(question, SUPPORT[0], Demonstrations(SUPPORT), tiny("bert"))
