"""One table of predictions, of labels and of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.columns import ColumnMap, guess_columns
from core.data.files import DataLimits, make_table
from core.data.forms import in_one_form
from core.data.task import Example, Task, classification, generation, multiple_choice
from core.errors import Cancelled
from core.learning.method import Watch
from core.metrics.evaluation import evaluate
from core.runs.finished_run import answer_table
from core.runs.prediction import TEXT_CHUNK, LabelPredictions, predict

LABELS = ("bad", "good")
RESTAURANTS = [Example("name[Alimentum]", references=("Alimentum is here.", "This is Alimentum.")),
               Example("name[Blue Spice]", references=("Blue Spice is here.",))]


class Repeating:
    """Writes one sentence about each name, and remembers how many examples it was asked at once."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def generate(self, examples: Sequence[Example], watch: Watch | None = None) -> list[str]:
        self.asked.append(len(examples))
        if watch is not None:
            watch(0, " This")
        return [f" This is {each.text_a[5:-1]}.\n" for each in examples]


def test_table_of_nothing_has_all_columns() -> None:
    nothing = LabelPredictions((), LABELS, np.empty((0, 2), dtype=np.float32))
    assert list(nothing.table(np.empty(0))) == [
        "text_a",
        "text_b",
        "gold",
        "predicted",
        "score",
        "p:bad",
        "p:good",
    ]
    assert nothing.table().empty
    assert list(predict(Repeating(), generation(), []).table()) == ["text_a", "text_b", "output"]


def test_first_label_wins_ties() -> None:
    found = LabelPredictions(
        (Example("x", label="good"),), LABELS, np.log(np.array([[0.5, 0.5]], dtype=np.float32))
    )
    assert found.table()["predicted"].tolist() == ["bad"]
    assert found.answers().gold == [1]


def test_texts_are_generated_measured_and_put_into_a_table() -> None:
    found = predict(Repeating(), generation(), RESTAURANTS)
    evaluation = evaluate(found.answers(), "generation")
    assert (evaluation.value, evaluation.confusion) == (0.75, [])
    assert evaluation.metrics["exact_match"] == 0.5
    assert found.answers().sources == ["name[Alimentum]", "name[Blue Spice]"]
    assert evaluation.metrics["slot_coverage"] == 1
    assert found.table(evaluation.scores).to_dict("list") == {
        "text_a": ["name[Alimentum]", "name[Blue Spice]"], "text_b": ["", ""],
        "references": ["Alimentum is here.\nThis is Alimentum.", "Blue Spice is here."],
        "output": [" This is Alimentum.\n", " This is Blue Spice.\n"], "score": [1.0, 0.5]}


def test_a_table_of_texts_is_read_back_as_it_was(tmp_path: Path) -> None:
    found = predict(Repeating(), generation(), RESTAURANTS)
    table = found.table(evaluate(found.answers(), "generation").scores)
    table.to_parquet(tmp_path / "table", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "table"), table)


def test_all_are_asked_at_once_or_in_chunks_with_progress() -> None:
    generator, told, many = Repeating(), [], RESTAURANTS * TEXT_CHUNK
    assert predict(generator, generation(), many) == predict(
        generator, generation(), many, lambda done, total: told.append((done, total))
    )
    assert generator.asked == [2 * TEXT_CHUNK, TEXT_CHUNK, TEXT_CHUNK]
    assert list(dict.fromkeys(told)) == [(0, 32), (16, 32), (32, 32)]
    assert len(told) == 5  # and while texts are written


def test_writing_can_be_stopped_within_a_chunk() -> None:
    calls: list[int] = []

    def stop(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) == 2:
            raise Cancelled

    generator = Repeating()
    with pytest.raises(Cancelled):
        predict(generator, generation(), RESTAURANTS, stop)
    assert (calls, generator.asked) == ([0, 0], [2])


def test_progress_can_stop() -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        predict(Repeating(), generation(), RESTAURANTS, stop)


