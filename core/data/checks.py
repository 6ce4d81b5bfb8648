"""What to know of data before trusting results on it.

Gaps, repetitions, contradictions, leaks from the training part, imbalance and length.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from core.data.columns import MAX_LABELS, ColumnMap
from core.data.examples import clean, read_examples
from core.data.files import Table
from core.data.findings import Finding
from core.data.label_lists import one_label
from core.data.reference_checks import reference_findings
from core.data.references import merge_references
from core.data.task import Example, Task

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_MANY_LABELS = 100
_UNBALANCED = 4  # times as many rows of the most frequent label as of the rarest
_BETWEEN = "\x1e"


def check_table(table: Table, columns: ColumnMap) -> list[Finding]:
    """Findings about a table before it becomes a task; first those of reading it.

    Raises:
        DataError: a column does not exist.
    """
    examples = read_examples(table, columns)
    texts = [example for example in examples if example.text_a]
    if columns.target is not None:
        texts = merge_references(texts)
    labelled = [example for example in texts if example.label is not None]
    return [
        *column_findings(table, columns),
        *_repetitions(texts, _keys(texts), table.name),
        *_balance(labelled),
        *_lengths(texts),
    ]


def column_findings(table: Table, columns: ColumnMap) -> list[Finding]:
    """Findings of reading a table, gaps in its columns, labels that look alike, references."""
    if columns.target is not None:
        return [*table.notes, *reference_findings(table, columns)]
    findings = [*table.notes, *_gaps(table, columns)]
    if columns.label is not None:
        findings += _label_findings(table, columns.label)
    return findings


def task_findings(task: Task) -> list[Finding]:
    """Findings of reading a task's tables, and what may mislead in the task that they make."""
    misleading = [found for found in check_task(task, shots=0) if found.severity != "note"]
    said = {finding.template for finding in misleading}
    return [*(found for found in task.findings if found.template not in said), *misleading]


def check_task(
    task: Task,
    *,
    shots: int = 16,
    lengths: Sequence[int] | None = None,
    max_length: int | None = None,
) -> list[Finding]:
    """Findings about a task.

    Args:
        shots: K, the rows of each label to train on, and as many for development.
        lengths: of texts or prompts in tokens, where they are known.
        max_length: tokens; longer texts will be shortened.
    """
    train, test = _keys(task.train), _keys(task.test)
    return [
        *_shots(task, shots),
        *_many_labels(len(task.schema.labels)),
        *(_similar_labels(task.schema.labels) if task.schema.kind == "classification" else ()),
        *_overlap(task.test, test, set(train)),
        *_repetitions(task.train, train, "train"),
        *_repetitions(task.test, test, "test"),
        *(_balance(task.train) if task.schema.kind == "classification" else ()),
        *_lengths([*task.train, *task.test]),
        *_shortened(lengths or (), max_length),
    ]


def _shortened(lengths: Sequence[int], max_length: int | None) -> Iterator[Finding]:
    longer = sum(length > max_length for length in lengths) if max_length else 0
    if longer:
        yield Finding(
            "warning",
            "{count} of {total} texts are longer than {limit} tokens and will be shortened.",
            {"count": longer, "total": len(lengths), "limit": max_length})


def _gaps(table: Table, columns: ColumnMap) -> Iterator[Finding]:
    total = len(table.rows)
    for column in dict.fromkeys(columns.named.values()):
        count = sum(not one_label(clean(row.get(column, ""))) for row in table.rows)
        if count:
            yield Finding(
                "error" if count == total else "warning",
                "Column {column!r} is empty in {count} of {total} rows.",
                {"column": column, "count": count, "total": total})


def _label_findings(table: Table, column: str) -> Iterator[Finding]:
    cells = {row.get(column, "").strip(" \t\n") for row in table.rows}
    labels = sorted({one_label(clean(cell)) for cell in cells} - {""})
    if len(labels) == 1:
        yield Finding(
            "error", "Column {column!r} holds only one label, {label!r}. At least two are needed.",
            {"column": column, "label": labels[0]})
    if len(labels) > MAX_LABELS:
        yield Finding(
            "error", "Column {column!r} holds {count} different labels; {limit} are allowed. Is it "
            "the right column?",
            {"column": column, "count": len(labels), "limit": MAX_LABELS})
    yield from _similar_labels(sorted(cells - {""})[:MAX_LABELS])


def _similar_labels(labels: Sequence[str]) -> Iterator[Finding]:
    """Labels that look alike or nearly so; in the finding their invisible characters are seen."""
    spellings: dict[str, str] = {}
    words = [label for label in labels if not _NUMBER.fullmatch(label)]
    for label, plain in zip(words, _without_marks(list(map(_visible, words))), strict=True):
        other = spellings.setdefault(plain, label)
        if other != label:
            yield Finding(
                "warning", "The labels {label!r} and {other!r} differ only in case, width, spaces, "
                "punctuation or invisible characters. If they mean the same, write them alike.",
                {"label": other, "other": label})


def _visible(label: str) -> str:
    """A label without invisible characters, full-width letters as usual ones."""
    letters = unicodedata.normalize("NFKC", label)
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] != "C")


