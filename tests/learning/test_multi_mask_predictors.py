"""Label words of several tokens: asked, trained with a margin, refused where they cannot be."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.data.split import FewShotSplit
from core.data.task import Example, classification
from core.errors import VerbalizerError
from core.learning.method import Problem
from core.learning.multi_mask import MultiMaskPredictor
from core.learning.predictors import prompt_predictor
from core.methods.zero_shot import ZeroShot, ZeroShotOptions
from core.models.backbone import Backbone
from core.models.encoding import encode
from core.models.multi_mask import answer_ids, fill_masks, widened
from core.models.pieces import word_ids
from core.prompts.pvp import PVP

LABELS = ("bad", "good")
EXAMPLES = (Example("The bread was old.", "", "bad"),
            Example("The soup is great and the park is warm.", "", "good"))


def pvp(bad: str = "terrible film", good: str = "great", **more: list[str]) -> PVP:
    return PVP.of("{text_a} It is {mask} .", {"bad": [bad], "good": [good], **more},
                  classification(*LABELS))


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_each_word_gets_as_many_masks_as_it_has_tokens(kind: str,
                                                       tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny(kind)
    asked = prompt_predictor(backbone, pvp())
    assert isinstance(asked, MultiMaskPredictor)
    prompts = [asked.prompt(each) for each in EXAMPLES]
    ids = [word_ids(word, backbone) for word in ("terrible film", "great")]
    assert len(ids[0]) > 1
    expected = [[fill_masks(backbone,
                            encode([widened(prompt, len(answer))], backbone), [answer])[0].score
                 for answer in ids] for prompt in prompts]
    assert asked.log_probs(
        EXAMPLES) == pytest.approx(torch.tensor(expected).log_softmax(-1).numpy(), abs=1e-4)
    assert widened(prompts[0], 3).masks == 3


def test_words_of_one_token_are_asked_as_ever(tiny: Callable[[str], Backbone]) -> None:
    assert not isinstance(prompt_predictor(tiny("bert"), pvp("terrible")), MultiMaskPredictor)
    single = MultiMaskPredictor(tiny("bert"), pvp("terrible"))
    usual = prompt_predictor(tiny("bert"), pvp("terrible"))
    assert single.log_probs(EXAMPLES) == pytest.approx(usual.log_probs(EXAMPLES), abs=1e-4)


def test_training_brings_the_right_words_ahead(tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny("bert").trainable_copy()
    asked, gold = prompt_predictor(backbone,
                                   pvp("terrible film", "great film")), torch.tensor([0, 1])
    optimizer = torch.optim.Adam(backbone.model.parameters(), lr=1e-2)
    first = asked.loss(EXAMPLES, gold).item()
    for _ in range(15):
        loss = asked.loss(EXAMPLES, gold)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first
    assert asked.log_probs(EXAMPLES).argmax(1).tolist() == [0, 1]


def test_zero_shot_takes_words_of_any_length(tiny: Callable[[str], Backbone]) -> None:
    problem = Problem(classification(*LABELS), (pvp(),), FewShotSplit(0, 1, (), (), EXAMPLES),
                      tiny("bert"), 1)
    ZeroShot().check(problem, ZeroShotOptions())
    learned = ZeroShot().learn(problem, ZeroShotOptions(calibrate=True), lambda *_, **__: None)
    found = learned.predictor.log_probs(EXAMPLES)
    assert np.exp(found).sum(1) == pytest.approx([1, 1], abs=1e-5)


@pytest.mark.parametrize(("words", "expected"), [
    ({"bad": ["terrible film", "bad"], "good": ["great"]}, "has 2 words"),
    ({"bad": ["film " * 11], "good": ["great"]}, r"at most 10 are allowed"),
])
def test_words_that_cannot_be_asked_for_are_told(words: dict[str, list[str]], expected: str,
                                                 tiny: Callable[[str], Backbone]) -> None:
    verbalizer = PVP.of("{text_a} It is {mask} .", words, classification(*LABELS)).verbalizer
    with pytest.raises(VerbalizerError, match=expected):
        answer_ids(verbalizer, tiny("bert"))


def test_a_seq2seq_model_wants_single_tokens(tiny: Callable[[str], Backbone]) -> None:
    problem = Problem(classification(*LABELS), (pvp(),), FewShotSplit(0, 1, (), (), EXAMPLES),
                      tiny("t5"), 1)
    with pytest.raises(VerbalizerError, match="pieces for this model"):
        ZeroShot().check(problem, ZeroShotOptions())
