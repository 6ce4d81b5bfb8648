"""Label words on their own, in the forms of OpenPrompt's verbalizer files.

A text file holds the words of one label a line, by commas, in the order of the labels; an empty
line begins another set. A JSON file holds `{"label": ["word", …]}`, `[["word", …], …]` or a list of
those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from core.data.task import Task
from core.errors import VerbalizerError
from core.prompts.verbalizer import MAX_WORD_LENGTH, Verbalizer

Named = dict[str, list[str]]
Ordered = list[list[str]]
Words = Named | Ordered
MAX_SETS = 1_000


def read_label_words(text: str, labels: int | None = None) -> list[Words]:
    """The sets of label words that a text holds.

    Args:
        labels: the number of labels of each set; None if it is not known.

    Raises:
        VerbalizerError: it holds none, or too many.
    """
    stripped = text.strip()
    sets = _from_json(stripped) if stripped.startswith(("{", "[")) else _from_lines(stripped)
    if not sets or (labels is not None and any(len(words) != labels for words in sets)):
        raise VerbalizerError("The text {text!r} holds no words for each of the task's labels. "
                              "Write those of each label on a line of its own, or {form}.",
                              text=stripped[:60], form='{"label": ["word"]}')
    if len(sets) > MAX_SETS:
        raise VerbalizerError("There are {count} sets of label words; {limit} are allowed.",
                              count=len(sets), limit=MAX_SETS)
    return sets


def holds_label_words(text: str, labels: int | None = None) -> bool:
    """Whether the text holds label words and nothing else."""
    try:
        return bool(read_label_words(text, labels))
    except VerbalizerError:
        return False


def fit_words(words: Words, task: Task | None) -> Named:
    """The words under the names of the task's labels; words without names take the labels' order.

    Without a task, words without names are numbered from 0.

    Raises:
        VerbalizerError: there are not as many as labels, or they are no words for these labels.
    """
    numbers = [str(number) for number in range(len(words))]
    if isinstance(words, Mapping) and sorted(words) == sorted(numbers):
        words = [words[number] for number in numbers]
    labels = numbers if task is None else task.schema.labels
    if not isinstance(words, Mapping):
        words = _by_order(words, labels)
    return Verbalizer.of(words, list(words) if task is None else labels).as_dict()


def _by_order(words: Ordered, labels: Sequence[str]) -> Named:
    if len(words) != len(labels):
        raise VerbalizerError("There are words for {count} labels; the task has {wanted}: "
                              "{labels}.",
                              count=len(words), wanted=len(labels), labels=", ".join(labels)[:200])
    return dict(zip(labels, words, strict=True))


def is_ordered(words: Words) -> bool:
    """Whether the words stand for the labels by their order alone."""
    return not isinstance(words, Mapping) or all(name.isdigit() for name in words)


def write_label_words(verbalizer: Verbalizer) -> str:
    """The words as OpenPrompt's JSON files hold them."""
    return json.dumps(verbalizer.as_dict(), ensure_ascii=False)


def _from_json(text: str) -> list[Words]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return []
    single = _one_set(data)
    if single or not isinstance(data, list):
        return [single] if single else []
    sets = [words for entry in data if (words := _one_set(entry))]
    return sets if len(sets) == len(data) else []


def _one_set(data: object) -> Words | None:
    """The one set of label words that JSON holds; None if it is something else."""
    if isinstance(data, dict):
        named = {str(label): _words(row) for label, row in data.items()}
        return named if all(named.values()) else None
    rows = [_words(row) for row in data] if isinstance(data, list) else []
    return rows if rows and all(rows) else None


def _words(row: object) -> list[str]:
    """The words of one label; empty if they are no words."""
    words = [row] if isinstance(row, str) else row if isinstance(row, list) else []
    return words if all(isinstance(word, str) and word.strip() for word in words) else []


def _from_lines(text: str) -> list[Words]:
    sets: list[Words] = []
    for block in "\n".join(map(str.strip, text.split("\n"))).split("\n\n"):
        rows = [row for line in block.split("\n") if (row := _split(line))]
        if any(len(word) > MAX_WORD_LENGTH for row in rows for word in row):
            return []
        if rows:
            sets.append(rows)
    return sets


def _split(line: str) -> list[str]:
    words = (word.strip() for word in line.split(","))
    return [word for word in words if word]