def test_a_persons_table_gets_texts_too() -> None:
    table = make_table("menu.csv", ["output", "source"], [("mine", "name[Aromi]"), ("too", "")])
    found = answer_table(Repeating(), table, ColumnMap("source", None), generation(), DataLimits())
    assert (list(found.rows), found.answer, found.probabilities) == (
        ["output", "source", "output 2"],
        "output 2",
        {},
    )
    assert found.rows["output"].tolist() == ["mine", "too"]
    assert found.rows["output 2"].isna().tolist() == [False, True]


class Certain:
    """Gives the first label to every example."""

    def __init__(self, labels: int) -> None:
        self.labels = labels

    def log_probs(self, examples: Sequence[Example]) -> np.ndarray:
        probabilities = np.full((len(examples), self.labels), 0.1, dtype=np.float32)
        probabilities[:, 0] = 1 - 0.1 * (self.labels - 1)
        return np.log(probabilities)


@pytest.mark.parametrize("own", [
    "predicted", "predicted 2", "confidence", "p:bad", "p:bad 2", "text", "text_a", "text_b",
    "more", "label", "gold", "score", "output", "id", "Predicted",
])
def test_a_persons_own_columns_are_never_touched(own: str) -> None:
    table = make_table("films.csv", [own, "review", f"{own} 2"], [("mine", "A film.", "too")])
    schema = classification("bad", "good", "bad 2")
    found = answer_table(Certain(3), table, ColumnMap("review", None), schema, DataLimits())
    columns = list(found.rows)
    assert columns[:3] == [own, "review", f"{own} 2"]
    assert found.rows.iloc[0, :3].tolist() == ["mine", "A film.", "too"]
    assert len(set(columns)) == len(columns) == 7
    assert found.rows[found.answer].tolist() == ["bad"]
    shares = [found.rows[found.probabilities[label]][0] for label in schema.labels]
    assert shares == pytest.approx([0.8, 0.1, 0.1])


@pytest.mark.parametrize("cells", [
    {"premise": "It rained.", "choice1": "The street got wet.", "choice2": "It was dry.",
     "question": "effect", "label": "0"},
    {"passage": "Ann met Bob.", "query": "@placeholder met him.", "entities": '["Ann", "Bob"]',
     "answers": '["Ann"]', "idx": "7"},
    {"text": "Ann saw her.", "span1_text": "Ann", "span2_text": "her", "label": "1"},
])
def test_published_multiple_choice_keeps_its_columns_too(cells: dict[str, str]) -> None:
    table = make_table("choices.csv", list(cells), [tuple(cells.values())])
    formed = in_one_form(table)
    names = tuple(name for name in formed.columns if name[:-1] in ("choice", "entity", "span"))
    columns = ColumnMap(guess_columns(formed).text_a, None)
    found = answer_table(Certain(2), table, columns, multiple_choice(*names), DataLimits())
    assert {name: found.rows[name][0] for name in cells} == cells
    assert found.rows[found.answer].tolist() == [names[0]]


def test_rows_with_several_texts_are_answered_as_the_app_reads_them() -> None:
    cells = ('[["a", "b", "c"]]', '[{"text": "One."}, {"text": "Another."}]')
    table = make_table("dart.json", ("tripleset", "annotations"), [cells, cells])
    found = answer_table(Repeating(), table, ColumnMap("source", None), generation(), DataLimits())
    assert found.rows["source"].tolist() == ["a : b : c"] * 4
    assert found.rows["target"].tolist() == ["One.", "Another."] * 2
    assert found.rows[found.answer].notna().all()


def test_other_references_are_other_data() -> None:
    one = Task("t", generation(), tuple(RESTAURANTS), ())
    other = replace(one, train=(replace(RESTAURANTS[0], references=("Else.",)), RESTAURANTS[1]))
    assert one.content_hash != other.content_hash