def _many_labels(count: int) -> Iterator[Finding]:
    if count > _MANY_LABELS:
        yield Finding(
            "warning", "{count} labels are many. Prompts with an example of each label (in-context "
            "learning, demonstrations) are longer than most models read, and searches for label "
            "words take long and much memory.",
            {"count": count})


def _shots(task: Task, shots: int) -> Iterable[Finding]:
    by_label = task.schema.kind == "classification"
    return _shots_of_labels(task, shots) if by_label else _shots_in_all(len(task.train), shots)


def _shots_in_all(count: int, shots: int) -> Iterator[Finding]:
    if count < 2 * shots:
        yield Finding(
            "error", "K = {shots} needs {need} training rows ({shots} to train, {shots} for "
            "development), and there are {count}. The largest possible K is {most}.",
            {"shots": shots, "need": 2 * shots, "count": count, "most": count // 2})


def _shots_of_labels(task: Task, shots: int) -> Iterator[Finding]:
    counts = Counter(example.label for example in task.train)
    rarest = min(task.schema.labels, key=lambda label: counts[label])
    count = counts[rarest]
    if count < 2 * shots:
        yield Finding(
            "error",
            "K = {shots} needs {need} training rows of each label ({shots} to train, {shots} for "
            "development), but {label!r} has {count}. The largest possible K is {most}.",
            {
                "shots": shots, "need": 2 * shots, "label": rarest, "count": count,
                "most": count // 2,
            })


def _overlap(
    test: Sequence[Example], keys: Sequence[str], trained: set[str]
) -> Iterator[Finding]:
    shared = [example for example, key in zip(test, keys, strict=True) if key in trained]
    if shared:
        yield Finding(
            "warning", "{count} of {total} test texts also occur in the training part, such as "
            "{text!r}. Results will look better than they are.",
            {"count": len(shared), "total": len(test), "text": shared[0].text_a[:80]})


def _repetitions(
    examples: Sequence[Example], keys: Sequence[str], name: str
) -> Iterator[Finding]:
    """Texts that occur again, with the same label or with another one; sources alone."""
    repeated, contradictory = _repeated(examples, keys)
    if repeated and any(example.references for example in examples):
        yield Finding(
            "warning", "{count} source(s) of {name!r} differ from an earlier one in case, "
            "punctuation or spaces only, and count as other examples.",
            {"count": repeated, "name": name})
        return
    if repeated:
        yield Finding(
            "warning", "{count} row(s) of {name!r} repeat the text and label of an earlier row.",
            {"count": repeated, "name": name})
    if contradictory:
        yield Finding(
            "warning", "{count} text(s) of {name!r} occur with different labels, such as {text!r}.",
            {"count": len(contradictory), "name": name, "text": contradictory[0][:80]})


def _repeated(examples: Sequence[Example], keys: Sequence[str]) -> tuple[int, list[str]]:
    """How many rows repeat text and label of an earlier one, and the texts with several labels."""
    labels: dict[str, set[str | None]] = {}
    contradictory: dict[str, str] = {}
    repeated = 0
    for example, key in zip(examples, keys, strict=True):
        earlier = labels.setdefault(key, set())
        if example.label in earlier:
            repeated += 1
        elif earlier:
            contradictory.setdefault(key, example.text_a)
        earlier.add(example.label)
    return repeated, list(contradictory.values())


def _balance(examples: Sequence[Example]) -> Iterator[Finding]:
    counts = Counter(example.label for example in examples).most_common()
    if counts and counts[0][1] > _UNBALANCED * counts[-1][1]:
        (most, most_count), (least, least_count) = counts[0], counts[-1]
        yield Finding(
            "warning", "The labels are unbalanced: {most!r} has {most_count} rows, {least!r} has "
            "{least_count}. Look at macro F1 beside accuracy.",
            {"most": most, "most_count": most_count, "least": least, "least_count": least_count})


def _lengths(examples: Sequence[Example]) -> Iterator[Finding]:
    if examples:
        lengths = [len(example.text_a) + len(example.text_b) for example in examples]
        yield Finding(
            "note", "Texts have {median} characters in the middle (median) and {longest} at most.",
            {"median": round(median(lengths)), "longest": max(lengths)})


def _keys(examples: Sequence[Example]) -> list[str]:
    """What makes the texts of two examples the same: all but case, punctuation and spaces."""
    texts_a = _without_marks([example.text_a for example in examples])
    texts_b = _without_marks([example.text_b for example in examples])
    further = ("\x1f".join(text for _, text in example.more) for example in examples)
    return ["\x1f".join(texts) for texts in zip(texts_a, texts_b, further, strict=True)]


def _without_marks(texts: Sequence[str]) -> list[str]:
    """Texts without case, punctuation and spaces; text of marks only stays as it is."""
    joined = _BETWEEN.join(text.replace(_BETWEEN, " ") for text in texts).casefold()  # for speed
    for character in filter(_is_mark, set(joined) - {_BETWEEN}):
        joined = joined.replace(character, "")
    return [plain or text for plain, text in zip(joined.split(_BETWEEN), texts, strict=False)]


def _is_mark(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "PZ"
