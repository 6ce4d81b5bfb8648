"""A person's tables on the way to becoming a task: what they hold, what is wrong, and the task once there is one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

from core.data.checks import check_table, check_task
from core.data.columns import MAX_LABELS, ColumnMap, clean, guess_columns, sorted_labels, task_from_tables, with_more
from core.data.files import DataLimits, Table
from core.data.findings import Finding
from core.data.task import Example, Task
from core.errors import ClozeLabError

PARTS = ("train", "test", "unlabelled")
_NAMED = 8  # columns that a message names
_MEASURED = 2_000  # texts whose length in tokens is counted
_ORDER = ("error", "warning", "note")

CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True)
class Draft:
    """Tables and what they are to become.

    Test data and texts without labels may have other column names than the training data; theirs are guessed then.

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
        return {part: table if part == "train" else _renamed(table, self._columns_of(part))
                for part, table in self.given.items()}

    def _columns_of(self, part: str) -> ColumnMap:
        return self.columns.without_answers if part == "unlabelled" else self.columns

    def labels(self) -> list[str]:
        """What the label column holds, sorted as the task's labels will be; nothing if it holds too many values."""
        column = self.columns.label or ""
        found = {clean(row.get(column, "")) for part in ("train", "test") if part in self.tables
                 for row in self.tables[part].rows} - {""}
        return sorted_labels(found) if len(found) <= MAX_LABELS else []

    def task(self, limits: DataLimits = DataLimits()) -> Task:
        """The task that the tables make.

        Raises:
            DataError, LimitError: see `task_from_tables`.
        """
        train = self.tables["train"]
        name = self.name.strip() or stem(train)
        columns = with_more(self.tables.values(), self.columns, limits)
        return task_from_tables(name, train, columns, test=self.tables.get("test"), title=name,
                                unlabelled=self.tables.get("unlabelled"), label_names=self.label_names, limits=limits)

    def look(self, *, shots: int = 16, limits: DataLimits = DataLimits(), count_tokens: CountTokens | None = None,
             max_length: int | None = None) -> DraftView:
        """Check tables and task, the worst findings first. Too few rows for K is a warning: a smaller K can be used.

        Args:
            count_tokens: gives the lengths of texts in tokens of a model that takes `max_length` of them.
        """
        found = [finding for part, table in self.tables.items() for finding in self._of_table(part, table)]
        try:
            task = self.task(limits)
        except ClozeLabError as problem:
            if not any(finding.severity == "error" for finding in found):
                found.append(Finding("error", problem.template, problem.values))
            return DraftView(None, _worst_first(found))
        more = _of_task(task, shots, count_tokens, max_length)
        told = {finding.template for finding in more}
        return DraftView(task, _worst_first([*(each for each in found if each.template not in told), *more]))

    def _of_table(self, part: str, table: Table) -> list[Finding]:
        try:
            return check_table(table, self._columns_of(part))
        except ClozeLabError as problem:
            return [Finding("error", problem.template, problem.values)]


@dataclass(frozen=True)
class DraftView:
    """What was found: the task, or None where something is in its way, and all findings."""

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
    return re.sub(r"(?i)(?<=.)\.(csv|tsv|txt|json|jsonl|ndjson|parquet|pq)$", "", table.name)


def _renamed(table: Table, columns: ColumnMap) -> Table:
    """The table with its own columns under the names of `columns`, unless it has these, or none to take for them."""
    guess = guess_columns(table)
    wanted = {role: column for role, column in columns.named.items() if column not in table.columns}
    if not wanted or not wanted.keys() <= guess.named.keys():
        return table
    missing = [(column, guess.named[role]) for role, column in wanted.items()]
    notes = [Finding("note", "{name!r} has no column {column!r}; its column {found!r} was taken for it.",
                     {"name": table.name, "column": new, "found": old}) for new, old in missing]
    return replace(table, columns=(*table.columns, *(new for new, _ in missing)), notes=(*table.notes, *notes),
                   rows=[{**row, **{new: row[old] for new, old in missing}} for row in table.rows])


def _of_task(task: Task, shots: int, count_tokens: CountTokens | None, max_length: int | None) -> list[Finding]:
    lengths = count_tokens(_spread([*task.train, *task.test])) if count_tokens else []
    found = [*_of_further_texts(task)]
    found += [replace(finding, severity="warning") if finding.severity == "error" else finding
             for finding in check_task(task, shots=shots, lengths=lengths, max_length=max_length)]
    if lengths:
        found.append(Finding("note", "Texts have {median} tokens in the middle (median) and {longest} at most; {limit} "
                             "fit into the model.", {"median": round(median(lengths)), "longest": max(lengths),
                                                     "limit": max_length}))
    return found


def _of_further_texts(task: Task) -> Iterator[Finding]:
    """What columns beside text and label are good for."""
    schema = task.schema
    if schema.kind == "choice":
        yield Finding("note", "Each row brings its own answers: the label names the column of the right one, "
                      "{columns}.", {"columns": _some(schema.labels)})
    if schema.kind == "generation":
        examples = (*task.train, *task.test)
        yield Finding("note", "The answers are texts: {sources} sources have {references} references. Rows with the same "
                      "source are references of one example.",
                      {"sources": len(examples), "references": sum(len(each.references) for each in examples)})
    others = [name for name in schema.columns if name not in schema.labels or schema.kind != "choice"]
    if others:
        yield Finding("note", "Patterns can also show the other columns by their names: {fields}.",
                      {"fields": _some(["{" + name + "}" for name in others])})


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _spread(examples: Sequence[Example]) -> list[str]:
    """Texts of up to 2,000 examples, evenly from the whole."""
    every = -(-len(examples) // _MEASURED) or 1
    return [f"{example.text_a} {example.text_b}".strip() for example in examples[::every]]


def _worst_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: _ORDER.index(finding.severity))
