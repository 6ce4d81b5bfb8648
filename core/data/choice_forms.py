"""Published data whose examples bring their own answers, brought into one form: a column for each answer.

In that form the label names the column that holds the right answer, as in `choice1, choice2, label` with the label
`choice2`; a column that is empty is no answer of its row.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.data.files import Table
from core.data.findings import Finding

_PLACEHOLDER = "@placeholder"
_JOINERS = {"cause": "because", "effect": ", so"}
_NUMBERED = re.compile(r"(.*?)\d+")


def in_one_form(table: Table) -> Table:
    """COPA's and ReCoRD's tables as their authors publish them in the form above; any other as it is.

    WSC's columns get the names that its patterns use.
    """
    columns = set(table.columns)
    if {"span1_text", "span2_text"} <= columns and not {"span1", "span2"} & columns:
        return _renamed(table, {"span1_text": "span1", "span2_text": "span2"})
    if {"choice1", "choice2", "question"} <= columns and {row["question"] for row in table.rows} <= set(_JOINERS):
        return _copa(table)
    if {"passage", "query", "entities"} <= columns and all(_PLACEHOLDER in row["query"] for row in table.rows):
        return _record(table)
    return table


def choice_columns(labels: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that hold the answers, if each label is the numbered name of one; also those that no label names."""
    stems = {_stem(label) for label in labels}
    if not labels or not set(labels) <= set(columns) or len(stems) != 1 or None in stems:
        return ()
    return tuple(column for column in columns if _stem(column) in stems)


def _stem(name: str) -> str | None:
    found = _NUMBERED.fullmatch(name)
    return found[1] if found else None


def _renamed(table: Table, names: Mapping[str, str]) -> Table:
    return replace(table, columns=tuple(names.get(each, each) for each in table.columns),
                   rows=[{names.get(name, name): cell for name, cell in row.items()} for row in table.rows])


def _copa(table: Table) -> Table:
    """Choices as they go on from the premise, and the word that joins them to it (PET, SuperGLUE patterns)."""
    added = () if "joiner" in table.columns else ("joiner",)
    rows = [{**row, "joiner": _JOINERS[row["question"]], "choice1": _going_on(row["choice1"]),
             "choice2": _going_on(row["choice2"]), **_named(row)} for row in table.rows]
    return replace(table, columns=(*table.columns, *added), rows=rows)


def _named(row: Mapping[str, str]) -> dict[str, str]:
    """SuperGLUE numbers the right choice from 0, and hides it as -1."""
    names = {"0": "choice1", "1": "choice2", "-1": ""}
    return {"label": names.get(row["label"], row["label"])} if "label" in row else {}


def _going_on(text: str) -> str:
    text = text.strip().rstrip(string.punctuation)
    return text[:1].lower() + text[1:]


def _record(table: Table) -> Table:
    """A column for each entity, the query parted at its gap; of several right answers the first is kept.

    The others are no wrong answers, so they are left out.
    """
    found = [(_entities(row["entities"]), _entities(row.get("answers", ""))) for row in table.rows]
    offered = [[each for each in entities if each not in answers[1:]] for entities, answers in found]
    names = [f"entity{number}" for number in range(1, max(map(len, offered)) + 1)]
    rows = []
    for row, entities, (_, answers) in zip(table.rows, offered, found, strict=True):
        before, _, after = row["query"].partition(_PLACEHOLDER)
        right = names[entities.index(answers[0])] if answers and answers[0] in entities else ""
        rows.append({"text_a": re.sub(r"@highlight\s*", "- ", row["passage"]), "before": before, "after": after,
                     **{name: entities[at] if at < len(entities) else "" for at, name in enumerate(names)},
                     "label": right})
    note = Finding("note", "{name!r} was read as questions with a gap: each of its entities is an answer to choose.",
                   {"name": table.name})
    return replace(table, columns=("text_a", "before", "after", *names, "label"), rows=rows,
                   notes=(*table.notes, note))


def _entities(cell: str) -> list[str]:
    """The distinct texts of a JSON list."""
    try:
        found = json.loads(cell)
    except ValueError:
        return []
    return list(dict.fromkeys(str(each) for each in found)) if isinstance(found, list) else []
