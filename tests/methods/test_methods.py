"""Every method on small problems: reproducible, harmless to the shared model, and saved as
transformers loads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tiny_models import RECIPES
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)

from core.data.split import draw_split
from core.data.task import Example, Task, classification
from core.errors import SpecError, VerbalizerError
from core.learning.in_context import draw_evenly
from core.learning.method import LogProbs, Problem
from core.learning.options import read_options
from core.learning.prompting import PromptPredictor
from core.learning.saved_models import load_predictor
from core.learning.training import Schedule, train
from core.methods.head import with_head
from core.methods.registry import method_named
from core.models.backbone import Backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

PATTERN, WORDS = "{text_a} It was {mask}.", {"bad": ["terrible"], "good": ["great"]}
OPTIONS: dict[str, dict[str, object]] = {
    "zero-shot": {"calibrate": True},
    "in-context": {"demonstrations": 4, "contexts": 2},
    "head": {"steps": 4, "batch_size": 4, "evaluate_every": 2},
    "lm-bff": {"steps": 4, "batch_size": 4, "evaluate_every": 2},
}
TINY = {"bert": "MaskedLM", "gpt2": "CausalLM", "t5": "Seq2SeqLM", "bart": "Seq2SeqLM"}
CPU = Placement("cpu", "float32")
Tiny = Callable[[str], Backbone]


def silent(step: int, total: int, *, loss: float | None = None,
           dev_score: float | None = None) -> None:
    """Progress that nobody listens to."""


def problem(task: Task, backbone: Backbone, *, shots: int = 4, seed: int = 13,
            pattern: str = PATTERN,
            words: dict[str, list[str]] = WORDS) -> Problem:
    pvp = PVP.of(pattern, words, task.schema)
    return Problem(task.schema, (pvp,), draw_split(task, shots, seed), backbone, seed)


def learn(name: str, of: Problem, **options: object) -> Any:
    """The predictor of a method."""
    method = method_named(name)
    chosen = read_options(method.options, {**OPTIONS[name], **options}, name)
    method.check(of, chosen)
    return method.learn(of, chosen, silent).predictor


def digest(model: torch.nn.Module) -> str:
    state = hashlib.sha256()
    for name, weight in model.state_dict().items():
        state.update(name.encode() + weight.numpy().tobytes())
    return state.hexdigest()


def probabilities(predictor: Any, examples: tuple[Example, ...]) -> LogProbs:
    found: LogProbs = np.exp(predictor.log_probs(examples))
    assert found.shape == (len(examples), 2)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    return found


@pytest.mark.parametrize("name", list(OPTIONS))
def test_seed_decides_everything(name: str, tiny_task: Task, mini_masked: Backbone) -> None:
    before = digest(mini_masked.model)
    shots = 4 if method_named(name).uses_shots else 0
    first = learn(name, problem(tiny_task, mini_masked, shots=shots)).log_probs(tiny_task.test)
    torch.rand(10)
    again = learn(name, problem(tiny_task, mini_masked, shots=shots)).log_probs(tiny_task.test)
    other = learn(name,
                  problem(tiny_task, mini_masked, shots=shots, seed=21)).log_probs(tiny_task.test)
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) != method_named(name).uses_seed
    assert digest(mini_masked.model) == before


@pytest.mark.parametrize("kind", list(TINY))
@pytest.mark.parametrize("name", ["head", "lm-bff"])
def test_trained_model_survives_saving(name: str, kind: str, tiny: Tiny, tiny_task: Task,
                                       tmp_path: Path) -> None:
    predictor = learn(name, problem(tiny_task, tiny(kind)), learning_rate=0.01)
    predictor.save(tmp_path)
    loaded = load_predictor(tmp_path, CPU)
    found, wanted = (probabilities(each, tiny_task.test) for each in (loaded, predictor))
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    plain = getattr(transformers,
                    f"AutoModelFor{TINY[kind] if name == 'lm-bff' else 'SequenceClassification'}")
    _, report = plain.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report[each] for each in ("missing_keys", "unexpected_keys", "mismatched_keys"))


@pytest.mark.parametrize("kind", list(TINY))
def test_prompts_fit_every_family(kind: str, tiny: Tiny, tiny_task: Task) -> None:
    backbone = tiny(kind)
    before = digest(backbone.model)
    asked = learn("zero-shot", problem(tiny_task, backbone), calibrate=False)
    trained = learn("lm-bff", problem(tiny_task, backbone), learning_rate=0.01)
    gain = probabilities(trained, tiny_task.train) - probabilities(asked, tiny_task.train)
    assert np.abs(gain).max() > 0.01
    assert digest(backbone.model) == before


@pytest.mark.parametrize("kind", list(TINY))
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_lm_bff_is_the_whole_model_trained_through_the_pattern(kind: str, weight_decay: float,
                                                               tiny: Tiny,
                                                               tiny_task: Task) -> None:
    of = problem(tiny_task, tiny(kind))
    whole = of.backbone.trainable_copy()
    plain, gold = PromptPredictor(whole, of.pvps[0]), torch.tensor(of.gold(of.split.train))
    train(whole.model, lambda batch: plain.loss([of.split.train[i] for i in batch], gold[batch]),
          len(gold),
          Schedule(4, 4, 0.01, 4, weight_decay), of.seed, lambda: 0.0, silent)
    ours = learn("lm-bff", of, learning_rate=0.01, weight_decay=weight_decay, evaluate_every=4)
    np.testing.assert_allclose(ours.log_probs(tiny_task.test), plain.log_probs(tiny_task.test),
                               atol=2e-4)


@pytest.mark.parametrize("kind", [kind for kind in RECIPES
                                  if kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES])
def test_head_starts_from_the_pretrained_body(kind: str, tiny: Tiny) -> None:
    backbone = tiny(kind)
    source = {weight.numpy().tobytes() for weight in backbone.model.state_dict().values()}
    fresh = with_head(backbone, ("bad", "good"), 13).model
    new = [name for name,
           weight in fresh.state_dict().items() if weight.numpy().tobytes() not in source]
    assert new
    heads = ("classifier", "classification_head", "score", "pooler")
    assert all(name.startswith("dense.") or any(head in name for head in heads) for name in new)


def test_head_opens_in_the_text_classification_pipeline(mini_masked: Backbone, tiny_task: Task,
                                                        tmp_path: Path) -> None:
    predictor = learn("head", problem(tiny_task, mini_masked))
    predictor.save(tmp_path)
    classify = transformers.pipeline("text-classification", model=str(tmp_path), top_k=None,
                                     device="cpu")
    answers = classify([example.text_a for example in tiny_task.test])
    scores = [{each["label"]: each["score"] for each in answer} for answer in answers]
    found = [[each[label] for label in tiny_task.schema.labels] for each in scores]
    np.testing.assert_allclose(found, probabilities(predictor, tiny_task.test), atol=1e-4)


@pytest.mark.parametrize("kind", list(TINY))
def test_pairs_reach_the_head_even_if_some_lack_the_second_text(kind: str, tiny: Tiny) -> None:
    examples = tuple(Example("Is the dog in the park?", i % 5 * "yes, the park ", "ny"[i % 2])
                     for i in range(16))
    split = draw_split(Task("pairs", classification("n", "y", pairs=True), examples, ()), 4, 13)
    answers = learn("head", Problem(classification("n", "y", pairs=True), (), split, tiny(kind),
                                    13)).log_probs(examples)
    assert answers.shape == (16, 2)
    assert len({row.tobytes() for row in answers.round(5)}) == 5


def test_training_learns_the_task(mini_masked: Backbone, tiny_task: Task) -> None:
    method = method_named("lm-bff")
    options = read_options(method.options, {"steps": 30, "learning_rate": 2e-4,
                                            "evaluate_every": 10}, "lm-bff")
    learned = method.learn(problem(tiny_task, mini_masked, shots=7), options, silent)
    gold = [tiny_task.schema.labels.index(str(each.label)) for each in tiny_task.test]
    assert (learned.predictor.log_probs(tiny_task.test).argmax(1) == gold).all()
    assert learned.metrics["dev_accuracy"] == 1
    assert learned.metrics["best_step"] in (10, 20, 30)


@pytest.mark.parametrize(("wanted",
                          "each"), [(1, {0, 1}), (4, {2}), (5, {2, 3}), (8, {4}), (64, {4})])
def test_demonstrations_are_spread_over_the_labels(wanted: int, each: set[int], tiny_task: Task,
                                                   tiny: Tiny) -> None:
    of = problem(tiny_task, tiny("bert"))
    drawn, other = (draw_evenly(of.split.train, of.schema.labels, wanted, of.seed, context)
                    for context in (0, 1))
    assert {[example.label for example in drawn].count(label)
            for label in tiny_task.schema.labels} == each
    assert len(set(drawn)) == len(drawn) == min(wanted, 8)
    assert set(drawn) <= set(of.split.train)
    assert wanted == 1 or drawn != other


def test_more_contexts_are_averaged(mini_masked: Backbone, tiny_task: Task) -> None:
    of = problem(tiny_task, mini_masked)
    one, four = (probabilities(learn("in-context", of, contexts=contexts), tiny_task.test)
                 for contexts in (1, 4))
    assert not np.allclose(one, four, atol=1e-3)


@pytest.mark.parametrize(("name", "kind", "changes", "error", "says"), [
    ("in-context", "t5", {}, SpecError, "works on masked and causal models; .* is a seq2seq model"),
    ("lm-bff", "bert", {"words": {"bad": ["bad"], "good": ["great"]}}, VerbalizerError,
     "'bad' of the label 'bad'"),
    ("lm-bff", "gpt2", {"words": {"bad": ["terrible"], "good": ["good"]}}, VerbalizerError,
     "'good' of the label"),
    ("lm-bff", "bert", {"pattern": "{text_a} {mask} {mask}"}, SpecError,
     "exactly one {mask}; .* has 2"),
    ("lm-bff", "bert", {"shots": 0}, SpecError, "'lm-bff' trains on examples, and K is 0"),
    ("head", "bert", {"shots": 0}, SpecError, "'head' trains on examples, and K is 0"),
])
def test_what_cannot_work_is_said_before_anything_starts(
        name: str, kind: str, changes: dict[str, Any], error: type[Exception], says: str,
        tiny: Tiny,
        tiny_task: Task) -> None:
    made = method_named(name)
    with pytest.raises(error, match=says):
        made.check(problem(tiny_task, tiny(kind), **changes), made.options())
