"""Runs that are done for real, in this process: what the tabs and the store's readers need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.models.loading import BackboneCache
from core.runs.folder import DataFolder
from core.runs.inline import run_inline
from core.runs.run import Run
from core.runs.spec import StudySpec
from core.settings import Settings


def do_all(data: DataFolder, settings: Settings, cache: BackboneCache) -> None:
    """Do whatever waits in the data folder, one run after another."""
    while run_inline(data.queue, cache, settings) is not None:
        pass


def done(
    data: DataFolder,
    settings: Settings,
    cache: BackboneCache,
    study: dict[str, Any],
    load: Any,
    visitor: str = "ann",
) -> Sequence[Run]:
    """Submit a study, do its runs and return them, all done."""
    spec = StudySpec.from_dict(study)
    store = data.store
    key = store.submit(spec, spec.runs(load(spec.task)), visitor)
    do_all(data, settings, cache)
    runs = store.runs(visitor, key)
    assert [run.status for run in runs] == ["done"] * len(runs), [run.explanation() for run in runs]
    return runs
