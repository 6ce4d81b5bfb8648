"""A task of tables: its schema, and which rows train and which test."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from core.data.checks import column_findings
from core.data.choice_forms import choice_columns
from core.data.column_names import plain
from core.data.columns import MAX_LABELS, ColumnMap, column_list
from core.data.examples import examples_of
from core.data.files import DataLimits, Table, named_kinds
from core.data.findings import Finding
from core.data.label_lists import has_several
from core.data.label_order import natural_key, sorted_labels
from core.data.references import merge_references
from core.data.task import Example, Schema, Task, generation
from core.errors import DataError


def task_from_tables(
    name: str,
    train: Table,
    columns: ColumnMap,
    *,
    test: Table | None = None,
    unlabelled: Table | None = None,
    title: str = "",
    label_names: Mapping[str, str] | None = None,
    limits: DataLimits = DataLimits(),
) -> Task:
    """Make a task of tables.

    Without `test`, half of the rows of each label become the test part, whatever their order.

    Args:
        label_names: what labels are to be called, by what the column holds; others keep their
            names, and so do all in multiple choice, where labels name columns.

    Raises:
        DataError: a column is missing, no rows remain, or there are fewer than two or very many
            labels.
        LimitError: too many rows, or a text is too long.
    """
    tables = [train] if test is None else [train, test]
    schema, parts = _schema_and_parts(tables, columns, label_names, limits)
    train_part, test_part = parts if test is not None else _halves(parts[0])
    if not test_part:
        raise _too_few_to_halve(train, schema)
    pool = _unlabelled(unlabelled, columns, limits) if unlabelled is not None else ()
    findings = _findings(tables, columns)
    if unlabelled is not None:
        findings += _findings([unlabelled], columns.without_answers)
    return Task(name, schema, tuple(train_part), tuple(test_part), pool, title=title or name,
                findings=findings)


def _findings(tables: Iterable[Table], columns: ColumnMap) -> tuple[Finding, ...]:
    """What was noticed in the tables; no errors, since they do make a task."""
    found = chain.from_iterable(column_findings(table, columns) for table in tables)
    return tuple(finding for finding in found if finding.severity != "error")


def _unlabelled(table: Table, columns: ColumnMap, limits: DataLimits) -> tuple[Example, ...]:
    examples = examples_of(table, columns.without_answers, limits=limits)
    return tuple(example for example in examples if example.text_a)


def _schema_and_parts(
    tables: Sequence[Table],
    columns: ColumnMap,
    label_names: Mapping[str, str] | None,
    limits: DataLimits,
) -> tuple[Schema, list[list[Example]]]:
    """The schema that all tables make together, and the examples of each table."""
    if columns.target is not None:
        parts = [_with_references(table, columns, limits) for table in tables]
        pairs = any(example.text_b for part in parts for example in part)
        return generation(pairs=pairs, columns=columns.more), parts
    parts = [_labelled(table, columns, limits) for table in tables]
    labels = {example.label or "" for part in parts for example in part}
    pairs = any(example.text_b for part in parts for example in part)
    choices = choice_columns(sorted(labels), columns.more)
    _check_label_count(choices or labels, columns, tables[0])
    if choices:
        _check_right_answers(parts, tables[0])
        return Schema("choice", choices, pairs, columns.more), parts
    names = {label: (label_names or {}).get(label, label) for label in sorted_labels(labels)}
    schema = Schema("classification", tuple(dict.fromkeys(names.values())), pairs, columns.more)
    return schema, [_with_label_names(part, names) for part in parts]


def _with_label_names(examples: Sequence[Example], names: Mapping[str, str]) -> list[Example]:
    return [replace(example, label=names[example.label or ""]) for example in examples]


def _check_label_count(labels: Collection[str], columns: ColumnMap, train: Table) -> None:
    if not 2 <= len(labels) <= MAX_LABELS:
        raise DataError(
            "Column {column!r} of {name!r} holds {count} different label(s), such as {labels}; "
            "between 2 and {limit} are needed. Is it the right column?",
            column=columns.label, name=train.name, count=len(labels), limit=MAX_LABELS,
            labels=_first(labels))


def _first(labels: Collection[str]) -> str:
    """Three labels, shortened, as a message names them."""
    return ", ".join(repr(label[:40]) for label in sorted(labels, key=natural_key)[:3])


def _check_right_answers(parts: Sequence[Sequence[Example]], train: Table) -> None:
    """Raise if the column that a label names is empty in the label's row."""
    for example in chain.from_iterable(parts):
        if not example.text(example.label or ""):
            raise DataError(
                "In {name!r} the label {label!r} names an answer that is empty in the row "
                "{text!r}. Correct or remove it.",
                name=train.name, label=example.label, text=example.text_a[:60])


