"""From tables to tasks: guessed columns, clean examples, sorted labels, halves, clear errors."""

import random

import pandas as pd
import pytest

from core.data.columns import ColumnMap, guess_columns
from core.data.examples import examples_of
from core.data.files import DataLimits, make_table
from core.data.label_order import sorted_labels
from core.data.split import draw_split
from core.data.task import Example
from core.data.task_files import task_from_files
from core.data.task_tables import task_from_tables
from core.errors import DataError, LimitError, SpecError

TEXT = ColumnMap("text", "label")
LONG = "a sentence which is long enough to be the text"


def table(columns, *rows, name="a.csv"):
    return make_table(name, columns.split(","), rows)


def labelled(*labels, name="a.csv"):
    return table(
        "text,label", *((f"text {at}", label) for at, label in enumerate(labels)), name=name
    )


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("text,label", ("text", "label", None)),
        ("label,Text", ("Text", "label", None)),
        ("id,sentence1,sentence2,label", ("sentence1", "label", "sentence2")),
        ("Premise,Hypothesis,gold_label", ("Premise", "gold_label", "Hypothesis")),
        ("label,hypothesis,premise", ("premise", "label", "hypothesis")),
        ("question 1,question 2,is duplicate,label", ("question 1", "label", "question 2")),
        ("idx,question,sentence,label", ("question", "label", "sentence")),
        ("Class Index,Title,Description", ("Description", "Class Index", None)),
        ("title,content,category", ("content", "category", None)),
        ("文本,标签", ("文本", "标签", None)),
        ("句子1,句子2,类别", ("句子1", "类别", "句子2")),
        ("评论,情感", ("评论", "情感", None)),
    ],
)
def test_guess_by_name(columns, expected):
    width = len(columns.split(","))
    assert guess_columns(table(columns, ["x"] * width, ["y"] * width)) == ColumnMap(*expected)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("0", LONG, "pos"), ("1", LONG, "neg"), ("2", LONG, "pos"), ("3", LONG, "neg")],
            ("b", "c", None),
        ),
        (
            [("pos", LONG, "en"), ("neg", LONG, "en"), ("pos", LONG, "en"), ("neg", LONG, "en")],
            ("b", "a", None),
        ),
        ([(LONG, LONG[:20], str(at)) for at in range(9)], ("a", None, None)),
    ],
)
def test_guess_by_shape(rows, expected):
    assert guess_columns(table("a,b,c", *rows)) == ColumnMap(*expected)


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        ("only", [("x",), ("y",)], ("only", None, None)),
        ("a,b", [(LONG, "pos"), (LONG, "neg")], ("a", "b", None)),
        ("text_a,text_b,label", [("x", "", "1"), ("y", "", "0")], ("text_a", "label", None)),
    ],
)
def test_guess_of_small_tables(columns, rows, expected):
    assert guess_columns(table(columns, *rows)) == ColumnMap(*expected)


def test_examples_are_cleaned():
    found = examples_of(table("text,label", ("  a\x00\x07b\n c\ufeff ", " 1 "), ("\x1b", "")), TEXT)
    assert found == (Example("ab\n c", label="1"), Example(""))


@pytest.mark.parametrize(
    "columns", [ColumnMap("texts", "label"), ColumnMap("text", "y"), ColumnMap("text", None, "b")]
)
def test_missing_columns_are_named(columns):
    with pytest.raises(
        DataError, match=r"'a.csv' has no column '(texts|y|b)'\. Its columns are text, label\."
    ):
        examples_of(labelled("1"), columns)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (DataLimits(rows=1), "2 rows; 1 are allowed"),
        (DataLimits(text_characters=5), "Row 1 of 'a.csv' has a text of 6"),
    ],
)
def test_limits_of_examples(limits, message):
    with pytest.raises(LimitError, match=message):
        examples_of(labelled("1", "0"), TEXT, limits=limits)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"10", "9", "-1"}, ["-1", "9", "10"]),
        ({"0.5", "0", "1.25"}, ["0", "0.5", "1.25"]),
        ({"item 10", "item 9", "Item 1"}, ["Item 1", "item 9", "item 10"]),
        ({"b", "A", "c"}, ["A", "b", "c"]),
        ({"03", "2"}, ["2", "03"]),
        ({"v03", "v2"}, ["v2", "v03"]),
        ({"x", "9" * 5000, "1"}, ["1", "9" * 5000, "x"]),
    ],
)
def test_sorted_labels(labels, expected):
    assert sorted_labels(labels) == expected


def test_task_of_two_tables():
    test = labelled("3", "1", name="b.csv")
    task = task_from_tables("t", labelled("2", "1", "", "10"), TEXT, test=test, title="Mine")
    assert (task.name, task.title, task.schema.labels) == ("t", "Mine", ("1", "2", "3", "10"))
    assert task.train == (
        Example("text 0", label="2"),
        Example("text 1", label="1"),
        Example("text 3", label="10"),
    )
    assert [example.label for example in task.test] == ["3", "1"]


def test_unlabelled_texts_need_no_label_column():
    more = table("text", ("one",), (" ",), ("two",))
    task = task_from_tables("t", labelled("1", "0"), TEXT, test=labelled("1"), unlabelled=more)
    assert task.unlabelled == (Example("one"), Example("two"))


