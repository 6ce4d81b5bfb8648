"""Arrow tables and Parquet files as columns of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.data.column_names import LABELS, plain
from core.errors import DataError, LimitError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

CELL_CHARACTERS = 131_072  # longest cell of any kind of file, as in the csv module
_BYTES_PER_CHARACTER = 4  # at most, in UTF-8
_BATCH_ROWS = 1000
_NESTED = ("answers", "annotations", "tripleset", "modifiedtriplesets", "lex")  # published ones
_UNPACKED = 4  # a Parquet file may hold this many times the text that another file may


@dataclass(frozen=True)
class TextColumns:
    """The columns of an Arrow table as text.

    Attributes:
        cells: by column; lists are JSON, missing values empty.
        left_out: the other columns with their types.
        names: what numbered labels are called, by column.
    """

    cells: Mapping[str, list[str]]
    left_out: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]


def read_parquet(data: bytes, name: str, most_rows: int, most_bytes: int) -> TextColumns:
    """Read a Parquet file as `text_columns` reads a table.

    Raises:
        DataError: the file is damaged.
        LimitError: too many rows, or it unpacks to too much text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells: dict[str, list[str]] = {}
    try:
        schema = pq.read_schema(pa.BufferReader(data))
        for batch in _batches(data, schema, name, most_rows, most_bytes):
            for column, more in _text_cells(pa.Table.from_batches([batch])).items():
                cells.setdefault(column, []).extend(more)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            "The file {name!r} is damaged or no Parquet file. Save it again.", name=name) from error
    rows = max(map(len, cells.values()), default=0)
    return _columns({column: all_cells for column, all_cells in cells.items()
                     if len(all_cells) == rows}, schema)


def text_columns(table: pa.Table) -> TextColumns:
    """The columns that can be written as text: texts, numbers, dates, lists of texts or labels.

    Of columns with one name the last counts.
    """
    return _columns(_text_cells(table), table.schema)


def _columns(cells: dict[str, list[str]], schema: pa.Schema) -> TextColumns:
    left_out = {field.name: str(field.type) for field in schema if field.name not in cells}
    return TextColumns(cells, left_out, _class_names(schema))


def _class_names(schema: pa.Schema) -> dict[str, dict[str, str]]:
    """What numbered labels are called, as the library `datasets` writes it into a schema."""
    try:
        written = json.loads((schema.metadata or {})[b"huggingface"])
        features = written["info"]["features"].items()
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
    names = {column: _names_of(feature) for column, feature in features}
    return {column: dict(zip(map(str, range(len(each))), each, strict=True))
            for column, each in names.items() if each}


def _names_of(feature: Any) -> list[str]:
    """The names of a `ClassLabel`, or of a list of such labels; none of any other feature."""
    if isinstance(feature, dict):
        feature = feature.get("feature", feature)
    names = feature.get("names") if isinstance(feature, dict) else None
    return list(map(str, names)) if isinstance(names, list) else []


def _text_cells(table: pa.Table) -> dict[str, list[str]]:
    """The cells of the columns that can be written as text."""
    cells = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        if _is_readable(field):
            found = _json_cells(column) if _is_nested(field.type) else _cast_cells(column)
            if found is not None:
                cells[field.name] = found
    return cells


def _is_readable(field: pa.Field) -> bool:
    """Whether it is no structure; of lists only those of texts and, by their name, of labels.

    Structures of published data are read by their names.
    """
    import pyarrow as pa

    if plain(field.name) in _NESTED or not _is_nested(field.type):
        return True
    items = field.type.value_type if _is_list(field.type) else pa.null()
    return _is_text(items) or (bool(pa.types.is_integer(items)) and plain(field.name) in LABELS)


def _batches(
    data: bytes, schema: pa.Schema, name: str, most_rows: int, most_bytes: int
) -> Iterator[pa.RecordBatch]:
    """The readable columns of a Parquet file, some rows at a time.

    Raises:
        LimitError: too many rows, too much text, or one immense text.
    """
    columns = [field.name for field in schema if _is_readable(field)]
    file = _open(data, schema)
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


def _open(data: bytes, schema: pa.Schema) -> pq.ParquetFile:
    """A Parquet file.

    Text that is encoded with a dictionary is kept so until its lengths are known: a small file may
    hold a very large text many times.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = [field.name for field in schema if not pa.types.is_nested(field.type)]
    return pq.ParquetFile(pa.BufferReader(data), read_dictionary=flat)


def _json_cells(column: pa.ChunkedArray) -> list[str]:
    return [
        "" if cell is None else json.dumps(cell, ensure_ascii=False)
        for cell in column.to_pylist()
    ]


def _cast_cells(column: pa.ChunkedArray) -> list[str] | None:
    """The column as text; None for bytes that are none."""
    import pyarrow as pa

    try:
        cells = column.cast(pa.large_string()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    missing = (None, "nan") if pa.types.is_floating(column.type) else (None,)
    return ["" if cell in missing else cell for cell in cells]


def _is_nested(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return any(check(kind) for check in (types.is_list, types.is_large_list,
                                         types.is_fixed_size_list))


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

    if _is_list(column.type):
        return _column_bytes(column.flatten(), name)
    if pa.types.is_struct(column.type):
        return sum(_column_bytes(field, name) for field in column.flatten())
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
