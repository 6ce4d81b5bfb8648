"""The catalogue of tasks, and how any task is loaded: by name, hub id, file, folder or files."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from core.data.card import TaskCard
from core.data.files import TABLE_SUFFIXES, DataLimits
from core.data.hub import load_hub_task
from core.data.published import CHINESE, PAIRS, READING, SENTIMENT, TOPICS_AND_TYPES
from core.data.published_texts import TEXTS
from core.data.task import Schema, Task, classification, generation
from core.data.task_files import task_from_files
from core.errors import DataError

BUNDLED_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "tasks"
_KEPT = 8  # loaded tasks kept in memory, of each kind of source
_OUR_PAPER, _OUR_LICENCE = "written for Cloze Lab", "Apache-2.0"

_Stamps = tuple[tuple[str, int, int], ...]  # path, time in ns and size of each file

_BUNDLED: tuple[TaskCard, ...] = (
    TaskCard(
        "reviews",
        "Reviews",
        "Short reviews of films, meals, gadgets and services, negative or positive.",
        classification("negative", "positive"),
        source="bundled",
        paper=_OUR_PAPER,
        licence=_OUR_LICENCE,
    ),
    TaskCard(
        "headlines",
        "Headlines",
        "Invented news items in four sections.",
        classification("world", "sports", "business", "technology"),
        source="bundled",
        paper=_OUR_PAPER,
        licence=_OUR_LICENCE,
    ),
    TaskCard(
        "questions",
        "Questions",
        "Questions by the type of their answer.",
        classification("abbreviation", "entity", "description", "human", "location", "number"),
        source="bundled",
        paper=_OUR_PAPER,
        licence=_OUR_LICENCE,
    ),
    TaskCard(
        "entailment",
        "Entailment",
        "Does the premise entail or contradict the hypothesis, or neither?",
        classification("entailment", "neutral", "contradiction", pairs=True),
        source="bundled",
        paper=_OUR_PAPER,
        licence=_OUR_LICENCE,
    ),
    TaskCard(
        "restaurants",
        "Restaurants",
        "Say in a sentence or two what a table tells of a place to eat; several references.",
        generation(columns=("category",)),
        source="bundled",
        paper=_OUR_PAPER,
        licence=_OUR_LICENCE,
    ),
    TaskCard(
        "digests",
        "Digests",
        "Say the main point of a short text in one sentence.",
        generation(columns=("topic",)),
        source="bundled",
        paper=_OUR_PAPER,
        licence=_OUR_LICENCE,
    ),
)
_CARDS = {
    card.name: card
    for card in (*_BUNDLED, *SENTIMENT, *TOPICS_AND_TYPES, *PAIRS, *READING, *TEXTS, *CHINESE)
}


def task_cards() -> list[TaskCard]:
    """All catalogued tasks, those that ship with the project first."""
    return list(_CARDS.values())


def task_card(name: str) -> TaskCard:
    """The card of a catalogued task.

    Raises:
        DataError: there is none of that name; the message names the nearest.
    """
    if name not in _CARDS:
        near = difflib.get_close_matches(name.lower(), _CARDS, n=1, cutoff=0.5)
        raise DataError(
            "There is no task {name!r}.{hint} Tasks that need no network are {bundled}; a data set "
            "of the hub is named {form}.",
            name=name[:80],
            hint=f" Did you mean {near[0]!r}?" if near else "",
            bundled=", ".join(card.name for card in _BUNDLED),
            form="owner/name or owner/name:config")
    return _CARDS[name]


def is_catalogued(source: object) -> bool:
    """Whether `source` is the name of a catalogued task."""
    return isinstance(source, str) and source.strip() in _CARDS


def task_text(name: str) -> str:
    """What a person should know of a catalogued task, as Markdown; empty for any other."""
    card = _CARDS.get(name)
    if card is None:
        return ""
    if card.source == "bundled":
        return (BUNDLED_FOLDER / name / "README.md").read_text(encoding="utf-8").strip()
    facts = "\n".join(f"- **{key}**: {value}" for key, value in _facts(card).items() if value)
    return f"# {card.title}\n\n{card.summary}\n\n{facts}"


def _facts(card: TaskCard) -> dict[str, str]:
    labels = ", ".join(card.schema.labels)
    return {
        "Labels": "multiple choice" if card.schema.kind == "choice" else labels,
        "From": f"`{card.hub.id}`" if card.hub else "",
        "Paper": card.paper,
        "Licence": card.licence,
    }


def load_task(
    source: str | Mapping[str, object],
    *,
    limits: DataLimits = DataLimits(),
    allowed_hub: Sequence[str] | None = None,
) -> Task:
    """Load a task; what was loaded lately comes from memory.

    Args:
        source: a catalogued name, a hub id (`owner/name`, `owner/name:config`), the path of a file
            to train and test on, a folder in the hub's layout, or a mapping of files as study files
            hold it.
        limits: how large data may be; bundled tasks are never too large.
        allowed_hub: the hub ids, catalogued names and paths that may be used besides the bundled
            tasks; empty or None means any.

    Raises:
        DataError, LimitError, SpecError: it does not exist, is not allowed here, or cannot be used
            as it is.
        DownloadError: the hub cannot be reached.
    """
    if isinstance(source, Mapping):
        return _load_files(source, limits)
    source = source.strip()
    card = _card_of(source)
    if card is not None and card.source == "bundled":
        return _bundled_task(card.name)
    _check_allowed(source, card, allowed_hub or ())
    if card is not None:
        return _task_of_card(card.name, limits)
    if is_file_path(source):
        return _load_files({"train": source}, limits)
    return _uncatalogued_task(source, _stamps([source]), limits)


def _card_of(source: str) -> TaskCard | None:
    """The card of a name or hub id; None for a data set, file or folder without one.

    Raises:
        DataError: it can only be a catalogued name, and there is none such.
    """
    if source in _CARDS:
        return _CARDS[source]
    for card in _CARDS.values():
        if card.hub and card.hub.id == source:
            return card
    if _has_folder(source) or is_file_path(source):
        return None
    return task_card(source)


def is_file_path(source: str) -> bool:
    """Whether `source` is the path of a file: it ends as tables do (`.csv`), or the file exists.

    Without such an end the path must name a folder too (`./data`), so that tasks keep their names.
    """
    try:
        path = Path(source).expanduser()
        is_table = path.suffix.lower() in TABLE_SUFFIXES
        return (is_table and not path.is_dir()) or (_has_folder(source) and path.is_file())
    except (OSError, ValueError, RuntimeError):  # a name too long, a NUL in it, no such home
        return False


def _has_folder(source: str) -> bool:
    return any(mark in source for mark in ("/", os.sep))


def _load_files(spec: Mapping[str, object], limits: DataLimits) -> Task:
    files = (str(spec[part]) for part in ("train", "test", "unlabelled") if spec.get(part))
    named = {str(key): value for key, value in spec.items()}
    return _task_of_files(json.dumps(named, default=str), _stamps(files), limits)


def _check_allowed(source: str, card: TaskCard | None, allowed: Sequence[str]) -> None:
    names = {source, source.partition(":")[0]}
    if card is not None and card.hub is not None:
        names |= {card.name, card.hub.id, card.hub.repo}
    if allowed and names.isdisjoint(allowed):
        bundled = (card.name for card in _BUNDLED)
        known = (*bundled, *(name for name in allowed if name != "none"))
        raise DataError(
            "{name!r} may not be used here. Use one of {known}, or upload a file.",
            name=source[:80], known=", ".join(known))


@lru_cache(maxsize=_KEPT)
def _bundled_task(name: str) -> Task:
    card = _CARDS[name]
    files = {part: str(BUNDLED_FOLDER / name / f"{part}.csv") for part in ("train", "test")}
    columns = _bundled_columns(card.schema)
    return _as_on_card(task_from_files({**files, **dict(zip(columns, columns, strict=True))}), card)


def _bundled_columns(schema: Schema) -> tuple[str, ...]:
    """The columns of a bundled task's files that hold texts and answers."""
    if schema.kind == "generation":
        return ("source", "target")
    return ("text_a", "text_b", "label") if schema.pairs else ("text_a", "label")


