"""What is to be learned: a `Task` with its `Schema` and its examples."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from core.data.findings import Finding
from core.errors import DataError

Kind = Literal["classification", "choice", "generation"]
KINDS: tuple[Kind, ...] = ("classification", "choice", "generation")
LABELLED = KINDS[:2]  # those whose answers are labels
TEXTS = ("text_a", "text_b")


@dataclass(frozen=True)
class Schema:
    """What the examples of a task hold, and what an answer is.

    Attributes:
        kind: of the answer. In classification it is one of `labels`; in multiple choice (`choice`)
            one of the texts in the example's columns that `labels` name; in generation a text.
        labels: in the order in which every `[B, C]` array holds them; empty for generation, and on
            the card of a task whose data decide.
        pairs: whether examples have a second text.
        columns: further columns, whose texts a pattern shows by the column's name.
    """

    kind: Kind
    labels: tuple[str, ...] = ()
    pairs: bool = False
    columns: tuple[str, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether labels have label words: only where all examples share their labels."""
        return self.kind == "classification"


def classification(*labels: str, pairs: bool = False, columns: tuple[str, ...] = ()) -> Schema:
    """The schema of a task whose examples all have the same labels."""
    return Schema("classification", labels, pairs, columns)


def multiple_choice(*labels: str, pairs: bool = False, columns: tuple[str, ...] = ()) -> Schema:
    """The schema of a task whose labels name the columns that hold an example's answers.

    `columns` are further ones.
    """
    return Schema("choice", labels, pairs, tuple(dict.fromkeys((*labels, *columns))))


def generation(*, pairs: bool = False, columns: tuple[str, ...] = ()) -> Schema:
    """The schema of a task whose answers are texts; in `pairs` two texts make a source."""
    return Schema("generation", (), pairs, columns)


@dataclass(frozen=True, slots=True)
class Example:
    """One text or pair of texts, with its answer where it is known.

    Attributes:
        text_a: the text; in generation the source.
        text_b: the second text of a pair, else empty.
        label: the right label; None for unlabelled text and in generation.
        more: further texts, by the names of their columns.
        references: in generation the right texts, each as good as the others.
    """

    text_a: str
    text_b: str = ""
    label: str | None = None
    more: tuple[tuple[str, str], ...] = ()
    references: tuple[str, ...] = ()

    def text(self, field: str) -> str:
        """The text of that name; empty if there is none."""
        if field in TEXTS:
            return self.text_a if field == "text_a" else self.text_b
        return dict(self.more).get(field, "")


@dataclass(frozen=True)
class Task:
    """Examples with one schema.

    Attributes:
        name: short, unique name, as used in study files.
        schema: what an example holds and what an answer is.
        train: examples with their answers to draw shots from; the others are the unlabelled pool.
        test: examples with their answers to measure on, and for nothing else.
        unlabelled: further texts without answers.
        title, summary: for people.
        licence: of the texts.
        findings: of reading the tables that it is made of.
    """

    name: str
    schema: Schema
    train: tuple[Example, ...]
    test: tuple[Example, ...]
    unlabelled: tuple[Example, ...] = ()
    title: str = ""
    summary: str = ""
    licence: str = ""
    findings: tuple[Finding, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        labels = self.schema.labels
        if len(labels) < 2 and self.schema.kind != "generation":
            raise DataError(
                "The task {name!r} has {count} label(s): {labels}. Classification needs at least "
                "two; check which column holds the labels.",
                name=self.name,
                count=len(labels),
                labels=", ".join(map(repr, labels)) or "none")

    @cached_property
    def content_hash(self) -> str:
        """A digest of labels and all texts, whatever the task's name or file."""
        digest = hashlib.sha256(json.dumps(self.schema.labels).encode())
        for part in (self.train, self.test, self.unlabelled):
            digest.update(b"\x1e")
            for example in part:
                digest.update(json.dumps(_content(example)).encode())
        return digest.hexdigest()[:16]


def _content(example: Example) -> list[object]:
    references = [example.references] if example.references else []
    return [example.text_a, example.text_b, example.label, *example.more, *references]
