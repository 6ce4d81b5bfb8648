"""Runs that are done for real, in this process: what the tabs and the store's readers need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.models.backbone import BackboneCache
from core.runs.attempt import Reporter, perform
from core.runs.run import Run
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.settings import Settings


def do_all(store: RunStore, settings: Settings, cache: BackboneCache) -> None:
    """Do whatever waits in the store, one run after another."""
    while (run := store.claim()) is not None:
        reporter = Reporter(lambda step, total, points, found: None, lambda: False)
        store.settle(run, perform(run, settings, store.session, store.artifacts.token, cache, reporter))


def done(store: RunStore, settings: Settings, cache: BackboneCache, study: dict[str, Any], load: Any,
         visitor: str = "ann") -> Sequence[Run]:
    """Submit a study, do its runs and return them, all done."""
    spec = StudySpec.from_dict(study)
    key = store.submit(spec, spec.runs(load(spec.task)), visitor)
    do_all(store, settings, cache)
    runs = store.runs(visitor, key)
    assert [run.status for run in runs] == ["done"] * len(runs), [run.explanation() for run in runs]
    return runs