@lru_cache(maxsize=_KEPT)
def _task_of_card(name: str, limits: DataLimits) -> Task:
    card, hub = _CARDS[name], _CARDS[name].hub
    assert hub is not None
    numbered = {str(number): label for number, label in enumerate(card.schema.labels)}
    loaded = load_hub_task(
        hub.repo,
        config=hub.config,
        train_split=hub.train,
        test_split=hub.test,
        columns=hub.columns and replace(hub.columns, more=card.schema.columns),
        label_names=hub.values or numbered,
        limits=limits,
    )
    return _as_on_card(loaded, card)


@lru_cache(maxsize=_KEPT)
def _uncatalogued_task(source: str, stamps: _Stamps, limits: DataLimits) -> Task:  # noqa: ARG001
    repo, _, config = (source, "", "") if _is_folder(source) else source.partition(":")
    loaded = load_hub_task(repo, config=config or None, limits=limits)
    return replace(loaded, name=f"{loaded.name}:{config}") if config else loaded


@lru_cache(maxsize=_KEPT)
def _task_of_files(spec: str, stamps: _Stamps, limits: DataLimits) -> Task:  # noqa: ARG001
    return task_from_files(json.loads(spec), limits)


def _as_on_card(task: Task, card: TaskCard) -> Task:
    """Name everything as the card does, labels in its order."""
    labels = card.schema.labels or task.schema.labels
    unknown = set(task.schema.labels) - set(labels)
    if unknown:
        raise DataError(
            "The hub's copy of {name!r} has changed: it holds the label {label!r}, but {labels} "
            "are known. Load the data from a file instead.",
            name=card.title, label=min(unknown)[:80], labels=", ".join(labels))
    return replace(
        task,
        name=card.name,
        schema=replace(task.schema, kind=card.schema.kind, labels=labels),
        title=card.title,
        summary=card.summary,
        licence=card.licence,
    )


def _is_folder(source: str) -> bool:
    try:
        return Path(source).expanduser().is_dir()
    except (OSError, ValueError, RuntimeError):
        return False


def _stamps(paths: Iterable[str]) -> _Stamps:
    """Name, time and size of every file at `paths`, as part of a key of the cache.

    With them a file that has changed is read again.
    """
    stamps = []
    for path in paths:
        with suppress(OSError, ValueError, RuntimeError):
            for place in _places_under(Path(path).expanduser()):
                stat = place.stat()
                stamps.append((str(place), stat.st_mtime_ns, stat.st_size))
    return tuple(stamps)


def _places_under(place: Path) -> Iterator[Path]:
    """The place itself and, if it is a folder, what it and its folders hold."""
    yield place
    yield from sorted(place.glob("*"))
    yield from sorted(place.glob("*/*"))
