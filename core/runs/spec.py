"""Experiments written down: a StudySpec is what a person asks for, a RunSpec one run of it, decided to the last bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.data.split import LM_BFF_SEEDS
from core.data.task import Kind, Task
from core.errors import SpecError
from core.learning.method import Method
from core.learning.options import Options, options_dict, read_options
from core.methods.registry import method_named
from core.models.backbone import default_model, weights_digest
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer

RESULT_VERSION = 1  # raised when the same spec would give another result than before
MAX_RUNS = 2000
MAX_NUMBER = 2**31  # of seeds and shots
_KEYS = ("name", "task", "model", "methods", "patterns", "shots", "seeds", "options", "test_limit")
_Patterns = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class RunSpec:
    """One run: everything that decides its result.

    Attributes:
        task: a catalogued name, a hub id, or a mapping of files; task_hash: the content of its texts and labels.
        model: a name; model_digest: of its weights where they lie on this disk.
        patterns: pattern-verbalizer pairs as plain values; one, several for ensembles, none for methods without.
        method, options: every option, defaults included.
        shots, seed: K per label, and the seed of the split and of training.
        test_limit: how many test rows to measure on; None means all.
        other_digests: of the weights of further models that the method asks.
        kind: of the task's answers.
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

    @property
    def task_name(self) -> str:
        """The task as a person calls it."""
        return self.task if isinstance(self.task, str) else str(self.task.get("name") or "own data")

    @property
    def pattern_text(self) -> str:
        """The pattern's text; several joined by a bar."""
        return " | ".join(str(each["pattern"]) for each in self.patterns)

    @property
    def words_text(self) -> str:
        """The words of the (first) pattern, `label=word,word;…`."""
        words = self.patterns[0]["words"] if self.patterns else {}
        return str(Verbalizer(tuple((label, tuple(each)) for label, each in words.items())))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as the store keeps them."""
        return {**self.__dict__, "patterns": list(self.patterns),
                "other_digests": list(self.other_digests)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> RunSpec:
        """The inverse of `as_dict`."""
        return RunSpec(**{"kind": _kind(data), **data, "patterns": tuple(data["patterns"]),
                          "other_digests": tuple(data.get("other_digests", ()))})

    @property
    def fingerprint(self) -> str:
        """Equal for runs that must give the same result: content counts, names of tasks and idle seeds do not."""
        content = {**self.as_dict(), "task": self.task_hash, "version": RESULT_VERSION}
        del content["kind"]  # the task's content decides it
        if not self.other_digests:
            del content["other_digests"]
        if not method_named(self.method).uses_seed:
            content["seed"] = None
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class StudySpec:
    """What a person asks for: methods × their options × patterns × shots × seeds on one task and model.

    Attributes:
        options: for a method its options, or a list of several that it is to be run with.
    """

    name: str
    task: str | dict[str, Any]
    methods: tuple[str, ...]
    patterns: tuple[dict[str, Any], ...] = ()
    model: str = field(default_factory=default_model)
    shots: tuple[int, ...] = (16,)
    seeds: tuple[int, ...] = LM_BFF_SEEDS
    options: dict[str, Any] = field(default_factory=dict)
    test_limit: int | None = None

    @staticmethod
    def from_dict(data: object) -> StudySpec:
        """Check plain values, as read from YAML, and make a study of them.

        Raises:
            SpecError: a key is missing, unknown or has a value of the wrong kind.
        """
        given = _checked_keys(data)
        methods = _list(given, "methods", str)
        options = given.get("options") or {}
        if not isinstance(options, Mapping) or not all(isinstance(one, Mapping) for each in options.values()
                                                       for one in _each(each)):
            raise SpecError("'options' must map method names to their options, or to lists of several, e.g. {example}.",
                            example="{lm-bff: {steps: 100}}")
        for name in [*methods, *options]:
            for one in _each(options.get(name) or {}):
                read_options(method_named(str(name)).options, one, str(name))
        limit = given.get("test_limit")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise SpecError("'test_limit' is {value!r}; it must be a whole number above 0.", value=str(limit)[:40])
        patterns = given.get("patterns") or []
        if not isinstance(patterns, Sequence) or isinstance(patterns, str):
            raise SpecError("'patterns' must be a list of {form}.", form='{pattern: "…", words: {label: [word]}}')
        task = given["task"]
        model = given.get("model") or default_model()
        if not isinstance(model, str):
            raise SpecError("'model' is {value!r}; it must be a bundled name, a hub id or a folder.",
                            value=str(model)[:80])
        return StudySpec(
            name=str(given.get("name") or "study"), task=dict(task) if isinstance(task, Mapping) else str(task),
            methods=tuple(dict.fromkeys(methods)), patterns=tuple(patterns),
            model=model, shots=tuple(dict.fromkeys(_list(given, "shots", int, (16,)))),
            seeds=tuple(dict.fromkeys(_list(given, "seeds", int, LM_BFF_SEEDS))),
            options={str(name): [dict(one) for one in each] if isinstance(each, list) else dict(each)
                     for name, each in options.items()}, test_limit=limit,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as study files hold them; `from_dict` reads them back."""
        return {"name": self.name, "task": self.task, "model": self.model, "methods": list(self.methods),
                "patterns": list(self.patterns), "shots": list(self.shots), "seeds": list(self.seeds),
                "options": self.options, **({"test_limit": self.test_limit} if self.test_limit else {})}

    def runs(self, task: Task) -> list[RunSpec]:
        """All runs, in a stable order. What a method's result does not depend on makes no further runs of it.

        Raises:
            InputError: a pattern does not fit the task, a method needs a pattern and there is none, too many runs.
        """
        distinct = dict.fromkeys(PVP.from_dict(each, task.schema) for each in self.patterns)
        pvps = tuple(pvp.as_dict() for pvp in distinct)
        grids = {name: self._grid(method_named(name), pvps) for name in self.methods}
        options = {name: self._options(method_named(name)) for name in self.methods}
        count = sum(len(groups) * len(shots) * len(seeds) * len(options[name])
                    for name, (groups, shots, seeds) in grids.items())
        if count > MAX_RUNS:
            raise SpecError("This study makes {count} runs; {limit} are allowed. Choose fewer seeds, shots or "
                            "patterns.", count=count, limit=MAX_RUNS)
        digest = weights_digest(self.model)
        return [
            RunSpec(self.task, task.content_hash, self.model, digest, name, group, options_dict(each), each_shots, seed,
                    self.test_limit, tuple(map(weights_digest, method_named(name).other_models(each))),
                    task.schema.kind)
            for name, (groups, shots, seeds) in grids.items() for each in options[name]
            for group in groups for each_shots in shots for seed in seeds
        ]

    def _grid(self, method: Method[Any], pvps: _Patterns) -> tuple[Sequence[_Patterns], Sequence[int], Sequence[int]]:
        """The groups of patterns, the shots and the seeds that make runs of the method of their own."""
        if method.uses_pattern and not pvps:
            raise SpecError("The method {method!r} needs a pattern, and the study has none. Add one under 'patterns'.",
                            method=method.name)
        alone = [pvps] if method.ensemble else [(each,) for each in pvps]
        return (alone if method.uses_pattern else [()], self.shots if method.uses_shots else (0,),
                self.seeds if method.uses_seed else self.seeds[:1])

    def _options(self, method: Method[Any]) -> list[Options]:
        """The options that the method is run with, each once."""
        given = _each(self.options.get(method.name) or {})
        return list(dict.fromkeys(read_options(method.options, each, method.name) for each in given))


