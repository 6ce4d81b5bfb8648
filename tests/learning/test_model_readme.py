"""The Python in a downloaded model's README gives the probabilities that Cloze Lab gives."""

import ast
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.task import Example, classification, multiple_choice
from core.learning.model_readme import readme
from core.learning.multi_mask import prompt_predictor
from core.learning.prompting import PromptPredictor
from core.learning.saved_models import load_predictor
from core.methods.head import HeadPredictor, with_head
from core.models.backbone import Backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

CPU = Placement("cpu", "float32")
LABELS = ("bad", "good")
WORDS = {"bad": ["terrible"], "good": ["great", "yes"]}
TEXTS = ("A text to label.", "Its second text.")
PROMPTED = ("bert", "roberta", "albert", "distilbert", "deberta-v2", "t5", "bart", "gpt2", "llama")
CLASSIFIED = ("bert", "roberta", "albert", "distilbert", "deberta-v2", "t5", "gpt2", "llama")
FURTHER = ("the choice1", "the choice2", "the word")
CHOOSING = ("bert", "roberta", "albert", "distilbert", "deberta-v2")
PATTERNS = [("{text_a} It is {mask} .", False),
            ("{text_b|strip_punctuation}, \"it's\" {mask} {sep} {text_a|drop_last|upper_first}",
             True)]
Printed = Callable[[str], Any]


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
            capsys: pytest.CaptureFixture[str]) -> Printed:
    """Runs the Python of a README beside the weights and gives what it prints."""

    def run(text: str) -> Any:
        script = tmp_path / "ask.py"
        script.write_text(text.split("```python\n")[1].split("```")[0], encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        runpy.run_path(str(script))
        return ast.literal_eval(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(("pattern", "pairs"), PATTERNS)
@pytest.mark.parametrize("kind", PROMPTED)
def test_the_code_of_a_prompt_model_answers_alike(
        kind: str, pattern: str, pairs: bool, tiny: Callable[[str], Backbone], tmp_path: Path,
        printed: Printed) -> None:
    if kind in ("gpt2", "llama") and pairs:
        # they read nothing after the mask
        pattern = "{text_b} {sep} {text_a|lower_first} It was {mask}"
    PromptPredictor(tiny(kind),
                    PVP.of(pattern, WORDS, classification(*LABELS, pairs=pairs))).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    expected = np.exp(predictor.log_probs([Example(*TEXTS[: 1 + pairs])])[0])
    found = printed(readme(predictor, pairs, "My run"))
    assert list(found) == list(LABELS)
    assert list(found.values()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("kind", CLASSIFIED)
def test_the_code_of_a_classifier_answers_alike(
        kind: str, pairs: bool, tiny: Callable[[str], Backbone], tmp_path: Path,
        printed: Printed) -> None:
    HeadPredictor(with_head(tiny(kind), LABELS, seed=1), LABELS).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    expected = np.exp(predictor.log_probs([Example(*TEXTS[: 1 + pairs])])[0])
    answers = np.ravel(printed(readme(predictor, pairs, "My run"))).tolist()
    found = {each["label"]: each["score"] for each in answers}
    assert [found[label] for label in LABELS] == pytest.approx(expected, abs=1e-5)


def test_a_shift_is_taken_away_in_the_code_too(tiny: Callable[[str], Backbone], tmp_path: Path,
                                               printed: Printed) -> None:
    asked = PromptPredictor(tiny("bert"), PVP.of(PATTERNS[0][0], WORDS, classification(*LABELS)))
    asked.calibrate([Example("A dog in the park."), Example("No story.")])
    asked.save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    expected = np.exp(predictor.log_probs([Example(TEXTS[0])])[0])
    assert list(printed(readme(predictor, False,
                               "My run")).values()) == pytest.approx(expected, abs=1e-5)


def test_the_readme_says_what_it_is(mini_masked: Backbone) -> None:
    text = readme(HeadPredictor(with_head(mini_masked, LABELS, seed=1), LABELS), False,
                  "reviews, head")
    assert text.startswith("# reviews, head\n")
    assert "`bad`, `good`" in text
    assert "`mini-masked`" in text


@pytest.mark.parametrize("kind", PROMPTED)
def test_the_code_shows_further_texts(kind: str, tiny: Callable[[str], Backbone], tmp_path: Path,
                                      printed: Printed) -> None:
    pvp = PVP.of("{word} : {text_a} It is {mask}", WORDS,
                 classification(*LABELS, columns=("word",)))
    PromptPredictor(tiny(kind), pvp).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    expected = np.exp(predictor.log_probs([Example(TEXTS[0], "",
                                                   None, (("word", "the word"),))])[0])
    assert list(printed(readme(predictor, False,
                               "My run")).values()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("pattern", ["{choice1} or {choice2} ? {text_a} {mask} .",
                                     "{text_a} {sep} so {mask} ."])
@pytest.mark.parametrize("kind", CHOOSING)
def test_the_code_chooses_alike(kind: str, pattern: str, tiny: Callable[[str], Backbone],
                                tmp_path: Path,
                                printed: Printed) -> None:
    names = ("choice1", "choice2")
    prompt_predictor(tiny(kind), PVP.of(pattern, {}, multiple_choice(*names))).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    expected = np.exp(predictor.log_probs([Example(TEXTS[0], "", None,
                                                   tuple(zip(names, FURTHER, strict=False)))])[0])
    found = printed(readme(predictor, False, "My run"))
    assert list(found) == list(names)
    assert list(found.values()) == pytest.approx(expected, abs=1e-5)
