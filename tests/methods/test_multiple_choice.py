"""Examples that bring their own answers: asked, trained, saved, and refused where a method cannot.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.data.split import FewShotSplit
from core.data.task import Example, classification, multiple_choice
from core.errors import DataError, SpecError
from core.inspection import Question, look_at_prompt
from core.learning.method import Problem
from core.learning.multi_mask import MultipleChoicePredictor
from core.learning.options import read_options
from core.learning.predictors import prompt_predictor
from core.learning.saved_models import load_predictor
from core.methods.head import Head
from core.methods.in_context import InContext
from core.methods.ipet import Ipet
from core.methods.lm_bff import LmBff
from core.methods.pet import Pet
from core.methods.registry import check_method
from core.methods.zero_shot import ZeroShot
from core.models.backbone import Backbone
from core.models.encoding import encode
from core.models.multi_mask import fill_masks, widened
from core.models.pieces import word_ids
from core.models.placement import Placement
from core.prompts.pvp import PVP

LABELS = ("choice1", "choice2", "choice3")
TWO = LABELS[:2]
PATTERNS = ("{text_a} and {mask} .", "{choice1} or {choice2} ? {text_a} , so {mask} .")


def example(text: str, *choices: str, label: str = "choice1") -> Example:
    return Example(text, "", label, tuple(zip(LABELS, choices, strict=False)))


EXAMPLES = (example("The dog was lost.", "it is terrible", "great", "the park was no film"),
            example("A film.", "the story is great", "it", label="choice2"))


def pvp(pattern: str = PATTERNS[0], labels: tuple[str, ...] = LABELS) -> PVP:
    return PVP.of(pattern, {}, multiple_choice(*labels))


def problem(backbone: Backbone, labels: tuple[str, ...] = TWO, **changes: Any) -> Problem:
    train = tuple(example(f"The {word} was lost.", "it is terrible", "it is great", label=label)
                  for word in ("dog", "film", "park", "story") for label in labels)
    pool = tuple(replace(each, label=None) for each in train)
    split = FewShotSplit(4, 1, train, train, pool, tuple(each.label for each in train))
    pvps = tuple(pvp(pattern, labels) for pattern in PATTERNS)
    return replace(Problem(multiple_choice(*labels), pvps, split, backbone, 7), **changes)


FEW: dict[str, Any] = {"steps": 3, "batch_size": 4, "learning_rate": 1e-3, "evaluate_every": 3}


def learn(method: Any, given: Problem, **options: Any) -> Any:
    chosen = read_options(method.options, {**FEW, **options}, method.name)
    method.check(given, chosen)
    return method.learn(given, chosen, lambda *_, **__: None)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_each_example_is_asked_for_its_own_answers(kind: str,
                                                   tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny(kind)
    asked = prompt_predictor(backbone, pvp())
    assert isinstance(asked, MultipleChoicePredictor)
    for each, found in zip(EXAMPLES, asked.log_probs(EXAMPLES), strict=True):
        scores = []
        for _, text in each.more:
            ids = word_ids(text, backbone)
            prompt = widened(asked.prompt(each), len(ids))
            scores.append(fill_masks(backbone, encode([prompt], backbone), [ids])[0].score)
        expected = torch.tensor(scores).log_softmax(-1).numpy()
        assert found[: len(expected)] == pytest.approx(expected, abs=1e-4)
        assert np.exp(found[len(expected) :]).tolist() == [0.0] * (3 - len(expected))
    assert asked.log_probs([]).shape == (0, 3)


def test_two_answers_are_learned_from_in_either_order(tiny: Callable[[str], Backbone]) -> None:
    asked = prompt_predictor(tiny("bert"), pvp(PATTERNS[1], TWO))
    first = example("The dog.", "it is great", "terrible")
    swapped = example("The dog.", "terrible", "it is great", label="choice2")
    assert asked.loss([first], torch.tensor([0])).item() == pytest.approx(
        asked.loss([swapped], torch.tensor([1])).item(), abs=1e-6)


@pytest.mark.parametrize("labels", [TWO, LABELS])
def test_training_brings_the_right_answer_ahead(labels: tuple[str, ...],
                                                tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("bert").trainable_copy()
    asked = prompt_predictor(backbone, pvp(labels=labels))
    examples, gold = [example("The dog.", "it is great", "terrible")], torch.tensor([1])
    optimizer = torch.optim.Adam(backbone.model.parameters(), lr=1e-2)
    for _ in range(20):
        loss = asked.loss(examples, gold)
        assert torch.isfinite(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert asked.log_probs(examples).argmax(1).tolist() == [1]


def test_zero_shot_answers(tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"), pvps=(pvp(labels=TWO),))
    found = ZeroShot()
    found.check(given, read_options(found.options, {}, found.name))
    learned = found.learn(given, read_options(found.options, {"calibrate": True}, found.name),
                          lambda *_, **__: None)
    assert np.exp(
        learned.predictor.log_probs(
            given.split.train)).sum(1) == pytest.approx(np.ones(8), abs=1e-5)


def test_fine_tuning_is_saved_and_read_back(tiny: Callable[[str], Backbone],
                                            tmp_path: Path) -> None:
    given = problem(tiny("bert"), pvps=(pvp(PATTERNS[1], TWO),))
    learned = learn(LmBff(), given)
    learned.predictor.save(tmp_path)
    again = load_predictor(tmp_path, Placement("cpu", "float32"))
    assert isinstance(again, MultipleChoicePredictor)
    assert again.log_probs(EXAMPLES[:1]) == pytest.approx(learned.predictor.log_probs(EXAMPLES[:1]),
                                                          abs=1e-5)


@pytest.mark.parametrize("method", [Pet(), Ipet()])
def test_pet_answers_by_all_models_together(method: Any, tiny: Callable[[str], Backbone],
                                            tmp_path: Path) -> None:
    given = problem(tiny("bert"))
    learned = learn(method, given, repetitions=1)
    found = learned.predictor.log_probs(given.split.train)
    assert set(learned.metrics) == {"dev_accuracy"}
    told = learned.measure(given.split.train)
    assert told["accuracy_ensemble"] == pytest.approx(float((found.argmax(1)
                                                             == given.gold(
                                                                 given.split.train)).mean()))
    learned.predictor.save(tmp_path)
    assert load_predictor(tmp_path,
                          Placement("cpu", "float32")).log_probs(EXAMPLES[:1]) == pytest.approx(
        learned.predictor.log_probs(EXAMPLES[:1]), abs=1e-5)


def test_pet_counts_no_steps_of_a_classifier_that_is_not_trained(
        tiny: Callable[[str], Backbone]) -> None:
    steps: list[tuple[int, int]] = []
    chosen = read_options(Pet.options, {**FEW, "repetitions": 1}, "pet")
    Pet().learn(problem(tiny("bert")), chosen, lambda step, total, **_: steps.append((step, total)))
    assert steps[-1] == (6, 6)


def test_pet_needs_no_pool_without_a_classifier(tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    bare = replace(given, split=replace(given.split, unlabelled=(), hidden=()))
    assert learn(Pet(), bare, repetitions=1).metrics["dev_accuracy"] >= 0


@pytest.mark.parametrize(("method", "options", "message"), [
    (Head(), {}, "'head' needs the same labels for all examples"),
    (InContext(), {}, "'in-context' needs the same labels"),
    (LmBff(), {"demonstrations": True}, "Demonstrations show an example of each label"),
])
def test_methods_that_cannot_choose_say_so(method: Any, options: dict[str, Any], message: str,
                                           tiny: Callable[[str], Backbone]) -> None:
    with pytest.raises(SpecError, match=message):
        check_method(method, problem(tiny("bert")),
                     read_options(method.options, options, method.name))


def test_a_masked_model_is_needed(tiny: Callable[[str], Backbone]) -> None:
    with pytest.raises(SpecError, match="need a masked model"):
        ZeroShot().check(problem(tiny("gpt2")), read_options(ZeroShot.options, {}, "zero-shot"))


def test_answers_that_are_too_long_are_told_before_the_start(
        tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    long = replace(given.split, train=(example("A film.", "the " * 70, "it"),))
    with pytest.raises(DataError, match="70 tokens; at most 64"):
        LmBff().check(replace(given, split=long), read_options(LmBff.options, {}, "lm-bff"))


def test_label_words_have_no_place_beside_own_answers() -> None:
    with pytest.raises(SpecError,
                       match=r"brings its own answers, so there are no label words. Leave out "
                             r"choice1"):
        PVP.of(PATTERNS[0], {"choice1": ["x"]}, multiple_choice(*LABELS))
    assert PVP.from_dict({"pattern": PATTERNS[0]}, multiple_choice(*LABELS)).as_dict() == {
        "pattern": PATTERNS[0], "words": {}}
    with pytest.raises(SpecError, match="A pattern is given as"):
        PVP.from_dict({"pattern": PATTERNS[0]}, classification("bad", "good"))


def test_an_example_without_answers_has_none(tiny: Callable[[str], Backbone]) -> None:
    backbone, bare = tiny("bert"), Example("A film.")
    assert np.isfinite(prompt_predictor(backbone, pvp()).log_probs([bare])).all()
    question = Question(pvp().pattern, pvp().verbalizer, scorer="multiple choice")
    assert look_at_prompt(question, bare, backbone).label_probabilities == {}
