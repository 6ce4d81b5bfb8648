"""Published questions (SQuAD) and similarities (STS-B) as a source and a target a row.

The sources are T5's texts (arXiv 1910.10683, appendix D) without the task's name before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from core.data.column_names import plain
from core.data.described_forms import formed, misshapen
from core.data.files import HIDDEN_LABEL, Table
from core.data.linearise import question, sentences
from core.data.written_cells import read_texts

_ANSWERS_FORM = '[{"text": "…"}, …]'
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_FRACTION = re.compile(r"[0-5]\.\d*[1-9]\d*")
_PAIRS = (("sentence1", "sentence2"), ("texta", "textb"))
_MOST = 5  # the highest similarity
_SCORE_FORM = f"0.0 … {_MOST}.0"


def in_answer_form(table: Table) -> Table | None:
    """SQuAD or STS-B with the columns source and target; None if it is neither.

    Question and context, or the two sentences, stay columns of their own.

    Raises:
        DataError: a row's answers or score cannot be read.
    """
    columns = {plain(column): column for column in reversed(table.columns)}
    if {"question", "context", "answers"} <= columns.keys():
        return _questions(table, columns)
    pair = next(((columns[a], columns[b]) for a, b in _PAIRS if {a, b} <= columns.keys()), None)
    score = columns.get("score", columns.get("label"))
    if pair and score and _is_similarity(table, score):
        return _similarities(table, *pair, score)
    return None


def _questions(table: Table, columns: Mapping[str, str]) -> Table:
    rows = list(_question_rows(table, columns["question"], columns["context"], columns["answers"]))
    return formed(table, "SQuAD", ("source", "target", "question", "context"), rows)


def _question_rows(
    table: Table, asked: str, context: str, answers: str
) -> Iterator[dict[str, str]]:
    """A row for each different answer; one without a target for a question without answers."""
    for number, row in enumerate(table.rows):
        try:
            texts = dict.fromkeys(found.text for found in read_texts(row[answers]))
        except ValueError as error:
            raise misshapen(table, number, answers, _ANSWERS_FORM) from error
        given = {"question": row[asked], "context": row[context]}
        source = question(row[asked], row[context]) if row[asked].strip() else ""
        for text in texts or [""]:
            yield {"source": source, "target": text, **given}


def _is_similarity(table: Table, column: str) -> bool:
    """Whether the column holds similarities from 0 to 5: numbers, of which some are fractions."""
    cells = [row[column].strip() for row in table.rows if row[column].strip()]
    numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in cells)
    return numbers * 2 > len(cells) and any(map(_FRACTION.fullmatch, cells))


def _similarities(table: Table, first: str, second: str, score: str) -> Table:
    rows = []
    for number, row in enumerate(table.rows):
        pair = {"sentence1": row[first], "sentence2": row[second]}
        complete = all(text.strip() for text in pair.values())
        source = sentences(*pair.values()) if complete else ""
        rows.append({"source": source, "target": _target(table, number, score), **pair})
    return formed(table, "STS-B", ("source", "target", "sentence1", "sentence2"), rows)


def _target(table: Table, number: int, column: str) -> str:
    """The score in one form, whichever the file has: 3.200 and 3.2 are the same text."""
    cell = table.rows[number][column].strip()
    if cell in ("", HIDDEN_LABEL):
        return ""
    if not _NUMBER.fullmatch(cell) or not 0 <= float(cell) <= _MOST:
        raise misshapen(table, number, column, _SCORE_FORM)
    return str(round(float(cell), 3))
