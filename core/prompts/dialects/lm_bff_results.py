"""The published results of LM-BFF's automatic search, read as patterns with their words.

A file holds one result a line: JSON with `task`, `seed`, `rank`, `dev_score` and `template` or
`mapping`; or, as in LM-BFF's own folders, a template or a mapping, with its score, if it has one,
before it or after a tab.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.data.task import Schema
from core.errors import ClozeLabError, DataError, PatternError, VerbalizerError
from core.prompts.dialects.lm_bff import read_lm_bff, read_mapping
from core.prompts.library.lm_bff import LM_BFF
from core.prompts.pattern import Pattern
from core.prompts.pvp import PVP

MAX_LINES = 50_000
_NAMED_TASK = re.compile(r'"task"[ \t]*:')
_SCORE_FIRST = re.compile(r"([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)[ \t]+(?=[*{])", re.IGNORECASE)
_NUMBERED: dict[str, tuple[str, ...]] = {  # the labels that LM-BFF's numbers stand for
    **dict.fromkeys(("sst2", "mr", "cr", "mpqa"), ("negative", "positive")),
    "sst5": ("very negative", "negative", "neutral", "positive", "very positive"),
    "subj": ("subjective", "objective"),
    "trec": ("description", "entity", "abbreviation", "human", "location", "number"),
    "cola": ("not acceptable", "acceptable"),
    "mrpc": ("not_equivalent", "equivalent"),
    "qqp": ("not_duplicate", "duplicate"),
}


@dataclass(frozen=True)
class FoundPVP:
    """A pattern with its words that a search found.

    Attributes:
        dev_score: on the development examples, 0 to 1 (accuracy; F1 or correlation on some tasks);
            None if the file does not have it.
        seed: of the split that was searched on; None if the file does not have it.
    """

    pvp: PVP
    dev_score: float | None
    seed: int | None


@dataclass(frozen=True)
class Results:
    """The results of a file for one task.

    Attributes:
        found: best first.
        refused: numbers of the lines that cannot be used, each with its reason.
    """

    found: list[FoundPVP]
    refused: list[tuple[int, ClozeLabError]]


def read_results(
    lines: Iterable[str], task: str, schema: Schema, *, seed: int | None = None
) -> Results:
    """The results for one task, each pattern with its words once.

    A template takes the words, and a mapping the pattern, of LM-BFF's Table 1, which they were
    searched with.

    Args:
        task: its catalogued name; lines of JSON that name another task are passed over.
        seed: of the split; None takes all.

    Raises:
        DataError: Table 1 has no such task, or no line is of use.
    """
    manual = _manual_pvp(task, schema)
    results = Results([], [])
    for number, line in _numbered(lines):
        try:
            entry = _entry(line)
            if _is_wanted(entry, task, seed):
                results.found.append(_read(entry, manual, task, schema))
        except ClozeLabError as error:
            results.refused.append((number, error))
    if results.found:
        return Results(_ranked(results.found), results.refused)
    if results.refused:
        raise results.refused[0][1]
    raise DataError("The file has no results for the task {task!r}.", task=task)


def read_results_for(
    lines: Sequence[str], task: str, schema: Schema, *, seed: int | None = None
) -> Results:
    """The results for any task, as `read_results` gives them.

    A task that LM-BFF did not search takes the results of the first one with the same labels.

    Raises:
        DataError: the file holds nothing for a task with these labels.
    """
    labels = set(schema.labels)
    same = list(dict.fromkeys(entry.task for entry in LM_BFF if set(entry.words) == labels))
    for name in [task] if task in same else same:
        try:
            return read_results(lines, name, schema, seed=seed)
        except DataError:
            continue
    raise DataError("The file has no results for the task {task!r}, nor for another with the "
                    "labels {labels}.", task=task, labels=", ".join(schema.labels))


def names_task(line: str) -> bool:
    """Whether a line is a search's result in JSON that names its task."""
    return line.lstrip().startswith('{"') and bool(_NAMED_TASK.search(line))


