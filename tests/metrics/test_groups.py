"""Groups of runs that differ in nothing but their seed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from made_up_runs import LONG, run, runs, study

from core.metrics.groups import grouped, measured, settings


@pytest.mark.parametrize(
    "change",
    [
        {"status": "failed"},
        {"status": "running"},
        {"metrics": {}},
        {"metrics": {"accuracy": math.nan}},
        {"metrics": {"accuracy": math.inf}},
    ],
)
def test_only_finished_runs_with_a_finite_value_count(change: dict) -> None:
    kept = run("head", 0.6)
    assert measured([replace(run("lm-bff", 0.8), **change), kept], "accuracy") == [kept]


def test_groups_differ_in_more_than_the_seed() -> None:
    groups = grouped(study())
    sizes = {(setting.method, setting.pattern == LONG): len(members)
             for setting, members in groups.items()}
    assert sizes == {
        ("zero-shot", False): 1,
        ("zero-shot", True): 1,
        ("lm-bff", False): 3,
        ("lm-bff", True): 3,
        ("head", False): 3,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"task": "headlines"},
        {"model": "mini-causal"},
        {"pattern": LONG},
        {"words": "bad=bad; good=good"},
        {"shots": 8},
        {"options": {"steps": 300}},
    ],
)
def test_runs_that_differ_in_anything_but_the_seed_are_in_different_groups(change: dict) -> None:
    same = {"options": {"steps": 100}}
    other = run("lm-bff", 0.8, **{**same, **change})
    groups = grouped([*runs("lm-bff", (0.8, 0.8), **same), other])
    assert [len(members) for members in groups.values()] == [2, 1]


def test_method_names_the_options_that_differ_and_no_others() -> None:
    records = [run("lm-bff", 0.8, options={"steps": 100, "demonstrations": True, "rate": 1e-5}),
               run("lm-bff", 0.8, options={"steps": 300, "demonstrations": False, "rate": 1e-5}),
               run("pet", 0.8, options={"steps": 7, "filter": "none"})]
    assert [setting.method for setting in settings(records)] == [
        "lm-bff (demonstrations, steps=100)", "lm-bff (steps=300)", "pet"]
