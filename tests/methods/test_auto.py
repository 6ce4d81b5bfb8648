"""Automatic words and patterns: candidates are told and ranked, those that fall behind dropped, the
best is kept.
"""

import ast
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.split import FewShotSplit
from core.data.task import Example, classification
from core.errors import ModelError, SpecError
from core.learning.ensemble import EnsemblePredictor
from core.learning.fine_tuning import PromptFineTuningOptions
from core.learning.method import Problem
from core.learning.model_readme import readme
from core.learning.options import read_options
from core.learning.reranking import Candidate, Reranking
from core.learning.saved_models import load_predictor
from core.methods.auto_patterns import AutoPatternsOptions
from core.methods.auto_words import word_candidates
from core.methods.registry import method_named
from core.models.backbone import Backbone
from core.models.carried import CarriedModel
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.models.vocabulary import whole_words
from core.prompts.pvp import PVP

LABELS = ("bad", "good")
TEXTS = {"bad": ("No bread.", "The dog was in the park, no story.", "It was a film and no park.",
                 "no dog"),
         "good": ("The bread is great.", "A story and a great dog.", "It is a great film.",
                  "yes, the park")}
EXAMPLES = tuple(Example(text, "", label) for label, texts in TEXTS.items() for text in texts)
WRITER = str(Path(__file__).parents[1] / "fixtures" / "models" / "t5_tiny")
FEW = {"tried": 3, "steps": 10, "evaluate_every": 2, "learning_rate": 0.01}


def problem(backbone: Backbone) -> Problem:
    pvp = PVP.of("{text_a} It is {mask} .", {"bad": ["terrible"], "good": ["great"]},
                 classification(*LABELS))
    return Problem(classification(*LABELS), (pvp,), FewShotSplit(4, 1, EXAMPLES, EXAMPLES, ()),
                   backbone, 1,
                   lambda name: load_backbone(name, Placement("cpu", "float32")))


