"""The output of the command `patterns`: patterns that were read, as a list or in a dialect."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data.columns import is_field_name
from core.data.task import TEXTS, Task
from core.errors import ClozeLabError, DataError, SpecError
from core.prompts.dialects.outcome import FoundTemplate, Reading
from core.prompts.dialects.reading import MAX_LENGTH, decode_templates, read_templates
from core.prompts.dialects.writing import Named, write_template, write_templates
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

BEST = 10  # results of a search that are listed unless more are wanted
_FIELD = re.compile(r"\{(\w+)")


@dataclass(frozen=True)
class Listing:
    """Patterns ready to be printed.

    Attributes:
        rows: plain values, one mapping a pattern.
        text: for people: the cells of a table, or the text in a dialect.
        remarks: lines about what was set aside or should be known.
    """

    rows: list[dict[str, Any]]
    text: list[tuple[str, ...]] | str
    remarks: list[str]


def read_file(
    path: str,
    task: Task | None,
    *,
    dialect: str = "auto",
    verbalizer: str | None = None,
    published: str | None = None,
    seed: int | None = None,
) -> Reading:
    """The patterns of a file; `verbalizer` is a file of label words. `-` is standard input.

    Raises:
        ClozeLabError: a file cannot be read, or is in no known dialect.
    """
    words = _content(verbalizer) if verbalizer else ""
    return read_templates(
        [_content(path)], task, dialect=dialect, words=words, published=published, seed=seed
    )


def typed_pattern(pattern: str, words: str, task: Task | None) -> Reading:
    """A pattern as a person types it, with its words `label=word;label=word`.

    Without a task, it may show any column.

    Raises:
        ClozeLabError: they cannot be read, or do not fit the task.
    """
    reading = Reading(task)
    named = [name for name in _FIELD.findall(pattern) if is_field_name(name)]
    parsed = Pattern.parse(pattern, named if task is None else task.schema.columns)
    if task is not None:
        parsed.check(task.schema.pairs)
    elif columns := sorted(parsed.fields - {*TEXTS}):
        reading.note("Taken as columns of the data: {columns}.", columns=", ".join(columns))
    labels = None if task is None else task.schema.labels
    given = Verbalizer.parse(words, labels).as_dict() if words else {}
    reading.found.append(FoundTemplate(parsed, given, "pattern"))
    return reading


def list_patterns(reading: Reading, best: int | None = None) -> Listing:
    """The patterns in this project's syntax, at most `best`.

    Raises:
        ClozeLabError: there is none, or `best` is below 1.
    """
    if best is not None and best < 1:
        raise SpecError("{option} is {value}; it must be above 0.", option="--best", value=best)
    reading.check()
    scored = any(template.dev_score is not None for template in reading.found)
    rows = [_row(template) for template in reading.found[: best or (BEST if scored else None)]]
    remarks = _remarks(reading)
    if len(rows) < len(reading.found):
        remarks.append(f"{len(rows)} of {len(reading.found)} patterns are printed; --best says how "
                       "many")
    return Listing(rows, [_cells(row, scored) for row in rows], remarks)


def list_written(reading: Reading, dialect: str) -> Listing:
    """The patterns written in a dialect; remarks name those that it cannot express.

    Raises:
        ClozeLabError: there is none, or none can be written.
    """
    reading.check()
    rows: list[dict[str, Any]] = []
    kept: list[Named] = []
    refused = Reading()
    for number, template in enumerate(reading.found, 1):
        try:
            named = _named(template, number)
            written = write_template(dialect, named[1], named[2], named[0])
        except ClozeLabError as error:
            refused.set_aside(template.place, error)
            continue
        rows.append({**_row(template), "dialect": dialect, "template": written})
        kept.append(named)
    if not kept:
        refused.check()
    return Listing(rows, write_templates(dialect, kept), _remarks(reading) + _remarks(refused))


def _named(template: FoundTemplate, number: int) -> Named:
    """The template's name, or one by its number, its pattern and its words."""
    if template.pattern is None:
        raise DataError("Label words stand alone here; a template needs a pattern.")
    return template.place.name or f"pattern-{number}", template.pattern, _verbalizer(template.words)


def _verbalizer(words: dict[str, list[str]]) -> Verbalizer | None:
    return Verbalizer.of(words, list(words)) if words else None


def _row(template: FoundTemplate) -> dict[str, Any]:
    return {
        "pattern": None if template.pattern is None else str(template.pattern),
        "words": template.words,
        "dev_score": template.dev_score,
        "seed": template.seed,
        "dialect": template.dialect,
        "line": template.place.line or None,
        "name": template.place.name or None,
    }


def _cells(row: dict[str, Any], scored: bool) -> tuple[str, ...]:
    """A row of the table: score and name, if any, then pattern and words as `look` takes them."""
    known = row["dev_score"] is not None
    score = (f"{row['dev_score']:.3f}" if known else "–",) if scored else ()
    name = (row["name"],) if row["name"] else ()
    pattern = (row["pattern"] or "").replace("\n", "\\n")
    return (*score, *name, pattern, str(_verbalizer(row["words"]) or ""))


def _remarks(reading: Reading) -> list[str]:
    """Notes and what was set aside, a line each."""
    return [" ".join(str(remark).split()) for remark in (*reading.notes, *reading.aside)]


def _content(path: str) -> str:
    try:
        if path == "-":
            return decode_templates(sys.stdin.buffer.read(MAX_LENGTH + 1), "standard input")
        with Path(path).open("rb") as file:
            return decode_templates(file.read(MAX_LENGTH + 1), path)
    except OSError as error:
        raise SpecError("The file {path!r} cannot be read: {why}.",
                        path=path, why=str(error)) from error
