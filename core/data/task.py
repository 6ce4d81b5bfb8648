"""What is to be learned: a `Task` with labels and examples."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from core.errors import DataError

TEXTS = ("text_a", "text_b")
Kind = Literal["classification", "choice", "generation"]


@dataclass(frozen=True, slots=True)
class Example:
    """One text or pair of texts, with its label where it is known.

    `text_b` is empty for single-text tasks; `label` is None for unlabelled text; `more` holds further texts by name.
    `references` are the texts that would be right answers, where an answer is a free text.
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
    """A classification task.

    Attributes:
        name: short, unique name, as used in study files.
        labels: the labels, in the order in which every `[B, C]` array holds them.
        train: labelled examples to draw shots from; what is not drawn is the unlabelled pool.
        test: labelled examples that are only ever measured on.
        unlabelled: further texts without labels.
        title, summary: for people.
        licence: of the texts.
    """

    name: str
    labels: tuple[str, ...]
    train: tuple[Example, ...]
    test: tuple[Example, ...]
    unlabelled: tuple[Example, ...] = ()
    title: str = ""
    summary: str = ""
    licence: str = ""
    kind: Literal["classification"] = field(default="classification")

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise DataError(
                "The task {name!r} has {count} label(s): {labels}. Classification needs at least two; check which "
                "column holds the labels.",
                name=self.name, count=len(self.labels), labels=", ".join(map(repr, self.labels)) or "none",
            )

    @property
    def pairs(self) -> bool:
        """Whether examples carry a second text."""
        return any(example.text_b for example in self.train[:200] or self.test[:200])

    @cached_property
    def more(self) -> tuple[str, ...]:
        """Names of the further texts that examples carry."""
        return tuple(dict.fromkeys(name for example in (*self.train[:200], *self.test[:200])
                                   for name, _ in example.more))

    @property
    def choosing(self) -> bool:
        """Whether each example brings its own answers to choose from: texts whose names are the labels."""
        return set(self.labels) <= set(self.more)

    @cached_property
    def content_hash(self) -> str:
        """A digest of labels and all texts: equal data, equal hash, whatever its name or file."""
        digest = hashlib.sha256(json.dumps(self.labels).encode())
        for part in (self.train, self.test, self.unlabelled):
            digest.update(b"\x1e")
            for example in part:
                references = [{"references": example.references}] if example.references else []
                digest.update(json.dumps([example.text_a, example.text_b, example.label, *example.more,
                                          *references]).encode())
        return digest.hexdigest()[:16]
