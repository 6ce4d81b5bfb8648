"""A person's tables that are to become a task: what they hold, what is wrong, and the task."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from statistics import median

from core.data.checks import check_table, check_task
from core.data.columns import MAX_LABELS, ColumnMap, guess_columns, with_further_columns
from core.data.examples import clean
from core.data.files import DataLimits, Table
from core.data.findings import Finding
from core.data.label_lists import one_label
from core.data.label_order import sorted_labels
from core.data.task import Example, Task
from core.data.task_tables import task_from_tables
from core.errors import ClozeLabError

PARTS = ("train", "test", "unlabelled")
_NAMED = 8  # columns that a message names
_MEASURED = 2_000  # texts whose length in tokens is counted
_SEVERITIES = ("error", "warning", "note")  # the worst first

CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True)
class TaskDraft:
    """Tables and what they are to become.

    Test data and texts without labels may have other column names than the training data; theirs
    are guessed then.

    Attributes:
        given: tables by part; train is always there.
        columns: which of the training data's columns hold texts and labels.
        name: of the task; empty for the training file's own.
        label_names: what labels are to be called, by what the column holds.
    """

    given: Mapping[str, Table]
    columns: ColumnMap
    name: str = ""
    label_names: Mapping[str, str] | None = None

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables, all with the training data's column names."""
        return {
            part: table if part == "train" else _renamed(table, self._columns_of(part))
            for part, table in self.given.items()
        }

    def _columns_of(self, part: str) -> ColumnMap:
        return self.columns.without_answers if part == "unlabelled" else self.columns

    def labels(self) -> list[str]:
        """What the label column holds, sorted as the task's labels; empty for too many values."""
        labels = self._label_cells() - {""}
        return sorted_labels(labels) if len(labels) <= MAX_LABELS else []

    def _label_cells(self) -> set[str]:
        column = self.columns.label or ""
        labelled = [self.tables[part] for part in ("train", "test") if part in self.tables]
        return {one_label(clean(row.get(column, ""))) for table in labelled for row in table.rows}

    def task(self, limits: DataLimits = DataLimits()) -> Task:
        """The task that the tables make.

        Raises:
            DataError, LimitError: see `task_from_tables`.
        """
        train = self.tables["train"]
        name = self.name.strip() or stem(train)
        return task_from_tables(
            name,
            train,
            with_further_columns(self.tables.values(), self.columns, limits),
            test=self.tables.get("test"),
            unlabelled=self.tables.get("unlabelled"),
            title=name,
            label_names=self.label_names,
            limits=limits,
        )

    def check(
        self,
        *,
        shots: int = 16,
        limits: DataLimits = DataLimits(),
        count_tokens: CountTokens | None = None,
        max_length: int | None = None,
    ) -> CheckedDraft:
        """Check the tables and the task that they make.

        Too few rows for K is a warning only: a smaller K can be used.

        Args:
            count_tokens: gives the lengths of texts in tokens of a model.
            max_length: how many tokens that model takes.
        """
        of_tables = self._table_findings()
        try:
            task = self.task(limits)
        except ClozeLabError as error:
            if not any(finding.severity == "error" for finding in of_tables):
                of_tables.append(_as_finding(error))
            return CheckedDraft(None, _worst_first(of_tables))
        of_task = _task_findings(task, shots, count_tokens, max_length)
        repeated = {finding.template for finding in of_task}
        of_tables = [finding for finding in of_tables if finding.template not in repeated]
        return CheckedDraft(task, _worst_first([*of_tables, *of_task]))

    def _table_findings(self) -> list[Finding]:
        parts = (self._part_findings(part, table) for part, table in self.tables.items())
        return list(chain.from_iterable(parts))

    def _part_findings(self, part: str, table: Table) -> list[Finding]:
        try:
            return check_table(table, self._columns_of(part))
        except ClozeLabError as error:
            return [_as_finding(error)]


