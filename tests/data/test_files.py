"""Reading files of every format; errors are clear and do not name the server's folders."""

import json
import unicodedata

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data.files import DataLimits, make_table, read_table
from core.errors import DataError, InputError, LimitError

ROWS = [{"text": "Sehr schön, wirklich", "label": "1"}, {"text": "这部电影\n很好", "label": "0"}]


@pytest.fixture
def written(tmp_path):
    def write(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def as_csv(separator=","):
    return pd.DataFrame(ROWS).to_csv(index=False, sep=separator)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", as_csv()),
        ("a.tsv", as_csv("\t")),
        ("A.TXT", as_csv(";")),
        ("without_extension", as_csv("|")),
        ("a.jsonl", "\n".join(json.dumps(row) for row in ROWS)),
        ("a.ndjson", "\r\n\r\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)),
        ("a.json", json.dumps(ROWS, indent=2)),
        ("a.jsonl", json.dumps(ROWS)),
        ("wrong.csv", "\n".join(json.dumps(row) for row in ROWS)),
        ("wrong.tsv", json.dumps(ROWS)),
    ],
)
def test_text_formats(written, name, content):
    table = read_table(written(content, name))
    assert (table.name, table.columns, table.rows) == (name, ("text", "label"), ROWS)


@pytest.mark.parametrize("name", ["a.parquet", "a.pq", "wrong.csv"])
def test_parquet(tmp_path, name):
    pd.DataFrame(ROWS).to_parquet(tmp_path / name)
    table = read_table(tmp_path / name)
    assert (table.columns, table.rows, table.encoding) == (("text", "label"), ROWS, "")


def test_parquet_types_become_text(tmp_path):
    pq.write_table(
        pa.table(
            {
                "text": pa.array(["a", "b", None]).dictionary_encode(),
                "whole": [1, None, 3],
                "real": [1.0, 0.5, float("nan")],
                "truth": [True, False, None],
                "raw": [b"x", b"y", b"z"],
                "blob": [b"\xff", b"", b""],
                "many": [[1], [2], [3]],
                "a.b": ["q"] * 3,
            }
        ),
        tmp_path / "a.parquet",
    )
    table = read_table(tmp_path / "a.parquet")
    assert table.columns == ("text", "whole", "real", "truth", "raw", "a.b")
    assert [list(row.values()) for row in table.rows] == [
        ["a", "1", "1", "true", "x", "q"],
        ["b", "", "0.5", "false", "y", "q"],
        ["", "3", "", "", "z", "q"],
    ]


def test_json_values_become_text(written):
    first = '{"t": "a", "n": 1, "x": null, "f": 2.0, "d": {"k": ["ü"]}}'
    second = '{"t": true, "n": NaN, "later": 0.5}'
    table = read_table(written(f"{first}\n{second}", "a.jsonl"))
    assert table.columns == ("t", "n", "x", "f", "d", "later")
    assert [list(row.values()) for row in table.rows] == [
        ["a", "1", "", "2", '{"k": ["ü"]}', ""],
        ["true", "", "", "", "", "0.5"],
    ]


def test_words_that_mean_missing_elsewhere_are_kept(written):
    table = read_table(written("text,label\nNA,null\nNone,nan\n,1\n"))
    assert [tuple(row.values()) for row in table.rows] == [
        ("NA", "null"),
        ("None", "nan"),
        ("", "1"),
    ]


def test_cells_are_composed_and_valid(written):
    table = read_table(
        written('{"text": "cafe\\u0301 \\ud800 \\ud83d\\ude00 a\\r\\nb"}', "a.jsonl")
    )
    assert table.rows[0]["text"] == "café \ufffd 😀 a\nb"
    assert unicodedata.is_normalized("NFC", table.rows[0]["text"])


@pytest.mark.parametrize(
    ("header", "columns", "count"),
    [
        (None, ("column_1", "column_2"), 3),
        (True, ("good film", "pos"), 2),
        (False, ("column_1", "column_2"), 3),
    ],
)
def test_header_can_be_overruled(written, header, columns, count):
    table = read_table(
        written("good film\tpos\nbad film\tneg\nfine film\tpos\n", "a.tsv"), header=header
    )
    assert (table.columns, len(table.rows)) == (columns, count)
    assert any("first row" in str(note) for note in table.notes) == (header is None)


def test_column_names_are_made_distinct(written):
    table = read_table(written("text,text,,label,\na,b,c,1,\nd,e,f,0,\n"))
    assert table.columns == ("text", "text_2", "column_3", "label")
    assert "'text_2'" in str(table.notes[0])


@pytest.mark.parametrize("again", [
    "text,label\n", "Text , LABEL\n", "\ufefftext,label\n", '"text","label"\n',
    "\ntext,label\n" * 3,
])
@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t")])
def test_headers_of_joined_files_are_left_out(written, again, name, delimiter):
    content = f"text,label\nfine,1\npoor,0\n{again}good,1\nbad,0\n".replace(",", delimiter)
    table = read_table(written(content, name))
    assert [row["label"] for row in table.rows] == ["1", "0", "1", "0"]
    count = again.lower().count("label")
    assert f"{count} row(s) of '{name}' repeat the names" in str(table.notes[0])


