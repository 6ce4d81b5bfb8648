"""Published data, as their authors wrote them, brought into the form that tasks are made of."""

from __future__ import annotations

import re
from dataclasses import replace

from core.data.answer_forms import in_answer_form
from core.data.choice_forms import in_choice_form
from core.data.described_forms import in_described_form
from core.data.files import Table

_NUMBERED = re.compile(r"target_\d+")


def in_one_form(table: Table) -> Table:
    """The table in the form that tasks are made of; itself if it has that form or is not known.

    Multiple choice (COPA, ReCoRD, WSC) gets a column for each answer; data whose answers are texts
    (E2E, WebNLG, DART, SQuAD, STS-B) get a source and a target a row, and so do further targets
    in columns of their own (`target_2`, `target_3`).

    Raises:
        DataError: a row has not the form that the others have.
    """
    found = in_described_form(table) or in_answer_form(table) or in_choice_form(table)
    return _with_a_target_a_row(found)


def _with_a_target_a_row(table: Table) -> Table:
    """The table with the texts of `target_2`, `target_3` … as rows; itself if it has none."""
    further = [column for column in table.columns if _NUMBERED.fullmatch(column)]
    if not further or not {"source", "target"} <= set(table.columns):
        return table
    columns = tuple(column for column in table.columns if column not in further)
    rows = [
        {**{column: row[column] for column in columns}, "target": row[place]}
        for row in table.rows
        for place in ("target", *further)
        if row[place].strip() or place == "target"
    ]
    return replace(table, columns=columns, rows=rows)
