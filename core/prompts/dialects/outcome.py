"""The outcome of reading templates: patterns with words, and what was set aside and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from core.data.findings import Finding
from core.data.task import TEXTS, Task
from core.errors import ClozeLabError, DataError, PatternError, VerbalizerError
from core.prompts.dialects.label_words import Named, Words, fit_words, is_ordered
from core.prompts.pattern import Pattern

MAX_COMBINED = 1_000
_NAMED = 6  # labels that a note names


@dataclass(frozen=True)
class Place:
    """The place of a template: its line, counted from 1 (0: not known), and its name, if any."""

    line: int = 0
    name: str = ""

    def __str__(self) -> str:
        if self.name:
            return f"template {self.name!r}"
        return f"line {self.line}" if self.line else "the template"


@dataclass(frozen=True)
class FoundTemplate:
    """A template as a pattern.

    Attributes:
        pattern: None where label words stand alone.
        words: of each label; none where the template has none, or they do not fit the task.
        dialect: lm-bff, openprompt or promptsource.
        dev_score, seed: of a search's result, as in `FoundPVP`.
    """

    pattern: Pattern | None
    words: Named
    dialect: str
    place: Place = Place()
    dev_score: float | None = None
    seed: int | None = None


@dataclass(frozen=True)
class SetAside:
    """A template that cannot be used, or whose words cannot, and why."""

    what: Literal["template", "words"]
    place: Place
    error: ClozeLabError

    def __str__(self) -> str:
        left = ": its label words are left out" if self.what == "words" else ""
        return f"{self.place}{left}: {self.error}"


@dataclass
class Reading:
    """The templates that were read so far, for a task or, without one, for any.

    Attributes:
        found: the patterns, in the order of the texts; the results of a search best first.
        aside: the templates and words that cannot be used.
        notes: findings that a person should know.
    """

    task: Task | None = None
    found: list[FoundTemplate] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    @property
    def label_count(self) -> int | None:
        """How many labels need words; None if that is not known, or none do."""
        return len(self.task.schema.labels) if self.task and self.task.schema.has_words else None

    def add(self, dialect: str, place: Place, pattern: Pattern | None, words: Words | None,
            dev_score: float | None = None) -> None:
        """Add a template, with its words if they fit the task too.

        Raises:
            PatternError: the pattern does not fit the task.
            VerbalizerError: words that stand alone do not fit.
        """
        if pattern is not None and self.task is not None:
            _check(pattern, self.task)
        fitting = self._fitting(words, place, alone=pattern is None) if words else {}
        if pattern is not None or fitting:
            self.found.append(FoundTemplate(pattern, fitting, dialect, place, dev_score))

    def set_aside(self, place: Place, error: ClozeLabError) -> None:
        """Remember that a template cannot be used."""
        self.aside.append(SetAside("template", place, error))

    def note(self, template: str, **values: object) -> None:
        """Remember a finding that a person should know, once."""
        finding = Finding("note", template, values)
        if finding not in self.notes:
            self.notes.append(finding)

    def finish(self) -> Reading:
        """Give words that stand alone to the patterns without words; keep nothing twice."""
        self.found = _distinct(_combined(self.found))
        return self

    def check(self) -> None:
        """Raise an error if there is nothing that can be used.

        Raises:
            ClozeLabError: the reason of the one template that there is.
            DataError: none of several templates can be used, or there is none.
        """
        if self.found:
            return
        refused = [aside for aside in self.aside if aside.what == "template"]
        if len(refused) == 1:
            raise refused[0].error
        if refused:
            raise DataError("None of the {count} templates can be used. The first, {place}: {why}",
                            count=len(refused), place=refused[0].place, why=refused[0].error)
        raise DataError("There is no template that can be used here.")

    def _fitting(self, words: Words, place: Place, alone: bool) -> Named:
        """The words if they fit the task, else none."""
        if self.task is not None and not self.task.schema.has_words:
            self.note("The answers of this task have no label words, so those of the template are "
                      "left out.")
            return {}
        try:
            fitting = fit_words(words, self.task)
        except VerbalizerError as error:
            if alone:
                raise
            self.aside.append(SetAside("words", place, error))
            return {}
        if self.task is not None and is_ordered(words):
            self._note_order(fitting)
        return fitting

    def _note_order(self, words: Named) -> None:
        first = [f"{label} = {given[0]}" for label, given in words.items()]
        self.note("Words were given to the labels in their order: {words}. Check that the "
                  "template means the same order.", words=", ".join(first[:_NAMED]))


def _check(pattern: Pattern, task: Task) -> None:
    missing = sorted(pattern.fields - {*TEXTS, *task.schema.columns})
    if missing:
        known = [*TEXTS[: 1 + task.schema.pairs], *task.schema.columns]
        raise PatternError("The template shows the column {column!r}, which the examples of this "
                           "task do not have. They have {known}.",
                           column=missing[0], known=", ".join(known)[:200])
    pattern.check(task.schema.pairs)


def _combined(found: Sequence[FoundTemplate]) -> Sequence[FoundTemplate]:
    """The patterns, those without words once with each of the words that stand alone."""
    patterns = [template for template in found if template.pattern is not None]
    alone = [template.words for template in found if template.pattern is None]
    bare = [template for template in patterns if not template.words]
    if not alone or not bare or len(alone) * len(bare) > MAX_COMBINED:
        return found
    combined = []
    for template in patterns:
        given = [template.words] if template.words else alone
        combined += [replace(template, words=words) for words in given]
    return combined


def _distinct(found: Iterable[FoundTemplate]) -> list[FoundTemplate]:
    first: dict[tuple[str, str], FoundTemplate] = {}
    for template in found:
        first.setdefault((str(template.pattern), str(template.words)), template)
    return list(first.values())
