"""What the catalogue knows of a task before any of its texts is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.data.columns import ColumnMap
from core.data.task import Schema


@dataclass(frozen=True)
class HubSource:
    """Where a task is on the Hugging Face hub.

    Attributes:
        repo: `owner/name`.
        config: which of several data sets in one repository.
        columns: which columns hold texts and label, without further ones; None where they are
            guessed.
        train, test: names of the splits; where the test labels are hidden, the validation split is
            measured on.
        values: raw label, as text → label name; empty where the labels are numbered from 0 in the
            card's order.
    """

    repo: str
    columns: ColumnMap | None
    config: str | None = None
    train: str = "train"
    test: str = "test"
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`owner/name`, or `owner/name:config`."""
        return f"{self.repo}:{self.config}" if self.config else self.repo


@dataclass(frozen=True)
class TaskCard:
    """One task of the catalogue.

    Attributes:
        name: as study files and `load_task` take it.
        title, summary: for people.
        schema: what an example holds and what an answer is; without labels where the data decide
            them.
        language: of the texts.
        source: whether the texts ship with the project or are fetched.
        hub: where from, for source `hub`.
        paper: who published it.
        licence: of the texts, where it is known.
    """

    name: str
    title: str
    summary: str
    schema: Schema
    language: Literal["en", "zh"] = "en"
    source: Literal["bundled", "hub"] = "hub"
    hub: HubSource | None = None
    paper: str = ""
    licence: str = ""

    @property
    def answers(self) -> str:
        """What kind of answers there are, in two words."""
        other_kinds = {"choice": "multiple choice", "generation": "texts"}
        return other_kinds.get(self.schema.kind, f"{len(self.schema.labels)} labels")
