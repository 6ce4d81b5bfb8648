"""Label words on their own, in the forms that OpenPrompt's verbalizers are kept in.

A text file holds the words of one label a line, by commas, in the order of the labels; an empty line
begins another set. A JSON file holds `{"label": ["word", …]}`, `[["word", …], …]` or a list of
those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from core.data.task import Task
from core.errors import VerbalizerError
from core.prompts.verbalizer import MAX_WORD_LENGTH, Verbalizer

Named = dict[str, list[str]]
Ordered = list[list[str]]
Words = Named | Ordered
MAX_SETS = 1_000


def read_label_words(text: str, labels: int | None = None) -> list[Words]:
    """The sets of label words that a text holds, each of so many labels, if that is known.

    Raises:
        VerbalizerError: it holds none, or too many.
    """
    stripped = text.strip()
    sets = _from_json(stripped) if stripped.startswith(("{", "[")) else _from_lines(stripped)
    if not sets or (labels is not None and any(len(each) != labels for each in sets)):
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
    numbered = [str(number) for number in range(len(words))]
    if isinstance(words, Mapping) and sorted(words) == sorted(numbered):
        words = [words[number] for number in numbered]
    labels = numbered if task is None else task.schema.labels
    if not isinstance(words, Mapping):
        if len(words) != len(labels):
            raise VerbalizerError("There are words for {count} labels; the task has {wanted}: "
                                  "{labels}.", count=len(words), wanted=len(labels),
                                  labels=", ".join(labels)[:200])
        words = dict(zip(labels, words, strict=True))
    return Verbalizer.of(words, list(words) if task is None else labels).as_dict()


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
    one = _one_set(data)
    sets = [one] if one or not isinstance(data, list) else [_one_set(entry) for entry in data]
    return [words for words in sets if words] if all(sets) else []


def _one_set(data: object) -> Words | None:
    """What JSON holds, as one set of label words; None if it is something else."""
    if isinstance(data, dict):
        rows = [_row(row) for row in data.values()]
        return {str(label): row for label, row in zip(data, rows, strict=True)} if all(rows) else None
    rows = [_row(row) for row in data] if isinstance(data, list) else []
    return rows if rows and all(rows) else None


def _row(row: object) -> list[str]:
    """The words of one label; empty if they are no words."""
    words = [row] if isinstance(row, str) else row if isinstance(row, list) else []
    return words if all(isinstance(word, str) and word.strip() for word in words) else []


def _from_lines(text: str) -> list[Words]:
    sets: list[Words] = []
    for block in "\n".join(map(str.strip, text.split("\n"))).split("\n\n"):
        lines = [[word.strip() for word in line.split(",")] for line in block.split("\n")]
        rows = [row for words in lines if (row := [word for word in words if word])]
        if any(len(word) > MAX_WORD_LENGTH for row in rows for word in row):
            return []
        if rows:
            sets.append(rows)
    return sets
