"""Studies as people write them: what is refused and why, their runs, and when two are the same."""

from __future__ import annotations

import copy
import datetime
import json
import math
from dataclasses import replace
from typing import Any

import pytest

from core.data.split import LM_BFF_SEEDS
from core.data.task import Task
from core.errors import InputError, SpecError
from core.methods.registry import METHODS
from core.prompts.verbalizer import Verbalizer
from core.randomness import rng
from core.runs.spec import MAX_RUNS, RunSpec, StudySpec

PVP = {
    "pattern": "{text_a} It was {mask}.",
    "words": {"bad": ["terrible"], "good": ["great", "lovely"]},
}
OTHER = {"pattern": "{mask}! {text_a}", "words": {"bad": ["no"], "good": ["yes"]}}
FULL: dict[str, Any] = {
    "name": "all keys",
    "task": "tiny",
    "model": "mini-masked",
    "methods": ["zero-shot", "lm-bff"],
    "patterns": [PVP, OTHER],
    "shots": [2, 4],
    "seeds": [13, 21],
    "options": {"lm-bff": {"steps": 20}},
    "test_limit": 10,
}


def study(**changes: Any) -> StudySpec:
    return StudySpec.from_dict(
        {"task": "tiny", "methods": ["zero-shot"], "patterns": [PVP], **changes}
    )


def only_run(on: Task, **changes: Any) -> RunSpec:
    (run,) = study(**{"methods": ["lm-bff"], "seeds": [13], **changes}).runs(on)
    return run


def test_defaults() -> None:
    found = StudySpec.from_dict({"task": "reviews", "methods": "head"})
    assert found == StudySpec(
        "study", "reviews", ("head",), (), "mini-masked", (16,), LM_BFF_SEEDS, {}, None
    )


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("task", None, "no 'task'"),
        ("task", "", "no 'task'"),
        ("task", 5, "'task' must be a name"),
        ("task", ["a"], "'task' must be a name"),
        ("methods", None, "no 'methods'"),
        ("methods", [], "no 'methods'"),
        ("methods", 3, "list of names"),
        ("methods", ["head", None], "list of names"),
        ("methods", {"head": 1}, "list of names"),
        ("methods", "magic", "no method 'magic'"),
        ("methods", ["head", "LM-BFF"], "no method 'LM-BFF'"),
        ("model", ["mini-masked"], "'model' is"),
        ("model", 7, "'model' is '7'"),
        ("patterns", "{text_a} {mask}", "must be a list"),
        ("patterns", {"pattern": "x"}, "must be a list"),
        ("patterns", 3, "must be a list"),
        ("shots", [], "list of whole numbers"),
        ("shots", None, "list of whole numbers"),
        ("shots", "16", "whole numbers"),
        ("shots", [1.5], "whole numbers"),
        ("shots", True, "whole numbers"),
        ("shots", [-1], "numbers must be from 0"),
        ("seeds", [2**40], "numbers must be from 0 to 2147483648"),
        ("seeds", [None], "whole numbers"),
        ("seeds", {1: 2}, "whole numbers"),
        ("seeds", [[13]], "whole numbers"),
        ("options", [1], "must map method names"),
        ("options", {"lm-bff": None}, "must map method names"),
        ("options", {"lm-bff": {"step": 3}}, "no option 'step'"),
        ("options", {"lm-bff": {"steps": 0}}, "from 1 to"),
        ("options", {"magic": {}}, "no method 'magic'"),
        ("options", {None: {}}, "no method 'None'"),
        ("test_limit", 0, "whole number above 0"),
        ("test_limit", True, "whole number above 0"),
        ("test_limit", 2.5, "whole number above 0"),
        ("test_limit", "all", "whole number above 0"),
        ("test-limit", 5, "no key 'test-limit'"),
        (3, 5, "no key '3'"),
    ],
)
def test_bad_values_are_named(key: object, value: object, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        StudySpec.from_dict({**FULL, key: value})


@pytest.mark.parametrize("data", [None, "reviews", 5, [FULL], []])
def test_what_is_no_mapping_is_no_study(data: object) -> None:
    with pytest.raises(SpecError, match="A study is a mapping with the keys name, task"):
        StudySpec.from_dict(data)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{text_a} {mask}", "A pattern is given as"),
        ({"pattern": "{text_a} {mask}"}, "A pattern is given as"),
        ({**PVP, "more": 1}, "A pattern is given as"),
        ({**PVP, "words": ["terrible"]}, "must map each label"),
        (
            {**PVP, "words": {"bad": False, "good": True}},
            "'False'; they must be texts. Put words such as No, Yes",
        ),
        ({**PVP, "words": {"bad": ["x"], "good": [1]}}, r"'\[1\]'; they must be texts"),
        ({**PVP, "words": {"bad": None, "good": "y"}}, "'None'; they must be texts"),
        ({**PVP, "words": {"bad": []}}, "'bad' has no word"),
        ({**PVP, "words": {"ugly": ["x"]}}, "'ugly' is no label"),
        ({**PVP, "pattern": "{text_a}"}, "no {mask}"),
        ({**PVP, "pattern": None}, "no {mask}"),
        ({**PVP, "pattern": "{text_a} {text_b} {mask}"}, "one text only"),
    ],
)
def test_bad_patterns_are_refused_before_anything_runs(
    pattern: object, says: str, tiny_task: Task
) -> None:
    with pytest.raises(InputError, match=says):
        study(patterns=[pattern]).runs(tiny_task)


