"""The Compare tab over a store with finished runs: two methods, three patterns, five seeds."""

import csv
import html
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd
import pytest
import yaml

from core.data.task import Example, Task, classification
from core.metrics.evaluation import evaluate
from core.metrics.significance import compare_methods
from core.randomness import rng
from core.runs.execution import RunResult
from core.runs.folder import DataFolder
from core.runs.prediction import LabelPredictions
from core.runs.ready_made import READY_MADE, ready_made, write_ready_made
from core.runs.records import RunRecord
from core.runs.spec import RunSpec, StudySpec
from core.runs.store import RunStore
from ui.compare.choice import NOTHING, Choice
from ui.compare.confusion import ALL_SEEDS
from ui.compare.panels import (
    difference_table,
    example_list,
    run_names,
    run_table,
    shared_settings,
    summary_table,
    verdicts,
)
from ui.compare.tab import Compare
from ui.languages import LANGUAGES
from ui.session import Session

ENGLISH = gr.Request(headers={"accept-language": "en"})
LABELS = ("bad", "good")
TASK = Task("films", classification(*LABELS),
            tuple(Example(f"train {i}", label=LABELS[i % 2]) for i in range(80)),
            tuple(Example(f"test {i} <b>&", label=LABELS[i % 2]) for i in range(60)))
PATTERNS = [{"pattern": pattern, "words": {"bad": ["bad"], "good": ["good"]}}
            for pattern in ("{text_a} It was {mask}.", "A {mask} one: {text_a}",
                            "{text_a} <i>{mask}</i>")]


def study(name: str, methods: tuple[str, ...] = ("head", "lm-bff"),
          shots: tuple[int, ...] = (16,)) -> StudySpec:
    return StudySpec.from_dict({"name": name, "task": "films", "model": "mini-masked",
                                "methods": list(methods), "patterns": PATTERNS,
                                "shots": list(shots)})


def result(spec: RunSpec) -> RunResult:
    """Predictions that are right more often for lm-bff."""
    noise = rng(spec.seed, spec.method, spec.pattern_text, spec.shots)
    gold = [LABELS.index(example.label or "") for example in TASK.test]
    logits = noise.normal(size=(len(gold), 2)) + {"head": 0.5,
                                                  "lm-bff": 3.0}[spec.method] * np.eye(2)[gold]
    log_probs = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
    predictions = LabelPredictions(TASK.test, LABELS, log_probs)
    found = evaluate(predictions.answers(), "classification")
    return RunResult(found.metrics, LABELS, found.confusion, predictions.table(found.scores), 1.5)


def submit(data: DataFolder, wanted: StudySpec, visitor: str, finish: bool = True) -> str:
    """Queue a study's runs and finish them one after the other."""
    key = data.store.submit(wanted, wanted.runs(TASK), visitor)
    while finish and (run := data.queue.claim(study=key)) is not None:
        data.queue.finish(run, result(run.spec))
    return key


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
    """Two studies of ann, one of bob; downloads are written into a temporary folder."""
    opened = DataFolder(tmp_path_factory.mktemp("data"))
    submit(opened, study("curve", shots=(8, 32)), "ann")
    submit(opened, study("first"), "ann")
    submit(opened, study("hidden"), "bob")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("downloads")))
        yield opened
    opened.close()


@pytest.fixture(scope="module")
def store(data: DataFolder) -> RunStore:
    return data.store


def build(store: RunStore) -> Compare:
    """The tab on a page of its own."""
    with gr.Blocks():
        visitor = gr.BrowserState("")
        with gr.Tab() as tab:
            return Compare(SimpleNamespace(store=store),
                           Session(visitor, None, None, None, visitor, visitor), tab)


@pytest.fixture(scope="module")
def compare(store: RunStore) -> Compare:
    return build(store)


@pytest.fixture(scope="module")
def shown(compare: Compare, store: RunStore) -> dict[str, Any]:
    """What the page keeps of the newest study of ann."""
    return compare.show(ENGLISH, "ann", [store.studies("ann")[0].id], [], "accuracy", NOTHING)[0]


def test_the_newest_study_is_chosen_and_only_ones_own_are_offered(compare: Compare) -> None:
    studies, singles, looks = compare.list_runs(ENGLISH, "ann", [], [], 3)
    own = [title for title, key in studies["choices"] if not key.startswith(READY_MADE)]
    assert [title.split(" · ")[0] for title in own] == ["first", "curve"]
    assert studies["value"] == [studies["choices"][0][1]]
    assert (len(singles["choices"]), singles["value"], looks) == (60, [], 4)