def test_headers_are_left_out_of_every_format(tmp_path):
    rows = [*ROWS, {"text": "text", "label": "label"}, *ROWS]
    pd.DataFrame(rows).to_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").rows == [*ROWS, *ROWS]


def test_one_column_is_a_table(written):
    table = read_table(written("text\nA film, and a good one.\nAnother.\n"))
    assert (table.columns, len(table.rows), table.delimiter) == (("text",), 2, "")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "'a.csv' is empty"),
        ("a.csv", "text,label\n", "no rows of data"),
        ("a.csv", b"%PDF-1.4\n%\xe2\xe3", "a PDF document"),
        ("a.csv", b"PK\x03\x04\x14\0", "a ZIP archive or an Excel workbook"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        ("a.parquet", b"PK\x03\x04\x14\0", "no Parquet file"),
        ("a.parquet", "text,label\na,1\n", "no Parquet file"),
        ("a.csv", b"PAR1 and nothing more", "no Parquet file"),
        ("a.jsonl", '{"a": 1}\n{"a": \n{"a": 3}\n', "Line 2 of 'a.jsonl' is not valid JSON"),
        ("a.jsonl", '{"a": 1}\n\n{"a": 1} x\n', "Line 3 of 'a.jsonl' is not valid JSON"),
        ("a.jsonl", '{"a": 1}\n[1, 2]\n', "Line 2 of 'a.jsonl' holds a JSON list"),
        ("a.json", '[{"a": 1},\n {"a": 2}\n {"a": 3}]', "Line 3 of 'a.json' is not valid JSON"),
        ("a.json", '[{"a": 1},\n {"a": 2},\n {"a" 3}]', "Line 3 of 'a.json' is not valid JSON"),
        ("a.json", '[{"a": 1}', "Line 1 of 'a.json' is not valid JSON"),
        ("a.json", '[{"a": 1}] x', "the list's end is expected"),
        ("a.json", '[{"a": 1},]', "Line 1 of 'a.json' is not valid JSON"),
        ("a.json", "[]", "no rows of data"),
        ("a.json", "[{}, {}]", "no rows of data"),
        ("a.json", "text,label", "Line 1 of 'a.json' is not valid JSON"),
        ("a.json", '{"a": ' + "[" * 100_000, "nested too deeply"),
        ("a.jsonl", '{"a": ' + "9" * 10_000 + "}", "number that is too long"),
    ],
)
def test_unusable_content(written, name, content, message):
    with pytest.raises(DataError, match=message):
        read_table(written(content, name))


def test_truncated_parquet(tmp_path, written):
    pd.DataFrame(ROWS * 100).to_parquet(tmp_path / "whole.parquet")
    data = (tmp_path / "whole.parquet").read_bytes()
    for size in (5, 100, len(data) - 1):
        with pytest.raises(DataError, match="damaged"):
            read_table(written(data[:size], "a.parquet"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "a,b\n" + "1,2\n" * 11, "more than 10 rows"),
        ("a.csv", "good film,1\n" * 11, "more than 10 rows"),
        ("a.jsonl", '{"a": 1}\n' * 11, "more than 10 rows"),
        ("a.json", json.dumps([{"a": 1}] * 11), "more than 10 rows"),
        ("a.csv", "text,label\n" + "x" * 20_000 + ",1\n", "larger than 0.01 MB"),
    ],
)
def test_limits(written, name, content, message):
    with pytest.raises(LimitError, match=message):
        read_table(written(content, name), DataLimits(rows=10, file_bytes=10_000))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.jsonl",
            json.dumps({"text": "x" * 200_000}),
            "Row 1 of 'a.jsonl' has 200000 characters in column 'text'",
        ),
        ("a.csv", "text,label\n" + "x" * 200_000 + ",1\n", "line 2 of 'a.csv'"),
        ("a.csv", ",".join("abcdefghij" * 30) + "\n" + "1," * 299 + "1\n", "300 columns"),
        ("a.jsonl", "\n".join(json.dumps({f"key {i}": i}) for i in range(300)), "different keys"),
    ],
)
def test_immense_cells_and_widths(written, name, content, message):
    with pytest.raises(LimitError, match=message):
        read_table(written(content, name))


def test_parquet_rows_are_limited(tmp_path):
    pd.DataFrame(ROWS * 10).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(LimitError, match="20 rows; 10 are allowed"):
        read_table(tmp_path / "a.parquet", DataLimits(rows=10))


@pytest.mark.parametrize(
    ("length", "message"), [(600_000, "131072 characters"), (100_000, "200 MB")]
)
def test_small_parquet_of_immense_text(tmp_path, length, message):
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000), ["x" * length])
    pq.write_table(pa.table({"text": repeated}), tmp_path / "a.parquet")
    with pytest.raises(LimitError, match=message):
        read_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("name", ["missing.csv", "folder.csv", "nul\0byte.csv", "x" * 5000, "."])
def test_places_without_a_file(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError) as caught:
        read_table(f"{tmp_path}/{name}")
    assert str(tmp_path) not in str(caught.value)


def test_special_files_are_not_read():
    with pytest.raises(InputError, match="no file 'zero'"):
        read_table("/dev/zero")


def test_table_without_columns():
    with pytest.raises(DataError, match="no rows"):
        make_table("a.csv", [""], [[""]])