@dataclass(frozen=True)
class CheckedDraft:
    """The task, or None if an error is among the findings; and all findings, the worst first."""

    task: Task | None
    findings: list[Finding]

    def balance(self) -> dict[str, int]:
        """Training rows of each label."""
        if self.task is None:
            return {}
        counts = Counter(example.label for example in self.task.train)
        return {label: counts[label] for label in self.task.schema.labels}


def stem(table: Table) -> str:
    """The name of a table's file without its extension."""
    return re.sub(r"(?i)(?<=.)\.(csv|tsv|txt|json|jsonl|ndjson|xml|parquet|pq)$", "", table.name)


def _renamed(table: Table, columns: ColumnMap) -> Table:
    """The table with the columns that are wanted and missing; as it is if a guess lacks one.

    A missing column is filled with the one that is guessed to have its role.
    """
    wanted = columns.named.items()
    missing = {role: column for role, column in wanted if column not in table.columns}
    if not missing:
        return table
    guessed = guess_columns(table).named
    if not missing.keys() <= guessed.keys():
        return table
    sources = {column: guessed[role] for role, column in missing.items()}
    return replace(
        table,
        columns=(*table.columns, *sources),
        rows=[{**row, **{new: row[old] for new, old in sources.items()}} for row in table.rows],
        notes=(*table.notes, *_renaming_notes(table.name, sources)),
    )


def _renaming_notes(name: str, sources: Mapping[str, str]) -> Iterator[Finding]:
    for new, old in sources.items():
        yield Finding(
            "note", "{name!r} has no column {column!r}; its column {found!r} was taken for it.",
            {"name": name, "column": new, "found": old})


def _task_findings(
    task: Task, shots: int, count_tokens: CountTokens | None, max_length: int | None
) -> list[Finding]:
    """Findings about the task, none of them an error: another K or model may be chosen."""
    lengths = count_tokens(_sample([*task.train, *task.test])) if count_tokens else []
    checked = check_task(task, shots=shots, lengths=lengths, max_length=max_length)
    findings = [*_answer_notes(task), *_column_notes(task), *map(_at_most_warning, checked)]
    if lengths:
        findings.append(_length_note(lengths, max_length))
    return findings


def _at_most_warning(finding: Finding) -> Finding:
    return replace(finding, severity="warning") if finding.severity == "error" else finding


def _length_note(lengths: Sequence[int], max_length: int | None) -> Finding:
    return Finding(
        "note", "Texts have {median} tokens in the middle (median) and {longest} at most; {limit} "
        "fit into the model.",
        {"median": round(median(lengths)), "longest": max(lengths), "limit": max_length})


def _answer_notes(task: Task) -> Iterator[Finding]:
    """What an answer is, unless it is a label."""
    if task.schema.kind == "choice":
        yield Finding(
            "note", "Each row brings its own answers: the label names the column of the right one, "
            "{columns}.",
            {"columns": _shortened(task.schema.labels)})
    if task.schema.kind == "generation":
        yield Finding(
            "note", "The answers are texts. Rows with the same source are references of one "
            "example, and K counts examples.")


def _column_notes(task: Task) -> Iterator[Finding]:
    """What the columns beside texts and answers are good for."""
    schema = task.schema
    choices = schema.labels if schema.kind == "choice" else ()
    others = [name for name in schema.columns if name not in choices]
    if others:
        fields = _shortened(["{" + name + "}" for name in others])
        yield Finding(
            "note", "Patterns can also show the other columns by their names: {fields}.",
            {"fields": fields})


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _sample(examples: Sequence[Example]) -> list[str]:
    """Texts of up to 2,000 examples, taken evenly."""
    every = -(-len(examples) // _MEASURED) or 1
    return [f"{example.text_a} {example.text_b}".strip() for example in examples[::every]]


def _as_finding(error: ClozeLabError) -> Finding:
    return Finding("error", error.template, error.values)


def _worst_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity))
