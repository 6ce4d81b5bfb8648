"""What to know of data before trusting results on it: gaps, repetitions, contradictions, leaks, imbalance, length."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Literal

from core.data.columns import MAX_LABELS, ColumnMap, read_examples
from core.data.files import Table
from core.data.findings import Finding
from core.data.references import merge_references
from core.data.task import Example, Task

__all__ = ["Finding", "check_table", "check_task"]

_UNBALANCED = 4  # times as many rows of the most frequent label as of the rarest
_BETWEEN = "\x1e"


def check_table(table: Table, columns: ColumnMap) -> list[Finding]:
    """What can be said of a table before it becomes a task; first what was noticed while reading it.

    Raises:
        DataError: a column does not exist.
    """
    examples = read_examples(table, columns)
    texts = [example for example in examples if example.text_a]
    if columns.target is not None:
        texts = merge_references(texts)
    labelled = [example for example in texts if example.label is not None]
    findings = [*table.notes, *_gaps(examples, columns)]
    if columns.label is not None:
        findings += _label_findings(labelled, columns.label)
    repetitions = _repetitions(texts, _keys(texts), table.name)
    return [*findings, *repetitions, *_balance(labelled), *_lengths(texts)]


def check_task(task: Task, *, shots: int = 16, lengths: Sequence[int] | None = None,
               max_length: int | None = None) -> list[Finding]:
    """What can be said of a task.

    Args:
        shots: K, the rows of each label to train on, and as many for development.
        lengths: of texts or prompts in tokens, where they are known; longer ones than `max_length` will be shortened.
    """
    train, test = _keys(task.train), _keys(task.test)
    findings = [
        *_shots(task, shots), *_overlap(task.test, test, set(train)), *_repetitions(task.train, train, "train"),
        *_repetitions(task.test, test, "test"), *(_balance(task.train) if task.schema.kind == "classification" else ()),
        *_lengths([*task.train, *task.test]),
    ]
    longer = sum(length > max_length for length in lengths) if lengths and max_length else 0
    if longer:
        findings.append(Finding(
            "warning", "{count} of {total} texts are longer than {limit} tokens and will be shortened.",
            {"count": longer, "total": len(lengths or ()), "limit": max_length},
        ))
    return findings


def _gaps(examples: Sequence[Example], columns: ColumnMap) -> Iterator[Finding]:
    gaps = {columns.text_a: sum(not example.text_a for example in examples)}
    if columns.text_b:
        gaps[columns.text_b] = sum(not example.text_b for example in examples)
    if columns.label:
        gaps[columns.label] = sum(example.label is None for example in examples)
    if columns.target:
        gaps[columns.target] = sum(not example.references for example in examples)
    for column, count in gaps.items():
        if count:
            yield Finding(_severity(count == len(examples)), "Column {column!r} is empty in {count} of {total} rows.",
                          {"column": column, "count": count, "total": len(examples)})


def _label_findings(labelled: Sequence[Example], column: str) -> Iterator[Finding]:
    labels = sorted({example.label or "" for example in labelled})
    if len(labels) == 1:
        yield Finding("error", "Column {column!r} holds only one label, {label!r}. At least two are needed.",
                      {"column": column, "label": labels[0]})
    if len(labels) > MAX_LABELS:
        yield Finding("error", "Column {column!r} holds {count} different labels; {limit} are allowed. Is it the right "
                      "column?", {"column": column, "count": len(labels), "limit": MAX_LABELS})
    spellings: dict[str, str] = {}
    for label, plain in zip(labels[:MAX_LABELS], _without_marks(labels[:MAX_LABELS]), strict=True):
        other = spellings.setdefault(plain, label)
        if other != label:
            yield Finding("warning", "The labels {label!r} and {other!r} differ only in case, spaces or punctuation.",
                          {"label": other, "other": label})


def _shots(task: Task, shots: int) -> Iterator[Finding]:
    if task.schema.kind != "classification":
        if len(task.train) < 2 * shots:
            yield Finding("error", "K = {shots} needs {need} training rows ({shots} to train, {shots} for "
                          "development), and there are {count}. The largest possible K is {most}.",
                          {"shots": shots, "need": 2 * shots, "count": len(task.train), "most": len(task.train) // 2})
        return
    counts = Counter(example.label for example in task.train)
    label = min(task.schema.labels, key=lambda each: counts[each])
    if counts[label] < 2 * shots:
        yield Finding("error", "K = {shots} needs {need} training rows of each label ({shots} to train, {shots} for "
                      "development), but {label!r} has {count}. The largest possible K is {most}.",
                      {"shots": shots, "need": 2 * shots, "label": label, "count": counts[label],
                       "most": counts[label] // 2})


def _overlap(test: Sequence[Example], keys: Sequence[str], trained: set[str]) -> Iterator[Finding]:
    shared = [example for example, key in zip(test, keys, strict=True) if key in trained]
    if shared:
        yield Finding("warning", "{count} of {total} test texts also occur in the training part, such as {text!r}. "
                      "Results will look better than they are.",
                      {"count": len(shared), "total": len(test), "text": shared[0].text_a[:80]})


def _repetitions(examples: Sequence[Example], keys: Sequence[str], name: str) -> Iterator[Finding]:
    """Texts that occur again, with the same label or with another one."""
    labels: dict[str, set[str | None]] = {}
    again = 0
    clashing: dict[str, str] = {}
    for example, key in zip(examples, keys, strict=True):
        known = labels.setdefault(key, set())
        again += example.label in known
        if known and example.label not in known:
            clashing.setdefault(key, example.text_a)
        known.add(example.label)
    if again:
        yield Finding("warning", "{count} row(s) of {name!r} repeat the text and label of an earlier row.",
                      {"count": again, "name": name})
    if clashing:
        yield Finding("warning", "{count} text(s) of {name!r} occur with different labels, such as {text!r}.",
                      {"count": len(clashing), "name": name, "text": next(iter(clashing.values()))[:80]})


def _balance(examples: Sequence[Example]) -> Iterator[Finding]:
    counts = Counter(example.label for example in examples).most_common()
    if counts and counts[0][1] > _UNBALANCED * counts[-1][1]:
        (most, most_count), (least, least_count) = counts[0], counts[-1]
        yield Finding("warning", "The labels are unbalanced: {most!r} has {most_count} rows, {least!r} has "
                      "{least_count}. Look at macro F1 beside accuracy.",
                      {"most": most, "most_count": most_count, "least": least, "least_count": least_count})


def _lengths(examples: Sequence[Example]) -> Iterator[Finding]:
    if examples:
        lengths = [len(example.text_a) + len(example.text_b) for example in examples]
        yield Finding("note", "Texts have {median} characters in the middle (median) and {longest} at most.",
                      {"median": round(median(lengths)), "longest": max(lengths)})


def _severity(fatal: bool) -> Literal["error", "warning"]:
    return "error" if fatal else "warning"


def _keys(examples: Sequence[Example]) -> list[str]:
    """What makes the texts of two examples the same: all but case, punctuation and spaces."""
    texts_a = _without_marks([example.text_a for example in examples])
    texts_b = _without_marks([example.text_b for example in examples])
    more = ("\x1f".join(text for _, text in example.more) for example in examples)
    return [f"{a}\x1f{b}\x1f{rest}" for a, b, rest in zip(texts_a, texts_b, more, strict=True)]


def _without_marks(texts: Sequence[str]) -> list[str]:
    """Texts without case, punctuation and spaces, all at once for speed; text of marks only stays as it is."""
    joined = _BETWEEN.join(text.replace(_BETWEEN, " ") for text in texts).casefold()
    for character in set(joined) - {_BETWEEN}:
        if character.isspace() or unicodedata.category(character)[0] in "PZ":
            joined = joined.replace(character, "")
    return [plain or text for plain, text in zip(joined.split(_BETWEEN), texts, strict=False)]