def search(method: str, backbone: Backbone,
           **options: Any) -> tuple[Any, list[list[dict[str, Any]]]]:
    tables: list[list[dict[str, Any]]] = []

    def told(step: int, total: int, *, found: Any = None, **_: Any) -> None:
        assert 0 <= step <= total
        if found is not None:
            tables.append(list(found))

    made = method_named(method)
    return made.learn(problem(backbone), read_options(made.options, {**FEW, **options}, method),
                      told), tables


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "gpt2"])
def test_words_are_found_tried_and_ranked(kind: str, tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny(kind)
    learned, tables = search("auto-words", backbone, halving=False, k=6, combinations=9)
    assert len(tables) == 4  # before any is tried, and after each
    first, last = tables[0], tables[-1]
    assert [row["score"] for row in first] == sorted((row["score"] for row in first), reverse=True)
    assert all(row["dev_score"] is None for row in first)
    assert [row["trained"] for row in last] == [10] * 3 + [0] * 6
    assert last[0]["dev_score"] == max(row["dev_score"] or 0
                                       for row in last) == learned.metrics["dev_accuracy"]
    known = set(whole_words(backbone).values())
    for row in first:
        words = [word for each in row["words"].values() for word in each]
        assert set(words) <= known
        assert len(set(words)) == len(LABELS)
    kept = learned.predictor.pvp.verbalizer.as_dict()
    assert kept == {label: list(words) for label, words in last[0]["words"].items()}
    assert learned.predictor.log_probs(EXAMPLES).shape == (8, 2)


def test_scores_are_accuracies_without_training(tiny: Callable[[str], Backbone]) -> None:
    from core.learning.prompting import PromptPredictor

    backbone = tiny("bert")
    _, tables = search("auto-words", backbone, k=5, combinations=6)
    for row in tables[0]:
        pvp = PVP.from_dict({"pattern": row["pattern"], "words": row["words"]},
                            classification(*LABELS))
        answers = PromptPredictor(backbone, pvp).log_probs(EXAMPLES).argmax(1)
        assert row["score"] == pytest.approx((answers == problem(backbone).gold(EXAMPLES)).mean())


def test_only_neighbours_of_the_own_words_remain(tiny: Callable[[str], Backbone]) -> None:
    _, tables = search("auto-words", tiny("bert"), k=8, neighbours=2, combinations=100)
    words = [{row["words"][label][0] for row in tables[0]} for label in LABELS]
    assert all(len(each) <= 2 for each in words)
    assert any({"terrible", "great"} & each for each in words)


def test_patterns_are_written_tried_and_ranked(tiny: Callable[[str], Backbone]) -> None:
    learned, tables = search("auto-patterns", tiny("roberta"), writer=WRITER, beam=12)
    assert len({row["pattern"] for row in tables[0]}) == len(tables[0]) >= 5
    assert all(row["words"] == {"bad": ["terrible"], "good": ["great"]} for row in tables[0])
    assert str(learned.predictor.pvp.pattern) == tables[-1][0]["pattern"]
    assert learned.metrics["patterns_written"] == len(tables[0])


def test_words_are_searched_for_written_patterns(tiny: Callable[[str], Backbone]) -> None:
    _, tables = search("auto-patterns", tiny("bert"), writer=WRITER, beam=12,
                       words="for each pattern", k=5)
    assert len(tables[0]) == 3
    options = read_options(AutoPatternsOptions, {**FEW, "k": 5}, "auto-patterns")
    for row in tables[0]:
        given = PVP.from_dict({"pattern": row["pattern"],
                               "words": {"bad": ["no"], "good": ["yes"]}}, classification(*LABELS))
        best = word_candidates(problem(tiny("bert")), given, options)[0][0]
        assert row["words"] == best.pvp.verbalizer.as_dict()


def test_patterns_are_written_around_found_words(tiny: Callable[[str], Backbone]) -> None:
    _, tables = search("auto-patterns", tiny("bert"), writer=WRITER, beam=12, words="first",
                       word_sets=2, k=5, tried=4)
    options = read_options(AutoPatternsOptions, {**FEW, "k": 5}, "auto-patterns")
    best = [each.pvp.verbalizer.as_dict() for each in
            word_candidates(problem(tiny("bert")), problem(tiny("bert")).pvps[0], options)[0][:2]]
    assert [row["words"] for row in tables[0][:4]] == [best[0], best[1]] * 2
    assert len({row["pattern"] for row in tables[0]}) > 2


def test_the_best_answer_together_and_alike_after_loading(tiny: Callable[[str], Backbone],
                                                          tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[
                                                              str]) -> None:
    learned, tables = search("auto-words", tiny("bert"), k=6, combinations=9, halving=False,
                             ensemble=2)
    ensemble = learned.predictor
    assert isinstance(ensemble, EnsemblePredictor)
    assert [each.pvp.verbalizer.as_dict()
            for each in ensemble.members] == [row["words"] for row in tables[-1][:2]]
    each = np.mean([member.log_probs(EXAMPLES) for member in ensemble.members], axis=0)
    expected = np.exp(each) / np.exp(each).sum(1, keepdims=True)
    assert np.exp(ensemble.log_probs(EXAMPLES)) == pytest.approx(expected, abs=1e-5)
    ensemble.save(tmp_path)
    loaded = load_predictor(tmp_path, Placement("cpu", "float32"))
    assert loaded.log_probs(EXAMPLES) == pytest.approx(ensemble.log_probs(EXAMPLES), abs=1e-5)
    code = readme(ensemble, False, "Together").split("```python\n")[1].split("```")[0]
    (tmp_path / "ask.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    runpy.run_path("ask.py")
    found = ast.literal_eval(capsys.readouterr().out)
    asked = np.exp(ensemble.log_probs([Example("A text to label.")])[0])
    assert list(found.values()) == pytest.approx(asked, abs=1e-5)


def test_a_writer_of_another_family_is_refused(tiny_model_folder: Callable[..., Path],
                                               tiny: Callable[[str], Backbone]) -> None:
    made = method_named("auto-patterns")
    for kind in ("bart", "bert"):
        options = read_options(made.options, {"writer": str(tiny_model_folder(kind))},
                               "auto-patterns")
        with pytest.raises(ModelError,
                           match=f"of type '{kind}'; patterns are written by models of the T5 "
                                 f"family, such as 'mini-seq2seq', and by most causal models"):
            made.check(problem(tiny("bert")), options)
    made.check(problem(tiny("bert")),
               read_options(made.options, {"writer": WRITER}, "auto-patterns"))


def test_a_causal_model_writes(tiny: Callable[..., Backbone]) -> None:
    learned, tables = search("auto-patterns", tiny("bert"), writer="mini-causal", beam=12)
    written = tables[-1]
    assert learned.metrics["patterns_written"] == len(written) > 3
    assert all(row["pattern"].startswith("{text_a}") for row in written)
    with pytest.raises(SpecError, match="'averaged' is LM-BFF's way with T5"):
        search("auto-patterns", tiny("bert"), writer="mini-causal", averaged=True)


@pytest.mark.parametrize(("file", "writer"), [
    (Path("model.gguf"), "smollm2-135m"), (None, "mini-seq2seq")])
def test_the_causal_writer_is_the_default_where_it_is(
    file: Path | None, writer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CarriedModel, "file", property(lambda _: file))
    made = method_named("auto-patterns")
    for given, wanted in (({}, writer), ({"writer": "some/t5"}, "some/t5")):
        options = read_options(made.options, given, "auto-patterns")
        assert made.other_models(options) == (wanted,)


def test_a_label_without_examples_is_said(tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    given = replace(given, split=FewShotSplit(4, 1, EXAMPLES[:4], EXAMPLES, ()))
    made = method_named("auto-words")
    with pytest.raises(SpecError, match="Label 2 has no training example"):
        made.learn(given, read_options(made.options, FEW, "auto-words"), lambda *_, **__: None)


def test_candidates_that_fall_behind_are_dropped(tiny: Callable[[str], Backbone],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """With accuracies given at the rungs, the ones to go on are those of the rule."""
    curves = iter([(0.5, 0.6, 0.9), (0.4, 0.9, 0.9), (0.6, 0.7,
                                                      0.8), (0.6, 0.5, 0.99), (0.3, 0.9, 0.9)])

    def given(problem: Problem, options: PromptFineTuningOptions, progress: Any) -> Any:
        for share, accuracy in zip((0.2, 0.4, 1.0), next(curves), strict=True):
            progress(round(share * options.steps), options.steps, dev_score=accuracy)
        return type("Learned", (), {"metrics": {"dev_accuracy": accuracy}})()

    monkeypatch.setattr("core.learning.reranking.fine_tune", given)
    made = problem(tiny("bert"))
    candidates = [Candidate(made.pvps[0], score) for score in (0.9, 0.8, 0.7, 0.6, 0.5)]
    ranking = Reranking(made, PromptFineTuningOptions(steps=100), halving=True)
    ranked = ranking.rank(candidates, 5, lambda *_, **__: None)
    assert [(each.score, each.trained, each.dev_score) for each in ranked] == [
        (0.9, 100, 0.9), (0.7, 100, 0.8), (0.6, 40, 0.6), (0.8, 20, 0.4), (0.5, 20, 0.3)]
    assert [each.metrics["dev_accuracy"] for each in ranking.best] == [0.9]


def test_the_same_seed_finds_the_same(tiny: Callable[[str], Backbone]) -> None:
    one, other = (search("auto-words", tiny("bert"), k=5, combinations=5) for _ in range(2))
    assert one[1] == other[1]
    assert np.array_equal(one[0].predictor.log_probs(EXAMPLES),
                          other[0].predictor.log_probs(EXAMPLES))


@pytest.mark.parametrize("method", ["lm-bff", "auto-words", "auto-patterns", "petal"])
def test_demonstrations_with_one_example_a_label_are_refused_at_once(method: str,
                                                                     tiny: Callable[[
                                                                         str], Backbone]) -> None:
    given = problem(tiny("bert"))
    given = replace(given, split=FewShotSplit(1, 1, EXAMPLES[3:5], EXAMPLES, ()))
    made = method_named(method)
    with pytest.raises(SpecError, match="Demonstrations need K ≥ 2"):
        made.check(given, read_options(made.options, {"demonstrations": True}, method))