def test_a_choice_is_kept_and_what_is_gone_is_dropped(compare: Compare, store: RunStore) -> None:
    old = store.studies("ann")[1].id
    studies, singles, _ = compare.list_runs(ENGLISH, "ann", [old, "gone"], ["gone"], 0)
    assert (studies["value"], singles["value"]) == ([old], [])


def test_the_table_has_a_row_for_each_run_and_columns_for_what_differs(
    compare: Compare, shown: dict[str, Any]) -> None:
    _, note, body, metric, table, *_ = compare.show(ENGLISH, "ann", shown["studies"], [],
                                                    "accuracy", NOTHING)
    assert list(table) == ["State", "Method", "Pattern", "Seed", "Accuracy %", "95 % interval",
                           "Macro F1 %", "Seconds", "Run"]
    assert (len(table), body["visible"], metric["value"]) == (20, True, "accuracy")
    assert table["Accuracy %"].between(0, 100).all()
    assert "<b>films</b>" in note


def test_nothing_is_sent_when_nothing_changed(compare: Compare, shown: dict[str, Any]) -> None:
    again = compare.show(ENGLISH, "ann", shown["studies"], shown["runs"], "accuracy", shown)
    assert again == [gr.skip()] * 10


@pytest.mark.parametrize(("visitor", "expected"),
                         [("ann", "Choose a study"), ("nobody", "start a study under Train"),
                          ("", "start a study under Train")])
def test_empty_pages_say_what_to_do(compare: Compare, visitor: str, expected: str) -> None:
    _, note, body, *_ = compare.show(ENGLISH, visitor, [], [], "accuracy", NOTHING)
    assert expected in note
    assert body["visible"] is False


def test_runs_of_others_are_never_shown(compare: Compare, store: RunStore) -> None:
    theirs = store.studies("bob")[0].id
    run = store.runs("bob", theirs)[0].id
    assert "Choose a study" in compare.show(ENGLISH, "ann", [theirs], [run], "accuracy", NOTHING)[1]
    own = store.runs("ann")[0].id
    assert "There is no run" in compare.examples.show(ENGLISH, "ann", own, run, "a")[0]
    assert compare.confusion.show(ENGLISH, "ann", {**NOTHING, "studies": [theirs]}, run)[1] == ""


