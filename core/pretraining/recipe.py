"""A recipe: everything that decides which model comes out, read from YAML and checked at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from core.errors import SpecError
from core.prompts.text_to_text import FORMS

OBJECTIVES = ("masked", "spans", "next")
OPTIMIZERS = ("adamw", "muon")


@dataclass(frozen=True)
class Source:
    """A text file of the corpus; its rows are seen `weight` times as often as with weight 1."""

    file: str
    weight: float = 1.0


@dataclass(frozen=True)
class TaskSource:
    """A table of a task's examples, their text-to-text format, and their weight as for texts.

    `without` maps columns to a value: rows that have it are left out.
    """

    format: str
    file: str
    weight: float = 1.0
    without: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """How a language model is trained.

    Attributes:
        name: of the model.
        objective: `masked` (BERT), `spans` (T5) or `next` (GPT); see `core.pretraining.objectives`.
        corpora: files of one text a line, plain or compressed with Zstandard.
        start: the package, folder or hub id whose weights and tokenizer are trained further; empty
            makes a new model of the configuration `model`.
        model: the configuration of a new model, of transformers, with its `type`.
        embeddings: the package, folder or hub id whose word embeddings a new model's tokens begin
            with; empty leaves them to chance.
        vocabulary: how many tokens a new tokenizer has, which is made from the corpora.
        length: tokens in a row, special ones included.
        tokens: in the whole training.
        batch_tokens: in an update.
        learning_rate: after the warm-up.
        head_learning_rate: the same for a new head, and for the embeddings of a new model.
        warmup: the share of the steps over which the learning rate rises linearly.
        decay: the share of the steps, at the end, over which it falls linearly to 0.
        weight_decay: of matrices.
        optimizer: `adamw`, or `muon` for the matrices of the layers; see
            `core.pretraining.optimizers`.
        chosen: the share of tokens to be predicted by `masked` and `spans`.
        masked: the share of them that `masked` replaces by the mask.
        random: the share of them that `masked` replaces by a random token; the rest stays.
        span: the mean length, in tokens, of what `spans` takes out.
        tasks: tables of labelled examples that `spans` trains on too, in T5's formats
            (`core.pretraining.tasks`).
        tasks_from: the share of the steps before the first of them.
        task_share: the share of the updates after it that are of examples.
        task_examples: in such an update.
        held_out: the share of texts that are never trained on.
        evaluate_every: in steps.
        checkpoint_every: in steps.
        seed: of every random draw.
    """

    name: str
    objective: str
    corpora: tuple[Source, ...]
    start: str = ""
    model: Mapping[str, Any] = field(default_factory=dict)
    embeddings: str = ""
    vocabulary: int = 16_000
    length: int = 128
    tokens: int = 10_000_000
    batch_tokens: int = 4096
    learning_rate: float = 4e-4
    head_learning_rate: float = 1e-3
    warmup: float = 0.02
    decay: float = 0.98
    weight_decay: float = 0.01
    optimizer: str = "adamw"
    chosen: float = 0.2
    masked: float = 0.9
    random: float = 0.05
    span: float = 3.0
    tasks: tuple[TaskSource, ...] = ()
    tasks_from: float = 0.5
    task_share: float = 0.5
    task_examples: int = 64
    held_out: float = 0.005
    evaluate_every: int = 250
    checkpoint_every: int = 100
    seed: int = 1

    @property
    def rows(self) -> int:
        """Rows in an update."""
        return max(1, self.batch_tokens // self.length)

    @property
    def steps(self) -> int:
        """Updates in the whole training."""
        return math.ceil(self.tokens / (self.rows * self.length))


_RANGES: dict[str, tuple[float, float]] = {
    "length": (8, 4096), "tokens": (1, 10**12), "batch_tokens": (8, 10**8),
    "learning_rate": (0, 1), "head_learning_rate": (0, 1), "warmup": (0, 1), "decay": (0, 1),
    "weight_decay": (0, 1), "chosen": (0.01, 1), "masked": (0, 1), "random": (0, 1),
    "span": (1, 100), "vocabulary": (300, 65_000), "tasks_from": (0, 1), "task_share": (0, 1),
    "task_examples": (1, 100_000), "held_out": (0.0001, 0.5), "evaluate_every": (1, 10**9),
    "checkpoint_every": (1, 10**9), "seed": (0, 2**31),
}
_REQUIRED = ("name", "objective", "corpora")


def read_recipe(given: object) -> Recipe:
    """Check plain values, as read from YAML, and make a recipe of them.

    Raises:
        SpecError: an unknown or missing key, a value of the wrong type or out of its range, or
            keys that contradict each other.
    """
    types = get_type_hints(Recipe)
    values = _with_known_keys(given, tuple(types))
    recipe = Recipe(**{key: _value(key, value, types[key]) for key, value in values.items()})
    _check_choices(recipe)
    _check_start(recipe)
    _check_shares(recipe)
    return recipe


def _with_known_keys(given: object, known: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise SpecError("A recipe holds keys and values. Its keys are {keys}.",
                        keys=", ".join(known))
    for key in given:
        if key not in known:
            raise SpecError("A recipe has no key {key!r}. Its keys are {keys}.",
                            key=str(key)[:60], keys=", ".join(known))
    for key in _REQUIRED:
        if not given.get(key):
            raise SpecError("The recipe has no {key!r}. Add it.", key=key)
    return given


def _check_choices(recipe: Recipe) -> None:
    for key, known in (("objective", OBJECTIVES), ("optimizer", OPTIMIZERS)):
        value = getattr(recipe, key)
        if value not in known:
            raise SpecError("{key!r} is {value!r}; it must be one of {known}.",
                            key=key, value=value, known=", ".join(known))


def _check_start(recipe: Recipe) -> None:
    if bool(recipe.start) == bool(recipe.model):
        raise SpecError("A recipe has either 'start', the model to go on with, or 'model', the "
                        "configuration of a new one.")
    if recipe.tasks and recipe.objective != "spans":
        raise SpecError("'tasks' are told as text to text; only the objective 'spans' teaches "
                        "them, not {objective!r}.", objective=recipe.objective)
    if recipe.embeddings and recipe.start:
        raise SpecError("'embeddings' are for a new model; 'start' has its own. "
                        "Leave one of them out.")


def _check_shares(recipe: Recipe) -> None:
    for one, other in (("masked", "random"), ("warmup", "decay")):
        total = getattr(recipe, one) + getattr(recipe, other)
        if total > 1:
            raise SpecError("{one!r} and {other!r} are shares of a whole; together they are "
                            "{sum:g}, more than 1.", one=one, other=other, sum=total)


def _value(key: str, value: object, kind: Any) -> Any:
    if key in ("corpora", "tasks"):
        entries = value if isinstance(value, list) else [value]
        read = _source if key == "corpora" else _task
        return tuple(read(entry) for entry in entries)
    if key == "model":
        return _configuration(value)
    return _text(key, value) if kind is str else _number(key, value, kind)


def _configuration(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise SpecError("'model' must hold a configuration, such as {example}.",
                        example="{type: gpt2, n_layer: 6}")
    return dict(value)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise SpecError("{key!r} is {value!r}; it must be text.", key=key, value=str(value)[:60])
    return value


def _number(key: str, value: Any, kind: Any) -> float:
    """The value as a number of its `kind`, int or float, within its range."""
    low, high = _RANGES[key]
    try:
        number: float = kind(value)
        sound = number == float(value) and low <= number <= high and not isinstance(value, bool)
    except (TypeError, ValueError, OverflowError):
        sound = False
    if not sound:
        raise SpecError("{key!r} is {value!r}; it must be a {kind} from {low:g} to {high:g}.",
                        key=key, value=str(value)[:60],
                        kind="whole number" if kind is int else "number", low=low, high=high)
    return number


def _source(entry: object) -> Source:
    given = {"file": entry} if isinstance(entry, str) else _mapping(entry)
    known = given.keys() <= {"file", "weight"}
    if not (known and isinstance(given.get("file"), str) and _has_weight(given)):
        raise SpecError(
            "'corpora' holds {value!r}; each entry is a file, or {form} with a weight up to 100.",
            value=str(entry)[:80], form="{file: a.txt.zst, weight: 2}")
    return Source(given["file"], float(given.get("weight", 1)))


def _task(entry: object) -> TaskSource:
    given = _mapping(entry)
    if not (_is_task(given) and _has_weight(given)):
        raise SpecError("'tasks' holds {value!r}; each entry is {form} with a weight up to 100.",
                        value=str(entry)[:80],
                        form="{format: sst2, file: sst2/train.csv, weight: 2}")
    if given["format"] not in FORMS:
        raise SpecError("'tasks' has no format {value!r}. There are {known}.",
                        value=given["format"][:60], known=", ".join(FORMS))
    weight = float(given.get("weight", 1))
    return TaskSource(given["format"], given["file"], weight, dict(given.get("without", {})))


def _is_task(given: Mapping[str, Any]) -> bool:
    known = given.keys() <= {"format", "file", "weight", "without"}
    named = all(isinstance(given.get(key), str) for key in ("format", "file"))
    without = given.get("without", {})
    return known and named and isinstance(without, Mapping) and all(
        isinstance(text, str) for pair in without.items() for text in pair)


def _mapping(entry: object) -> Mapping[str, Any]:
    """The entry's keys and values; none if it is no mapping."""
    return entry if isinstance(entry, Mapping) else {}


def _has_weight(given: Mapping[str, Any]) -> bool:
    weight = given.get("weight", 1)
    is_number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
    return is_number and 0 < weight <= 100
