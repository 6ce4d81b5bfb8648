"""Parquet: what is left out is named, and numbered labels get the names that the schema holds."""

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data.files import read_table
from core.data.hub import load_hub_task
from core.data.task_files import task_from_files
from core.errors import DataError

TEXTS = [f"text {at}" for at in range(8)]
NUMBERS = [at % 2 for at in range(8)]
OTHERS = {
    "vector": pa.array([[0.5, 1.0]] * 8),
    "picture": pa.array([{"path": "a", "bytes": b"\xff"}] * 8),
    "raw": pa.array([b"\xff\xfe"] * 8),
    "pairs": pa.array([[["a", "b"]]] * 8),
    "ids": pa.array([[1, 2, 3]] * 8),
}


@pytest.fixture
def written(tmp_path):
    def write(columns):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        return str(tmp_path / "a.parquet")
    return write


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_left_out_is_named_with_its_type(name, written):
    table = read_table(written({"text": TEXTS, name: OTHERS[name], "label": NUMBERS}))
    assert table.columns == ("text", "label")
    kind = table.left_out[name]
    assert kind.partition("<")[0] == str(OTHERS[name].type).partition("<")[0]
    assert str(table.notes[0]).endswith(f"cannot be read as text: {name} ({kind}).")


@pytest.mark.parametrize("name", OTHERS)
def test_a_label_that_is_left_out_is_named(name, written):
    path = written({"text": TEXTS, name: OTHERS[name]})
    with pytest.raises(DataError, match=rf"has no column that looks like labels.*out: {name} \("):
        task_from_files({"train": path})
    with pytest.raises(DataError, match=f"Column '{name}' of 'a.parquet' cannot be read as text"):
        task_from_files({"train": path, "label": name})


def test_a_file_without_text_is_refused(written):
    with pytest.raises(DataError, match=r"has vector \(list<.*double>\), raw \(binary\)"):
        read_table(written({name: OTHERS[name] for name in ("vector", "raw")}))


def test_lists_of_texts_are_kept(written):
    table = read_table(written({"text": TEXTS, "tags": [["a", "b"]] * 8, "label": NUMBERS}))
    assert table.rows[0] == {"text": "text 0", "tags": '["a", "b"]', "label": "0"}


def test_bytes_that_are_text_in_a_part_of_the_rows_are_left_out(written):
    table = read_table(written({"text": ["a"] * 2_500, "raw": [b"x"] * 1_500 + [b"\xff"] * 1_000}))
    assert (table.columns, len(table.rows), list(table.left_out)) == (("text",), 2_500, ["raw"])


@pytest.mark.parametrize("listed", [False, True])
def test_a_file_names_its_labels_as_a_folder_does(listed, tmp_path):
    label = datasets.ClassLabel(names=["poor", "fine"])
    features = datasets.Features({"text": datasets.Value("string"),
                                  "label": datasets.List(label) if listed else label})
    labels = [[number] for number in NUMBERS] if listed else NUMBERS
    rows = datasets.Dataset.from_dict({"text": TEXTS, "label": labels}, features=features)
    rows.to_parquet(tmp_path / "films" / "train.parquet")
    alone = task_from_files({"train": str(tmp_path / "films" / "train.parquet")})
    assert alone.schema.labels == ("poor", "fine")
    assert alone.content_hash == load_hub_task(str(tmp_path / "films")).content_hash


@pytest.mark.parametrize("written_names", [
    b"", b"{", b"[]", b'{"info": 1}', b'{"info": {"features": {"label": 1}}}',
    b'{"info": {"features": {"label": {"names": "ab"}}}}', b'{"info": {"features": []}}',
])
def test_names_that_cannot_be_read_are_no_names(written_names, tmp_path):
    table = pa.table({"text": TEXTS, "label": NUMBERS})
    described = table.replace_schema_metadata({b"huggingface": written_names})
    pq.write_table(described, tmp_path / "a.parquet")
    task = task_from_files({"train": str(tmp_path / "a.parquet")})
    assert task.schema.labels == ("0", "1")


def test_labels_that_are_not_published_are_empty(tmp_path):
    features = datasets.Features({"text": datasets.Value("string"),
                                  "label": datasets.ClassLabel(names=["poor", "fine"])})
    rows = datasets.Dataset.from_dict({"text": TEXTS, "label": [-1, *NUMBERS[1:]]},
                                      features=features)
    rows.to_parquet(tmp_path / "a.parquet")
    assert [row["label"] for row in read_table(tmp_path / "a.parquet").rows[:2]] == ["", "1"]
