"""PET and iPET: members, soft labels, generations, the student; and what is refused before the
start.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.data.split import FewShotSplit
from core.data.task import Example, classification
from core.errors import SpecError
from core.learning.members import SEEDS_APART, MemberOptions, plans, train_member
from core.learning.method import Problem
from core.learning.options import read_options
from core.learning.prompting import PromptPredictor
from core.methods.head import HeadPredictor
from core.methods.ipet import Ipet
from core.methods.pet import Pet
from core.models.backbone import Backbone
from core.prompts.pvp import PVP

LABELS = ("bad", "good")
WORDS = {"bad": ["terrible"], "good": ["great"]}
PATTERNS = ("{text_a} It is {mask} .", "The story : {text_a} {mask} !")
PVPS = tuple(PVP.of(text, WORDS, classification(*LABELS)) for text in PATTERNS)
TEXTS = {"bad": ("The bread was old.", "The dog was lost.", "A cold film.", "The soup was cold."),
         "good": ("The bread is warm.", "A funny film.", "Our dog likes the park.",
                  "The soup is great.")}
TRAIN = tuple(Example(text, "", label) for label, texts in TEXTS.items() for text in texts)
POOL = tuple(Example(f"{text} {more}", "") for texts in TEXTS.values() for text in texts
             for more in ("The park.", "The film was lost.", "It is warm."))
HIDDEN = tuple(label for label, texts in TEXTS.items() for _ in texts for _ in range(3))
FEW: dict[str, Any] = {"steps": 4, "batch_size": 4, "repetitions": 2, "student_steps": 6,
                       "evaluate_every": 2,
                       "unlabelled_batch": 4, "learning_rate": 1e-3}


class Told:
    """Progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []
        self.rows: list[dict[str, Any]] = []

    def __call__(self, step: int, total: int, *, loss: float | None = None,
                 dev_score: float | None = None,
                 found: Any = None) -> None:
        self.steps.append((step, total))
        if found is not None:
            self.rows = [dict(each) for each in found]

    def of(self, stage: str) -> list[dict[str, Any]]:
        return [each for each in self.rows if each["stage"] == stage]


def problem(backbone: Backbone, **changes: Any) -> Problem:
    return replace(Problem(classification(*LABELS), PVPS,
                           FewShotSplit(4, 1, TRAIN, TRAIN, POOL, HIDDEN), backbone, 7), **changes)


def learn(method: Any, given: Problem, told: Told, **options: Any) -> Any:
    chosen = read_options(method.options, {**FEW, **options}, method.name)
    method.check(given, chosen)
    return method.learn(given, chosen, told), chosen


@pytest.mark.parametrize("kind", ["bert", "t5", "gpt2"])
def test_all_stages_are_told_and_a_classifier_comes_out(kind: str,
                                                        tiny: Callable[[str], Backbone]) -> None:
    told = Told()
    learned, options = learn(Pet(), problem(tiny(kind)), told)
    assert isinstance(learned.predictor, HeadPredictor)
    models = told.of("model")
    assert [each["seed"] for each in models] == [7 * SEEDS_APART + at for at in range(4)]
    assert [each["repetition"] for each in models] == [1, 2, 1, 2]
    assert [each["pattern"] for each in models[::2]] == [str(each.pattern) for each in PVPS]
    labels, = told.of("soft labels")
    assert labels["examples"] == sum(labels["histogram"]) == len(POOL)
    assert sum(labels["shares"].values()) == pytest.approx(1)
    assert 0 <= labels["entropy"] <= 1
    assert 0 <= labels["right"] <= 1
    assert len(labels["disputed"]) == 8
    assert [step for step, _, _ in told.of("classifier")[0]["curve"]] == [2, 4, 6]
    total = Pet().steps(options, len(PVPS))
    assert told.steps[-1] == (total, total) == (22, 22)
    assert told.steps == sorted(told.steps)


def test_members_and_their_vote_are_measured_beside_the_classifier(
        tiny: Callable[[str], Backbone]) -> None:
    told, given = Told(), problem(tiny("bert"))
    learned, _ = learn(Pet(), given, told)
    unseen = [Example("Another park, wide and warm.", "", "good"), *TRAIN]
    found = learned.measure(unseen)
    each = [row["test_accuracy"] for row in told.of("model")]
    assert found["accuracy_members"] == pytest.approx(np.mean(each))
    assert found["accuracy_members_sd"] == pytest.approx(np.std(each, ddof=1))
    assert found["accuracy_ensemble"] == told.of("ensemble")[0]["test_accuracy"]