@pytest.mark.parametrize(("methods", "expected"), [
    (["zero-shot"], 2), (["in-context"], 2 * 3 * 2), (["head"], 3 * 2), (["lm-bff"], 2 * 3 * 2),
    (["zero-shot", "head", "lm-bff"], 2 + 3 * 2 + 2 * 3 * 2), (["head", "head"], 3 * 2),
])
def test_runs_multiply_only_over_what_matters(
    methods: list[str], expected: int, tiny_task: Task
) -> None:
    runs = study(
        methods=methods, patterns=[PVP, OTHER, PVP], shots=[2, 4, 4, 6], seeds=[13, 21, 13]
    ).runs(tiny_task)
    assert len(runs) == len({run.fingerprint for run in runs}) == expected
    assert [run.method for run in runs] == sorted((run.method for run in runs), key=methods.index)


def test_head_has_no_pattern_and_zero_shot_no_shots(tiny_task: Task) -> None:
    zero_shot, head = study(methods=["zero-shot", "head"], shots=[4], seeds=[13]).runs(tiny_task)
    assert (zero_shot.shots, zero_shot.pattern_text) == (0, PVP["pattern"])
    assert (head.shots, head.patterns, head.pattern_text, head.words_text) == (4, (), "", "")


@pytest.mark.parametrize(
    "method", [name for name, method in METHODS.items() if method.uses_pattern]
)
def test_a_method_with_a_pattern_needs_one(method: str, tiny_task: Task) -> None:
    with pytest.raises(SpecError, match=f"'{method}' needs a pattern, and the study has none"):
        study(methods=[method], patterns=[]).runs(tiny_task)


def test_too_many_runs_are_counted_not_made(tiny_task: Task) -> None:
    assert (
        len(study(methods=["head"], shots=[1], seeds=list(range(MAX_RUNS))).runs(tiny_task))
        == MAX_RUNS
    )
    endless = study(
        methods=["head", "lm-bff"], shots=list(range(1, 10**5)), seeds=list(range(10**5))
    )
    with pytest.raises(SpecError, match=f"makes 19999800000 runs; {MAX_RUNS} are allowed"):
        endless.runs(tiny_task)


