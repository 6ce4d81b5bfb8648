"""Compare over finished runs that wrote texts: outputs, groups of examples, curves and tabs."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pandas as pd
import pytest

from core.data.task import Example, Task, generation
from core.metrics.evaluation import evaluate
from core.metrics.metric import METRICS, main_metric
from core.runs.execution import RunResult
from core.runs.folder import DataFolder
from core.runs.prediction import TextPredictions
from core.runs.ready_made import ready_made
from core.runs.run import Run
from core.runs.spec import RunSpec, StudySpec
from core.runs.store import RunStore
from ui.compare.choice import NOTHING
from ui.compare.output_panels import output_list
from ui.compare.tab import Compare
from ui.languages import LANGUAGES
from ui.run_panels import run_card
from ui.session import Session

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en", "zh-CN"))
CATEGORIES = ("seen", "unseen")


def example(at: int) -> Example:
    return Example(f"name[Place <{at}>], food[fish]", more=(("category", CATEGORIES[at % 2]),),
                   references=(f"Place <{at}> serves fish.", f"You eat fish at place {at}."))


TASK = Task("venues", generation(columns=("category",)),
            tuple(map(example, range(40))), tuple(map(example, range(40, 64))))


def written(spec: RunSpec, at: int) -> str:
    """Right where the category is seen; longer prefixes are right elsewhere too, now and then."""
    length = int(str(spec.options.get("length", 0)))
    right = at % 2 == 0 or at % 11 < length
    return f"Place <{at}> serves fish." if right else f"Place <{at}> has {spec.method} <b>."


def result(spec: RunSpec) -> RunResult:
    predictions = TextPredictions(TASK.test, tuple(written(spec, at) for at in range(40, 64)))
    found = evaluate(predictions.answers(), "generation")
    size = 1000.0 * int(str(spec.options.get("length", 0)))
    metrics = {**found.metrics, "dev_loss": 1.25, "best_step": 3.0,
               **({"stored_parameters": size, "trained_parameters": 2 * size} if size else {})}
    return RunResult(metrics, (), [], predictions.table(found.scores), 1.5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
    """A study of ann: zero-shot once, and prefixes of three lengths with two seeds each."""
    opened = DataFolder(tmp_path_factory.mktemp("data"))
    spec = StudySpec.from_dict({
        "name": "lengths", "task": "venues", "model": "mini-causal", "shots": [8],
        "seeds": [13, 21], "methods": ["zero-shot", "prefix-tuning"],
        "options": {"prefix-tuning": {"length": [1, 2, 5]}}})
    key = opened.store.submit(spec, spec.runs(TASK), "ann")
    while (run := opened.queue.claim(study=key)) is not None:
        opened.queue.finish(run, result(run.spec))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("downloads")))
        yield opened
    opened.close()


@pytest.fixture(scope="module")
def store(data: DataFolder) -> RunStore:
    return data.store


@pytest.fixture(scope="module")
def runs(store: RunStore) -> list[Run]:
    return store.runs("ann")


@pytest.fixture(scope="module")
def compare(store: RunStore) -> Compare:
    with gr.Blocks():
        visitor = gr.BrowserState("")
        with gr.Tab() as tab:
            return Compare(SimpleNamespace(store=store),
                           Session(visitor, None, None, None, visitor, visitor), tab)


@pytest.fixture(scope="module")
def shown(store: RunStore) -> dict[str, Any]:
    return {**NOTHING, "studies": [store.studies("ann")[0].id]}


def outputs(compare: Compare, a: Run | None, b: Run | None = None, order: str = "row",
            page: int = 0) -> tuple[str, str, Any]:
    """The list, which part it is, and the link to the file."""
    listed, place, _, _, _, file, _ = compare.outputs.show(
        ENGLISH, "ann", a.id if a else None, b.id if b else "", order, page)
    return listed, place, file


def test_there_is_a_tab_for_texts_and_none_for_labels(compare: Compare, store: RunStore) -> None:
    key = store.studies("ann")[0].id
    _, _, _, metric, table, confusion, texts, *_ = compare.show(
        ENGLISH, "ann", [key], [], "accuracy", NOTHING)
    assert (confusion["visible"], texts["visible"]) == (False, True)
    assert {"rougeL", "bleu"} <= {name for _, name in metric["choices"]}
    assert sum("95 %" in head for head in table.columns) == 1
    both = [key, ready_made()[0].study.id]
    _, _, _, _, _, confusion, texts, *_ = compare.show(ENGLISH, "ann", both, [], "", NOTHING)
    assert (confusion["visible"], texts["visible"]) == (True, True)


def test_runs_that_wrote_are_offered_the_best_first(compare: Compare, shown: dict[str, Any],
                                                    runs: list[Run]) -> None:
    a, b = compare.outputs.list_runs(ENGLISH, "ann", shown, None, None)
    assert {key for _, key in a["choices"]} == {run.id for run in runs}
    best = max(runs, key=lambda run: run.metrics["rougeL"])
    assert store_metric(runs, a["value"]) == best.metrics["rougeL"]
    assert (b["choices"][0], b["value"]) == (("(nothing)", ""), "")
    kept = compare.outputs.list_runs(ENGLISH, "ann", shown, runs[0].id, runs[1].id)
    assert [update["value"] for update in kept] == [runs[0].id, runs[1].id]


def store_metric(runs: list[Run], key: str) -> float:
    return next(run.metrics["rougeL"] for run in runs if run.id == key)


def test_words_that_differ_from_the_closest_reference_are_marked(compare: Compare,
                                                                 runs: list[Run]) -> None:
    listed, place, file = outputs(compare, runs[0])
    assert "1–10 of 24" in place
    assert '<span class="cl-extra">has zero-shot &lt;b&gt;</span>' in listed
    assert '<span class="cl-lacking">serves fish</span>' in listed
    assert "<b>" not in listed
    assert "All 2 references" in listed
    assert "ROUGE-L" in listed
    with open(file["value"], encoding="utf-8", newline="") as table:
        assert len(list(csv.DictReader(table))) == 24


def test_official_scripts_get_their_files(compare: Compare, runs: list[Run]) -> None:
    *_, link = compare.outputs.show(ENGLISH, "ann", runs[0].id, "", "row")
    with zipfile.ZipFile(link["value"]) as archive:
        system = archive.read("e2e/system.txt").decode().splitlines()
        references = archive.read("e2e/references.txt").decode()
        assert "webnlg/hypothesis" in archive.namelist()
    assert system[:2] == ["Place <40> serves fish.", "Place <41> has zero-shot <b>."]
    assert references.startswith("Place <40> serves fish.\nYou eat fish at place 40.\n\n")


def test_outputs_are_sorted_by_score(compare: Compare, runs: list[Run]) -> None:
    worst, best = (outputs(compare, runs[0], order=order)[0] for order in ("worst", "best"))
    assert "Place &lt;41&gt;" in worst
    assert "Place &lt;40&gt;" not in worst
    assert "Place &lt;40&gt;" in best
    assert "cl-extra" not in best.split("<ol")[1]


def test_two_runs_stand_side_by_side(compare: Compare, runs: list[Run]) -> None:
    listed, _, file = outputs(compare, runs[0], runs[-1], "apart")
    assert listed.count('class="cl-output"') == 20
    first = listed.split("<li>")[1]
    assert "has zero-shot" in first
    assert "cl-extra" in first
    assert "prefix-tuning" in first
    assert "length 5" in outputs(compare, runs[1], runs[-1])[0]
    with open(file["value"], encoding="utf-8", newline="") as table:
        assert {row["run"] for row in csv.DictReader(table)} == {runs[0].id, runs[-1].id}


def test_the_order_of_two_does_not_break_one(compare: Compare, runs: list[Run]) -> None:
    assert outputs(compare, runs[0], order="apart")[0] == outputs(compare, runs[0])[0]


def test_pages_end_where_the_examples_do(compare: Compare, runs: list[Run]) -> None:
    page = compare.outputs.turn(ENGLISH, "ann", runs[0].id, "", "row", 1, 1)
    assert ("21–24 of 24" in page[1], page[2]["interactive"], page[3]["interactive"], page[4]) == (
        True, True, False, 2)
    assert compare.outputs.turn(ENGLISH, "ann", runs[0].id, "", "row", 2, 1)[4] == 2


@pytest.mark.parametrize("visitor", ["bob", ""])
def test_outputs_of_others_are_not_shown(visitor: str, compare: Compare, runs: list[Run]) -> None:
    listed, *_ = compare.outputs.show(ENGLISH, visitor, runs[0].id, "", "row")
    assert "There is no run" in listed


def test_without_a_run_it_is_said(compare: Compare) -> None:
    assert "Choose a finished run that writes texts" in outputs(compare, None)[0]


def test_a_row_of_the_table_opens_its_outputs(compare: Compare, runs: list[Run]) -> None:
    tabs, key = compare.outputs.choose("ann", SimpleNamespace(row_value=["done", runs[2].id]))
    assert (tabs.selected, key) == ("compare-outputs", runs[2].id)
    for visitor, row in (("bob", runs[2].id), ("ann", "none")):
        assert compare.outputs.choose(visitor, SimpleNamespace(row_value=[row])) == [
            gr.skip(), gr.skip()]


def test_categories_are_measured_by_themselves(compare: Compare, shown: dict[str, Any]) -> None:
    column = compare.groups.list_columns("ann", shown, None)
    assert [name for _, name in column["choices"]] == ["category"]
    table = compare.groups.show(ENGLISH, "ann", shown, "exact_match", "category")
    assert "seen (n = 12)" in table
    assert "unseen (n = 12)" in table
    zero = next(row for row in table.split("<tr>") if "zero-shot" in row)
    assert ("100.0%" in zero, "0.0%" in zero) == (True, True)
    assert table.count("<tr>") == 1 + 1 + 3
    assert "BLEU" in compare.groups.show(CHINESE, "ann", shown, "bleu", "category")


def test_without_such_a_column_it_is_said(compare: Compare) -> None:
    assert compare.groups.list_columns("ann", NOTHING, None)["visible"] is False
    assert "no further column" in compare.groups.show(ENGLISH, "ann", NOTHING, "bleu", None)


def test_lengths_and_sizes_have_their_curves(compare: Compare, shown: dict[str, Any]) -> None:
    _, _, shots, length, size = compare.figures.show_scores(ENGLISH, "ann", shown, "bleu")
    assert [figure["visible"] for figure in (shots, length, size)] == [False, True, True]
    assert "BLEU" in length["value"].layout.yaxis.title.text


def test_the_card_folds_further_metrics(runs: list[Run]) -> None:
    card = run_card(runs[-1], [], str)
    before, further = card.split("Further metrics")
    assert "ROUGE-L" in before
    assert "TER" in further.split("</details>")[0]
    assert "5,000" in before
    assert "Loss per token (dev)" in before
    assert "1.25" in before


def test_a_measure_of_other_runs_is_replaced_by_the_main_one(compare: Compare,
                                                             shown: dict[str, Any]) -> None:
    score, table, *_ = compare.figures.show_scores(ENGLISH, "ann", shown, "accuracy")
    assert score.layout.xaxis.title.text.startswith("ROUGE-L")
    assert "prefix-tuning (length=5)" in table


def test_the_tab_of_labels_leaves_texts_out(compare: Compare, shown: dict[str, Any],
                                            runs: list[Run]) -> None:
    assert compare.confusion.list_runs(ENGLISH, "ann", shown, None)["choices"] == []
    _, table, _, file = compare.confusion.show(ENGLISH, "ann", shown, runs[0].id)
    assert (table, file["interactive"]) == ("", False)


def test_an_example_without_references_or_output_is_shown() -> None:
    rows = pd.DataFrame({"text_a": ["s"], "text_b": [""], "more": [""], "references": [""],
                         "answer_a": [""], "score_a": [0.0]})
    listed = output_list(rows, 1, {"a": "x"}, main_metric("generation"), str)
    assert "(nothing was written)" in listed
    assert "Closest reference" not in listed
    assert "There is no such example" in output_list(
        rows[:0], 1, {"a": "x"}, main_metric("generation"), str)


def test_all_of_it_is_translated(compare: Compare, shown: dict[str, Any], runs: list[Run],
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    for module in ("outputs", "groups", "figures"):
        monkeypatch.setattr(f"ui.compare.{module}.translator",
                            lambda request: lambda text: asked.add(text) or text)
    compare.outputs.list_runs(ENGLISH, "ann", shown, None, None)
    compare.outputs.show(ENGLISH, "ann", runs[0].id, runs[1].id, "row")
    compare.groups.show(ENGLISH, "ann", shown, "bleu", "category")
    compare.figures.show_scores(ENGLISH, "ann", shown, "bleu")
    run_card(runs[-1], [], lambda text: asked.add(text) or text)
    titles = {metric.title for metric in METRICS.values()}
    assert asked - LANGUAGES.texts["zh"].keys() - titles == set()
