"""PETAL: words by likelihood ratio, verbalizers of few and many of them, tried and ranked like
every search's.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.data.split import FewShotSplit
from core.data.task import Example, classification
from core.errors import SpecError
from core.learning.method import Problem
from core.learning.options import read_options
from core.learning.prompting import PromptPredictor
from core.methods.petal import PetalOptions, admissible_words, ratio_candidates, sizes
from core.methods.registry import method_named
from core.models.backbone import Backbone
from core.models.vocabulary import whole_words
from core.prompts.pvp import PVP

LABELS = ("bad", "good")
TEXTS = {"bad": ("No bread.", "The dog was in the park, no story.", "It was a film and no park.",
                 "no dog"),
         "good": ("The bread is great.", "A story and a great dog.", "It is a great film.",
                  "yes, the park")}
EXAMPLES = tuple(Example(text, "", label) for label, texts in TEXTS.items() for text in texts)
FEW = {"tried": 3, "steps": 10, "evaluate_every": 2, "learning_rate": 0.01, "halving": False,
       "words_per_label": 4}


def problem(backbone: Backbone, **changes: Any) -> Problem:
    pvp = PVP.of("{text_a} It is {mask} .", {"bad": ["terrible"], "good": ["great"]},
                 classification(*LABELS))
    return replace(Problem(classification(*LABELS), (pvp,),
                           FewShotSplit(4, 1, EXAMPLES, EXAMPLES, ()), backbone, 1), **changes)


def candidates(of: Problem, **options: Any) -> list[Any]:
    chosen = read_options(PetalOptions, {**FEW, **options}, "petal")
    return ratio_candidates(of, admissible_words(of, chosen.frequent, lambda: None), chosen)


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "gpt2"])
def test_few_and_many_words_are_tried_and_ranked(kind: str,
                                                 tiny: Callable[[str], Backbone]) -> None:
    backbone, tables, method = tiny(kind), [], method_named("petal")

    def told(step: int, total: int, *, found: Any = None, **_: Any) -> None:
        assert 0 <= step <= total == 30
        if found is not None:
            tables.append(list(found))

    options = read_options(method.options, FEW, "petal")
    method.check(problem(backbone), options)
    learned = method.learn(problem(backbone), options, told)
    assert [row["trained"] for row in tables[-1]] == [10, 10, 10, 0]
    assert [row["score"] for row in tables[0]] == sorted((row["score"] for row in tables[0]),
                                                         reverse=True)
    rows = sorted(tables[0], key=lambda row: len(row["words"]["bad"]))
    assert [[len(words) for words in row["words"].values()]
            for row in rows] == [[n, n] for n in (1, 2, 3, 4)]
    for label in LABELS:  # each verbalizer goes on from the smaller one
        assert all(row["words"][label] == rows[-1]["words"][label][: size] for size,
                   row in enumerate(rows, 1))
    known = set(whole_words(backbone).values())
    words = [word for mine in rows[-1]["words"].values() for word in mine]
    assert set(words) <= known
    assert len(set(words)) == len(words)
    assert learned.metrics["dev_accuracy"] == tables[-1][0]["dev_score"]
    assert learned.metrics["words_scored"] <= len(known)
    assert learned.predictor.pvp.verbalizer.as_dict() == tables[-1][0]["words"]
    assert learned.predictor.log_probs(EXAMPLES).shape == (8, 2)


@pytest.mark.parametrize("kind", ["bert", "t5"])
def test_scores_are_accuracies_without_training(kind: str, tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny(kind))
    for each in candidates(given, distinct=False):
        answers = PromptPredictor(given.backbone, each.pvp).log_probs(EXAMPLES).argmax(1)
        assert each.score == pytest.approx((answers == given.gold(EXAMPLES)).mean())


def test_sizes_end_with_as_many_words_as_are_wanted() -> None:
    assert [sizes(most) for most in (1, 3, 7, 10, 50)] == [
        [1], [1, 2, 3], [1, 2, 3, 5, 7], [1, 2, 3, 5, 10], [1, 2, 3, 5, 10, 20, 50]]
    method = method_named("petal")
    assert method.steps(read_options(method.options, {"words_per_label": 7, "steps": 10},
                                     "petal")) == 50
    assert method.steps(read_options(method.options, {"words_per_label": 7, "steps": 10,
                                                      "tried": 2}, "petal")) == 20


def test_frequent_words_of_texts_without_labels_come_first(tiny: Callable[[str], Backbone]) -> None:
    pool = (Example("the film", "no film"), Example("film and bread"), Example("bread"))
    given = problem(tiny("bert"), split=FewShotSplit(1, 1, (Example("yes", "", "good"),), (), pool))
    known = whole_words(given.backbone)
    words = [known[token] for token in admissible_words(given, 100, lambda: None).tolist()]
    assert words[:2] == ["film", "bread"]
    assert set(words[2:6]) == {"the", "no", "and", "yes"}
    assert len(words) == len(set(words)) > 6  # words that never occur come last
    assert len(admissible_words(given, 3, lambda: None)) == 3


def test_labels_that_share_their_words_are_told_apart_or_refused(
        tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    for each in candidates(given, distinct=False, frequent=4):
        assert len({frozenset(words) for _, words in each.pvp.verbalizer.words}) == 2
    with pytest.raises(SpecError, match="The labels share all their best words"):
        candidates(given, distinct=False, frequent=1)
    with pytest.raises(SpecError, match=r"No word is left for label [12]"):
        candidates(given, frequent=1)


def test_a_label_without_examples_is_said(tiny: Callable[[str], Backbone]) -> None:
    with pytest.raises(SpecError, match="Label 2 has no training example"):
        candidates(problem(tiny("bert"), split=FewShotSplit(4, 1, EXAMPLES[:4], EXAMPLES, ())))
