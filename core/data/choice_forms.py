"""Published multiple choice data, brought into one form: a column for each answer.

In that form the label names the column that holds the right answer, as in `choice1, choice2, label`
with the label `choice2`; a column that is empty is no answer of its row.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from core.data.files import Table
from core.data.findings import Finding

_PLACEHOLDER = "@placeholder"
_JOINERS = {"cause": "because", "effect": ", so"}
_COPA_LABELS = {"0": "choice1", "1": "choice2", "-1": ""}  # SuperGLUE hides labels as -1
_WSC_NAMES = {"span1_text": "span1", "span2_text": "span2"}
_NUMBERED = re.compile(r"(.*?)\d+")


def in_choice_form(table: Table) -> Table:
    """COPA's and ReCoRD's tables, as their authors publish them, in the form above.

    WSC's columns get the names that its patterns use. Any other table is returned as it is.
    """
    if _is_wsc(table):
        return _renamed(table, _WSC_NAMES)
    if _is_copa(table):
        return _copa(table)
    return _record(table) if _is_record(table) else table


def choice_columns(labels: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that hold the answers, if each label is the numbered name of a column.

    Those are included that no label names.
    """
    stems = {_stem(label) for label in labels}
    if not labels or not set(labels) <= set(columns) or len(stems) != 1 or None in stems:
        return ()
    return tuple(column for column in columns if _stem(column) in stems)


def _stem(name: str) -> str | None:
    """A numbered name without its number; None for any other name."""
    numbered = _NUMBERED.fullmatch(name)
    return numbered[1] if numbered else None


def _is_wsc(table: Table) -> bool:
    columns = set(table.columns)
    return columns >= _WSC_NAMES.keys() and columns.isdisjoint(_WSC_NAMES.values())


def _is_copa(table: Table) -> bool:
    if not {"choice1", "choice2", "question"} <= set(table.columns):
        return False
    return all(row["question"] in _JOINERS for row in table.rows)


def _is_record(table: Table) -> bool:
    if not {"passage", "query", "entities"} <= set(table.columns):
        return False
    return all(_PLACEHOLDER in row["query"] for row in table.rows)


def _renamed(table: Table, names: Mapping[str, str]) -> Table:
    columns = tuple(names.get(column, column) for column in table.columns)
    rows = [
        {names.get(column, column): cell for column, cell in row.items()} for row in table.rows
    ]
    return replace(table, columns=columns, rows=rows)


def _copa(table: Table) -> Table:
    """Choices that continue the premise, and the word that joins them to it, as PET's patterns."""
    added = () if "joiner" in table.columns else ("joiner",)
    rows = [{**row, **_copa_cells(row)} for row in table.rows]
    return replace(table, columns=(*table.columns, *added), rows=rows)


def _copa_cells(row: Mapping[str, str]) -> dict[str, str]:
    cells = {
        "joiner": _JOINERS[row["question"]],
        "choice1": _continuation(row["choice1"]),
        "choice2": _continuation(row["choice2"]),
    }
    if "label" in row:
        cells["label"] = _COPA_LABELS.get(row["label"], row["label"])
    return cells


def _continuation(text: str) -> str:
    """A sentence as the end of another one."""
    text = text.strip().rstrip(string.punctuation)
    return text[:1].lower() + text[1:]


def _record(table: Table) -> Table:
    """ReCoRD's table with a column for each entity, and the query parted at its gap.

    Of several right answers the first is kept; the others are left out, as they are not wrong.
    """
    answers = [_texts(row.get("answers", "")) for row in table.rows]
    entities = [
        [entity for entity in _texts(row["entities"]) if entity not in right[1:]]
        for row, right in zip(table.rows, answers, strict=True)
    ]
    names = [f"entity{number}" for number in range(1, max(map(len, entities)) + 1)]
    return replace(
        table,
        columns=("text_a", "before", "after", *names, "label"),
        rows=list(_record_rows(table, names, entities, answers)),
        notes=(*table.notes, _record_note(table.name)),
    )


def _record_rows(
    table: Table,
    names: Sequence[str],
    entities: Sequence[list[str]],
    answers: Sequence[list[str]],
) -> Iterator[dict[str, str]]:
    for row, choices, right in zip(table.rows, entities, answers, strict=True):
        before, _, after = row["query"].partition(_PLACEHOLDER)
        padded = [*choices, *[""] * (len(names) - len(choices))]
        yield {
            "text_a": re.sub(r"@highlight\s*", "- ", row["passage"]),
            "before": before,
            "after": after,
            **dict(zip(names, padded, strict=True)),
            "label": names[choices.index(right[0])] if right and right[0] in choices else "",
        }


def _record_note(name: str) -> Finding:
    return Finding(
        "note",
        "{name!r} was read as questions with a gap: each of its entities is an answer to choose.",
        {"name": name})


def _texts(cell: str) -> list[str]:
    """The distinct texts of a JSON list; none for any other cell."""
    try:
        items = json.loads(cell)
    except ValueError:
        return []
    return list(dict.fromkeys(map(str, items))) if isinstance(items, list) else []
