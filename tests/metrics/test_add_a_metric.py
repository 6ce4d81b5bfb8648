"""A metric is one entry of the table: it is then found in every place that knows metrics.

The one that is added here is the main metric of labels, lower is better, and it is not a share.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import pytest

from core.__main__ import main
from core.data.task import Task
from core.figures.comparison import paired_figure
from core.figures.scores import score_figure
from core.metrics.answers import Floats, LabelAnswers
from core.metrics.labels import right_labels
from core.metrics.metric import METRICS, Metric
from core.metrics.significance import compare_methods
from core.models.backbone import BackboneCache
from core.models.placement import Placement
from core.runs.comparison import opponents, side_by_side
from core.runs.execution import execute
from core.runs.export import records_csv
from core.runs.folder import DataFolder
from core.runs.records import RunRecord
from core.runs.reporter import Reporter
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.runs.study import study_document
from ui.compare.choice import NOTHING
from ui.compare.panels import run_names, run_table, verdicts
from ui.compare.tab import Compare
from ui.run_panels import run_card, run_columns, run_rows
from ui.session import Session

PVP = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}


def hours(answers: LabelAnswers) -> Floats:
    """What each example costs: two hours if it is answered wrongly."""
    return 2 * (1 - right_labels(answers))


COST = Metric("cost", "Cost", "Hours lost on wrong answers.", ("classification", "choice"),
              lambda answers: float(hours(answers).sum()), higher_is_better=False, scores=hours)


@pytest.fixture(autouse=True)
def added() -> Iterator[None]:
    """The one entry, before the others."""
    others = dict(METRICS)
    METRICS.clear()
    METRICS.update({COST.name: COST, **others})
    yield
    METRICS.clear()
    METRICS.update(others)


@pytest.fixture
def finished(tiny_task: Task, tmp_path: Any) -> Iterator[tuple[RunStore, str]]:
    """A store with a study of two methods, done for real, and the study's id."""
    spec = StudySpec.from_dict({"task": "tiny", "methods": ["zero-shot", "lm-bff"], "patterns": [PVP], "shots": [4],
                                "seeds": [13], "options": {"lm-bff": {"steps": 8, "evaluate_every": 1}}})
    data, cache = DataFolder(tmp_path), BackboneCache(Placement("cpu", "float32"))
    store = data.store
    study = store.submit(spec, spec.runs(tiny_task), store.command_line)

    while (run := data.queue.claim(study=study)) is not None:
        reporter = Reporter(lambda step, total, points, found: None, lambda: False)
        data.queue.finish(run, execute(run.spec, lambda _: tiny_task, cache, reporter), reporter.points)
    yield store, study
    data.close()


def record(method: str, seed: int, cost: float) -> RunRecord:
    return RunRecord(f"{method}-{seed}", "tiny", "mini", method, "{mask}", "", 4, seed, metrics={"cost": cost})


RECORDS = [record(method, seed, cost) for seed in range(5)
           for method, cost in (("head", 20 + seed / 10), ("pet", 4 - seed / 10))]


def test_the_command_line_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--json"]) == 0
    first, *_ = json.loads(capsys.readouterr().out)
    assert first == {"name": "cost", "title": "Cost", "kinds": ["classification", "choice"], "unit": "points",
                     "higher_is_better": False, "explain": "Hours lost on wrong answers."}
    assert main(["metrics"]) == 0
    assert "lower is better" in capsys.readouterr().out.splitlines()[0]


def test_a_run_measures_it_and_keeps_it_everywhere(finished: tuple[RunStore, str]) -> None:
    store, study = finished
    document = study_document(study, store)
    for run in store.runs(store.command_line):
        table = store.predictions(run.id, store.command_line)
        assert run.metrics["cost"] == 2 * (table["gold"] != table["predicted"]).sum() == table["score"].sum()
        assert ("dev_cost" in run.metrics) == (run.spec.method == "lm-bff")
        card = run_card(run, [], str)
        assert f"<th>Cost</th><td><b>{run.metrics['cost']:.2f}</b>" in card
        assert ("<th>Cost (development)</th>" in card) == (run.spec.method == "lm-bff")
    assert {(row["metric"], row["mean"]) for row in document["summary"]} == {
        ("cost", run["metrics"]["cost"]) for run in document["runs"]}


def test_a_training_keeps_the_checkpoint_with_the_least(finished: tuple[RunStore, str]) -> None:
    store, _ = finished
    _, run = store.runs(store.command_line)
    scores = [score for _, _, score in store.curve(run.id, store.command_line)]
    assert len(scores) == 8
    assert run.metrics["dev_cost"] == min(scores)
    assert run.metrics["best_step"] == 1 + scores.index(min(scores))


def test_the_pages_show_it(finished: tuple[RunStore, str], monkeypatch: pytest.MonkeyPatch) -> None:
    store, study = finished
    runs = store.runs(store.command_line)
    assert run_columns(runs, str)[2] == "Cost"
    assert [row[2] for row in run_rows(runs, str)] == [f"{run.metrics['cost']:.2f}" for run in runs]
    records = [run.record() for run in runs]
    assert list(run_table(records, str)["Cost"]) == [run.metrics["cost"] for run in runs]
    assert all(name.endswith(f"{run.metrics['cost']:.2f}")
               for name, run in zip(run_names(records, str), runs, strict=True))
    with gr.Blocks():
        visitor = gr.BrowserState("")
        with gr.Tab() as tab:
            compare = Compare(type("Services", (), {"store": store})(),
                              Session(visitor, None, None, visitor, visitor), tab)
    _, _, _, measure, *_ = compare.show(None, store.command_line, [study], [], "", NOTHING)
    assert (measure["choices"][0], measure["value"]) == (("Cost", "cost"), "cost")
    a, b = (run.id for run in runs)
    test, right, *_ = compare.examples.show(None, store.command_line, a, b, "a")
    assert "Cost, mean over examples" in test
    assert [name.split(" (")[0] for name, _ in right["choices"]] == ["A better", "B better", "equally good"]


def test_files_hold_it(finished: tuple[RunStore, str]) -> None:
    store, study = finished
    records = store.records(store.command_line, study)
    rows = list(csv.DictReader(io.StringIO(records_csv(records))))
    assert [float(row["metric:cost"]) for row in rows] == [each.metrics["cost"] for each in records]


@pytest.mark.parametrize("title", [
    lambda: score_figure(RECORDS).layout.xaxis.title.text,
    lambda: paired_figure(compare_methods(RECORDS)).layout.xaxis.title.text,
])
def test_figures_say_which_way_is_better(title: Callable[[], str]) -> None:
    assert title().startswith("Cost (lower is better)")


def test_the_lower_one_wins() -> None:
    assert opponents(RECORDS) == ("pet-4", "head-4")
    assert "pet beats head by 16.40 on average over 5 paired runs" in verdicts(compare_methods(RECORDS), str)


def test_the_lower_score_is_better_on_an_example(finished: tuple[RunStore, str]) -> None:
    store, _ = finished
    one, other = (store.predictions(run.id, store.command_line) for run in store.runs(store.command_line))
    rows = side_by_side(one, other, COST).rows
    assert (rows.loc[rows["better"] == "a", "score_a"] < rows.loc[rows["better"] == "a", "score_b"]).all()
    assert (rows.loc[rows["better"] == "equal", "score_a"] == rows.loc[rows["better"] == "equal", "score_b"]).all()
