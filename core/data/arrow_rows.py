"""Arrow tables and Parquet files as columns of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.errors import DataError, LimitError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

CELL_CHARACTERS = 131_072  # longest cell of any kind of file, as in the csv module
_BYTES_PER_CHARACTER = 4  # at most, in UTF-8
_BATCH_ROWS = 1000
_UNPACKED = 4  # a Parquet file may hold this many times the text that another file may


def read_parquet(
    data: bytes, name: str, most_rows: int, most_bytes: int
) -> dict[str, list[str]]:
    """Read a Parquet file; columns that are not text, numbers or dates are left out.

    Raises:
        DataError: the file is damaged.
        LimitError: too many rows, or it unpacks to too much text.
    """
    import pyarrow as pa

    columns: dict[str, list[str]] = {}
    try:
        for batch in _batches(data, name, most_rows, most_bytes):
            for column, cells in text_columns(pa.Table.from_batches([batch])).items():
                columns.setdefault(column, []).extend(cells)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            "The file {name!r} is damaged or no Parquet file. Save it again.", name=name) from error
    return columns


def text_columns(table: pa.Table) -> dict[str, list[str]]:
    """The columns that can be written as text, lists of texts as JSON; missing values are empty.

    Of columns with one name the last counts.
    """
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        cells = _list_cells(column) if _lists_texts(column.type) else _text_cells(column)
        if cells is not None:
            columns[name] = cells
    return columns


def _batches(
    data: bytes, name: str, most_rows: int, most_bytes: int
) -> Iterator[pa.RecordBatch]:
    """The flat columns of a Parquet file, some rows at a time.

    Raises:
        LimitError: too many rows, too much text, or one immense text.
    """
    file, columns = _open(data)
    if file.metadata.num_rows > most_rows:
        raise LimitError(
            "The file {name!r} has {count} rows; {limit} are allowed. Use a part of it.",
            name=name, count=file.metadata.num_rows, limit=most_rows)
    size = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
        size += _text_bytes(batch, name)
        if size > _UNPACKED * most_bytes:
            raise LimitError(
                "The file {name!r} unpacks to more than {limit} MB of text. Use a part of it.",
                name=name, limit=_UNPACKED * most_bytes // 1_000_000)
        yield batch


def _open(data: bytes) -> tuple[pq.ParquetFile, list[str]]:
    """A Parquet file and its flat columns.

    Text that is encoded with a dictionary is kept so until its lengths are known: a small file may
    hold a very large text many times.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(pa.BufferReader(data))
    flat = [field.name for field in schema if not pa.types.is_nested(field.type)]
    return pq.ParquetFile(pa.BufferReader(data), read_dictionary=flat), flat


def _list_cells(column: pa.ChunkedArray) -> list[str]:
    return [
        "" if cell is None else json.dumps(cell, ensure_ascii=False)
        for cell in column.to_pylist()
    ]


def _text_cells(column: pa.ChunkedArray) -> list[str] | None:
    """The column as text; None for bytes, structures and lists of anything but texts."""
    import pyarrow as pa

    try:
        cells = column.cast(pa.large_string()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    missing = (None, "nan") if pa.types.is_floating(column.type) else (None,)
    return ["" if cell in missing else cell for cell in cells]


def _lists_texts(kind: pa.DataType) -> bool:
    import pyarrow as pa

    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(lists and _is_text(kind.value_type))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _text_bytes(batch: pa.RecordBatch, name: str) -> int:
    """Bytes of text in a batch of rows once dictionaries are spelt out; raises as `_batches`."""
    return sum(_column_bytes(column, name) for column in batch.columns)


def _column_bytes(column: pa.Array, name: str) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = column.dictionary if pa.types.is_dictionary(column.type) else column
    if not (_is_text(values.type) or _is_binary(values.type)):
        return 0
    lengths = pc.binary_length(values)
    if (pc.max(lengths).as_py() or 0) > _BYTES_PER_CHARACTER * CELL_CHARACTERS:
        raise LimitError(
            "The file {name!r} holds a text of more than {limit} characters. Shorten or remove it.",
            name=name, limit=CELL_CHARACTERS)
    spelt_out = lengths.take(column.indices) if values is not column else lengths
    return int(pc.sum(spelt_out).as_py() or 0)
