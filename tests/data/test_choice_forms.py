"""Published multiple choice data in one form: a column for each answer."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data.choice_forms import choice_columns
from core.data.columns import ColumnMap, with_further_columns
from core.data.files import make_table, read_table
from core.data.forms import in_one_form
from core.data.hub import load_hub_task
from core.data.split import draw_split
from core.data.task_draft import TaskDraft
from core.data.task_files import task_from_files
from core.errors import DataError

COPA = {
    "premise": ["The cup fell.", "It rained."],
    "choice1": ["It broke.", "Streets got wet!"],
    "choice2": ["It sang.", "Clouds had come."],
    "question": ["effect", "cause"],
    "label": [0, 1],
}
RECORD = [
    {
        "passage": "Ann met Bo in Rome. @highlight Bo left early",
        "query": "It was @placeholder who left.",
        "entities": ["Ann", "Bo", "Rome"],
        "answers": ["Bo"],
    },
    {
        "passage": "Cy, called Cyrus, lives in Oslo.",
        "query": "@placeholder is from Norway.",
        "entities": ["Cy", "Cyrus", "Oslo", "Oslo"],
        "answers": ["Cy", "Cyrus"],
    },
]


def table(columns):
    return make_table(
        "t.csv",
        list(columns),
        zip(*(map(str, cells) for cells in columns.values()), strict=True),
    )


def test_copa_is_joined_to_its_premise():
    found = in_one_form(table(COPA))
    assert [row["joiner"] for row in found.rows] == [", so", "because"]
    assert [row["label"] for row in found.rows] == ["choice1", "choice2"]
    assert found.rows[1]["choice1"] == "streets got wet"
    assert in_one_form(found) == found  # what was written by the app is read again


def test_hidden_labels_of_copa_stay_hidden():
    assert in_one_form(table({**COPA, "label": [-1, 1]})).rows[0]["label"] == ""


def record_table():
    rows = [
        [row["passage"], row["query"], json.dumps(row["entities"]), json.dumps(row["answers"])]
        for row in RECORD
    ]
    return make_table("r.jsonl", ["passage", "query", "entities", "answers"], rows)


def test_record_gets_a_column_for_each_entity():
    found = in_one_form(record_table())
    assert found.columns == ("text_a", "before", "after", "entity1", "entity2", "entity3", "label")
    first, second = found.rows
    assert (first["before"], first["after"], first["label"]) == ("It was ", " who left.", "entity2")
    assert first["text_a"] == "Ann met Bo in Rome. - Bo left early"
    assert (second["label"], second["entity2"], second["entity3"]) == (
        "entity1",
        "Oslo",
        "",
    )  # Cyrus is right too
    assert "gap" in str(found.notes[0])


def test_other_tables_stay_as_they_are():
    for columns in (
        {"text": ["a"], "label": ["1"]},
        {**COPA, "question": ["why", "cause"]},
        {"passage": ["a"], "query": ["no gap"], "entities": ["[]"]},
    ):
        same = table(columns)
        assert in_one_form(same) is same


def test_winograd_columns_are_called_as_in_its_patterns():
    found = in_one_form(
        table({"text": ["a"], "span1_text": ["b"], "span2_text": ["c"], "label": ["1"]})
    )
    assert found.rows == [{"text": "a", "span1": "b", "span2": "c", "label": "1"}]


@pytest.mark.parametrize(
    ("labels", "columns", "expected"),
    [
        (["c1", "c2"], ["x", "c1", "c2", "c3"], ("c1", "c2", "c3")),
        (["c1"], ["c1", "c2"], ("c1", "c2")),
        (["c1", "d1"], ["c1", "d1"], ()),
        (["yes", "no"], ["yes", "no"], ()),
        (["c1", "c4"], ["c1", "c2"], ()),
        ([], ["c1"], ()),
    ],
)
def test_labels_that_name_columns_make_choices(labels, columns, expected):
    assert choice_columns(labels, columns) == expected


@pytest.fixture
def copa_file(tmp_path):
    many = {name: cells * 6 for name, cells in COPA.items()}
    many["premise"] = [f"{text} {at}" for at, text in enumerate(many["premise"])]
    pd.DataFrame(many).to_csv(tmp_path / "copa.csv", index=False)
    return str(tmp_path / "copa.csv")


def test_a_file_of_choices_is_a_multiple_choice_task(copa_file):
    task = task_from_files({"train": copa_file})
    assert (task.schema.kind, task.schema.labels, task.schema.pairs) == (
        "choice",
        ("choice1", "choice2"),
        False,
    )
    assert task.schema.columns == ("choice1", "choice2", "question", "joiner")
    assert task.train[0].text(task.train[0].label) in {"it broke", "clouds had come"}


def test_record_keeps_answers_that_are_never_right(tmp_path):
    (tmp_path / "r.jsonl").write_text(
        "\n".join(json.dumps(row) for row in RECORD * 3), encoding="utf-8"
    )
    task = task_from_files({"train": str(tmp_path / "r.jsonl"), "test": str(tmp_path / "r.jsonl")})
    assert task.schema.kind == "choice"
    assert task.schema.labels == ("entity1", "entity2", "entity3")


def test_a_hub_copy_with_lists_is_read_alike(tmp_path):
    (tmp_path / "data").mkdir()
    for split in ("train", "validation"):
        pq.write_table(
            pa.Table.from_pylist(RECORD * 3), tmp_path / "data" / f"{split}-00000-of-00001.parquet"
        )
    task = load_hub_task(str(tmp_path))
    assert task.schema.kind == "choice"
    assert task.test[0].text("entity2") == "Bo"


def test_k_counts_examples_where_labels_are_places(copa_file):
    task = task_from_files({"train": copa_file, "test": copa_file})
    split = draw_split(task, 3, 13)
    assert [len(part) for part in (split.train, split.dev, split.unlabelled)] == [3, 3, 6]
    assert split.unlabelled[0].label is None
    assert split.unlabelled[0].text("choice1")
    with pytest.raises(
        DataError, match=r"K = 7 needs 14 training rows .* there are 12. Choose K ≤ 6"
    ):
        draw_split(task, 7, 13)


def test_a_draft_warns_of_too_few_rows(copa_file):
    draft = TaskDraft({"train": in_one_form(read_table(copa_file))}, ColumnMap("premise", "label"))
    view = draft.check(shots=16)
    warnings = [str(finding) for finding in view.findings if finding.severity == "warning"]
    assert any("there are" in warning for warning in warnings)
    assert view.task.schema.kind == "choice"
    notes = " ".join(map(str, view.findings))
    assert "the column of the right one, choice1, choice2." in notes
    assert "by their names: {question}, {joiner}." in notes


def test_further_texts_are_columns_that_a_pattern_can_name():
    found = with_further_columns(
        [
            table(
                {
                    "text": ["a"],
                    "label": ["1"],
                    "id": ["7"],
                    "Word": ["w"],
                    "two words": ["x"],
                    "mask": ["m"],
                    "empty": [""],
                    "名": ["n"],
                }
            )
        ],
        ColumnMap("text", "label"),
    )
    assert found.more == ("Word", "名")


def test_a_column_that_nobody_asked_for_may_be_long():
    found = with_further_columns(
        [table({"text": ["a"], "label": ["1"], "page": ["x" * 20_001]})], ColumnMap("text", "label")
    )
    assert found.more == ()


def test_a_label_that_names_an_empty_answer_is_refused(tmp_path):
    lines = [
        "text,choice1,choice2,label",
        *(f"t {at},one,{'two' * (at != 1)},choice{1 + at % 2}" for at in range(6)),
    ]
    (tmp_path / "c.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match="names an answer that is empty in the row 't 1'"):
        task_from_files({"train": str(tmp_path / "c.csv")})
