"""The library: published patterns with their label words, and suggestions for any task."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.data.task import Schema
from core.prompts.library.bundled import BUNDLED
from core.prompts.library.chinese import CHINESE
from core.prompts.library.entry import PublishedPVP
from core.prompts.library.lm_bff import LM_BFF
from core.prompts.library.openprompt import OPENPROMPT
from core.prompts.library.pet import PET
from core.prompts.pattern import FIELDS

__all__ = ["PublishedPVP", "library_tasks", "published_pvps", "suggested"]

_FIELD = re.compile(r"\{(\w+)")
_LIBRARY: tuple[PublishedPVP, ...] = (*BUNDLED, *LM_BFF, *PET, *OPENPROMPT, *CHINESE)
_GENERIC = {  # by whether the examples are pairs
    False: ("{text_a} Topic: {mask}.", "{mask}: {text_a}", "{text_a} This is {mask}."),
    True: ("{text_a} {sep} {text_b} Answer: {mask}.", "{text_a} {mask}: {text_b}"),
}
_CONTINUATION = (  # of the source by the answer; the second is T5's
    "{text_a} {mask}", "summarize: {text_a} {mask}", "{text_a} In a sentence: {mask}")
_NOTES = {
    "classification": "The labels' own names stand for them.",
    "choice": "Each example brings its own answers.",
    "generation": "The answer is written after the source.",
}


def library_tasks() -> list[str]:
    """Names of the tasks that the library has patterns for."""
    return list(dict.fromkeys(entry.task for entry in _LIBRARY))


def published_pvps(task: str) -> list[PublishedPVP]:
    """The library's entries for a catalogued task; none for a name that it does not know."""
    return [entry for entry in _LIBRARY if entry.task == task]


def suggested(task_name: str, schema: Schema) -> list[PublishedPVP]:
    """Pairs to start from: the task's, those of a bundled task with the same labels, or generic.

    In multiple choice the entries of any task with the same columns come before generic ones. Every
    suggestion fits the schema; the first one is the one to show.
    """
    known = [entry for entry in published_pvps(task_name) if _fits(entry, schema)]
    others = {"classification": BUNDLED, "choice": _LIBRARY, "generation": ()}[schema.kind]
    same = [entry for entry in others if _fits(entry, schema)]
    return known or same or _generic(task_name, schema)


def _fits(entry: PublishedPVP, schema: Schema) -> bool:
    labels = schema.labels if schema.has_words else ()
    shown = set(_FIELD.findall(entry.pattern))
    texts_fit = schema.pairs or "text_b" not in shown
    columns_fit = shown <= {*FIELDS, *schema.columns}
    return set(entry.words) == set(labels) and texts_fit and columns_fit


def _generic(task_name: str, schema: Schema) -> list[PublishedPVP]:
    """Patterns for any task of the kind."""
    words = _names_as_words(schema.labels) if schema.has_words else {}
    patterns = _CONTINUATION if schema.kind == "generation" else _GENERIC[schema.pairs]
    note = _NOTES[schema.kind]
    return [PublishedPVP(task_name, pattern, words, "generic", note) for pattern in patterns]


def _names_as_words(labels: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Each label's name in plain lower-case words, if the labels stay distinct that way."""
    plain = [label.replace("_", " ").replace("-", " ").strip().lower() for label in labels]
    distinct = len(set(filter(None, plain))) == len(labels)
    names = plain if distinct else labels
    return {label: [name] for label, name in zip(labels, names, strict=True)}
