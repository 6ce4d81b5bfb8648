"""A search for the command line: a study file with the key `search` becomes a study of one method that searches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import SpecError
from core.methods.registry import search_of_kind
from core.runs.plain_values import plain
from core.runs.spec import StudySpec
from core.runs.store import RunStore


def as_study(data: Mapping[str, Any], kind: str) -> StudySpec:
    """The study that a search file asks for: the keys of a study, without `methods`, and `search: {kind: options}`.

    Raises:
        SpecError: `search` has another form, or holds another kind than the one that is asked for.
    """
    rest = {key: value for key, value in data.items() if key != "search"}
    search = data.get("search", {kind: {}})
    options = search.get(kind) if isinstance(search, Mapping) else None
    if not isinstance(search, Mapping) or set(search) != {kind} or not isinstance(options or {}, Mapping):
        raise SpecError("'search' is {value!r}; it must be {form}.", value=str(search)[:80],
                        form=f"{{{kind}: {{rerank: 20}}}}")
    if "methods" in data:
        raise SpecError("A search file has no 'methods'; what is searched decides. Remove it.")
    method, facts = search_of_kind(kind)
    named = {facts.short_names.get(name, name): value for name, value in dict(options or {}).items()}
    return StudySpec.from_dict({"name": f"search {kind}", **rest, "methods": [method.name],
                                "options": {method.name: named}})


def search_document(study_id: str, kind: str, store: RunStore) -> dict[str, Any]:
    """What the searches of a study have found, best first, as plain values; `candidates` are those of the first."""
    searches, (_, facts) = [], search_of_kind(kind)
    for run in store.runs(store.command_line, study_id):
        candidates = [{"rank": rank, "pattern": each["pattern"], "words": each["words"], facts.score: each["score"],
                       "dev": each["dev_score"], "steps": each["trained"]}
                      for rank, each in enumerate(store.found(run.id, store.command_line), 1)]
        searches.append({"id": run.id, "shots": run.spec.shots, "seed": run.spec.seed, "status": run.status,
                         "error": run.explanation() or None, "candidates": candidates, "metrics": run.metrics,
                         "seconds": run.seconds})
    document: dict[str, Any] = plain({
        "searches": searches, "candidates": searches[0]["candidates"] if searches else [],
        "seconds": sum(each["seconds"] or 0 for each in searches)})
    return document
