"""Methods on causal models whose patterns go on after the mask: what is read, trained, refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.split import draw_split
from core.data.task import Task
from core.errors import InputError
from core.learning.method import Problem
from core.learning.options import read_options
from core.learning.saved_models import load_predictor
from core.methods.registry import method_named
from core.models.backbone import Backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

AFTER, WORDS = "{mask}: {text_a}", {"bad": ["terrible"], "good": ["great"]}
FEW = {"steps": 3, "batch_size": 4, "learning_rate": 0.01, "evaluate_every": 1}
Tiny = Callable[..., Backbone]


def silent(*_: object, **__: object) -> None:
    """Progress that nobody listens to."""


def learn(name: str, task: Task, backbone: Backbone, pattern: str = AFTER,
          words: dict[str, list[str]] = WORDS, **options: object) -> Any:
    pvp = PVP.of(pattern, words, task.schema)
    problem = Problem(task.schema, (pvp,), draw_split(task, 4, 13), backbone, 13)
    method = method_named(name)
    chosen = read_options(method.options, options, name)
    method.check(problem, chosen)
    return method.learn(problem, chosen, silent).predictor


@pytest.mark.parametrize("options", [{}, {"channel": True}, {"calibrate": True}])
def test_zero_shot_reads_the_text_after_the_mask(
        options: dict[str, object], tiny: Tiny, tiny_task: Task) -> None:
    answers = learn("zero-shot", tiny_task, tiny("gpt2"), **options).log_probs(tiny_task.test)
    np.testing.assert_allclose(np.exp(answers).sum(1), 1, atol=1e-5)
    assert answers.std(0).min() > 1e-4


def test_the_channel_answers_otherwise(tiny: Tiny, tiny_task: Task) -> None:
    direct, channel = (learn("in-context", tiny_task, tiny("llama"), demonstrations=2,
                             channel=channel).log_probs(tiny_task.test)
                       for channel in (False, True))
    assert np.abs(direct - channel).max() > 1e-4


@pytest.mark.parametrize(("words", "demonstrations"), [
    (WORDS, False), (WORDS, True), ({"bad": ["terrible film"], "good": ["great"]}, False)])
def test_lm_bff_learns_from_whole_prompts_and_is_saved(
        words: dict[str, list[str]], demonstrations: bool, tiny: Tiny, tiny_task: Task,
        tmp_path: Path) -> None:
    backbone = tiny("gpt2")
    before = learn("zero-shot", tiny_task, backbone, words=words).log_probs(tiny_task.test)
    learned = learn("lm-bff", tiny_task, backbone, words=words, **FEW,
                    demonstrations=demonstrations, contexts=2, similar=1.0)
    answers = learned.log_probs(tiny_task.test)
    assert np.abs(answers - before).max() > 1e-3
    learned.save(tmp_path)
    again = load_predictor(tmp_path, Placement("cpu", "float32")).log_probs(tiny_task.test)
    np.testing.assert_allclose(again, answers, atol=1e-4)


@pytest.mark.parametrize(("name", "kind", "pattern", "words", "options", "says"), [
    ("auto-words", "gpt2", AFTER, WORDS, {}, "would not see the text after it"),
    ("petal", "gpt2", "{text_a} {mask} {text_a}", WORDS, {}, "would not see the text after it"),
    ("zero-shot", "bert", AFTER, WORDS, {"channel": True}, "is a masked model"),
    ("zero-shot", "gpt2", "{text_a} {mask}", WORDS, {"channel": True},
     "needs the text after the {mask}"),
    ("in-context", "t5", AFTER, WORDS, {}, "is a seq2seq model"),
    ("lm-bff", "gpt2", "{text_a} {mask}", {"bad": ["terrible film"], "good": ["great"]}, {},
     "2 pieces for this model"),
])
def test_what_cannot_be_asked_is_refused(
        name: str, kind: str, pattern: str, words: dict[str, list[str]],
        options: dict[str, object], says: str, tiny: Tiny, tiny_task: Task) -> None:
    with pytest.raises(InputError, match=says):
        learn(name, tiny_task, tiny(kind), pattern, words, **options)


def test_the_searches_go_on_with_the_mask_at_the_end(tiny: Tiny, tiny_task: Task) -> None:
    pvp = PVP.of("{text_a} It was {mask}", WORDS, tiny_task.schema)
    problem = Problem(tiny_task.schema, (pvp,), draw_split(tiny_task, 4, 13), tiny("gpt2"), 13)
    for name in ("auto-words", "petal"):
        method = method_named(name)
        method.check(problem, method.options())
