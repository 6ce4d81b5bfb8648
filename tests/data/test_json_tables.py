"""Tables in JSON documents: rows under a key, columns, and what pandas writes."""

import json

import pandas as pd
import pytest

from core.data.files import DataLimits, read_table
from core.errors import DataError, LimitError

ROWS = [{"text": "Never again.", "label": "bad"}, {"text": "Lovely!", "label": "good"},
        {"text": "Too dear.", "label": "bad"}]
COLUMNS = {"text": [row["text"] for row in ROWS], "label": [row["label"] for row in ROWS]}
FRAME = pd.DataFrame(ROWS)
VIEWER = [{"row_idx": at, "row": row, "truncated_cells": []} for at, row in enumerate(ROWS)]
TABLES = {
    "under a key": {"data": ROWS},
    "under any key": {"reviews": ROWS},
    "beside single values": {"source": "shop", "year": 2020, "data": ROWS, "more": None},
    "beside another object": {"meta": {"source": "shop", "count": 3}, "data": ROWS},
    "beside another list": {"errors": [], "data": ROWS, "authors": ["a", "b"]},
    "beside other objects": {"features": [{"name": "text"}, {"name": "label"}], "rows": ROWS},
    "the hub's viewer": {"features": [{"name": "text"}], "rows": VIEWER, "num_rows_total": 3},
    "one key deeper": {"status": "ok", "response": {"found": 3, "docs": ROWS}},
    "columns": COLUMNS,
    "columns beside a value": {"source": "shop", **COLUMNS},
    "columns under a key": {"data": COLUMNS},
    "rows by name": {"a1": ROWS[0], "a2": ROWS[1], "a3": ROWS[2]},
}


@pytest.fixture
def written(tmp_path):
    def write(content, name="a.json"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path / name
    return write


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("form", TABLES)
def test_rows_are_found(form, indent, written):
    assert read_table(written(json.dumps(TABLES[form], indent=indent))).rows == ROWS


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("orient", ["columns", "index", "records", "split", "table"])
def test_what_pandas_writes_is_read(orient, indent, written):
    table = read_table(written(FRAME.to_json(orient=orient, indent=indent)))
    found = [{"text": row["text"], "label": row["label"]} for row in table.rows]
    assert found == ROWS


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "a.csv"])
def test_the_content_counts_more_than_the_name(name, written):
    assert read_table(written(json.dumps({"data": ROWS}), name)).rows == ROWS


def test_columns_of_named_rows(written):
    frame = FRAME.set_index(pd.Index(["a", "b", "c"]))
    assert read_table(written(frame.to_json())).rows == ROWS


@pytest.mark.parametrize(("document", "columns"), [
    ({"text": "Fine.", "label": "good"}, ("text", "label")),
    ({"text": "Fine.", "labels": ["good"]}, ("text", "labels")),
    ({"text": "Fine.", "meta": {"stars": 5}}, ("text", "meta")),
])
def test_an_object_without_a_table_is_a_row(document, columns, written):
    table = read_table(written(json.dumps(document)))
    assert (table.columns, len(table.rows)) == (columns, 1)


def test_lines_of_objects_with_lists_stay_lines(written):
    lines = [{"tokens": ["a", "b"], "tags": ["x", "y"]}] * 3
    table = read_table(written("\n".join(map(json.dumps, lines)), "a.jsonl"))
    assert table.rows == [{"tokens": '["a", "b"]', "tags": '["x", "y"]'}] * 3


@pytest.mark.parametrize(("content", "message"), [
    ('{"train": [{"a": 1}], "test": [{"a": 2}]}', "several tables: 'train', 'test'"),
    ('{"train": {"a": [1], "b": [2]}, "test": {"a": [1], "b": [2]}}', "several tables: 'train'"),
    ('{"data": []}', "no rows of data"),
    ('{\n "data": [\n  {"a": 1},\n  {"a" 2}\n ]\n}', "Line 4 of 'a.json' is not valid JSON"),
    ('{\n "data": [\n  {"a": 1}\n  {"a": 2}\n ]\n}', "Line 4 of 'a.json' is not valid JSON"),
    ('{\n "data": [{"a": 1}]\n}\nmore', "Line 4 of 'a.json' .*more text follows"),
    ('{"data": [{"a": 1}, 5]}', "Row 2 of 'a.json' is a JSON int"),
])
def test_what_is_wrong_is_told_with_its_place(content, message, written):
    with pytest.raises(DataError, match=message):
        read_table(written(content))


def test_rows_are_limited(written):
    with pytest.raises(LimitError, match="more than 2 rows"):
        read_table(written(json.dumps({"data": ROWS})), DataLimits(rows=2))