def text_and_score(line: str) -> tuple[str, float | None]:
    """The template or the mapping that a line holds, and its score, if it has one.

    Raises:
        DataError: the line looks like JSON and is none, or the score is no number.
    """
    entry = _entry(line)
    text = str(entry["template"] if "template" in entry else entry["mapping"])
    return text, _score(entry.get("dev_score"))


def numbered_labels(task: str, labels: Sequence[str]) -> tuple[str, ...]:
    """The labels that LM-BFF's numbers stand for; empty if none.

    A task that it did not search takes those of the first with the same labels.
    """
    same = (numbered for numbered in _NUMBERED.values() if set(numbered) == set(labels))
    return _NUMBERED.get(task) or next(same, ())


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        if number > MAX_LINES:
            raise DataError("The file has more than {limit} lines.", limit=MAX_LINES)
        if line.strip():
            yield number, line.strip()


def _manual_pvp(task: str, schema: Schema) -> PVP:
    """The pair of Table 1."""
    manual = next((entry for entry in LM_BFF if entry.task == task), None)
    if manual is None:
        raise DataError("LM-BFF published no results for the task {task!r}.", task=task)
    return PVP.of(manual.pattern, manual.words, schema)


def _is_wanted(entry: Mapping[str, Any], task: str, seed: int | None) -> bool:
    same_seed = seed is None or entry.get("seed", seed) == seed
    return same_seed and bool(entry.get("task", task) == task)


def _ranked(found: Sequence[FoundPVP]) -> list[FoundPVP]:
    """Each pattern with its words once, with its best score, the best first."""
    ascending = sorted(found, key=lambda result: result.dev_score or 0)
    best = {str(result.pvp.as_dict()): result for result in ascending}
    return sorted(best.values(), key=lambda result: -(result.dev_score or 0))


def _entry(line: str) -> dict[str, Any]:
    """A line as the values of a JSON line."""
    if line.startswith('{"'):
        entry = _from_json(line)
        if "template" in entry or "mapping" in entry:
            return {**entry, "task": str(entry.get("task", "")).lower().replace("-", "")}
    text, score = _parted(line)
    key = "mapping" if text.startswith("{") else "template"
    return {key: text, **({"dev_score": score} if score else {})}


def _parted(line: str) -> tuple[str, str]:
    """A line without its score, and that; "" if it has none."""
    if first := _SCORE_FIRST.match(line):
        return line[first.end() :], first[1]
    text, _, score = line.partition("\t")
    return text, score


def _from_json(line: str) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError("The line {line!r} is not valid JSON.", line=line[:80]) from error
    return entry


def _read(entry: Mapping[str, Any], manual: PVP, task: str, schema: Schema) -> FoundPVP:
    score = _score(entry.get("dev_score"))
    pattern, words = manual.pattern, manual.verbalizer.as_dict()
    if "template" in entry:
        pattern = _one_mask_pattern(str(entry["template"]))
    else:
        mapping = entry["mapping"]
        words = _named(read_mapping(mapping) if isinstance(mapping, str) else mapping, task)
    return FoundPVP(PVP.of(str(pattern), words, schema), score, entry.get("seed"))


def _score(given: Any) -> float | None:
    try:
        return None if given is None else float(given)
    except (TypeError, ValueError) as error:
        raise DataError("The score {score!r} is not a number.", score=str(given)[:40]) from error


def _one_mask_pattern(template: str) -> Pattern:
    pattern = read_lm_bff(template)
    if pattern.masks != 1:
        raise PatternError("The template {text!r} has {count} masks; one is needed.",
                           text=template[:120], count=pattern.masks)
    return pattern


def _named(mapping: Mapping[str, str], task: str) -> dict[str, list[str]]:
    """The words under the names of the labels that numbers stand for."""
    numbered = _NUMBERED.get(task, ())
    unknown = [key for key in mapping if key.isdecimal() and int(key) >= len(numbered)]
    if unknown:
        raise VerbalizerError("The label {label!r} is no label of {task!r}.",
                              label=unknown[0], task=task)
    names = {key: numbered[int(key)] if key.isdecimal() else key for key in mapping}
    return {names[key]: [str(word)] for key, word in mapping.items()}
