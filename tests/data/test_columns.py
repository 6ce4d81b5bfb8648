"""Guessed columns: by usual names, by shape, and in small tables."""

import pytest

from core.data.columns import ColumnMap, guess_columns
from core.data.files import make_table

LONG = "a sentence which is long enough to be the text"


def table(columns, *rows, name="a.csv"):
    return make_table(name, columns.split(","), rows)


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
