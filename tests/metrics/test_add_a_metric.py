"""A metric is one entry of the table: it is then found in every place that knows metrics.

Two are added, neither of them a share. `cost` comes first, so that it is the main metric of labels,
and lower is better. `margin` comes last, so that it is shown beside others; it has an interval.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core.__main__ import main
from core.data.task import Task
from core.figures.comparison import paired_figure
from core.figures.curves import shots_figure
from core.figures.scores import score_figure
from core.figures.stability import stability_figure
from core.metrics.answers import Floats, LabelAnswers, TextAnswers
from core.metrics.evaluation import evaluate
from core.metrics.metric import METRICS, Metric
from core.metrics.significance import compare_methods, paired_test
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.comparison import opponents, side_by_side
from core.runs.downloads import json_download
from core.runs.execution import execute
from core.runs.export import records_csv
from core.runs.folder import DataFolder
from core.runs.records import RunRecord
from core.runs.reporter import Reporter
from core.runs.run import Run
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.runs.study import study_document
from ui.compare.choice import NOTHING
from ui.compare.panels import run_names, run_table, verdicts
from ui.compare.tab import Compare
from ui.run_panels import run_card, run_columns, run_rows
from ui.session import Session
from ui.use.panels import run_line

PVP = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}
STUDY = {"task": "tiny", "methods": ["zero-shot", "lm-bff"], "patterns": [PVP], "shots": [4],
         "seeds": [13, 21], "options": {"lm-bff": {"steps": 8, "evaluate_every": 1}}}


def hours(answers: LabelAnswers) -> Floats:
    """What each example costs: the more, the less probable its gold label is."""
    gold = answers.log_probs[np.arange(answers.n), list(answers.gold)]
    return -10 * gold.astype(np.float64)


def margin(answers: LabelAnswers) -> float:
    """How much higher the best label's log-probability is than the next one's, on average."""
    ranked = np.sort(answers.log_probs, axis=1)
    return float((ranked[:, -1] - ranked[:, -2]).mean())


COST = Metric("cost", "Cost", "Hours lost on wrong answers.", ("classification", "choice"),
              lambda answers: float(hours(answers).sum()), higher_is_better=False, scores=hours)
MARGIN = Metric("margin", "Margin", "How sure the answers are.", ("classification",), margin,
                interval=lambda answers: (margin(answers) - 0.5, margin(answers) + 0.5))


@pytest.fixture(scope="module", autouse=True)
def added() -> Iterator[None]:
    """The two entries, before and after the others."""
    others = dict(METRICS)
    METRICS.clear()
    METRICS.update({COST.name: COST, **others, MARGIN.name: MARGIN})
    yield
    METRICS.clear()
    METRICS.update(others)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def finished(added: None, tiny_task: Task, folder: Path) -> Iterator[tuple[RunStore, str]]:
    """A store with a study of two methods, done for real, and the study's id."""
    spec = StudySpec.from_dict(STUDY)
    data, cache = DataFolder(folder), BackboneCache(Placement("cpu", "float32"))
    store = data.store
    study = store.submit(spec, spec.runs(tiny_task), store.command_line)

    while (run := data.queue.claim(study=study)) is not None:
        reporter = Reporter(lambda step, total, points, found: None, lambda: False)
        result = execute(run.spec, lambda _: tiny_task, cache, reporter)
        data.queue.finish(run, result, reporter.points)
    yield store, study
    data.close()


@pytest.fixture
def runs(finished: tuple[RunStore, str]) -> list[Run]:
    store, _ = finished
    return store.runs(store.command_line)


@pytest.fixture
def records(runs: list[Run]) -> list[RunRecord]:
    return [run.record() for run in runs]


@pytest.fixture
def compare(finished: tuple[RunStore, str]) -> Compare:
    store, _ = finished
    with gr.Blocks():
        visitor = gr.BrowserState("")
        session = Session(visitor, None, None, None, visitor, visitor)
        with gr.Tab() as tab:
            return Compare(type("Services", (), {"store": store})(), session, tab)


def record(method: str, seed: int, cost: float) -> RunRecord:
    metrics = {"cost": cost, "margin": cost / 2, "margin_low": 0.0, "margin_high": cost}
    return RunRecord(f"{method}-{seed}", "tiny", "mini", method, "{mask}", "", 4, seed,
                     metrics=metrics)


RECORDS = [record(method, seed, cost) for seed in range(5)
           for method, cost in (("head", 20 + seed / 10), ("pet", 4 - seed / 10))]