def test_label_names():
    task = task_from_tables(
        "t",
        labelled("1", "0", "2", "10"),
        TEXT,
        test=labelled("0"),
        label_names={"0": "world", "1": "sports", "2": "sports", "7": "never"},
    )
    assert task.schema.labels == ("world", "sports", "10")
    assert [example.label for example in task.train] == ["sports", "world", "sports", "10"]


def test_halves_do_not_depend_on_order():
    rows = [(f"text {at}", "ab"[at % 3 == 0]) for at in range(60)]
    task = task_from_tables("t", table("text,label", *rows), TEXT)
    again = task_from_tables("t", table("text,label", *random.Random(1).sample(rows, 60)), TEXT)
    assert set(task.test) == set(again.test)
    assert [sum(e.label == label for e in task.test) for label in "ab"] == [20, 10]
    assert not set(task.train) & set(task.test)
    assert len(draw_split(task, 5, 13).train) == 10


def test_equal_texts_stay_in_one_half():
    rows = [(f"text {at // 3}", "ab"[at // 3 % 2]) for at in range(60)]
    task = task_from_tables("t", table("text,label", *rows), TEXT)
    assert len(task.train) + len(task.test) == 60
    assert not {e.text_a for e in task.train} & {e.text_a for e in task.test}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (labelled("1", "1"), "Column 'label' of 'a.csv' holds 1 different"),
        (labelled(*map(str, range(101))), "holds 101 different"),
        (labelled("", ""), "No row of 'a.csv' has both a text"),
        (labelled("1", "0"), "too few rows to set some aside"),
    ],
)
def test_tables_that_make_no_task(given, message):
    with pytest.raises(DataError, match=message):
        task_from_tables("t", given, TEXT)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (ColumnMap("text", None), "no column that looks like labels"),
        (ColumnMap("text", "text"), "Choose two columns"),
    ],
)
def test_columns_that_make_no_task(columns, message):
    with pytest.raises(DataError, match=message):
        task_from_tables("t", labelled("1", "0", "1", "0"), columns)


def test_test_table_without_labels():
    with pytest.raises(DataError, match=r"No row of 'b.csv'"):
        task_from_tables("t", labelled("1", "0"), TEXT, test=labelled("", "", name="b.csv"))


@pytest.fixture
def files(tmp_path):
    """Three files with the columns of pairs, as the keys of a study name them."""
    rows = [
        {"premise": f"p {at}", "hypothesis": f"h {at}", "label": str(at % 2), "note": "x"}
        for at in range(8)
    ]
    parts = {"train": rows, "test": rows[:2], "unlabelled": rows[2:4]}
    for part, chosen in parts.items():
        pd.DataFrame(chosen).to_csv(tmp_path / f"{part}.csv", index=False)
    return {part: str(tmp_path / f"{part}.csv") for part in parts}


def test_task_from_files(files):
    task = task_from_files(files)
    assert (task.name, task.schema.pairs, task.schema.labels) == ("train", True, ("0", "1"))
    assert [len(part) for part in (task.train, task.test, task.unlabelled)] == [8, 2, 2]
    assert task.train[1] == Example("p 1", "h 1", "1", (("note", "x"),))
    assert task.schema.columns == ("note",)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"text_a": "hypothesis"}, Example("h 1", "", "1", (("premise", "p 1"), ("note", "x")))),
        (
            {"text_a": "hypothesis", "text_b": "premise"},
            Example("h 1", "p 1", "1", (("note", "x"),)),
        ),
        ({"text_b": "note"}, Example("p 1", "x", "1", (("hypothesis", "h 1"),))),
        ({"label": "label", "name": "mine"}, Example("p 1", "h 1", "1", (("note", "x"),))),
    ],
)
def test_columns_of_files(files, keys, expected):
    task = task_from_files({"train": files["train"], "test": files["test"], **keys})
    assert task.train[1] == expected
    assert task.name == keys.get("name", "train")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"train": "a.csv", "texta": "x"},
            "no key 'texta'. Its keys are train, test, unlabelled, text_a",
        ),
        ({"test": "a.csv"}, "needs the key 'train'"),
        ({"train": ["a.csv"]}, "'train' is .* it must be a text"),
        ({}, "needs the key 'train'"),
    ],
)
def test_ill_formed_specs(spec, message):
    with pytest.raises(SpecError, match=message):
        task_from_files(spec)


def test_missing_files_are_named_without_their_folder(tmp_path):
    with pytest.raises(DataError, match=r"There is no file 'gone.csv'") as caught:
        task_from_files({"train": str(tmp_path / "gone.csv")})
    assert str(tmp_path) not in str(caught.value)


def test_a_file_written_from_a_task_gives_the_same_task(files, tmp_path):
    task = task_from_files(files)
    for part in ("train", "test", "unlabelled"):
        rows = [
            {"text_a": e.text_a, "text_b": e.text_b, "label": e.label or "", **dict(e.more)}
            for e in getattr(task, part)
        ]
        pd.DataFrame(rows).to_csv(tmp_path / f"{part}.csv", index=False)
    assert (
        task_from_files({**files, "text_a": "text_a", "text_b": "text_b"}).content_hash
        == task.content_hash
    )
