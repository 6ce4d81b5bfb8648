"""A search for the command line: a study of one method that searches, and what its runs found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from core.errors import SpecError
from core.learning.method import SearchFacts
from core.methods.registry import search_of_kind
from core.runs.plain_values import plain
from core.runs.run import Candidates, Run
from core.runs.spec import StudySpec
from core.runs.store import RunStore


def study_of_search(data: Mapping[str, Any], kind: str) -> StudySpec:
    """The study that a search file describes.

    Args:
        data: the keys of a study without `methods`, and `search: {kind: options}`.
        kind: what is searched, as the command line calls it.

    Raises:
        SpecError: `search` has another form, or holds another kind than the one asked for.
    """
    rest = {key: value for key, value in data.items() if key != "search"}
    options = _search_options(data.get("search", {kind: {}}), kind)
    if "methods" in data:
        raise SpecError("A search file has no 'methods'; what is searched decides. Remove it.")
    method, facts = search_of_kind(kind)
    typed = {facts.short_names.get(name, name): name for name in options}
    named = {name: options[given] for name, given in typed.items()}
    short = {name: given for given, name in facts.short_names.items()}
    with _names_as_typed({**short, **typed}, kind):
        return StudySpec.from_dict({"name": f"search {kind}", **rest, "methods": [method.name],
                                    "options": {method.name: named}})


@contextmanager
def _names_as_typed(typed: Mapping[str, str], kind: str) -> Iterator[None]:
    """Errors about options, raised under the names that stand in the search file."""
    try:
        yield
    except SpecError as error:
        values = dict(error.values)
        if "method" in values:
            known = str(values.get("known", "")).split(", ")
            values |= {"method": kind, "name": typed.get(str(values["name"]), values["name"]),
                       "known": ", ".join(typed.get(name, name) for name in known)}
        raise SpecError(error.template, **values) from error


def search_document(study_id: str, kind: str, store: RunStore) -> dict[str, Any]:
    """What the searches of a study have found, best first, as plain values.

    `candidates` are those of the first search.
    """
    _, facts = search_of_kind(kind)
    visitor = store.command_line
    searches = [_search_row(run, store.found(run.id, visitor), facts)
                for run in store.runs(visitor, study_id)]
    document: dict[str, Any] = plain({
        "searches": searches, "candidates": searches[0]["candidates"] if searches else [],
        "seconds": sum(search["seconds"] or 0 for search in searches)})
    return document


def _search_options(search: object, kind: str) -> Mapping[str, Any]:
    """The options in `{kind: options}`."""
    if isinstance(search, Mapping) and set(search) == {kind}:
        options = search[kind] or {}
        if isinstance(options, Mapping):
            return options
    raise SpecError("'search' is {value!r}; it must be {form}.",
                    value=str(search)[:80], form=f"{{{kind}: {{rerank: 20}}}}")


def _search_row(run: Run, candidates: Candidates, facts: SearchFacts) -> dict[str, Any]:
    rows = [_candidate_row(rank, candidate, facts) for rank, candidate in enumerate(candidates, 1)]
    return {"id": run.id, "shots": run.spec.shots, "seed": run.spec.seed, "status": run.status,
            "error": run.explanation() or None, "candidates": rows, "metrics": run.metrics,
            "seconds": run.seconds}


def _candidate_row(rank: int, candidate: Mapping[str, Any], facts: SearchFacts) -> dict[str, Any]:
    return {"rank": rank, "pattern": candidate["pattern"], "words": candidate["words"],
            facts.score: candidate["score"], "dev": candidate["dev_score"],
            "steps": candidate["trained"]}
