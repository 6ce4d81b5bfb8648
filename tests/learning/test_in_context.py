"""In-context learning: calibration, order, selection and equal cuts, beside plain computations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from core.data.split import draw_split
from core.data.task import Example, Task
from core.errors import SpecError
from core.learning.in_context import (
    OrderTrial,
    best_order,
    even_limits,
    in_context_predictor,
    most_alike,
    try_order,
)
from core.learning.method import Problem
from core.learning.options import read_options
from core.learning.prompting import CONTENT_FREE
from core.methods.registry import method_named
from core.models.backbone import Backbone
from core.models.encoding import encode
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.models.sentences import SENTENCE_MODEL, sentence_encoder
from core.models.shared_start import SharedStart
from core.prompts.pvp import PVP

PATTERN, WORDS = "{text_a} It was {mask}.", {"bad": ["terrible"], "good": ["great"]}
Tiny = Callable[..., Backbone]


@pytest.fixture(scope="module")
def mini_causal() -> Backbone:
    return load_backbone("mini-causal", Placement("cpu", "float32"))


def problem(task: Task, backbone: Backbone, shots: int = 4, seed: int = 13) -> Problem:
    pvp = PVP.of(PATTERN, WORDS, task.schema)
    return Problem(task.schema, (pvp,), draw_split(task, shots, seed), backbone, seed)


def learn(of: Problem, progress: Any = lambda *_, **__: None, **options: object) -> Any:
    method = method_named("in-context")
    chosen = read_options(method.options, {"demonstrations": 4, **options}, "in-context")
    method.check(of, chosen)
    return method.learn(of, chosen, progress)


def plain_label_probabilities(text: str, backbone: Backbone) -> np.ndarray:
    """P(terrible) and P(great) after the text among the two, by transformers alone."""
    tokenizer: Any = backbone.tokenizer
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
    columns = [tokenizer(word).input_ids[0] for word in (" terrible", " great")]
    with torch.inference_mode():
        logits = backbone.model(input_ids=ids).logits[0, -1, columns]
    return logits.softmax(-1).double().numpy()


def test_content_free_calibration_is_that_of_the_paper(
        mini_causal: Backbone, tiny_task: Task) -> None:
    shown = tiny_task.train[:2]
    asked = in_context_predictor(mini_causal, problem(tiny_task, mini_causal).pvps[0],
                               lambda _: shown)
    asked.calibrate_content_free()
    words = {"bad": "terrible", "good": "great"}
    start = "".join(f"{each.text_a} It was {words[str(each.label)]}.\n" for each in shown)
    free = [plain_label_probabilities(start + text + " It was", mini_causal)
            for text in CONTENT_FREE]
    for example in tiny_task.test[:3]:
        plain = plain_label_probabilities(start + example.text_a + " It was", mini_causal)
        divided = plain / np.mean(free, axis=0)
        np.testing.assert_allclose(np.exp(asked.log_probs([example])[0]),
                                   divided / divided.sum(), atol=1e-4)


def test_calibrated_answers_to_content_free_questions_are_even(
        mini_masked: Backbone, tiny_task: Task) -> None:
    free = Example("N/A")
    asked = in_context_predictor(mini_masked, problem(tiny_task, mini_masked).pvps[0],
                               lambda _: tiny_task.train[:2])
    before = np.exp(asked.log_probs([free])[0])
    asked.calibrate_content_free()
    after = np.exp(asked.log_probs([free])[0])
    assert abs(after[0] - 0.5) < abs(before[0] - 0.5)
    assert abs(after[0] - 0.5) < 0.1


class Answers:
    """A predictor whose answers are given."""

    def __init__(self, probabilities: Sequence[Sequence[float]]) -> None:
        self.answers = np.log(np.array(probabilities))

    def log_probs(self, examples: Sequence[Example]) -> np.ndarray:
        return self.answers[: len(examples)]


@pytest.mark.parametrize("probabilities", [
    [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]],
    [[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]],
    [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.6, 0.2, 0.2]],
])
def test_entropies_of_an_order(probabilities: list[list[float]]) -> None:
    probing = [Example("a")] * len(probabilities)
    trial = try_order(Answers(probabilities), [], probing)  # type: ignore[arg-type]
    chosen = np.argmax(probabilities, axis=1)
    counts = np.bincount(chosen, minlength=len(probabilities[0]))
    assert trial.global_entropy == pytest.approx(entropy(counts), abs=1e-9)
    assert trial.local_entropy == pytest.approx(np.mean([entropy(p) for p in probabilities]))


def test_the_most_even_order_is_kept() -> None:
    trials = [OrderTrial((), 0.1, 0.6), OrderTrial((), 0.5, 0.2), OrderTrial((), 0.5, 0.4)]
    assert best_order(trials) is trials[2]


def test_the_likest_examples_stand_last(mini_masked: Backbone, tiny_task: Task) -> None:
    question = tiny_task.test[0]
    chosen = most_alike(tiny_task.train, 3, mini_masked)(question)
    encoder = sentence_encoder(SENTENCE_MODEL, mini_masked.placement)
    similar = [float(encoder.embed([each.text_a])[0] @ encoder.embed([question.text_a])[0])
               for each in tiny_task.train]
    assert [each.text_a for each in chosen] == [
        tiny_task.train[index].text_a for index in np.argsort(similar, kind="stable")[-3:]]


LONG = "a long walk through the rain and back again to a house with no light in it "


@pytest.mark.parametrize(("lengths", "question"), [((9, 9, 9, 9), 1), ((1, 20, 1, 9), 3),
                                                   ((2, 2, 2, 14), 30), ((40, 1), 40)])
def test_long_demonstrations_are_cut_alike_in_all_prompts(
        lengths: tuple[int, ...], question: int, mini_causal: Backbone, tiny_task: Task) -> None:
    shown = [Example(LONG * length, label="good") for length in lengths]
    pvp = problem(tiny_task, mini_causal).pvps[0]
    questions = [Example("Fine."), Example(LONG), Example(LONG * question)]
    limits = even_limits(pvp, shown, questions[:2], mini_causal)
    asked = in_context_predictor(mini_causal, pvp, lambda _: shown, limits)
    encoded = encode([asked.prompt(each) for each in questions], mini_causal, limits)
    start = SharedStart.of(mini_causal, encoded)
    assert start is not None
    assert start.begins(encoded)
    assert max(len(prompt.ids) for prompt in encoded) <= mini_causal.max_length
    assert [prompt.shortened for prompt in encoded[:2]] == [0, 0]
    words = " great.\n"
    start_text = mini_causal.tokenizer.decode(start._ids)
    assert start_text.count(words) == len(shown)
    longer = replace(limits, demonstration=(limits.demonstration or 0) + 1)
    room = mini_causal.max_length // 4
    tight = replace(longer, first=room, other=room)
    assert encode([asked.prompt(questions[1])], mini_causal, tight)[0].shortened > 0


def test_short_demonstrations_are_not_cut(mini_causal: Backbone, tiny_task: Task) -> None:
    of = problem(tiny_task, mini_causal)
    limits = even_limits(of.pvps[0], tiny_task.train[:2], tiny_task.train, mini_causal)
    assert limits.demonstration == mini_causal.max_length


def test_orders_are_tried_and_their_spread_is_told(
        mini_causal: Backbone, tiny_task: Task) -> None:
    seen: list[tuple[int, int]] = []
    of = problem(tiny_task, mini_causal)
    learned = learn(of, lambda step, total, **_: seen.append((step, total)), orders=3, contexts=2)
    assert seen == [(0, 6), *((step, 6) for step in range(1, 7))]
    metrics = learned.metrics
    assert metrics["lowest_order"] <= metrics["dev_accuracy"] <= metrics["highest_order"]
    again = learn(of, orders=3, contexts=2).predictor.log_probs(tiny_task.test)
    np.testing.assert_array_equal(learned.predictor.log_probs(tiny_task.test), again)
    assert learn(of).metrics == {}


@pytest.mark.parametrize("options", [
    {"selection": "nearest"}, {"calibration": "content-free"}, {"calibration": "unlabelled"},
    {"orders": 4}, {"selection": "nearest", "calibration": "content-free"}])
def test_each_option_changes_the_answers(
        options: dict[str, object], mini_causal: Backbone, tiny_task: Task) -> None:
    of = problem(tiny_task, mini_causal)
    plain, changed = (np.exp(learn(of, **each).predictor.log_probs(tiny_task.test))
                      for each in ({}, options))
    np.testing.assert_allclose(changed.sum(1), 1, atol=1e-5)
    assert np.abs(plain - changed).max() > 1e-3


@pytest.mark.parametrize(("options", "shots", "says"), [
    ({"selection": "nearest", "orders": 2}, 4, "'orders' and 'contexts' must be 1"),
    ({"selection": "nearest", "contexts": 2}, 4, "'orders' and 'contexts' must be 1"),
    ({"calibration": "unlabelled"}, 7, "has no unlabelled texts to calibrate with"),
    ({}, 0, "shows labelled examples, and K is 0"),
    ({"calibration": "both"}, 4, "must be one of off, content-free, unlabelled"),
])
def test_options_that_cannot_work_are_refused(
        options: dict[str, object], shots: int, says: str, mini_causal: Backbone,
        tiny_task: Task) -> None:
    with pytest.raises(SpecError, match=says):
        learn(problem(tiny_task, mini_causal, shots), **options)
