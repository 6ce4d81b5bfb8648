"""Small tables of texts and labels."""

from __future__ import annotations

from core.data.columns import ColumnMap
from core.data.files import make_table

TEXT = ColumnMap("text", "label")


def table(columns, *rows, name="a.csv"):
    return make_table(name, columns.split(","), rows)


def labelled(*labels, name="a.csv"):
    return table(
        "text,label", *((f"text {at}", label) for at, label in enumerate(labels)), name=name
    )
