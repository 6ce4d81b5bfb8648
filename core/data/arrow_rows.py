"""Arrow tables and Parquet files as columns of text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from core.errors import DataError, LimitError

if TYPE_CHECKING:
    import pyarrow as pa

CELL_CHARACTERS = 131_072  # longest cell of any kind of file, as in the csv module
_BATCH_ROWS = 1000
_UNPACKED = 4  # a Parquet file may hold this many times the text that another file may


def read_parquet(data: bytes, name: str, most_rows: int, most_bytes: int) -> dict[str, list[str]]:
    """Read a Parquet file; columns that are not text, numbers or dates are left out.

    Dictionary-encoded text is kept so until its lengths are known: a small file may hold a very large text many times.

    Raises:
        DataError: the file is damaged.
        LimitError: too many rows, or it unpacks to too much text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(pa.BufferReader(data))
        flat = [field.name for field in schema if not pa.types.is_nested(field.type)]
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=flat)
        if file.metadata.num_rows > most_rows:
            raise LimitError("The file {name!r} has {count} rows; {limit} are allowed. Use a part of it.", name=name,
                             count=file.metadata.num_rows, limit=most_rows)
        columns: dict[str, list[str]] = {}
        size = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=flat):
            size += _checked_size(batch, name)
            if size > _UNPACKED * most_bytes:
                raise LimitError("The file {name!r} unpacks to more than {limit} MB of text. Use a part of it.",
                                 name=name, limit=_UNPACKED * most_bytes // 1_000_000)
            for column, cells in text_columns(pa.Table.from_batches([batch])).items():
                columns.setdefault(column, []).extend(cells)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError("The file {name!r} is damaged or no Parquet file. Save it again.", name=name) from error
    return columns


def text_columns(table: pa.Table) -> dict[str, list[str]]:
    """The columns that can be written as text, lists of texts as JSON; missing values are empty.

    Of columns with one name the last counts.
    """
    import pyarrow as pa

    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if _lists_texts(column.type):
            columns[name] = ["" if cell is None else json.dumps(cell, ensure_ascii=False)
                             for cell in column.to_pylist()]
            continue
        try:
            cells = column.cast(pa.large_string()).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # bytes, structures, other lists
            continue
        missing = (None, "nan") if pa.types.is_floating(column.type) else (None,)
        columns[name] = ["" if cell in missing else cell for cell in cells]
    return columns


def _lists_texts(kind: pa.DataType) -> bool:
    import pyarrow as pa

    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(lists and (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)))


def _checked_size(batch: pa.RecordBatch, name: str) -> int:
    """Bytes of text in a batch of rows once dictionaries are spelt out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = 0
    for column in batch.columns:
        values = column.dictionary if pa.types.is_dictionary(column.type) else column
        if not (pa.types.is_large_string(values.type) or pa.types.is_string(values.type)
                or pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)):
            continue
        lengths = pc.binary_length(values)
        if (pc.max(lengths).as_py() or 0) > 4 * CELL_CHARACTERS:
            raise LimitError("The file {name!r} holds a text of more than {limit} characters. Shorten or remove it.",
                             name=name, limit=CELL_CHARACTERS)
        spelt = lengths.take(column.indices) if values is not column else lengths
        size += pc.sum(spelt).as_py() or 0
    return size
