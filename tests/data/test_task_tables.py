"""Tasks of tables: labels and their names, stable halves, clear errors."""

import random

import pytest

from core.data.columns import ColumnMap
from core.data.split import draw_split
from core.data.task import Example
from core.data.task_tables import task_from_tables
from core.errors import DataError
from tests.data.tables import TEXT, labelled, table


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
        (labelled(*map(str, range(1_001))), "holds 1001 different"),
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
