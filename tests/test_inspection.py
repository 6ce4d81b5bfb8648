"""The Lab's view of a pattern whose words have several tokens."""

from collections.abc import Callable

import numpy as np
import pytest

from core.data.task import Example, Task, classification
from core.inspection import look_at_examples, look_at_prompt, look_in_parts, read_question
from core.learning.predictors import prompt_predictor
from core.models.backbone import Backbone
from core.prompts.pvp import PVP

LABELS = ("bad", "good")
SCHEMA = classification(*LABELS)
EXAMPLES = (Example("The bread was old.", "", "bad"), Example("The soup is great.", "", "good"))
TASK = Task("tiny", SCHEMA, EXAMPLES, EXAMPLES)
PATTERN = "{text_a} It is {mask} ."


def test_words_of_several_tokens_are_filled_in_step_by_step(
    tiny: Callable[[str], Backbone],
) -> None:
    backbone = tiny("bert")
    question = read_question(PATTERN, {"bad": "terrible film", "good": "great"}, TASK, backbone)
    assert question.scorer == "multi-mask"
    view = look_at_prompt(question, EXAMPLES[0], backbone)
    assert sum(view.label_probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert sorted(step.position for step in view.steps["bad"]) == [1, 2]
    assert {step.token for step in view.steps["bad"]} == {"terrible", "film"}
    assert [step.token for step in view.steps["good"]] == ["great"]
    scores = [np.prod([step.probability for step in view.steps[label]]) for label in LABELS]
    assert view.label_probabilities["bad"] == pytest.approx(scores[0] / sum(scores), rel=1e-3)
    assert [word.word for word in view.label_words[0]] == ["great"]


def test_the_data_set_is_asked_as_a_run_asks_it(tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("bert")
    words = {"bad": "terrible film", "good": "great"}
    view = look_at_examples(read_question(PATTERN, words, TASK, backbone), EXAMPLES, backbone)
    pvp = PVP.of(PATTERN, {label: [word] for label, word in words.items()}, SCHEMA)
    expected = np.exp(prompt_predictor(backbone, pvp).log_probs(EXAMPLES)).mean(0)
    assert list(view.label_probabilities_mean.values()) == pytest.approx(
        expected.tolist(), abs=1e-4
    )


@pytest.mark.parametrize(("kind", "typed", "wrong"), [
    ("bert", {"bad": "terrible film, bad", "good": "great"}, {"bad": "has 2 words"}),
    ("t5", {"bad": "terrible film", "good": "great"}, {"bad": "pieces for this model"}),
    ("bert", {"bad": "terrible film", "good": ""}, {"good": "has no word"}),
])
def test_what_cannot_be_asked_is_said_beside_its_label(
    kind: str, typed: dict[str, str], wrong: dict[str, str], tiny: Callable[[str], Backbone]
) -> None:
    question = read_question(PATTERN, typed, TASK, tiny(kind))
    assert not question.sound
    for label, text in wrong.items():
        assert text in str((question.word_problems or {})[label])


def test_words_of_one_token_have_no_steps(tiny: Callable[[str], Backbone]) -> None:
    question = read_question(
        PATTERN, {"bad": "terrible, film", "good": "great"}, TASK, tiny("bert")
    )
    assert question.scorer == "single mask"
    assert look_at_prompt(question, EXAMPLES[0], tiny("bert")).steps == {}


@pytest.mark.parametrize(("kind", "pattern", "words"), [
    ("bert", PATTERN, {"bad": "terrible", "good": "great"}),
    ("bert", PATTERN, {"bad": "terrible film", "good": "great"}),
    ("gpt2", PATTERN, {"bad": "terrible", "good": "great"}),
    ("gpt2", "{mask}: {text_a}", {"bad": "terrible", "good": "great"}),
])
def test_growing_parts_end_with_the_whole(
        kind: str, pattern: str, words: dict[str, str], tiny: Callable[[str], Backbone]) -> None:
    examples = [Example(f"{'dog ' * (number % 5)}in the park", "", LABELS[number % 2])
                for number in range(40)]
    question = read_question(pattern, words, TASK, tiny(kind))
    parts = list(look_in_parts(question, examples, tiny(kind)))
    whole = look_at_examples(question, examples, tiny(kind))
    assert [part.evaluation.n for part in parts] == [16, 32, 40]
    assert parts[-1].evaluation.value == whole.evaluation.value
    assert list(parts[-1].label_probabilities_mean.values()) == pytest.approx(
        list(whole.label_probabilities_mean.values()), abs=1e-5)
    assert parts[0].evaluation.value == look_at_examples(
        question, examples[:16], tiny(kind)).evaluation.value


@pytest.mark.parametrize("pattern", ["{mask}: {text_a}", "{text_a}, {mask} is it, {text_a}"])
def test_a_causal_model_shows_all_that_it_reads(
        pattern: str, tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("gpt2")
    question = read_question(pattern, {"bad": "terrible", "good": "great film"}, TASK, backbone)
    assert question.scorer == "whole prompt"
    view = look_at_prompt(question, EXAMPLES[0], backbone)
    assert "Ġbread" in view.tokens
    assert len(view.tokens) == len(view.origins)
    pvp = PVP.of(pattern, {"bad": ["terrible"], "good": ["great film"]}, SCHEMA)
    expected = np.exp(prompt_predictor(backbone, pvp).log_probs(EXAMPLES[:1]))[0]
    assert list(view.label_probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-5)
    assert len(view.top_words[0]) == 10
