"""Experiments as plain values: a StudySpec is what a person asks for, a RunSpec is one run of it.

Everything that decides a run's result stands in its RunSpec, so equal specs give equal results.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.data.split import LM_BFF_SEEDS
from core.data.task import Kind, Task
from core.errors import SpecError
from core.learning.method import Method
from core.learning.options import Options, options_dict, options_for, read_options
from core.methods.registry import METHODS, method_named
from core.models.model_files import default_model, weights_digest
from core.models.placement import AUTO, EXACT
from core.prompts.library import suggested
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer
from core.runs.option_sets import option_sets
from core.runs.study_values import DEFAULT_SHOTS, check_study

RESULT_VERSION = 3  # raised when the same spec would give another result than before
MAX_RUNS = 2000
_Patterns = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class RunSpec:
    """One run: everything that decides its result.

    Attributes:
        task: a catalogued name, a hub id, or a mapping of files.
        task_hash: of the content of the task's texts and labels.
        model: a name; model_digest: of its weights where they lie on this disk.
        patterns: pattern-verbalizer pairs as plain values: one, several for an ensemble, or none
            for a method without.
        method, options: every option, defaults included.
        shots, seed: K per label, and the seed of the split and of training.
        test_limit: how many test examples to measure on; None means all.
        other_digests: of the weights of further models that the method asks.
        kind: of the task's answers.
        precision: in which the model computes, as `core.models.placement` names them.
    """

    task: str | dict[str, Any]
    task_hash: str
    model: str
    model_digest: str
    method: str
    patterns: tuple[dict[str, Any], ...]
    options: dict[str, object]
    shots: int
    seed: int
    test_limit: int | None = None
    other_digests: tuple[str, ...] = ()
    kind: Kind = "classification"
    precision: str = EXACT

    @property
    def task_name(self) -> str:
        """The task as a person calls it."""
        return self.task if isinstance(self.task, str) else str(self.task.get("name") or "own data")

    @property
    def pattern_text(self) -> str:
        """The pattern's text; several joined by a bar."""
        return " | ".join(str(pattern["pattern"]) for pattern in self.patterns)

    @property
    def words_text(self) -> str:
        """The label words of the (first) pattern, `label=word,word;…`."""
        given = self.patterns[0]["words"] if self.patterns else {}
        return str(Verbalizer(tuple((label, tuple(words)) for label, words in given.items())))

    def method_and_options(self) -> tuple[Method[Any], Options]:
        """The method itself, and its options as its own Options class.

        Raises:
            SpecError: there is no such method or option, or a value does not fit.
        """
        method = method_named(self.method)
        return method, read_options(method.options, self.options, method.name)

    @property
    def options_that_matter(self) -> dict[str, object]:
        """The options without those that say nothing on a task of this kind."""
        method = METHODS.get(self.method)
        if method is None:  # of another version
            return self.options
        known, heard = method.options.__dataclass_fields__, options_for(method.options, self.kind)
        return {name: value for name, value in self.options.items()
                if name in heard or name not in known}

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as the store keeps them."""
        return {**self.__dict__, "patterns": list(self.patterns),
                "other_digests": list(self.other_digests)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> RunSpec:
        """The inverse of `as_dict`."""
        return RunSpec(**{"kind": _guess_kind(data), **data, "patterns": tuple(data["patterns"]),
                          "other_digests": tuple(data.get("other_digests", ()))})

    @property
    def fingerprint(self) -> str:
        """A hash that is equal for runs that must give the same result.

        Of the task its content counts, not its name; the seed only if the method is random.
        """
        content = {**self.as_dict(), "task": self.task_hash, "version": RESULT_VERSION}
        del content["kind"]  # the task's content decides it
        if not self.other_digests:
            del content["other_digests"]
        if self.precision == EXACT:  # as all runs were once
            del content["precision"]
        if not method_named(self.method).uses_seed:
            content["seed"] = None
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def _guess_kind(data: Mapping[str, Any]) -> Kind:
    """The kind of a run that was stored without it: multiple choice has no label words."""
    without_words = any(not pattern["words"] for pattern in data["patterns"])
    return "choice" if without_words else "classification"


def _default_patterns(task: Task) -> _Patterns:
    """The pattern of a study without any: where answers are texts, the first that is suggested."""
    if task.schema.kind != "generation":
        return ()
    return ({"pattern": suggested(task.name, task.schema)[0].pattern},)


class _Grid(NamedTuple):
    """The settings of a method whose product are its runs."""

    options: Sequence[Options]
    patterns: Sequence[_Patterns]  # a group for each run
    shots: Sequence[int]
    seeds: Sequence[int]

    @property
    def size(self) -> int:
        return len(self.options) * len(self.patterns) * len(self.shots) * len(self.seeds)


@dataclass(frozen=True)
class StudySpec:
    """What a person asks for: methods × options × patterns × shots × seeds, on one task and model.

    Attributes:
        options: for a method its options, or a list of several that it is to be run with; an
            option may have a list of values, and `preset` names settings of the method's paper.
        precision: in which the model computes; auto takes that of the host.
    """

    name: str
    task: str | dict[str, Any]
    methods: tuple[str, ...]
    patterns: tuple[dict[str, Any], ...] = ()
    model: str = field(default_factory=default_model)
    shots: tuple[int, ...] = DEFAULT_SHOTS
    seeds: tuple[int, ...] = LM_BFF_SEEDS
    options: dict[str, Any] = field(default_factory=dict)
    test_limit: int | None = None
    precision: str = AUTO

    @staticmethod
    def from_dict(data: object) -> StudySpec:
        """Check plain values, as read from YAML, and make a study of them.

        Raises:
            SpecError: a key is missing, unknown or has a value of the wrong kind.
        """
        return StudySpec(**check_study(data))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as study files hold them; `from_dict` reads them back."""
        chosen: dict[str, Any] = {"test_limit": self.test_limit} if self.test_limit else {}
        if self.precision != AUTO:
            chosen["precision"] = self.precision
        return {"name": self.name, "task": self.task, "model": self.model,
                "methods": list(self.methods), "patterns": list(self.patterns),
                "shots": list(self.shots), "seeds": list(self.seeds),
                "options": self.options, **chosen}

    def runs(self, task: Task, host_precision: str = EXACT) -> list[RunSpec]:
        """All runs, in a stable order; no two differ only in what their method does not use.

        Args:
            task: what the study's `task` names.
            host_precision: of the host's placement, for a study that leaves its own open.

        Raises:
            InputError: a pattern does not fit the task, a method needs a pattern and there is
                none, or there are too many runs.
        """
        given = self.patterns or _default_patterns(task)
        distinct = dict.fromkeys(PVP.from_dict(pattern, task.schema) for pattern in given)
        pvps = tuple(pvp.as_dict() for pvp in distinct)
        methods = [method_named(name) for name in self.methods]
        grids = [self._grid(method, pvps) for method in methods]
        count = sum(grid.size for grid in grids)
        if count > MAX_RUNS:
            raise SpecError("This study makes {count} runs; {limit} are allowed. Choose fewer "
                            "seeds, shots or patterns.", count=count, limit=MAX_RUNS)
        precision = host_precision if self.precision == AUTO else self.precision
        return [run for method, grid in zip(methods, grids, strict=True)
                for run in self._runs_of(method, grid, task, precision)]

    def _grid(self, method: Method[Any], pvps: _Patterns) -> _Grid:
        """The settings that a method's result depends on."""
        if method.uses_pattern and not pvps:
            raise SpecError("The method {method!r} needs a pattern, and the study has none. Add "
                            "one under 'patterns'.", method=method.name)
        groups = [pvps] if method.ensemble else [(pvp,) for pvp in pvps]
        return _Grid(
            options=self._options(method),
            patterns=groups if method.uses_pattern else [()],
            shots=self.shots if method.uses_shots else (0,),
            seeds=self.seeds if method.uses_seed else self.seeds[:1],
        )

    def _options(self, method: Method[Any]) -> list[Options]:
        """The options that a method is run with, each once."""
        given = option_sets(method, self.options.get(method.name) or {})
        read = (read_options(method.options, values, method.name) for values in given)
        return list(dict.fromkeys(read))

    def _runs_of(self, method: Method[Any], grid: _Grid, task: Task,
                 precision: str) -> Iterator[RunSpec]:
        model_digest = weights_digest(self.model)
        for options in grid.options:
            other_digests = tuple(map(weights_digest, method.other_models(options)))
            settings = itertools.product(grid.patterns, grid.shots, grid.seeds)
            for patterns, shots, seed in settings:
                yield RunSpec(self.task, task.content_hash, self.model, model_digest, method.name,
                              patterns, options_dict(options), shots, seed, self.test_limit,
                              other_digests, task.schema.kind, precision)