def _labelled(table: Table, columns: ColumnMap, limits: DataLimits) -> list[Example]:
    """The rows with both a text and a label."""
    _check_label_column(table, columns)
    examples = [
        example
        for example in examples_of(table, columns, limits=limits)
        if example.text_a and example.label is not None
    ]
    if not examples:
        raise DataError(
            "No row of {name!r} has both a text ({text!r}) and a label ({label!r}). Are these the "
            "right columns?",
            name=table.name, text=columns.text_a, label=columns.label)
    return examples


def _check_label_column(table: Table, columns: ColumnMap) -> None:
    label, texts = columns.label, (columns.text_a, columns.text_b)
    if label is None or (label == columns.text_a and len(table.columns) == 1):
        raise _no_label_column(table)
    if label in texts:
        raise DataError(
            "The column {column!r} of {name!r} cannot hold both texts and labels. Choose two "
            "columns.",
            column=label, name=table.name)
    several = next((row[label] for row in table.rows if has_several(row.get(label, ""))), None)
    if several is not None:
        raise DataError(
            "Column {column!r} of {name!r} holds several labels in a row, such as {labels}. Such "
            "tasks (multi-label) are not supported. Keep one label a row, or make a column of yes "
            "and no for each label.",
            column=label, name=table.name, labels=several[:60])


def _no_label_column(table: Table) -> DataError:
    source = next((column for column in table.columns if plain(column) == "source"), None)
    if source is not None and not table.left_out:
        return DataError(
            "{name!r} has sources (column {source!r}) but no column of targets. Add one called "
            "{target!r}: the right text for each source, in several rows if there are several.",
            name=table.name, source=source, target="target")
    if table.left_out:
        return DataError(
            "{name!r} has no column that looks like labels. Its columns are {columns}; what cannot "
            "be read as text was left out: {left_out}. Turn the labels into text or numbers.",
            name=table.name, columns=column_list(table), left_out=named_kinds(table.left_out))
    return DataError(
        "{name!r} has no column that looks like labels. Its columns are {columns}; say which holds "
        "the labels.",
        name=table.name, columns=column_list(table))


def _with_references(table: Table, columns: ColumnMap, limits: DataLimits) -> list[Example]:
    """One example for each source, with its references."""
    if columns.target == columns.text_a:
        raise DataError(
            "The column {column!r} of {name!r} cannot hold both the source and the target. Choose "
            "two columns.",
            column=columns.target, name=table.name)
    if columns.target not in (*table.columns, *table.left_out):
        raise DataError(
            "{name!r} has no column {column!r} with the texts to be written. Without them nothing "
            "can be learned or measured. Its columns are {columns}.",
            name=table.name, column=columns.target, columns=column_list(table))
    rows = examples_of(table, columns, limits=limits)
    if not any(row.references for row in rows):
        raise _no_targets(table, columns)
    examples = merge_references(row for row in rows if row.text_a and row.references)
    if not examples:
        raise DataError(
            "No row of {name!r} has both a source ({source!r}) and a target ({target!r}). Are "
            "these the right columns?",
            name=table.name, source=columns.text_a, target=columns.target)
    return examples


def _no_targets(table: Table, columns: ColumnMap) -> DataError:
    return DataError(
        "Column {column!r} of {name!r} is empty in all {count} rows. Without texts to be written "
        "nothing can be learned or measured: add them.",
        name=table.name, column=columns.target, count=len(table.rows))


def _halves(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """A training and a test half; equal texts stay together.

    Of each label the texts with the smallest digests test, up to half of its examples, so that the
    order of the rows decides nothing.
    """
    testing = _test_indices(examples)
    train = [example for index, example in enumerate(examples) if index not in testing]
    test = [example for index, example in enumerate(examples) if index in testing]
    return train, test


def _test_indices(examples: Sequence[Example]) -> set[int]:
    groups: dict[tuple[str | None, str], list[int]] = {}
    for index, example in enumerate(examples):
        groups.setdefault((example.label, _digest(example)), []).append(index)
    counts = Counter(example.label for example in examples)
    room = {label: count // 2 for label, count in counts.items()}
    testing: set[int] = set()
    for (label, _), indices in sorted(groups.items(), key=lambda group: group[0][1]):
        if len(indices) <= room[label]:
            testing.update(indices)
            room[label] -= len(indices)
    return testing


def _digest(example: Example) -> str:
    return hashlib.sha256(f"{example.text_a}\x1f{example.text_b}".encode()).hexdigest()


def _too_few_to_halve(train: Table, schema: Schema) -> DataError:
    if schema.kind == "generation":
        return DataError(
            "{name!r} has too few rows to set some aside for testing: it has one source only. Add "
            "rows or a test file.",
            name=train.name)
    return DataError(
        "{name!r} has too few rows to set some aside for testing: no label has two different "
        "texts. Add rows or a test file.",
        name=train.name)