def test_runs_hold_every_option(tiny_task: Task) -> None:
    run = only_run(tiny_task, options={"lm-bff": {"steps": 3}, "head": {"steps": 9}})
    assert run.options["steps"] == 3
    assert set(run.options) == {
        "steps",
        "batch_size",
        "learning_rate",
        "evaluate_every",
        "weight_decay",
        "demonstrations",
        "contexts",
        "similar",
        "demonstration_tokens",
        "top_layers",
    }


def test_runs_of_text_to_text_hold_every_option_with_format_and_prefix(tiny_task: Task) -> None:
    run, = study(methods=["text-to-text"], seeds=[13]).runs(tiny_task)
    assert set(run.options) == {
        "steps", "batch_size", "learning_rate", "evaluate_every", "weight_decay", "top_layers",
        "max_tokens", "beams", "length_penalty", "format", "prefix", "answer"}
    assert (run.options["format"], run.options["prefix"]) == ("own-name", "tiny")
    assert run.patterns == ()


def test_fingerprint_is_of_content_not_of_names(tiny_task: Task) -> None:
    renamed = replace(tiny_task, name="renamed", title="Another title")
    plain = only_run(tiny_task)
    assert only_run(renamed, task="renamed", name="other study").fingerprint == plain.fingerprint
    assert (
        only_run(
            tiny_task,
            patterns=[{**PVP, "words": {"good": ["great", "lovely"], "bad": "terrible"}}],
            options={"lm-bff": {"steps": 100}},
        ).fingerprint
        == plain.fingerprint
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": [21]},
        {"shots": [4]},
        {"options": {"lm-bff": {"steps": 99}}},
        {"patterns": [OTHER]},
        {"test_limit": 5},
        {"patterns": [{**PVP, "words": {"bad": ["terrible"], "good": ["lovely", "great"]}}]},
        {"methods": ["in-context"]},
        {"model": "another/model"},
    ],
)
def test_fingerprint_tells_apart(changes: dict[str, Any], tiny_task: Task) -> None:
    assert only_run(tiny_task, **changes).fingerprint != only_run(tiny_task).fingerprint


def test_a_seed_without_effect_is_not_in_the_fingerprint(tiny_task: Task) -> None:
    first, second = (only_run(tiny_task, methods=["zero-shot"], seeds=[seed]) for seed in (13, 21))
    assert first.fingerprint == second.fingerprint


def test_fingerprint_tells_texts_and_weights_apart(tiny_task: Task) -> None:
    run = only_run(tiny_task)
    other = only_run(replace(tiny_task, test=tiny_task.test[:-1]))
    assert (
        len({run.fingerprint, other.fingerprint, replace(run, model_digest="new").fingerprint}) == 3
    )
    assert run.model_digest


def test_fingerprint_holds_the_precision(tiny_task: Task) -> None:
    study = StudySpec.from_dict(FULL)
    (exact, *_), (rounded, *_) = study.runs(tiny_task), study.runs(tiny_task, "bfloat16")
    assert (exact.precision, rounded.precision) == ("float32", "bfloat16")
    assert exact.fingerprint != rounded.fingerprint
    stored = {name: value for name, value in exact.as_dict().items() if name != "precision"}
    assert RunSpec.from_dict(stored).fingerprint == exact.fingerprint  # from before it was kept


def test_a_study_may_choose_its_precision(tiny_task: Task) -> None:
    study = StudySpec.from_dict({**FULL, "precision": "float32"})
    assert {run.precision for run in study.runs(tiny_task, "bfloat16")} == {"float32"}
    assert StudySpec.from_dict(study.as_dict()) == study
    with pytest.raises(SpecError, match="'precision' is 'double'; it must be one of auto, float32"):
        StudySpec.from_dict({**FULL, "precision": "double"})


def test_studies_and_runs_survive_json(tiny_task: Task) -> None:
    spec = StudySpec.from_dict(FULL)
    assert StudySpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec
    assert set(spec.as_dict()) == set(FULL)
    for run in spec.runs(tiny_task):
        again = RunSpec.from_dict(json.loads(json.dumps(run.as_dict())))
        assert (again, again.fingerprint) == (run, run.fingerprint)


