"""Asking through a pattern gives what the whole model, asked by hand, gives."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from core.data.task import Example, Task, classification
from core.errors import VerbalizerError
from core.learning.prompting import PromptPredictor
from core.models.backbone import Backbone
from core.models.model_files import BUNDLED_FOLDER
from core.prompts.pvp import PVP

WORDS = {"bad": ["terrible", "awful", "poor"], "good": ["great"]}
PATTERN = "{text_a} It was {mask} ."


def asked(backbone: Backbone, words: dict[str, list[str]] = WORDS,
          pattern: str = PATTERN) -> PromptPredictor:
    return PromptPredictor(backbone, PVP.of(pattern, words, classification("bad", "good")))


@cache
def loaded_anew() -> tuple[Any, Any]:
    """The bundled model and its tokenizer, as transformers alone loads them."""
    folder = BUNDLED_FOLDER / "mini-masked"
    model = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(folder)


def by_hand(example: Example) -> np.ndarray:
    """Logits over the whole vocabulary at the mask of a prompt written out, unpadded."""
    model, tokenizer = loaded_anew()
    tokens = tokenizer(f"{example.text_a} It was [MASK] .", return_tensors="pt")
    with torch.inference_mode():
        logits = model(**tokens).logits[0]
    found: np.ndarray = logits[tokens["input_ids"][0] == tokenizer.mask_token_id][0].numpy()
    return found


def columns(*words: str) -> list[int]:
    return loaded_anew()[1].convert_tokens_to_ids(list(words))


@pytest.mark.parametrize("index", [0, 13, 27])
def test_one_word_each_is_the_softmax_over_the_vocabulary_renormalised(
        mini_masked: Backbone, tiny_task: Task, index: int) -> None:
    example = tiny_task.train[index]
    logits = by_hand(example).astype(float)
    over_all = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    wanted = over_all[columns("terrible", "great")] / over_all[columns("terrible", "great")].sum()
    found = np.exp(asked(mini_masked, {"bad": ["terrible"],
                                       "good": ["great"]}).log_probs([example])[0])
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_several_words_of_a_label_count_by_their_mean_logit(mini_masked: Backbone,
                                                            tiny_task: Task) -> None:
    logits = by_hand(tiny_task.train[5]).astype(float)
    scores = np.array([logits[columns(*words)].mean() for words in WORDS.values()])
    found = asked(mini_masked).log_probs(tiny_task.train[5:6])[0]
    np.testing.assert_allclose(found, scores - np.logaddexp.reduce(scores), atol=1e-4)


def test_answers_do_not_depend_on_company_or_order(mini_masked: Backbone, tiny_task: Task) -> None:
    predictor = asked(mini_masked)
    together = predictor.log_probs(tiny_task.test)
    np.testing.assert_allclose(predictor.log_probs(tiny_task.test[::-1])[::-1], together, atol=1e-5)
    alone = np.concatenate([predictor.log_probs([example]) for example in tiny_task.test])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    np.testing.assert_allclose(np.exp(together).sum(1), 1, atol=1e-5)


def test_nothing_asked_nothing_answered(mini_masked: Backbone) -> None:
    assert asked(mini_masked).log_probs([]).shape == (0, 2)


def test_calibration_takes_away_the_mean(mini_masked: Backbone, tiny_task: Task) -> None:
    predictor = asked(mini_masked)
    plain = predictor.log_probs(tiny_task.test)
    predictor.calibrate(tiny_task.train)
    predictor.calibrate(tiny_task.test)
    shifted = plain - plain.mean(0)
    wanted = shifted - np.logaddexp.reduce(shifted, axis=1, keepdims=True)
    np.testing.assert_allclose(predictor.log_probs(tiny_task.test), wanted, atol=1e-5)
    assert not np.allclose(wanted, plain, atol=0.1)


def test_loss_is_what_the_gold_labels_cost(mini_masked: Backbone, tiny_task: Task) -> None:
    predictor, gold = asked(mini_masked), [0, 0, 1, 1]
    with torch.inference_mode():
        loss = predictor.loss(tiny_task.train[:4], torch.tensor(gold))
    wanted = -predictor.log_probs(tiny_task.train[:4])[range(4), gold].mean()
    assert float(loss) == pytest.approx(wanted, rel=1e-4)


def test_tokens_are_those_of_prompts_and_words(mini_masked: Backbone) -> None:
    prompt = loaded_anew()[1]("A fine play. It was [MASK] .")["input_ids"]
    wanted = {*prompt, *columns("terrible", "awful", "poor", "great")}
    assert asked(mini_masked).tokens([Example("A fine play.")]) == wanted


def test_word_of_several_pieces_is_refused(mini_masked: Backbone, tiny_task: Task) -> None:
    predictor = asked(mini_masked, {"bad": ["terrible"], "good": ["unputdownable"]})
    with pytest.raises(VerbalizerError, match=r"'unputdownable' of the label 'good' has .* pieces"):
        predictor.log_probs(tiny_task.test)


def test_saved_note_says_how_to_ask(mini_masked: Backbone, tiny_task: Task, tmp_path: Path) -> None:
    predictor = asked(mini_masked)
    predictor.calibrate(tiny_task.test)
    predictor.save(tmp_path)
    note = json.loads((tmp_path / "cloze.json").read_text(encoding="utf-8"))
    assert {key: note[key] for key in ("pattern", "words", "labels", "base")} == {
        "pattern": PATTERN, "words": WORDS, "labels": ["bad", "good"], "base": "mini-masked"}
    assert note["shift"] == pytest.approx(predictor.shift.tolist())
