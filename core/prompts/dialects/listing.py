"""Patterns that were read, listed or written: what the command `patterns` prints."""

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
from core.prompts.dialects.writing import write_template, write_templates
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

BEST = 10  # results of a search that are listed unless more are wanted
_FIELD = re.compile(r"\{(\w+)")


@dataclass(frozen=True)
class Listing:
    """What to print.

    Attributes:
        rows: plain values, one mapping a pattern.
        text: for people: cells of a table, or what was written.
        told: a line each for what was set aside or should be known.
    """

    rows: list[dict[str, Any]]
    text: list[tuple[str, ...]] | str
    told: list[str]


def read_file(
    path: str, task: Task | None, *, dialect: str = "auto", verbalizer: str | None = None,
    published: str | None = None, seed: int | None = None,
) -> Reading:
    """The patterns of a file; `verbalizer` is a file of label words. `-` is standard input.

    Raises:
        ClozeLabError: a file cannot be read, or is in no known dialect.
    """
    words = _content(verbalizer) if verbalizer else ""
    return read_templates([_content(path)], task, dialect=dialect, words=words,
                          published=published, seed=seed)


def typed_pattern(pattern: str, words: str, task: Task | None) -> Reading:
    """A pattern as it is typed, with its words `label=word;label=word`.

    Without a task, any column may occur.

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
    """The patterns as they are written here, at most `best`.

    Raises:
        ClozeLabError: there is none, or `best` is below 1.
    """
    if best is not None and best < 1:
        raise SpecError("{option} is {value}; it must be above 0.", option="--best", value=best)
    reading.check()
    scored = any(found.dev_score is not None for found in reading.found)
    shown = reading.found[: best or (BEST if scored else None)]
    told = _told(reading)
    if len(shown) < len(reading.found):
        told.append(f"{len(shown)} of {len(reading.found)} patterns are printed; --best says how "
                    "many")
    rows = [_row(found) for found in shown]
    return Listing(rows, [_cells(row, scored) for row in rows], told)


def list_written(reading: Reading, dialect: str) -> Listing:
    """The patterns written in a dialect; those that it cannot say are told.

    Raises:
        ClozeLabError: there is none, or none can be written.
    """
    reading.check()
    rows: list[dict[str, Any]] = []
    kept: list[tuple[str, Pattern, Verbalizer | None]] = []
    unsaid = Reading()
    for at, found in enumerate(reading.found, 1):
        if found.pattern is None:
            unsaid.set_aside(found.place, DataError("Label words stand alone here; a template needs "
                                                    "a pattern."))
            continue
        verbalizer = Verbalizer.of(found.words, list(found.words)) if found.words else None
        name = found.place.name or f"pattern-{at}"
        try:
            template = write_template(dialect, found.pattern, verbalizer, name)
        except ClozeLabError as error:
            unsaid.set_aside(found.place, error)
            continue
        rows.append({**_row(found), "dialect": dialect, "template": template})
        kept.append((name, found.pattern, verbalizer))
    if not kept:
        unsaid.check()
    return Listing(rows, write_templates(dialect, kept), _told(reading) + _told(unsaid))


def _row(found: FoundTemplate) -> dict[str, Any]:
    pattern = None if found.pattern is None else str(found.pattern)
    return {"pattern": pattern, "words": found.words, "dev_score": found.dev_score,
            "seed": found.seed, "dialect": found.dialect, "line": found.place.line or None,
            "name": found.place.name or None}


def _cells(row: dict[str, Any], scored: bool) -> tuple[str, ...]:
    """A row of the table: score and name where there are such, then what `look` takes."""
    score = (f"{row['dev_score'] or 0:.3f}",) if scored else ()
    name = (row["name"],) if row["name"] else ()
    words = str(Verbalizer.of(row["words"], list(row["words"]))) if row["words"] else ""
    return (*score, *name, (row["pattern"] or "").replace("\n", "\\n"), words)


def _told(reading: Reading) -> list[str]:
    return [" ".join(str(told).split()) for told in (*reading.notes, *reading.aside)]


def _content(path: str) -> str:
    try:
        if path == "-":
            return decode_templates(sys.stdin.buffer.read(MAX_LENGTH + 1), "standard input")
        with Path(path).open("rb") as file:
            return decode_templates(file.read(MAX_LENGTH + 1), path)
    except OSError as error:
        raise SpecError("The file {path!r} cannot be read: {why}.", path=path, why=str(error)) from error