def test_words_text_can_be_read_back(tiny_task: Task) -> None:
    words = {"bad": ["a,b", "c;d"], "good": ["e=f", "back\\slash"]}
    text = only_run(tiny_task, patterns=[{**PVP, "words": words}]).words_text
    assert Verbalizer.parse(text, tiny_task.schema.labels).as_dict() == words


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("reviews", "reviews"),
        ({"train": "a.csv"}, "own data"),
        ({"train": "a.csv", "name": "mine"}, "mine"),
    ],
)
def test_task_name(task: object, name: str, tiny_task: Task) -> None:
    assert only_run(tiny_task, task=task).task_name == name


@pytest.mark.parametrize(
    "model", ["~nobody-of-this-name/model", "a" * 280, "a" * 5000, "a\0b", "..", "no/such"]
)
def test_odd_model_names_make_runs_that_fail_later(model: str, tiny_task: Task) -> None:
    assert only_run(tiny_task, model=model).model == model


WEIRD = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2.5,
    math.nan,
    math.inf,
    10**400,
    "",
    " ",
    "x",
    "x" * 5000,
    "{mask}",
    "{text_a}",
    "{",
    "a\0b",
    "é…中",
    b"bytes",
    [],
    [[]],
    [None],
    {},
    {"a": None},
    {None: 1},
    {1: [2]},
    {"good", "bad"},
    datetime.date(2020, 1, 1),
    datetime.datetime(2020, 1, 1),
    ["lm-bff"],
    {"lm-bff": {"steps": 5}},
    [PVP],
    [16],
]


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside plain data."""
    pairs = (
        list(data.items())
        if isinstance(data, dict)
        else list(enumerate(data))
        if isinstance(data, list)
        else []
    )
    return [place for key, value in pairs for place in ((data, key), *places(value))]


def mutated(turn: int) -> Any:
    """The full study with one to three values, at any depth, replaced, removed or renamed."""
    random, data = rng(turn, "fuzz"), copy.deepcopy(FULL)
    for _ in range(random.integers(1, 4)):
        found = places(data)
        container, key = found[random.integers(len(found))]
        how, value = random.integers(4), copy.deepcopy(WEIRD[random.integers(len(WEIRD))])
        if how == 0:
            container.pop(key)
        elif how == 1 and isinstance(container, dict) and value.__hash__:
            container[value] = container.pop(key)
        else:
            container[key] = value
        if not places(data):
            break
    return data


def test_whatever_a_file_holds_is_an_answer_or_a_message(tiny_task: Task) -> None:
    outcomes = []
    for turn in range(500):
        try:
            runs = StudySpec.from_dict(mutated(turn)).runs(tiny_task)
            outcomes.append(len({run.fingerprint for run in runs}) == len(runs) > 0)
        except InputError as error:
            outcomes.append(len(str(error)) < 600)
    assert len(outcomes) == 500
    assert all(outcomes)


def test_a_method_may_be_run_with_several_options(tiny_task: Task) -> None:
    several = [{}, {"demonstrations": True}, {"demonstrations": False}]
    spec = study(methods=["lm-bff"], shots=[4], seeds=[13, 21], options={"lm-bff": several})
    assert [(run.options["demonstrations"], run.seed) for run in spec.runs(tiny_task)] == [
        (False, 13), (False, 21), (True, 13), (True, 21)]
    assert StudySpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec
    assert (
        len(
            study(methods=["lm-bff"], shots=[4], seeds=[13], options={"lm-bff": []}).runs(tiny_task)
        )
        == 1
    )
    for wrong in ([1], [{"steps": 0}], "all"):
        with pytest.raises(SpecError):
            study(methods=["lm-bff"], options={"lm-bff": wrong})
