"""Labels in lists: a list of one is its content, a list of several is told."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data.checks import check_table
from core.data.columns import ColumnMap
from core.data.files import read_table
from core.data.label_lists import has_several, one_label
from core.data.task_files import task_from_files
from core.errors import DataError
from tests.data.tables import TEXT, labelled


@pytest.mark.parametrize(("cell", "label"), [
    ('["pos"]', "pos"), ("['pos']", "pos"), ('[ "very good" ]', "very good"), ("[1]", "1"),
    ("[0]", "0"), ("[true]", "true"), ("['it\\'s']", "it's"), ("[]", ""), ("[ 3 ]", "3"),
    ("pos", "pos"), ("[pos]", "[pos]"), ("[", "["), ("", ""), ("[[1]]", "[[1]]"), ("[1", "[1"),
    ('{"a": 1}', '{"a": 1}'), ('["a", "b"]', '["a", "b"]'), ("['top 5']", "top 5"),
])
def test_a_list_of_one_is_its_content(cell, label):
    assert one_label(cell) == label


@pytest.mark.parametrize(("cell", "several"), [
    ('["a", "b"]', True), ("['a', 'b']", True), ("['a' 'b']", True), ("[1 2]", True),
    ("[0, 1, 0]", True), ('["a"]', False), ("[]", False), ("a, b", False), ("[a, b]", False),
    ("[" * 100_000 + "]", False),
])
def test_lists_of_several(cell, several):
    assert has_several(cell) is several


def rows(*labels):
    return [{"text": f"text {at}", "label": label} for at, label in enumerate(labels)]


@pytest.fixture
def written(tmp_path):
    """Writes rows in a format; gives the file's path."""
    def write(kind, content):
        path = str(tmp_path / f"a.{kind}")
        if kind == "jsonl":
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in content)
        elif kind == "json":
            with open(path, "w", encoding="utf-8") as file:
                json.dump(content, file)
        elif kind == "csv":
            pd.DataFrame(content).to_csv(path, index=False)
        else:
            pq.write_table(pa.Table.from_pylist(content), path)
        return path
    return write


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
@pytest.mark.parametrize("labels", [("pos", "neg"), (1, 0), ("not bad", "bad, very")])
def test_every_format(kind, labels, written):
    path = written(kind, rows(*([label] for label in labels * 4)))
    assert set(task_from_files({"train": path}).schema.labels) == {str(label) for label in labels}


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
@pytest.mark.parametrize("labels", [("pos", "neg"), (1, 0)])
def test_several_labels_are_refused_by_their_name(kind, labels, written):
    path = written(kind, rows([labels[0]], [labels[1]], [*labels], [labels[0]]))
    with pytest.raises(DataError, match=r"'label' of 'a\..*' holds several .*multi-label"):
        task_from_files({"train": path, "text_a": "text", "label": "label"})


def test_empty_lists_are_empty_labels(written):
    table = read_table(written("jsonl", rows(["a"], [], ["b"], ["a"])))
    found = [str(finding) for finding in check_table(table, ColumnMap("text", "label"))]
    assert "Column 'label' is empty in 1 of 4 rows." in found


def test_lists_beside_plain_labels():
    table = labelled('["a"]', "a", "b", "['b']")
    assert not [finding for finding in check_table(table, TEXT) if finding.severity == "error"]