def _kind(data: Mapping[str, Any]) -> Kind:
    """The kind of a run that was stored without it: in multiple choice there are no label words."""
    return "choice" if any(not pattern["words"] for pattern in data["patterns"]) else "classification"


def _each(options: Any) -> list[Any]:
    """One or several sets of options; none at all is one of defaults."""
    return (options or [{}]) if isinstance(options, list) else [options]


def _checked_keys(data: object) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise SpecError("A study is a mapping with the keys {keys}.", keys=", ".join(_KEYS))
    for key in data:
        if key not in _KEYS:
            raise SpecError("A study has no key {key!r}. Its keys are {keys}.", key=str(key)[:60],
                            keys=", ".join(_KEYS))
    for key in ("task", "methods"):
        if not data.get(key):
            raise SpecError("The study has no {key!r}. Add it.", key=key)
    if not isinstance(data["task"], (str, Mapping)):
        raise SpecError("'task' must be a name, a hub id or a mapping of files, not {value!r}.",
                        value=str(data["task"])[:60])
    return dict(data)


def _list(data: Mapping[str, Any], key: str, kind: type[Any], default: Sequence[Any] = ()) -> list[Any]:
    value = data.get(key, default)
    values = [value] if isinstance(value, kind) else value
    fits = isinstance(values, Sequence) and not isinstance(values, str) and len(values) > 0
    if not fits or any(not isinstance(each, kind) or isinstance(each, bool) for each in values):
        wanted = "whole numbers" if kind is int else "names"
        raise SpecError("{key!r} is {value!r}; it must be a list of {wanted}.", key=key, value=str(value)[:80],
                        wanted=wanted)
    if kind is int and not all(0 <= each <= MAX_NUMBER for each in values):
        raise SpecError("{key!r} is {value!r}; numbers must be from 0 to {most}.", key=key, value=str(value)[:80],
                        most=MAX_NUMBER)
    return list(values)
