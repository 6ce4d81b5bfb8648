"""From a table to a task: which columns hold texts and labels, and which rows train and test."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.choice_forms import choice_columns, in_one_form
from core.data.column_names import LABELS, PAIRS, TEXTS, is_number, plain
from core.data.files import DataLimits, Table, read_table
from core.data.references import merge_references, source_and_target
from core.data.task import Example, Schema, Task, generation
from core.errors import DataError, LimitError, SpecError

MAX_LABELS = 100
MAX_MORE = MAX_LABELS + 10  # further texts of an example
_LABEL_CHARACTERS = 50  # beyond which a column does not look like labels
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_PARTS = ("train", "test", "unlabelled")
_RESERVED = ("text_a", "text_b", "mask", "sep", "label")
_LABELLED_KEYS, _GENERATION_KEYS = ("text_a", "text_b", "label"), ("source", "target")
_SPEC_KEYS = (*_PARTS, *_LABELLED_KEYS, *_GENERATION_KEYS, "name")


@dataclass(frozen=True)
class ColumnMap:
    """Which columns hold what.

    Attributes:
        text_a: the text; in generation the source.
        label: the label; None where there is none.
        text_b: the second text of pairs.
        more: further texts.
        target: in generation the text to be written.
    """

    text_a: str
    label: str | None
    text_b: str | None = None
    more: tuple[str, ...] = ()
    target: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """The columns that are given, by what they hold; without further texts."""
        given = {"text_a": self.text_a, "text_b": self.text_b, "label": self.label, "target": self.target}
        return {role: column for role, column in given.items() if column is not None}

    @property
    def without_answers(self) -> ColumnMap:
        """The same for texts whose answers are not known."""
        return replace(self, label=None, target=None)


def guess_columns(table: Table, *, text_a: str | None = None, text_b: str | None = None,
                  label: str | None = None) -> ColumnMap:
    """Guess by usual names and, failing that, by shape: few short values are labels, the longest text is the text.

    Columns that are given are taken as they are; once `text_a` is given, no second text is guessed. Where nothing is
    given, columns called `source` and `target` make generation data.
    """
    generated = source_and_target(table) if (text_a, text_b, label) == (None, None, None) else None
    if generated:
        return ColumnMap(generated[0], None, target=generated[1])
    filled = [column for column in table.columns if any(row[column] for row in table.rows)] or list(table.columns)
    free = [column for column in filled if column not in (text_a, text_b, label)]
    named = {plain(column): column for column in reversed(free)}
    pair = next(((named[a], named[b]) for a, b in PAIRS if a in named and b in named), ()) if text_a is None else ()
    label = label or next((named[name] for name in LABELS if name in named and named[name] not in pair), None)
    if text_a is None:
        usual = next((named[name] for name in TEXTS if name in named), None)
        text_a = pair[0] if pair else usual or _longest(table, [each for each in free if each != label] or filled)
        text_b = text_b or (pair[1] if pair else None)
    label = label or _label_by_shape(table, [each for each in free if each not in (text_a, text_b)])
    return ColumnMap(text_a, label, text_b)


def with_more(tables: Iterable[Table], columns: ColumnMap, limits: DataLimits = DataLimits()) -> ColumnMap:
    """The same with all other columns as further texts whose names a pattern can hold.

    Numbers of rows are left out, and columns with a cell that is too long for a text: nobody asked for them.
    """
    used = set(columns.named.values())
    free = dict.fromkeys(
        column for table in tables for column in table.columns
        if column not in used and is_field_name(column) and not is_number(column)
        and any(row[column] for row in table.rows)
        and all(len(row[column]) <= limits.text_characters for row in table.rows))
    return replace(columns, more=tuple(free)[:MAX_MORE])


def is_field_name(column: str) -> bool:
    """Whether a pattern can show the column by its name."""
    return bool(re.fullmatch(r"[^\W\d]\w{0,39}", column)) and column not in _RESERVED


def read_examples(table: Table, columns: ColumnMap) -> tuple[Example, ...]:
    """One example for each row, also where its text is empty; an empty label is None.

    Raises:
        DataError: a column does not exist.
    """
    for column in columns.named.values():
        if column not in table.columns:
            raise DataError("{name!r} has no column {column!r}. Its columns are {columns}.", name=table.name,
                            column=column[:80], columns=", ".join(each[:40] for each in table.columns[:20]))
    texts_b = (clean(row[columns.text_b]) for row in table.rows) if columns.text_b else ("" for _ in table.rows)
    labels = (clean(row[columns.label]) or None for row in table.rows) if columns.label else (None for _ in table.rows)
    texts_a = (clean(row[columns.text_a]) for row in table.rows)
    more = (tuple((name, clean(row.get(name, ""))) for name in columns.more) for row in table.rows)
    targets = (clean(row[columns.target]) if columns.target else "" for row in table.rows)
    return tuple(Example(text_a, text_b, label, texts, (target,) if target else ())
                 for text_a, text_b, label, texts, target in zip(texts_a, texts_b, labels, more, targets, strict=True))


def examples_of(table: Table, columns: ColumnMap, *, limits: DataLimits = DataLimits()) -> tuple[Example, ...]:
    """As `read_examples`, within limits.

    Raises:
        DataError: a column does not exist.
        LimitError: too many rows, or a text is too long.
    """
    if len(table.rows) > limits.rows:
        raise LimitError("{name!r} has {count} rows; {limit} are allowed. Use a part of it.", name=table.name,
                         count=len(table.rows), limit=limits.rows)
    examples = read_examples(table, columns)
    for number, example in enumerate(examples, 1):
        length = max(map(len, (example.text_a, example.text_b, *example.references,
                               *(text for _, text in example.more))))
        if length > limits.text_characters:
            raise LimitError("Row {row} of {name!r} has a text of {length} characters; {limit} are allowed. Shorten or "
                             "remove it.", row=number, name=table.name, length=length, limit=limits.text_characters)
    return examples


def task_from_tables(name: str, train: Table, columns: ColumnMap, *, test: Table | None = None,
                     unlabelled: Table | None = None, title: str = "", label_names: Mapping[str, str] | None = None,
                     limits: DataLimits = DataLimits()) -> Task:
    """Make a task of tables. Without `test`, half of the rows of each label become the test part, whatever their order.

    Args:
        label_names: what labels are to be called, by what the column holds; others keep their names, and so do all
            where they name the columns of the answers to choose from.

    Raises:
        DataError: a column is missing, no rows remain, or there are fewer than two or very many labels.
        LimitError: too many rows, or a text is too long.
    """
    if columns.target is None:
        schema, parts = _labelled_parts(train, test, columns, label_names, limits)
    else:
        schema = generation(columns=columns.more)
        parts = [_with_references(part, columns, limits) for part in (train, test) if part is not None]
    train_part, test_part = parts if test is not None else _halves(parts[0])
    if not test_part and schema.kind == "generation":
        raise DataError("{name!r} has too few rows to set some aside for testing: it has one source only. Add rows or "
                        "a test file.", name=train.name)
    if not test_part:
        raise DataError("{name!r} has too few rows to set some aside for testing: no label has two different texts. "
                        "Add rows or a test file.", name=train.name)
    more = examples_of(unlabelled, columns.without_answers, limits=limits) if unlabelled is not None else ()
    return Task(name, schema, tuple(train_part), tuple(test_part),
                tuple(example for example in more if example.text_a), title=title or name)


def _labelled_parts(train: Table, test: Table | None, columns: ColumnMap, label_names: Mapping[str, str] | None,
                    limits: DataLimits) -> tuple[Schema, list[list[Example]]]:
    """The schema that the labels make, and the parts with each label as it is to be called."""
    parts = [_labelled(part, columns, limits) for part in (train, test) if part is not None]
    found = {example.label or "" for part in parts for example in part}
    choices = choice_columns(sorted(found), columns.more)
    if choices:
        label_names, found = None, set(choices)
    if not 2 <= len(found) <= MAX_LABELS:
        raise DataError("Column {column!r} of {name!r} holds {count} different label(s), such as {labels}; between "
                        "2 and {limit} are needed. Is it the right column?", column=columns.label, name=train.name,
                        count=len(found), limit=MAX_LABELS,
                        labels=", ".join(repr(label[:40]) for label in sorted(found, key=natural_key)[:3]))
    called = {label: (label_names or {}).get(label, label) for label in choices or sorted_labels(found)}
    parts = [[replace(example, label=called[example.label or ""]) for example in part] for part in parts]
    for example in (each for part in parts for each in part if choices):
        if not example.text(example.label or ""):
            raise DataError("In {name!r} the label {label!r} names an answer that is empty in the row {text!r}. "
                            "Correct or remove it.", name=train.name, label=example.label, text=example.text_a[:60])
    labels, pairs = tuple(dict.fromkeys(called.values())), any(example.text_b for part in parts for example in part)
    return Schema("choice" if choices else "classification", labels, pairs, columns.more), parts


def task_from_files(spec: Mapping[str, object], limits: DataLimits = DataLimits()) -> Task:
    """Make a task of the files that a study names: `{train, test, unlabelled, text_a, text_b, label, name}`.

    For generation the columns are `source` and `target`. Only `train` is required. Columns that are not given are
    guessed; but once `text_a` is given, there is a second text only if `text_b` is given too. All other columns are
    further texts, which patterns show by the column's name.

    Raises:
        SpecError: a key is unknown or missing, or its value is no text.
        DataError, LimitError: a file cannot be used as it is.
    """
    given = _checked_spec(spec)
    tables = {part: in_one_form(read_table(os.path.expanduser(given[part]), limits))
              for part in _PARTS if part in given}
    train = tables["train"]
    if "source" in given:
        columns = ColumnMap(given["source"], None, target=given["target"])
    else:
        columns = guess_columns(train, text_a=given.get("text_a"), text_b=given.get("text_b"),
                                label=given.get("label"))
    columns = with_more(tables.values(), columns, limits)
    return task_from_tables(given.get("name") or Path(train.name).stem, train, columns, test=tables.get("test"),
                            unlabelled=tables.get("unlabelled"), limits=limits)


def clean(text: str) -> str:
    """Text without control characters and without space around it."""
    return _CONTROLS.sub("", text).strip()


def natural_key(label: str) -> list[tuple[int, str]]:
    """Sorts `item 2` before `item 10`, upper and lower case together."""
    chunks = re.split(r"(\d+)", label.casefold())
    digits = [chunk.lstrip("0") for chunk in chunks]
    return [(len(digits[at]), digits[at]) if at % 2 else (0, chunk) for at, chunk in enumerate(chunks)]


def sorted_labels(labels: set[str]) -> list[str]:
    """Numbers by their value, anything else naturally."""
    if all(re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", label) for label in labels):
        return sorted(labels, key=lambda label: (float(label), label))
    return sorted(labels, key=lambda label: (natural_key(label), label))


def _longest(table: Table, columns: Sequence[str]) -> str:
    return max(columns, key=lambda column: sum(len(row[column]) for row in table.rows))


def _label_by_shape(table: Table, columns: Sequence[str]) -> str | None:
    """The column with the fewest values, if they are short and repeat (or it is the only one left)."""
    candidates = []
    for column in columns:
        cells = [row[column] for row in table.rows if row[column]]
        values = set(cells)
        repeats = len(values) * 2 <= len(cells) or len(columns) == 1
        if repeats and 2 <= len(values) <= MAX_LABELS and max(map(len, values)) <= _LABEL_CHARACTERS:
            candidates.append((len(values), column))
    return min(candidates, key=lambda each: each[0])[1] if candidates else None


def _labelled(table: Table, columns: ColumnMap, limits: DataLimits) -> list[Example]:
    if columns.label is None or (columns.label == columns.text_a and len(table.columns) == 1):
        raise DataError("{name!r} has no column that looks like labels. Its columns are {columns}; say which holds the "
                        "labels.", name=table.name, columns=", ".join(each[:40] for each in table.columns[:20]))
    if columns.label in (columns.text_a, columns.text_b):
        raise DataError("The column {column!r} of {name!r} cannot hold both texts and labels. Choose two columns.",
                        column=columns.label, name=table.name)
    examples = [each for each in examples_of(table, columns, limits=limits) if each.text_a and each.label is not None]
    if not examples:
        raise DataError("No row of {name!r} has both a text ({text!r}) and a label ({label!r}). Are these the right "
                        "columns?", name=table.name, text=columns.text_a, label=columns.label)
    return examples


def _with_references(table: Table, columns: ColumnMap, limits: DataLimits) -> list[Example]:
    """One example for each source, with its references."""
    if columns.target == columns.text_a:
        raise DataError("The column {column!r} of {name!r} cannot hold both the source and the target. Choose two "
                        "columns.", column=columns.target, name=table.name)
    rows = (each for each in examples_of(table, columns, limits=limits) if each.text_a and each.references)
    examples = merge_references(rows)
    if not examples:
        raise DataError("No row of {name!r} has both a source ({source!r}) and a target ({target!r}). Are these the "
                        "right columns?", name=table.name, source=columns.text_a, target=columns.target)
    return examples


def _halves(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Train and test: of each label the texts with the smallest digests test, up to half; equal texts stay together."""
    groups: dict[tuple[str | None, str], list[int]] = {}
    for index, example in enumerate(examples):
        digest = hashlib.sha256(f"{example.text_a}\x1f{example.text_b}".encode()).hexdigest()
        groups.setdefault((example.label, digest), []).append(index)
    room = {label: count // 2 for label, count in Counter(example.label for example in examples).items()}
    testing: set[int] = set()
    for (label, _), indices in sorted(groups.items(), key=lambda each: each[0][1]):
        if len(indices) <= room[label]:
            testing.update(indices)
            room[label] -= len(indices)
    return ([example for index, example in enumerate(examples) if index not in testing],
            [example for index, example in enumerate(examples) if index in testing])


def _checked_spec(spec: Mapping[str, object]) -> dict[str, str]:
    known = ", ".join(_SPEC_KEYS)
    for key, value in spec.items():
        if key not in _SPEC_KEYS:
            raise SpecError("A task of files has no key {key!r}. Its keys are {keys}.", key=str(key)[:60], keys=known)
        if value is not None and not isinstance(value, str):
            raise SpecError("{key!r} is {value!r}; it must be a text.", key=key, value=str(value)[:60])
    given = {key: value for key, value in spec.items() if isinstance(value, str) and value}
    if "train" not in given:
        raise SpecError("A task of files needs the key {key!r}: the file to train on. Its keys are {keys}.",
                        key="train", keys=known)
    generating = [key for key in _GENERATION_KEYS if key in given]
    if generating and (len(generating) < 2 or any(key in given for key in _LABELLED_KEYS)):
        raise SpecError("A task of files whose answers are texts takes both {source} and {target}, and none of {others}.",
                        source="'source'", target="'target'", others=", ".join(_LABELLED_KEYS))
    return given
