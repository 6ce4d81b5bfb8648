"""The Python in a downloaded model's README gives the probabilities that Cloze Lab gives."""

import ast
import itertools
import runpy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import (
    RECIPES,
    Build,
    byte_fallback,
    regex_bytes,
    spaced_sentinels,
    split_metaspace,
)

from core.data.task import Example, classification, multiple_choice
from core.learning.demonstrations import Demonstrations
from core.learning.ensemble import EnsemblePredictor
from core.learning.model_readme import readme
from core.learning.predictors import demonstrated_predictor, prompt_predictor
from core.learning.prompting import PromptPredictor
from core.learning.saved_models import SavedPredictor, load_predictor
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
TOKENIZERS: dict[str, tuple[str, Build | None]] = {
    **{kind: (kind, None) for kind in RECIPES},
    "albert of words": ("albert", split_metaspace),
    "xlm-roberta of words": ("xlm-roberta", split_metaspace),
    "t5 of words": ("t5", split_metaspace),
    "mt5 of words": ("mt5", split_metaspace),
    "mt5 of spaced sentinels": ("mt5", spaced_sentinels),
    "llama of bytes": ("llama", byte_fallback),
    "llama always marked": ("llama", partial(byte_fallback, scheme="always")),
    "llama never marked": ("llama", partial(byte_fallback, scheme="never")),
    "qwen2 of words": ("qwen2", regex_bytes),
}
SHAPES = (  # a word after the mask, at the start, glued, parted, several texts
    "{text_a} It was {mask} and no story", "It is {mask} park: {text_a}",
    "\"{text_a}\" is {mask}the park.", "{text_a}{sep} It was {mask} yes", "{mask}{text_a} film",
    "{text_b} {sep}\"{text_a}\" ({mask}) in", "the {text_a|drop_last}, {text_b|lower_first} {mask}",
    "{mask} {sep} {text_b}? {text_a|tight}", "{text_a}\n{mask}\nis it")
ODD = ("A text to label.", "<pad> film </s> [MASK] <mask> <extra_id_0>it", "\"great\"  story , 42",
       "电影 é 🙂", "  dog ", "It")
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


def _answers(predictor: SavedPredictor, pairs: bool, texts: tuple[str, str],
             printed: Printed) -> Any:
    """What the code of the README prints when a person has put their own texts there."""
    code = readme(predictor, pairs, "My run")
    for given, text in zip(TEXTS, texts, strict=True):
        code = code.replace(f'= "{given}"', f"= {text!r}")
    return printed(code)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_the_code_answers_alike_for_every_tokenizer(
        name: str, tiny: Callable[..., Backbone], tmp_path: Path, printed: Printed) -> None:
    kind, made = TOKENIZERS[name]
    backbone = tiny(kind, made=made)
    PromptPredictor(backbone, PVP.of(SHAPES[0], WORDS, classification(*LABELS))).save(tmp_path)
    backbone = load_predictor(tmp_path, CPU).backbone
    for number, shape in enumerate(SHAPES):
        pairs = "text_b" in shape
        pvp = PVP.of(shape, WORDS, classification(*LABELS, pairs=pairs))
        predictor = prompt_predictor(backbone, pvp)
        texts = ODD[number % len(ODD)], ODD[(number + 2) % len(ODD)]
        expected = np.exp(predictor.log_probs([Example(*texts[: 1 + pairs])])[0])
        found = list(_answers(predictor, pairs, texts, printed).values())
        assert found == pytest.approx(expected, abs=1e-4), (shape, texts)


@pytest.mark.parametrize("pattern", ["{text_a} It is {mask} .", "{text_a} {sep} {mask}is it"])
@pytest.mark.parametrize("name", ["bert", "roberta", "albert of words", "deberta-v2",
                                  "xlm-roberta of words"])
def test_the_code_fills_words_of_several_tokens_alike(
        name: str, pattern: str, tiny: Callable[..., Backbone], tmp_path: Path,
        printed: Printed) -> None:
    kind, made = TOKENIZERS[name]
    words = {"bad": ["terrible film"], "good": ["greats"]}
    asked = prompt_predictor(tiny(kind, made=made),
                             PVP.of(pattern, words, classification(*LABELS)))
    asked.calibrate([Example("A dog in the park."), Example("No story.")])
    asked.save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    for text in ODD:
        expected = np.exp(predictor.log_probs([Example(text)])[0])
        found = _answers(predictor, False, (text, ""), printed)
        assert list(found.values()) == pytest.approx(expected, abs=1e-4), text