def test_the_same_seed_gives_the_same_classifier_and_repetitions_differ(
        tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    first, second = (learn(Pet(), given, Told())[0].predictor.log_probs(POOL) for _ in range(2))
    assert first == pytest.approx(second, abs=1e-6)
    options = read_options(MemberOptions, {key: FEW[key]
                                           for key in ("steps", "batch_size", "learning_rate")},
                           "pet")
    one, other = (train_member(given, plan, options, TRAIN, POOL, Told())
                  for plan in plans(given, 2)[:2])
    assert not np.allclose(one.predictor.log_probs(POOL), other.predictor.log_probs(POOL))
    texts = [Example("Words that no example has: the screen.", "")]
    assert one.log_probs(texts, given.backbone).shape == (1, 2)


def test_language_modelling_trains_what_answers_alone_do_not(
        tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    plan = plans(given, 1)[0]
    table = given.backbone.model.get_input_embeddings().weight
    used = PromptPredictor(given.backbone, plan.pvp).tokens([*TRAIN, *POOL])
    idle = next(token for token in range(len(table)) if token not in used)
    options = read_options(MemberOptions, {"steps": 3, "alpha": 0.5, "learning_rate": 1e-2}, "pet")
    trained = train_member(given, plan, options, TRAIN, POOL, Told()).predictor.backbone.model
    # as a wrong answer, at least
    assert not torch.equal(trained.get_input_embeddings().weight[idle], table[idle])


def test_generations_grow_and_say_how_right_they_are(tiny: Callable[[str], Backbone]) -> None:
    told = Told()
    learned, options = learn(Ipet(), problem(tiny("bert")), told, generations=2, factor=1.5,
                             repetitions=2)
    growth = told.of("generation")
    assert [each["generation"] for each in growth] == [1, 2]
    assert growth[0]["drawn"] + sum(map(bool, growth[0]["missing"])) > 0
    assert all(each["right"] is None or 0 <= each["right"] <= 1 for each in growth)
    models = told.of("model")
    assert [each["generation"] for each in models] == [0] * 4 + [1] * 4 + [2] * 4
    assert models[0]["examples"] == len(TRAIN)
    assert told.steps[-1][0] == Ipet().steps(options, 2)
    learned.measure(TRAIN)
    assert [("test_accuracy" in each) for each in told.of("model")] == [False] * 8 + [True] * 4


def test_generations_never_want_more_than_there_is(tiny: Callable[[str], Backbone]) -> None:
    told = Told()
    learn(Ipet(), problem(tiny("bert")), told, generations=1, factor=50.0)
    assert told.of("generation")[0]["drawn"] <= len(POOL)


def test_a_start_without_any_labels(tiny: Callable[[str], Backbone]) -> None:
    told, nothing = Told(), FewShotSplit(0, 1, (), (), POOL, HIDDEN)
    learned, _ = learn(Ipet(), problem(tiny("bert"), split=nothing), told, generations=2,
                       repetitions=2)
    models = told.of("model")
    assert models[0]["examples"] == 0
    assert models[0]["before"] is None
    first, second = told.of("generation")
    assert first["drawn"] == 10
    assert not first["missing"]  # the likeliest are taken, whatever else they may be
    assert 10 <= second["drawn"] <= len(POOL)
    assert learned.predictor.log_probs(POOL).shape == (len(POOL), 2)
    assert told.of("classifier")[0]["dev_score"] is None


@pytest.mark.parametrize("method", [Pet(), Ipet()])
@pytest.mark.parametrize(("changes", "options", "expected"), [
    ({"pvps": PVPS[:1]}, {}, "several patterns vote, and one is chosen"),
    ({"split": FewShotSplit(4, 1, TRAIN, TRAIN, ())}, {},
     "needs unlabelled examples, and none are left: all 16"),
])
def test_what_cannot_work_is_told_before_the_start(method: Any, changes: Any, options: Any,
                                                   expected: str,
                                                   tiny: Callable[[str], Backbone]) -> None:
    with pytest.raises(SpecError, match=expected):
        learn(method, problem(tiny("bert"), **changes), Told(), **options)


def test_bad_options_are_told(tiny: Callable[[str], Backbone]) -> None:
    with pytest.raises(SpecError, match=r"'alpha' of 'pet' is '1.5'; it must be from 0 to 1"):
        learn(Pet(), problem(tiny("bert")), Told(), alpha=1.5)
    with pytest.raises(SpecError, match="needs a masked model"):
        learn(Pet(), problem(tiny("gpt2")), Told(), alpha=0.1)
    with pytest.raises(SpecError, match="K is 0"):
        learn(Pet(), problem(tiny("bert"), split=FewShotSplit(0, 1, (), (), POOL)), Told())
