"""Rows as examples: cleaned, with columns that exist, within limits."""

import pytest

from core.data.columns import ColumnMap
from core.data.examples import examples_of
from core.data.files import DataLimits
from core.data.task import Example
from core.errors import DataError, LimitError
from tests.data.tables import TEXT, labelled, table


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
