"""Demonstrations: drawn from what is most like the question, never the question itself; averaged;
saved and loaded.
"""

import ast
import json
import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.split import FewShotSplit
from core.data.task import Example, classification
from core.errors import SpecError
from core.learning.demonstrations import DemonstratedPredictor, Demonstrations
from core.learning.method import Problem
from core.learning.model_readme import readme
from core.learning.options import read_options
from core.learning.saved_models import load_predictor
from core.methods.lm_bff import LmBff
from core.models.backbone import Backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

LABELS = ("bad", "good")
PVP_ = PVP.of("{text_a} It is {mask} .", {"bad": ["terrible"], "good": ["great"]},
              classification(*LABELS))
SUPPORT = tuple(Example(text, "", label) for text, label in (
    ("The bread was old.", "bad"), ("The dog was lost in the park.",
                                    "bad"), ("A cold and lifeless film.", "bad"),
    ("The soup was cold.", "bad"), ("The bread is warm and great.",
                                    "good"), ("A funny film.", "good"),
    ("Our dog likes the park.", "good"), ("The soup is great.", "good")))


def predictor(backbone: Backbone, **options: object) -> DemonstratedPredictor:
    return DemonstratedPredictor(backbone, PVP_,
                                 Demonstrations(SUPPORT, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "gpt2"])
def test_answers_are_averaged_over_contexts(kind: str, tiny: Callable[[str], Backbone]) -> None:
    asked = predictor(tiny(kind), contexts=3, seed=5)
    example = Example("The film was terrible.")
    draw = asked._draws([example])[0]
    prompts = [asked._drawn(example, draw, context) for context in range(3)]
    assert len({prompt.text() for prompt in prompts}) > 1
    each = np.concatenate([asked.log_probs_of([prompt]) for prompt in prompts])
    expected = torch.from_numpy(each.mean(0)).log_softmax(-1).numpy()
    assert asked.log_probs([Example("It is a park."),
                            example])[1] == pytest.approx(expected, abs=1e-4)
    assert asked.prompt(example).text() == prompts[0].text()
    question = "The film was terrible. It is ____"
    assert (prompts[0].text().endswith if kind == "gpt2" else prompts[0].text().startswith)(
        question + " ." * (kind == "gpt2"))


def test_the_most_similar_half_is_drawn_from(tiny: Callable[[str], Backbone]) -> None:
    asked = predictor(tiny("bert"))
    draw = asked._draws([Example("The bread is stale and the soup is cold.")])[0]
    texts = {SUPPORT[at].text_a for each in draw for at in each}
    assert texts == {"The bread was old.", "The soup was cold.", "The bread is warm and great.",
                     "The soup is great."}
    shown = asked.shown(Example("The bread is stale and the soup is cold."))
    assert [example.label for example, _ in shown] == list(LABELS)
    assert all(0.2 < similarity <= 1 for _, similarity in shown)
    everything = predictor(tiny("bert"), similar=1.0)._draws([Example("x")])[0]
    assert [each.tolist() for each in everything] == [[0, 1, 2, 3], [4, 5, 6, 7]]


@pytest.mark.parametrize("similar", [0.5, 1.0])
def test_no_example_is_shown_beside_itself(similar: float, tiny: Callable[[str], Backbone]) -> None:
    asked = predictor(tiny("bert"), similar=similar)
    for at, example in enumerate(SUPPORT):
        draw = asked._for_support[id(example)]
        assert all(len(each) for each in draw)
        assert at not in np.concatenate(draw)


def test_each_step_draws_anew_and_the_same_seed_alike(tiny: Callable[[str], Backbone]) -> None:
    gold = torch.tensor([0, 1])
    one, other = (predictor(tiny("bert"), similar=1.0, seed=3) for _ in range(2))
    losses = [[float(each.loss(SUPPORT[3:5], gold)) for _ in range(4)] for each in (one, other)]
    assert losses[0] == losses[1]
    assert len(set(losses[0])) > 1


def test_saved_and_loaded_it_answers_alike_also_by_the_code_of_its_readme(
        tiny: Callable[[str], Backbone], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    asked = predictor(tiny("bert"), contexts=1, seed=9, tokens=6)
    asked.save(tmp_path)
    loaded = load_predictor(tmp_path, Placement("cpu", "float32"))
    assert isinstance(loaded, DemonstratedPredictor)
    assert loaded.demonstrations == asked.demonstrations
    examples = [Example("A text to label."), Example("A dog.")]
    assert loaded.log_probs(examples) == pytest.approx(asked.log_probs(examples), abs=1e-5)
    text = readme(predictor(tiny("bert"), contexts=1, seed=9), False, "My run")
    (tmp_path / "ask.py").write_text(text.split("```python\n")[1].split("```")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    runpy.run_path("ask.py")
    found = ast.literal_eval(capsys.readouterr().out)
    expected = np.exp(predictor(tiny("bert"), contexts=1, seed=9).log_probs(examples[:1])[0])
    assert list(found.values()) == pytest.approx(expected, abs=1e-5)


def test_lm_bff_learns_with_demonstrations(tiny: Callable[[str], Backbone]) -> None:
    split = FewShotSplit(4, 1, SUPPORT, SUPPORT, ())
    problem = Problem(classification(*LABELS), (PVP_,), split, tiny("bert"), 1)
    options = read_options(LmBff.options, {"demonstrations": True, "steps": 60,
                                           "learning_rate": 0.01, "contexts": 2},
                           "lm-bff")
    losses: list[float | None] = []
    learned = LmBff().learn(problem, options, lambda *_, loss=None, **__: losses.append(loss))
    assert isinstance(learned.predictor, DemonstratedPredictor)
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.1
    assert learned.predictor.log_probs(SUPPORT).shape == (8, 2)


@pytest.mark.parametrize("kind", ["roberta", "t5", "bart", "gpt2", "llama"])
def test_every_family_is_trained_with_demonstrations(
        kind: str, tiny: Callable[[str], Backbone]) -> None:
    split = FewShotSplit(4, 1, SUPPORT, SUPPORT, ())
    problem = Problem(classification(*LABELS), (PVP_,), split, tiny(kind), 1)
    given = {"demonstrations": True, "steps": 2, "contexts": 1, "demonstration_tokens": 4}
    options = read_options(LmBff.options, given, "lm-bff")
    learned = LmBff().learn(problem, options, lambda *_, **__: None)
    assert learned.predictor.log_probs(SUPPORT).shape == (8, 2)


def test_one_example_a_label_is_too_few(tiny: Callable[[str], Backbone]) -> None:
    with pytest.raises(SpecError,
                       match="'bad' has fewer than 2 examples; demonstrations need K ≥ 2"):
        DemonstratedPredictor(tiny("bert"), PVP_, Demonstrations((SUPPORT[0], *SUPPORT[4:])))


def test_demonstrations_are_read_back_with_their_further_texts() -> None:
    kept = Demonstrations((Example("a", "", "x", (("word", "w"),)), Example("b", "c", "y")), 2, 0.5,
                          20, 3)
    note = json.loads(json.dumps(kept.as_dict()))
    assert Demonstrations.of(note) == kept
    earlier = {**note, "support": [each[:3] for each in note["support"]]}
    assert Demonstrations.of(earlier).support[0] == Example("a", "", "x")
