"""Every type of model through every method, beside transformers on the model that was saved.

The prompts' tokens are taken from here; what transformers makes of them, one prompt at a time and
with nothing padded, must be what the app says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tiny_models import RECIPES

from core.data.split import draw_split
from core.data.task import Task
from core.errors import SpecError
from core.inspection import look_at_examples, look_at_prompt, read_question
from core.learning.method import LogProbs, Problem
from core.learning.options import read_options
from core.learning.prompting import vocabulary_logits
from core.methods.registry import method_named
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded, encode
from core.models.families import model_class
from core.models.pieces import word_ids
from core.prompts.pvp import PVP

PATTERN, WORDS = "{text_a} It was {mask}.", {"bad": ["terrible", "no"], "good": ["great"]}
FEW = {"steps": 1, "batch_size": 4, "learning_rate": 0.01}
METHODS: dict[str, dict[str, object]] = {
    "zero-shot": {"calibrate": False},
    "in-context": {"demonstrations": 2, "contexts": 1},
    "lm-bff": FEW,
    "auto-words": {**FEW, "k": 3, "tried": 1},
    "petal": {**FEW, "words_per_label": 2, "tried": 1},
}
WITHOUT_CLASSIFIER = {"cohere", "granite", "mamba", "longt5", "led"}
Tiny = Callable[[str], Backbone]


def silent(step: int, total: int, **values: object) -> None:
    """Progress that nobody listens to."""


def plain_logits(model: Any, encoded: Iterable[Encoded], backbone: Backbone) -> torch.Tensor:
    """Logits at the answers of prompts with one mask, `[N, V]`, each prompt by itself."""
    rows = []
    for prompt in encoded:
        batch = collate([prompt], backbone)
        more = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
        place = prompt.masks[0]
        if batch.decoder_ids is not None:
            more["decoder_input_ids"], place = batch.decoder_ids, -1
        rows.append(model(input_ids=batch.ids, **more).logits[0, place])
    return torch.stack(rows)


def plain_log_probs(logits: torch.Tensor, pvp: PVP, backbone: Backbone) -> LogProbs:
    """Log-probabilities of the labels, `[N, C]`: softmax over the mean logits of their words."""
    means = [logits[:, [word_ids(word, backbone)[0] for word in words]].mean(1)
             for _, words in pvp.verbalizer.words]
    return torch.stack(means, 1).log_softmax(-1).numpy()


@pytest.fixture
def problem(tiny: Tiny, tiny_task: Task, request: pytest.FixtureRequest) -> Problem:
    pvp = PVP.of(PATTERN, WORDS, tiny_task.schema)
    backbone = tiny(request.param)
    return Problem(tiny_task.schema, (pvp,), draw_split(tiny_task, 4, 13), backbone, 13)


every_type = pytest.mark.parametrize("problem", RECIPES, indirect=True)


@every_type
@torch.inference_mode()
def test_the_lab_shows_what_transformers_says(problem: Problem, tiny_task: Task) -> None:
    backbone, pvp, examples = problem.backbone, problem.pvps[0], tiny_task.test
    prompts = [pvp.pattern.render(example) for example in examples]
    logits = plain_logits(backbone.model, encode(prompts, backbone), backbone)
    wanted = np.exp(plain_log_probs(logits, pvp, backbone))
    question = read_question(PATTERN, WORDS, tiny_task, backbone)
    question.check()
    seen = look_at_prompt(question, examples[0], backbone).label_probabilities
    assert list(seen.values()) == pytest.approx(wanted[0].tolist(), abs=1e-4)
    means = look_at_examples(question, examples, backbone).label_probabilities_mean
    assert list(means.values()) == pytest.approx(wanted.mean(0).tolist(), abs=1e-4)
    np.testing.assert_allclose(vocabulary_logits(backbone, pvp.pattern, examples),
                               logits.numpy(), atol=1e-4)


@every_type
@pytest.mark.parametrize("name", METHODS)
def test_a_method_predicts_what_transformers_does(name: str, problem: Problem, tiny_task: Task,
                                                  tmp_path: Path) -> None:
    method, examples = method_named(name), tiny_task.test[:6]
    if problem.backbone.family not in method.families:
        pytest.skip("the method does not serve this family")
    options = read_options(method.options, METHODS[name], name)
    method.check(problem, options)
    predictor = method.learn(problem, options, silent).predictor
    found = predictor.log_probs(examples)
    asked = getattr(predictor, "_predictors", [predictor])[0]  # of the one context
    asked.save(tmp_path)
    saved = model_class(problem.backbone.family).from_pretrained(tmp_path).eval()
    backbone = asked.backbone
    prompts = encode([asked.prompt(example) for example in examples], backbone,
                         asked.limits)
    with torch.inference_mode():
        wanted = plain_log_probs(plain_logits(saved, prompts, backbone), asked.pvp, backbone)
    np.testing.assert_allclose(np.exp(found), np.exp(wanted), atol=1e-4)


@every_type
def test_the_classification_head_predicts_what_transformers_does(
        problem: Problem, tiny_task: Task, tmp_path: Path) -> None:
    method, examples = method_named("head"), tiny_task.test[:6]
    options = read_options(method.options, FEW, "head")
    if problem.backbone.model.config.model_type in WITHOUT_CLASSIFIER:
        with pytest.raises(SpecError, match="no sequence classifier of type"):
            method.check(problem, options)
        return
    method.check(problem, options)
    predictor: Any = method.learn(problem, options, silent).predictor
    predictor.save(tmp_path)
    saved = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    wanted = []
    for encoded in predictor.encode(examples):
        ids = torch.tensor([encoded.ids])
        types = {"token_type_ids": torch.tensor([encoded.type_ids])}
        more = types if getattr(saved.config, "type_vocab_size", 0) > 1 else {}
        with torch.inference_mode():
            wanted.append(saved(input_ids=ids, **more).logits[0].softmax(-1).tolist())
    np.testing.assert_allclose(np.exp(predictor.log_probs(examples)), wanted, atol=1e-4)
