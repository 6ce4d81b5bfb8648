"""A whole run, from spec to result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.data.task import Example, Task, generation
from core.errors import Cancelled, DataError, InputError
from core.methods.registry import METHODS
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.execution import RunResult, execute, ignore_progress, learn, make_problem
from core.runs.execution import test_part as part_to_measure
from core.runs.spec import RunSpec, StudySpec

PVP = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}
FEW_STEPS = {"steps": 2, "batch_size": 4, "evaluate_every": 1}
WRITER = str(Path(__file__).parents[1] / "fixtures" / "models" / "t5_tiny")
SEARCH = {**FEW_STEPS, "tried": 2, "k": 4}
OPTIONS = {
    "in-context": {"demonstrations": 2},
    "head": FEW_STEPS,
    "lm-bff": FEW_STEPS,
    "auto-words": SEARCH,
    "auto-patterns": {**SEARCH, "writer": WRITER, "beam": 8},
    "petal": {**FEW_STEPS, "tried": 2, "words_per_label": 3},
    "pet": (ENSEMBLE := {**FEW_STEPS, "repetitions": 1, "student_steps": 2, "pool": 8}),
    "ipet": {**ENSEMBLE, "generations": 1, "factor": 1.5},
    "prefix-tuning": {**FEW_STEPS, "length": 2, "middle": 8},
    "fine-tuning": FEW_STEPS,
    "text-to-text": {**FEW_STEPS, "answer": "ranked"},
}
CHOOSING = [name for name, method in METHODS.items() if "classification" in method.kinds]
WRITING = [name for name, method in METHODS.items() if "generation" in method.kinds]


@pytest.fixture(scope="module")
def backbones() -> BackboneCache:
    return BackboneCache(Placement("cpu", "float32"))


def spec_of(task: Task, method: str, **changes: Any) -> RunSpec:
    several = [PVP, {**PVP, "pattern": "Just {mask}! {text_a}"}]
    patterns = several[: 2 if METHODS[method].ensemble else 1]
    (run,) = StudySpec.from_dict(
        {
            "task": "tiny",
            "methods": [method],
            "patterns": patterns,
            "shots": [4],
            "seeds": [13],
            "options": {method: OPTIONS.get(method, {})},
            "model": "mini-masked" if "masked" in METHODS[method].families else "mini-causal",
            **changes,
        }
    ).runs(task)
    return run


def done(spec: RunSpec, task: Task, backbones: BackboneCache, **more: Any) -> RunResult:
    return execute(spec, lambda _: task, backbones, more.pop("progress", ignore_progress), **more)


@pytest.mark.parametrize("method", CHOOSING)
def test_run_from_end_to_end(method: str, tiny_task: Task, backbones: BackboneCache) -> None:
    result = done(spec_of(tiny_task, method), tiny_task, backbones)
    table = result.predictions
    assert list(table) == ["text_a", "text_b", "gold", "predicted", "score", "p:bad", "p:good"]
    assert (table["score"] == (table["gold"] == table["predicted"])).all()
    assert [tuple(row) for row in table[["text_a", "gold"]].to_numpy()] == [
        (e.text_a, e.label) for e in tiny_task.test
    ]
    np.testing.assert_allclose(table[["p:bad", "p:good"]].sum(axis=1), 1, atol=1e-5)
    assert (table["predicted"] == np.where(table["p:bad"] >= table["p:good"], "bad", "good")).all()
    assert result.metrics["accuracy"] == pytest.approx((table["gold"] == table["predicted"]).mean())
    counts = pd.crosstab(table["gold"], table["predicted"]).reindex(
        index=result.labels, columns=result.labels
    )
    assert result.confusion == counts.fillna(0).astype(int).to_numpy().tolist()
    assert {"accuracy_low", "accuracy_high", "macro_f1", "n"} <= set(result.metrics)
    assert ("best_step" in result.metrics) == (
        METHODS[method].trains and not METHODS[method].ensemble
    )
    assert ("accuracy_ensemble" in result.metrics) == METHODS[method].ensemble
    assert result.seconds > 0


@pytest.mark.parametrize("method", CHOOSING)
def test_run_in_bfloat16(method: str, tiny_task: Task, backbones: BackboneCache) -> None:
    exact, rounded = (done(spec_of(tiny_task, method, precision=precision), tiny_task, backbones)
                      for precision in ("float32", "bfloat16"))
    before, after = (each.predictions[["p:bad", "p:good"]].to_numpy() for each in (exact, rounded))
    assert np.isfinite(after).all()
    assert (before != after).any()
    if not METHODS[method].trains:
        np.testing.assert_allclose(before, after, atol=0.05)


def test_same_spec_same_result_with_the_model_loaded_once(tiny_task: Task) -> None:
    cache = BackboneCache(Placement("cpu", "float32"))
    first, again = (done(spec_of(tiny_task, "lm-bff"), tiny_task, cache) for _ in range(2))
    pd.testing.assert_frame_equal(first.predictions, again.predictions, check_exact=True)
    assert (first.metrics, first.confusion, cache.loads) == (again.metrics, again.confusion, 1)


def test_limit_measures_on_the_same_rows_in_their_order(
    tiny_task: Task, backbones: BackboneCache
) -> None:
    limited = done(spec_of(tiny_task, "zero-shot", test_limit=5), tiny_task, backbones)
    trained = done(spec_of(tiny_task, "lm-bff", test_limit=5, seeds=[21]), tiny_task, backbones)
    assert limited.metrics["n"] == 5
    assert list(limited.predictions["text_a"]) == list(trained.predictions["text_a"])


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, 12), (1, 1), (11, 11), (12, 12), (10**9, 12)]
)
def test_part_is_stable(limit: int | None, expected: int, tiny_task: Task) -> None:
    part = part_to_measure(tiny_task, limit)
    places = [tiny_task.test.index(example) for example in part]
    assert len(part) == expected
    assert places == sorted(places)
    assert part_to_measure(tiny_task, limit) == part


def test_progress_hears_every_step(tiny_task: Task, backbones: BackboneCache) -> None:
    heard: list[tuple[int, int]] = []
    options = {"lm-bff": {**FEW_STEPS, "steps": 3}}
    done(spec_of(tiny_task, "lm-bff", options=options), tiny_task, backbones,
         progress=lambda step, total, **news: heard.append((step, total)))
    assert heard == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("method", CHOOSING)
def test_progress_can_cancel(
    method: str, tiny_task: Task, backbones: BackboneCache, tmp_path: Path
) -> None:
    def stop(step: int, total: int, **news: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled, match=r"Cancelled\."):
        done(
            spec_of(tiny_task, method),
            tiny_task,
            backbones,
            progress=stop,
            save_to=tmp_path / "model",
        )
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("method", CHOOSING)
def test_only_trained_weights_are_saved(
    method: str, tiny_task: Task, backbones: BackboneCache, tmp_path: Path
) -> None:
    done(spec_of(tiny_task, method), tiny_task, backbones, save_to=tmp_path / "model")
    assert (tmp_path / "model" / "cloze.json").exists() == METHODS[method].trains
    kept = {"model.safetensors", "prefix.safetensors"} & {
        path.name for path in (tmp_path / "model").rglob("*")}
    assert len(kept) == METHODS[method].trains


@pytest.mark.parametrize("method", WRITING)
def test_texts_from_end_to_end(method: str, backbones: BackboneCache, tmp_path: Path) -> None:
    rows = tuple(Example(f"the {word}", references=(f"the {word} is good", f"good {word}"))
                 for word in ("park", "film", "dog", "story"))
    task = Task("echo", generation(), rows, rows[:3])
    options = {method: {**OPTIONS.get(method, {}), "max_tokens": 4}}
    spec = spec_of(task, method, model="mini-causal", patterns=[{"pattern": "{text_a} {mask}"}],
                   options=options, shots=[2])
    result = done(spec, task, backbones, save_to=tmp_path)
    table = result.predictions
    assert list(table) == ["text_a", "text_b", "references", "output", "score"]
    assert list(table["references"]) == ["\n".join(row.references) for row in rows[:3]]
    assert {"exact_match", "n"} <= set(result.metrics)
    assert ({"dev_loss", "trained_parameters"} <= set(result.metrics)) == METHODS[method].trains
    again = done(spec, task, backbones)
    pd.testing.assert_frame_equal(table, again.predictions, check_exact=True)


@pytest.mark.parametrize("method", [name for name in CHOOSING if not METHODS[name].trains])
def test_what_trains_nothing_can_be_made_anew(
    method: str, tiny_task: Task, backbones: BackboneCache
) -> None:
    spec = spec_of(tiny_task, method)
    problem = make_problem(spec, tiny_task, backbones)
    predictor = learn(spec, problem, ignore_progress).predictor
    log_probs = predictor.log_probs(tiny_task.test)
    table = done(spec, tiny_task, backbones).predictions
    assert np.array_equal(np.exp(log_probs), table[["p:bad", "p:good"]].to_numpy())


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"shots": [8]}, DataError, "K = 8 needs 16 training rows of each label .* Choose K ≤ 7"),
        ({"shots": [0]}, InputError, "K is 0"),
        (
            {"patterns": [{**PVP, "words": {"bad": ["unwatchable"], "good": ["great"]}}]},
            InputError,
            "'unwatchable'",
        ),
        ({"patterns": [{**PVP, "pattern": "{text_a} {mask} {mask}"}]}, InputError, "exactly one"),
        ({"model": "no-such-model"}, Exception, "no-such-model"),
    ],
)
def test_what_cannot_run_says_why(
    changes: dict[str, Any],
    error: type[Exception],
    says: str,
    tiny_task: Task,
    backbones: BackboneCache,
) -> None:
    with pytest.raises(error, match=says):
        done(spec_of(tiny_task, "lm-bff", **changes), tiny_task, backbones)