@pytest.mark.parametrize("shape", ["{text_a} It is {mask} .", "{mask}: {text_a}"])
@pytest.mark.parametrize("name", ["gpt2", "llama", "llama of bytes", "qwen2 of words"])
def test_the_code_scores_whole_prompts_alike(
        name: str, shape: str, tiny: Callable[..., Backbone], tmp_path: Path,
        printed: Printed) -> None:
    kind, made = TOKENIZERS[name]
    words = {"bad": ["terrible film"], "good": ["greats", "yes"]}
    asked = prompt_predictor(tiny(kind, made=made), PVP.of(shape, words, classification(*LABELS)))
    asked.calibrate_content_free()
    asked.save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    for text in ODD[:4]:
        expected = np.exp(predictor.log_probs([Example(text)])[0])
        found = _answers(predictor, False, (text, ""), printed)
        assert list(found.values()) == pytest.approx(expected, abs=1e-4), text


@pytest.mark.parametrize("shape", ["\"{text_a}\" {text_b} It is {mask} .",
                                   "\"{text_a}\" {mask} , {text_b}"])
@pytest.mark.parametrize("name", ["bert", "albert", "t5 of words", "bart", "gpt2", "llama",
                                  "llama of bytes", "qwen2 of words"])
def test_the_code_shows_demonstrations_alike(
        name: str, shape: str, tiny: Callable[..., Backbone], tmp_path: Path,
        printed: Printed) -> None:
    kind, made = TOKENIZERS[name]
    support = tuple(Example(text, "It is a <pad>", label) for text, label in itertools.product(
        ("The dog in the park.", "(no) story " * 9), LABELS))
    pvp = PVP.of(shape, {"bad": ["terrible"], "good": ["great"]},
                 classification(*LABELS, pairs=True))
    demonstrations = Demonstrations(support, contexts=1, similar=1.0, tokens=7)
    demonstrated_predictor(tiny(kind, made=made), pvp, demonstrations).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    expected = np.exp(predictor.log_probs([Example(*TEXTS)])[0])
    assert list(printed(readme(predictor, True, "My run")).values()) == pytest.approx(
        expected, abs=1e-4)


def test_the_code_weighs_the_members_of_an_ensemble(
        tiny: Callable[[str], Backbone], tmp_path: Path, printed: Printed) -> None:
    members = [PromptPredictor(tiny("bert"), PVP.of(shape, WORDS, classification(*LABELS)))
               for shape in SHAPES[:2]]
    EnsemblePredictor(members, [3.0, 1.0]).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    expected = np.exp(predictor.log_probs([Example(TEXTS[0])])[0])
    assert list(printed(readme(predictor, False, "My run")).values()) == pytest.approx(
        expected, abs=1e-5)


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("name", ["bert", "roberta", "albert of words", "xlm-roberta", "t5",
                                  "t5 of words", "gpt2", "llama of bytes"])
def test_the_code_of_a_classifier_takes_any_text(
        name: str, pairs: bool, tiny: Callable[..., Backbone], tmp_path: Path,
        printed: Printed) -> None:
    kind, made = TOKENIZERS[name]
    HeadPredictor(with_head(tiny(kind, made=made), LABELS, seed=1), LABELS).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    for texts in itertools.pairwise(ODD):
        expected = np.exp(predictor.log_probs([Example(*texts[: 1 + pairs])])[0])
        answers = np.ravel(_answers(predictor, pairs, texts, printed)).tolist()
        found = {each["label"]: each["score"] for each in answers}
        assert [found[label] for label in LABELS] == pytest.approx(expected, abs=1e-4), texts


def test_columns_of_any_name_are_variables(tiny: Callable[[str], Backbone], tmp_path: Path,
                                           printed: Printed) -> None:
    columns = ("prompt", "star rating", "class")
    pvp = PVP.of("{prompt} {star rating} {class}: {text_a} It is {mask}", WORDS,
                 classification(*LABELS, columns=columns))
    PromptPredictor(tiny("bert"), pvp).save(tmp_path)
    predictor = load_predictor(tmp_path, CPU)
    further = tuple((name, f"the {name}") for name in columns)
    expected = np.exp(predictor.log_probs([Example(TEXTS[0], "", None, further)])[0])
    assert list(printed(readme(predictor, False, "My run")).values()) == pytest.approx(
        expected, abs=1e-5)


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
