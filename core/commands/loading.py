"""What commands open within the limits of the settings: tasks, models and the data folder."""

from __future__ import annotations

import dataclasses
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.settings import Settings

if TYPE_CHECKING:
    from core.data.task import Task
    from core.models.loading import BackboneCache
    from core.runs.folder import DataFolder


def task_within_limits(source: str | Mapping[str, object], settings: Settings) -> Task:
    """Load a task by what study files call it; the errors are those of `load_task`.

    What was noticed in data that nobody has catalogued goes to standard error.
    """
    from core.data.catalog import is_catalogued, load_task
    from core.data.checks import task_findings
    from core.data.files import DataLimits

    limits = DataLimits(settings.max_rows, settings.max_file_mb * 1_000_000)
    task = load_task(source, limits=limits, allowed_hub=settings.hub_data or None)
    for finding in [] if is_catalogued(source) else task_findings(task):
        print(f"{finding.severity}: {' '.join(str(finding).split())}", file=sys.stderr)
    return task


def backbones(settings: Settings) -> BackboneCache:
    """The models that may be loaded, where they are to be placed."""
    from core.models.loading import BackboneCache
    from core.models.placement import Placement

    placement = Placement.choose(settings.device, settings.precision)
    return BackboneCache(placement, settings.hub_models, converted=settings.converted_models)


def add_data_folder(parser: ArgumentParser,
                    about: str | None = "where runs are kept (default: CLOZE_LAB_DATA)") -> None:
    """Declare the option of commands that keep or read runs."""
    parser.add_argument("--data-dir", default=None, help=about)


def settings_here(options: Namespace, settings: Settings) -> Settings:
    """The settings with the data folder that the options name, if they do."""
    if not options.data_dir:
        return settings
    return dataclasses.replace(settings, data_folder=Path(options.data_dir).expanduser().resolve())


def data_folder(settings: Settings) -> DataFolder:
    """The data folder, opened."""
    from core.runs.folder import DataFolder

    return DataFolder(settings.data_folder, keep_models_gb=settings.keep_models_gb)