def test_unfinished_runs_are_listed_without_results(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    key = submit(data, study("waiting"), "ann", finish=False)
    compare = build(data.store)
    now, note, _, _, table, *_ = compare.show(ENGLISH, "ann", [key], [], "accuracy", NOTHING)
    assert "No finished runs yet" in note
    assert set(table["State"]) == {"queued"}
    assert "No difference can be told" in compare.figures.show_differences(
        ENGLISH, "ann", now, "accuracy", "method")[0]
    data.close()


def test_downloads_open(compare: Compare, shown: dict[str, Any]) -> None:
    *_, table, document, again = compare.show(ENGLISH, "ann", shown["studies"], [], "accuracy",
                                              NOTHING)
    assert len(list(csv.DictReader(Path(table).read_text().splitlines()))) == 20
    assert len(json.loads(Path(document).read_text())["runs"]) == 20
    assert StudySpec.from_dict(yaml.safe_load(Path(again).read_text())) == study("first")
    assert len({Path(path).parent for path in (table, document, again)}) == 3


def test_accuracy_has_a_figure_and_the_same_in_a_table(compare: Compare,
                                                       shown: dict[str, Any]) -> None:
    figure, table, curve, *_ = compare.figures.show_scores(ENGLISH, "ann", shown, "accuracy")
    assert {trace.name for trace in figure.data} >= {"head", "lm-bff"}
    assert table.count("<tr>") == 1 + 1 + 3
    assert "&lt;i&gt;{mask}" in table
    assert curve["visible"] is False


def test_several_k_make_a_learning_curve(compare: Compare, store: RunStore) -> None:
    shown = {**NOTHING, "studies": [store.studies("ann")[1].id]}
    *_, curve, length, size = compare.figures.show_scores(ENGLISH, "ann", shown, "macro_f1")
    assert (curve["visible"], length["visible"], size["visible"]) == (True, False, False)
    assert "Macro F1" in curve["value"].layout.yaxis.title.text


@pytest.mark.parametrize(("over", "rows"), [("seed", 4), ("pattern", 2)])
def test_stability_over_seeds_and_over_patterns(compare: Compare, shown: dict[str, Any], over: str,
                                                rows: int) -> None:
    figure, table = compare.figures.show_stability(ENGLISH, "ann", shown, "accuracy", over)
    assert len(figure.data) == rows
    assert table.count("<tr>") == 1 + rows


def test_differences_are_put_in_words(compare: Compare, shown: dict[str, Any]) -> None:
    words, figure, table = compare.figures.show_differences(ENGLISH, "ann", shown, "accuracy",
                                                            "method")
    assert "lm-bff beats head by " in words
    assert "over 5 paired runs" in words
    assert "p &lt; 0.001" in words or "p = 0.0" in words
    assert (table.count("<tr>"), len(figure.data)) == (2, 2)


@pytest.mark.parametrize(("at", "n", "column"), [(0, 300, "seed"), (-1, 60, "p:good")])
def test_confusion_of_one_run_and_of_all_its_seeds(compare: Compare, shown: dict[str, Any], at: int,
                                                   n: int, column: str) -> None:
    _, chosen = compare.confusion.list_runs(ENGLISH, "ann", shown, None)["choices"][at]
    _, table, calibration, file = compare.confusion.show(ENGLISH, "ann", shown, chosen)
    assert f"over {n}" in calibration.layout.xaxis.title.text
    assert table.count("<tr>") == 3
    predictions = pd.read_csv(file["value"])
    assert len(predictions) == n
    assert column == list(predictions)[-1]


def test_groups_of_seeds_are_offered_before_single_runs(compare: Compare,
                                                        shown: dict[str, Any]) -> None:
    choices = compare.confusion.list_runs(ENGLISH, "ann", shown, None)
    assert [key.startswith(ALL_SEEDS) for _, key in choices["choices"]] == [True] * 4 + [False] * 20
    assert choices["value"] == choices["choices"][0][1]


def test_examples_are_shown_by_pages(compare: Compare, shown: dict[str, Any]) -> None:
    a, b = (update["value"]
            for update in compare.examples.list_runs(ENGLISH, "ann", shown, None, None))
    test, right, first, place, back, on, page = compare.examples.show(ENGLISH, "ann", a, b, "a")
    count = int(right["choices"][0][0].rpartition("(")[2].rstrip(")"))
    assert f"{count} only A" in test
    assert f"1–10 of {count}" in place
    assert (first.count("<li>"), back["interactive"], on["interactive"],
            page) == (10, False, True, 0)
    assert "test" in first
    assert "&lt;b&gt;&amp;" in first
    *_, on, last = compare.examples.show(ENGLISH, "ann", a, b, "a", 999)
    assert (on["interactive"], last) == (False, (count - 1) // 10)


@pytest.mark.parametrize(("a", "b"), [(None, None), ("first", None), ("first", "unknown")])
def test_examples_need_two_runs(compare: Compare, store: RunStore, a: str | None,
                                b: str | None) -> None:
    first = store.runs("ann")[0].id
    page = compare.examples.show(ENGLISH, "ann", first if a else None, b, "a")
    assert "cl-message" in page[0]
    assert page[2] == ""


def test_runs_of_different_methods_are_opponents_at_first(compare: Compare,
                                                          shown: dict[str, Any]) -> None:
    a, b = compare.examples.list_runs(ENGLISH, "ann", shown, None, None)
    names = {key: name for name, key in a["choices"]}
    assert names[a["value"]].startswith("lm-bff")
    assert names[b["value"]].startswith("head")
    kept = compare.examples.list_runs(ENGLISH, "ann", shown, b["value"], a["value"])
    assert [update["value"] for update in kept] == [b["value"], a["value"]]


def test_an_equal_run_of_another_study_is_counted_once(data: DataFolder, store: RunStore) -> None:
    keys = [submit(data, study(name), "carl") for name in ("one", "two")]
    assert len(Choice.of(store, "carl", keys, []).runs) == 20


def record(method: str, seed: int, accuracy: float, words: str = "",
           **options: object) -> RunRecord:
    return RunRecord(f"{method}-{seed}-{words}", "films", "mini", method, "{mask}", words, 16, seed,
                     options, "done", {"accuracy": accuracy})


@pytest.mark.parametrize(("values", "expected"), [
    ([(0.9, 0.5), (0.91, 0.52), (0.92, 0.51)],
     "b beats a by 40.0 points on average over 3 paired runs; 95 % "),
    ([(0.9, 0.5), (0.5, 0.9), (0.7, 0.7)],
     "No difference between b and a can be told from these 3 paired runs"),
    ([(0.9, 0.5)], "No difference can be told from these runs"),
])
def test_verdicts_are_plain_sentences(values: list[tuple[float, float]], expected: str) -> None:
    records = [record(method, seed, pair[at]) for seed, pair in enumerate(values)
               for at, method in enumerate("ba")]
    assert expected in html.unescape(verdicts(compare_methods(records), str))


def test_many_comparisons_are_put_in_a_few_sentences_and_a_table() -> None:
    records = [record("lm-bff", seed, 0.5 + seed / 100, words) for seed in range(2)
               for words in "abcdef"]
    found = compare_methods(records, by="pattern")
    assert (verdicts(found, str).count("<li"),
            difference_table(found, str).count("<tr>")) == (6, 16)
    assert "9 more comparisons" in verdicts(found, str)
    assert "lm-bff · {mask} · a" in difference_table(found, str)


def test_names_of_runs_tell_what_differs() -> None:
    assert run_names([record("head", 1, 0.5, steps=10), record("head", 2, 0.75, steps=20)],
                     str) == [
    "head · seed 1 · steps 10 · 50.0%", "head · seed 2 · steps 20 · 75.0%"]


def test_settings_are_shown_as_people_read_them() -> None:
    found = [record("head", seed, 0.5, learning_rate=0.0, weight_decay=0.0, batch_size=8)
             for seed in (1, 2)]
    shared = shared_settings(found, str)
    assert "learning rate <b>automatic</b> · weight decay <b>0</b> · batch size <b>8</b>" in shared
    chosen = run_table(
        [found[0], record("head", 1, 0.5, learning_rate=1e-5, weight_decay=0.0, batch_size=8)], str)
    assert list(chosen["learning rate"]) == ["automatic", 1e-5]


def test_intervals_of_shares_end_at_all() -> None:
    rows = [{"method": "pet", "pattern": "", "shots": 8, "n": 3, "mean": 0.8, "sd": 0.1,
             "ci95": (0.55, 1.05)}]
    assert "55.0% to 100.0%" in summary_table(rows, "accuracy", str)
    assert "0.55 to 1.05" in summary_table(rows, "unknown", str)


def test_a_table_of_nothing_has_no_rows() -> None:
    assert len(run_table([], str)) == 0
    assert "no such example" in example_list(pd.DataFrame(), 1, True, str)


def test_all_that_is_shown_can_be_shown_in_chinese(store: RunStore,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    for module in ("tab", "figures", "confusion", "examples"):
        monkeypatch.setattr(f"ui.compare.{module}.translator",
                            lambda request: lambda text: asked.add(text) or text)
    compare = build(store)
    keys = [study.id for study in store.studies("ann")]
    compare.list_runs(ENGLISH, "ann", [], [], 0)
    now = compare.show(ENGLISH, "ann", keys, [], "accuracy", NOTHING)[0]
    compare.figures.show_scores(ENGLISH, "ann", now, "accuracy")
    compare.figures.show_stability(ENGLISH, "ann", now, "accuracy", "pattern")
    compare.figures.show_differences(ENGLISH, "ann", now, "accuracy", "pattern")
    compare.confusion.show(ENGLISH, "ann", now,
                           compare.confusion.list_runs(ENGLISH, "ann", now, None)["value"])
    runs = [update["value"]
            for update in compare.examples.list_runs(ENGLISH, "ann", now, None, None)]
    compare.examples.show(ENGLISH, "ann", *runs, "neither")
    assert len(asked) > 60
    assert asked - LANGUAGES.texts["zh"].keys() == set()


def test_comparisons_come_with_the_app(compare: Compare, data: DataFolder, store: RunStore,
                                       tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = submit(data, study("prompt or head"), store.command_line)
    write_ready_made(key, store, tmp_path / "prompt-or-head.json", "Prompts need fewer <examples>.")
    monkeypatch.setattr("core.runs.ready_made.FOLDER", tmp_path)
    ready_made.cache_clear()
    try:
        studies, singles, _ = compare.list_runs(ENGLISH, "newcomer", [], [], 0)
        assert studies["choices"] == [("prompt or head · comes with the app",
                                       "ready-made:prompt-or-head")]
        assert (studies["value"], singles["choices"]) == (["ready-made:prompt-or-head"], [])
        shown, note, body, *_ = compare.show(ENGLISH, "newcomer", studies["value"], [], "accuracy",
                                             NOTHING)
        assert "Prompts need fewer &lt;examples&gt;." in note
        assert body["visible"]
        chosen = compare.confusion.list_runs(ENGLISH, "newcomer", shown, None)["value"]
        _, table, _, file = compare.confusion.show(ENGLISH, "newcomer", shown, chosen)
        assert "<table" in table
        assert not file["interactive"]
        a, b = (update["value"]
                for update in compare.examples.list_runs(ENGLISH, "newcomer", shown, None, None))
        assert "no single answers here" in compare.examples.show(ENGLISH, "newcomer", a, b, "a")[0]
    finally:
        ready_made.cache_clear()