def test_the_command_line_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--json"]) == 0
    first, *_, last = json.loads(capsys.readouterr().out)
    assert first == {"name": "cost", "title": "Cost", "kinds": ["classification", "choice"],
                     "unit": "points", "higher_is_better": False,
                     "explain": "Hours lost on wrong answers."}
    assert (last["name"], last["higher_is_better"]) == ("margin", True)
    assert main(["metrics"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("cost ")
    assert "lower is better" in first
    assert last.startswith("margin ")
    assert "higher is better" in last


def test_it_is_measured_where_it_serves_the_kind() -> None:
    labels = LabelAnswers(np.log(np.array([[0.5, 0.5]], dtype=np.float32)), [0])
    found = {kind: evaluate(labels, kind).metrics for kind in ("classification", "choice")}
    assert found["classification"]["cost"] == found["choice"]["cost"] > 0
    assert found["classification"]["margin_high"] == 0.5
    assert "margin" not in found["choice"]
    texts = evaluate(TextAnswers(["a"], [["a"]]), "generation").metrics
    assert not {"cost", "margin"} & set(texts)


def test_a_run_measures_it(finished: tuple[RunStore, str], runs: list[Run]) -> None:
    store, _ = finished
    assert [run.status for run in runs] == ["done"] * 3
    for run in runs:
        table = store.predictions(run.id, store.command_line)
        gold = [row[f"p:{row['gold']}"] for row in table.to_dict("records")]
        assert table["score"].to_numpy() == pytest.approx(-10 * np.log(gold), abs=1e-3)
        assert run.metrics["cost"] == pytest.approx(table["score"].sum())
        middle = (run.metrics["margin_low"] + run.metrics["margin_high"]) / 2
        assert run.metrics["margin"] == pytest.approx(middle)
        assert ("dev_cost" in run.metrics) == (run.spec.method == "lm-bff")
    assert len({run.metrics["cost"] for run in runs}) == 3


def test_a_study_is_summarised_by_it(finished: tuple[RunStore, str], runs: list[Run], folder: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    store, study = finished
    costs = {method: [run.metrics["cost"] for run in runs if run.spec.method == method]
             for method in ("zero-shot", "lm-bff")}
    document = study_document(study, store)
    assert [run["metrics"] for run in document["runs"]] == [run.metrics for run in runs]
    assert {(row["method"], row["metric"], row["mean"]) for row in document["summary"]} == {
        (method, "cost", np.mean(values)) for method, values in costs.items()}
    [row] = document["differences"]
    test = paired_test(costs["zero-shot"] * 2, costs["lm-bff"])
    assert (row["a"], row["b"], row["metric"]) == ("zero-shot", "lm-bff", "cost")
    assert row["difference"] == test.difference

    assert main(["report", study, "--data-dir", str(folder)]) == 0
    text = capsys.readouterr().out
    assert all(f"{np.mean(values):.2f}" in text for values in costs.values())
    assert f"{test.difference:+.2f}" in text
    assert "%" not in text.replace("95 %", "")


def test_a_training_keeps_the_checkpoint_with_the_least(finished: tuple[RunStore, str],
                                                        runs: list[Run]) -> None:
    store, _ = finished
    for run in runs[1:]:
        scores = [score for _, _, score in store.curve(run.id, store.command_line)]
        assert len(scores) == 8
        assert min(scores) < max(scores)
        assert run.metrics["dev_cost"] == min(scores)
        assert run.metrics["best_step"] == 1 + scores.index(min(scores))


def test_run_cards_show_it(runs: list[Run]) -> None:
    for run in runs:
        card = run_card(run, [], str)
        low, high = run.metrics["margin_low"], run.metrics["margin_high"]
        assert f"<th>Cost</th><td><b>{run.metrics['cost']:.2f}</b>" in card
        assert (f"<th>Margin</th><td><b>{run.metrics['margin']:.2f}</b></td></tr>"
                f"<tr><th>95 % interval</th><td><b>{low:.2f} – {high:.2f}</b>") in card
        assert ("<th>Cost (dev)</th>" in card) == (run.spec.method == "lm-bff")
        assert f"Cost <b>{run.metrics['cost']:.2f}</b>" in run_line(run, str)


def test_tables_of_runs_show_it(runs: list[Run], records: list[RunRecord]) -> None:
    costs = [run.metrics["cost"] for run in runs]
    assert run_columns(runs, str)[2] == "Cost"
    assert [row[2] for row in run_rows(runs, str)] == [f"{cost:.2f}" for cost in costs]
    table = run_table(records, str)
    assert list(table["Cost"]) == pytest.approx(costs, abs=0.01)
    assert list(table["Margin"]) == pytest.approx(
        [run.metrics["margin"] for run in runs], abs=0.01)
    assert list(table["95 % interval, Margin"]) == [
        f"{run.metrics['margin_low']:.2f} to {run.metrics['margin_high']:.2f}" for run in runs]
    assert np.isnan(table["Cost (dev)"][0])
    assert list(table["Cost (dev)"][1:]) == pytest.approx(
        [run.metrics["dev_cost"] for run in runs[1:]], abs=0.01)
    names = run_names(records, str)
    assert [name.split(" · ")[-1] for name in names] == [f"{cost:.2f}" for cost in costs]


def test_compare_offers_it(compare: Compare, finished: tuple[RunStore, str]) -> None:
    store, study = finished
    _, _, _, measure, *_ = compare.show(None, store.command_line, [study], [], "", NOTHING)
    assert (measure["choices"][0], measure["value"]) == (("Cost", "cost"), "cost")
    assert measure["choices"][-1] == ("Margin", "margin")
    _, _, _, measure, *_ = compare.show(None, store.command_line, [study], [], "margin", NOTHING)
    assert measure["value"] == "margin"


def test_compare_shows_examples_by_it(compare: Compare, finished: tuple[RunStore, str],
                                      runs: list[Run]) -> None:
    store, _ = finished
    a, b, _ = (run.id for run in runs)
    test, right, *_ = compare.examples.show(None, store.command_line, a, b, "a")
    assert "Cost, mean over examples" in test
    names = [name.split(" (")[0] for name, _ in right["choices"]]
    assert names == ["A better", "B better", "equally good"]


def test_files_hold_it(records: list[RunRecord]) -> None:
    rows = list(csv.DictReader(io.StringIO(records_csv(records))))
    objects = json.loads(json_download(records).data)["runs"]
    downloaded = json.loads(json_download(records).data)
    for name in ("cost", "margin", "margin_low", "margin_high"):
        values = [record.metrics[name] for record in records]
        assert [float(row[f"metric:{name}"]) for row in rows] == values
        assert [run["metrics"][name] for run in objects] == values
        assert [run["metrics"][name] for run in downloaded["runs"]] == values
    assert downloaded["metric"] == "cost"
    assert {row["metric"] for row in downloaded["summary"]} == {"cost"}


FIGURES: dict[str, Callable[[str | None], go.layout.XAxis | go.layout.YAxis]] = {
    "scores": lambda metric: score_figure(RECORDS, metric).layout.xaxis,
    "shots": lambda metric: shots_figure(RECORDS, metric).layout.yaxis,
    "seeds": lambda metric: stability_figure(RECORDS, metric, "seed").layout.xaxis,
    "patterns": lambda metric: stability_figure(RECORDS, metric, "pattern").layout.xaxis,
    "differences": lambda metric: paired_figure(compare_methods(RECORDS, metric)).layout.xaxis,
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(("metric", "title"), [
    (None, "Cost (lower is better)"), ("cost", "Cost (lower is better)"), ("margin", "Margin"),
])
def test_axes_of_figures_name_it(name: str, metric: str | None, title: str) -> None:
    axis = FIGURES[name](metric)
    named, *_ = axis.title.text.split("<br>")
    assert named == (f"{title}: difference" if name == "differences" else title)
    assert "%" not in axis.tickformat
    assert "percentage" not in axis.title.text


def test_points_of_figures_have_its_values() -> None:
    points, *_ = score_figure(RECORDS, "margin").data
    assert list(points.x) == [10.0, 10.05, 10.1, 10.15, 10.2]
    assert "<b>head</b>  10.00" in points.hovertext[0]
    assert "95% interval over examples 0.00 to 20.00" in points.hovertext[0]


@pytest.mark.parametrize("order", [1, -1])
def test_the_lower_one_wins(order: int) -> None:
    best, other = opponents(RECORDS[::order])
    assert (best, other) == ("pet-4", "head-4")
    comparisons = compare_methods(RECORDS[::order])
    assert "pet beats head by 16.40 on average over 5 paired runs" in verdicts(comparisons, str)


@pytest.mark.parametrize("order", [1, -1])
def test_the_higher_one_wins_by_the_other(order: int) -> None:
    comparisons = compare_methods(RECORDS[::order], "margin")
    assert "head beats pet by 8.20 on average over 5 paired runs" in verdicts(comparisons, str)


def test_the_lower_score_is_better_on_an_example() -> None:
    texts = {"text_a": ["one", "two", "three"], "gold": ["bad"] * 3, "predicted": ["bad"] * 3}
    a = pd.DataFrame({**texts, "score": [1.0, 2.5, 3.0]})
    b = pd.DataFrame({**texts, "score": [2.0, 0.5, 3.0]})
    assert list(side_by_side(a, b, COST).rows["better"]) == ["a", "b", "equal"]
    assert list(side_by_side(a, b, MARGIN).rows["better"]) == ["b", "a", "equal"]


def test_the_lower_of_two_scores_is_right_on_an_example() -> None:
    texts: dict[str, Any] = {
        "text_a": ["one", "two"],
        "gold": ["bad"] * 2,
        "predicted": ["bad"] * 2,
    }
    both = pd.DataFrame({**texts, "score": [0.0, 1.0]})
    assert list(side_by_side(both, both, COST).rows["better"]) == ["both", "neither"]
    assert list(side_by_side(both, both, MARGIN).rows["better"]) == ["neither", "both"]
