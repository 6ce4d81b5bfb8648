"""A recipe: everything that decides which model comes out, read from YAML and checked before anything is started."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

from core.errors import SpecError
from core.prompts.text_to_text import FORMS

OBJECTIVES = ("masked", "spans", "next")
OPTIMIZERS = ("adamw", "muon")


@dataclass(frozen=True)
class Source:
    """A text file of the corpus and how many times as often as others its rows are seen."""

    file: str
    weight: float = 1.0


@dataclass(frozen=True)
class TaskSource:
    """A table of a task's examples, the text-to-text format they are told in, and their weight as for texts.

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
        start: the package, folder or hub id whose weights and tokenizer are taken over; empty begins from nothing, with
            the configuration `model` and a tokenizer of `vocabulary` tokens that is made from the corpora.
        embeddings: the package, folder or hub id whose word embeddings a new model's tokens begin with; empty leaves
            them to chance.
        corpora: files of one text a line, plain or compressed with Zstandard.
        length: tokens in a row, special ones included.
        tokens, batch_tokens: in the whole training, and in an update.
        learning_rate: after the warm-up, which takes the share `warmup` of the steps; over the share `decay` at the end
            it falls linearly to 0. head_learning_rate: the same for a new head, and for the embeddings of a new model.
        optimizer: `adamw`, or `muon` for the matrices of the layers; see `core.pretraining.optimizers`.
        chosen: the share of tokens to be predicted by `masked` and `spans`. In the former the share `masked` of them
            becomes the mask, `random` another token, the rest stays; in the latter they lie in spans of `span` tokens.
        tasks: tables of labelled examples that `spans` teaches too, in T5's formats (`core.pretraining.tasks`). After
            the share `tasks_from` of the steps, the share `task_share` of the updates has `task_examples` of them.
        held_out: the share of texts that are never trained on.
        evaluate_every, checkpoint_every: in steps.
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
    "length": (8, 4096), "tokens": (1, 10**12), "batch_tokens": (8, 10**8), "learning_rate": (0, 1),
    "head_learning_rate": (0, 1), "warmup": (0, 1), "decay": (0, 1), "weight_decay": (0, 1),
    "chosen": (0.01, 1), "masked": (0, 1), "random": (0, 1), "span": (1, 100), "vocabulary": (300, 65_000),
    "tasks_from": (0, 1), "task_share": (0, 1), "task_examples": (1, 100_000), "held_out": (0.0001, 0.5),
    "evaluate_every": (1, 10**9), "checkpoint_every": (1, 10**9), "seed": (0, 2**31),
}


def read_recipe(given: object) -> Recipe:
    """Check plain values, as read from YAML, and make a recipe of them.

    Raises:
        SpecError: an unknown or missing key, a value of the wrong type or out of its range.
    """
    types = get_type_hints(Recipe)
    if not isinstance(given, Mapping):
        raise SpecError("A recipe holds keys and values. Its keys are {keys}.", keys=", ".join(types))
    for key in given:
        if key not in types:
            raise SpecError("A recipe has no key {key!r}. Its keys are {keys}.", key=str(key)[:60],
                            keys=", ".join(types))
    for key in (each.name for each in fields(Recipe)[:3]):
        if not given.get(key):
            raise SpecError("The recipe has no {key!r}. Add it.", key=key)
    values = {key: _value(key, value, types[key]) for key, value in given.items()}
    recipe = Recipe(**values)
    for key, known in (("objective", OBJECTIVES), ("optimizer", OPTIMIZERS)):
        if getattr(recipe, key) not in known:
            raise SpecError("{key!r} is {value!r}; it must be one of {known}.", key=key, value=getattr(recipe, key),
                            known=", ".join(known))
    if bool(recipe.start) == bool(recipe.model):
        raise SpecError("A recipe has either 'start', the model to go on with, or 'model', the configuration of a new "
                        "one.")
    if recipe.tasks and recipe.objective != "spans":
        raise SpecError("'tasks' are told as text to text; only the objective 'spans' teaches them, not {objective!r}.",
                        objective=recipe.objective)
    if recipe.embeddings and recipe.start:
        raise SpecError("'embeddings' are for a new model; 'start' has its own. Leave one of them out.")
    for one, other in (("masked", "random"), ("warmup", "decay")):
        total = getattr(recipe, one) + getattr(recipe, other)
        if total > 1:
            raise SpecError("{one!r} and {other!r} are shares of a whole; together they are {sum:g}, more than 1.",
                            one=one, other=other, sum=total)
    return recipe


def _value(key: str, value: object, kind: Any) -> Any:
    if key in ("corpora", "tasks"):
        entries = value if isinstance(value, list) else [value]
        return tuple((_source if key == "corpora" else _task)(entry) for entry in entries)
    if key == "model":
        if not isinstance(value, Mapping):
            raise SpecError("'model' must hold a configuration, such as {example}.", example="{type: gpt2, n_layer: 6}")
        return dict(value)
    if kind is str:
        if not isinstance(value, str):
            raise SpecError("{key!r} is {value!r}; it must be text.", key=key, value=str(value)[:60])
        return value
    try:
        number = kind(value)
        low, high = _RANGES[key]
        if isinstance(value, bool) or number != float(value) or not low <= number <= high:  # type: ignore[arg-type]
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise SpecError("{key!r} is {value!r}; it must be a {kind} from {low:g} to {high:g}.", key=key,
                        value=str(value)[:60], kind="whole number" if kind is int else "number",
                        low=_RANGES[key][0], high=_RANGES[key][1]) from None
    return number


def _source(entry: object) -> Source:
    given: Mapping[str, object] = {"file": entry} if isinstance(entry, str) else entry if isinstance(
        entry, Mapping) else {}
    if not (given.keys() <= {"file", "weight"} and isinstance(given.get("file"), str) and _is_weight(given)):
        raise SpecError("'corpora' holds {value!r}; each entry is a file, or {form} with a weight up to 100.",
                        value=str(entry)[:80], form="{file: a.txt.zst, weight: 2}")
    return Source(str(given["file"]), float(str(given.get("weight", 1))))


def _task(entry: object) -> TaskSource:
    given: Mapping[str, object] = entry if isinstance(entry, Mapping) else {}
    named = all(isinstance(given.get(key), str) for key in ("format", "file"))
    without = given.get("without", {})
    told = isinstance(without, Mapping) and all(isinstance(each, str) for pair in without.items() for each in pair)
    if not (named and told and given.keys() <= {"format", "file", "weight", "without"} and _is_weight(given)):
        raise SpecError("'tasks' holds {value!r}; each entry is {form} with a weight up to 100.", value=str(entry)[:80],
                        form="{format: sst2, file: sst2/train.csv, weight: 2}")
    if given["format"] not in FORMS:
        raise SpecError("'tasks' has no format {value!r}. There are {known}.", value=str(given["format"])[:60],
                        known=", ".join(FORMS))
    return TaskSource(str(given["format"]), str(given["file"]), float(str(given.get("weight", 1))), dict(without))  # type: ignore[call-overload]


def _is_weight(given: Mapping[str, object]) -> bool:
    weight = given.get("weight", 1)
    return not isinstance(weight, bool) and isinstance(weight, (int, float)) and 0 < weight <= 100
