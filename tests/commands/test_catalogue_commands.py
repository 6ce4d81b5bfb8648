"""`python -m core tasks | models | methods | metrics`: what there is to choose from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from core.data.task import Kind
from core.methods.registry import METHODS
from core.metrics.metric import METRICS

Run = Callable[..., tuple[int, str, str]]


def rows_of(run: Run, command: str) -> list[dict[str, Any]]:
    status, out, err = run(command, "--json")
    assert (status, err, out.count("\n")) == (0, "", 1)
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


@pytest.mark.parametrize("command", ["tasks", "models", "methods", "metrics"])
def test_both_forms_list_the_same(command: str, run: Run) -> None:
    names = [row["name"] for row in rows_of(run, command)]
    assert len(set(names)) == len(names) > 2
    status, out, _ = run(command)
    assert (status, [line.split()[0] for line in out.splitlines()]) == (0, names)


def test_tasks_have_their_labels_and_patterns(run: Run) -> None:
    reviews, *_ = rows = rows_of(run, "tasks")
    assert (reviews["name"], reviews["labels"]) == ("reviews", ["negative", "positive"])
    assert (reviews["kind"], reviews["source"]) == ("classification", "bundled")
    assert all("{mask}" in pvp["pattern"] for pvp in reviews["patterns"])
    assert {row["kind"] for row in rows} <= {*get_args(Kind)}


def test_tasks_say_that_answers_are_texts_and_which_columns_there_are(run: Run) -> None:
    rows = {row["name"]: row for row in rows_of(run, "tasks") if row["kind"] == "generation"}
    assert {"restaurants", "digests", "e2e", "webnlg", "dart", "xsum", "squad", "stsb"} <= {*rows}
    assert not any(row["labels"] for row in rows.values())
    assert rows["webnlg"]["columns"] == ["category"]
    _, out, _ = run("tasks")
    listed = {line.split()[0]: line.split()[1:3] for line in out.splitlines()}
    assert listed["dart"] == ["hub", "texts"]


def test_models_have_their_family_and_size(run: Run) -> None:
    rows = rows_of(run, "models")
    assert {row["name"]: row["family"] for row in rows} == {
        "mini-causal": "causal", "mini-masked": "masked", "mini-seq2seq": "seq2seq",
        "smollm2-135m": "causal"}
    here = [row for row in rows if not row["source"].startswith("hub")]
    assert {row["name"] for row in here} >= {"mini-causal", "mini-masked", "mini-seq2seq"}
    assert all(row["bytes"] > 1_000_000 for row in here)


@pytest.mark.parametrize(("command", "known"), [("methods", METHODS), ("metrics", METRICS)])
def test_methods_and_metrics_say_their_kinds(command: str, known: dict[str, Any], run: Run) -> None:
    kinds = {row["name"]: row["kinds"] for row in rows_of(run, command)}
    assert kinds == {name: list(entry.kinds) for name, entry in known.items()}
    assert all(kinds.values())
    assert {kind for several in kinds.values() for kind in several} <= {*get_args(Kind)}


def test_methods_explain_their_options(run: Run) -> None:
    rows = {row["name"]: row for row in rows_of(run, "methods")}
    steps = rows["lm-bff"]["options"]["steps"]
    assert steps["default"] > 0
    assert steps["explain"]
    assert rows["zero-shot"]["uses_pattern"]
    assert not rows["head"]["uses_pattern"]


def test_metrics_say_which_way_is_better(run: Run) -> None:
    lines = run("metrics")[1].splitlines()
    for row, line in zip(rows_of(run, "metrics"), lines, strict=True):
        way = "higher is better" if row["higher_is_better"] else "lower is better"
        assert line.split(maxsplit=1)[1].startswith(way)
