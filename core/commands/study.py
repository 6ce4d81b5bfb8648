"""`run` and `search`: all runs of a study, or of a search for label words or patterns."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.command import Command, Result, align
from core.commands.loading import (
    add_data_folder,
    backbones,
    data_folder,
    settings_here,
    task_within_limits,
)
from core.commands.summary import summary_text
from core.settings import Settings

if TYPE_CHECKING:
    from core.runs.spec import StudySpec
    from core.runs.store import RunStore

_CANDIDATES_SHOWN = 20


def _add_run_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("study", metavar="STUDY.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="change a key, e.g. seeds=[13,21]")
    add_data_folder(parser)


def _run(options: Namespace, settings: Settings) -> Result:
    from core.runs.spec import StudySpec
    from core.runs.study import study_document
    from core.runs.study_file import read_study_file

    study = StudySpec.from_dict(read_study_file(Path(options.study), options.set))
    key, store = _finish(study, settings_here(options, settings))
    document = study_document(key, store)
    return Result(document, summary_text(document), _status(document["runs"]))


def _add_search_arguments(parser: ArgumentParser) -> None:
    from core.methods.registry import searches

    kinds = [method.search.kind for method in searches() if method.search]
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("file", metavar="SEARCH.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="e.g. search.words.rerank=20")
    add_data_folder(parser)


def _search(options: Namespace, settings: Settings) -> Result:
    from core.runs.search_study import search_document, study_of_search
    from core.runs.study_file import read_study_file

    study = study_of_search(read_study_file(Path(options.file), options.set), options.kind)
    key, store = _finish(study, settings_here(options, settings))
    document = search_document(key, options.kind, store)
    searches = document["searches"]
    return Result(document, "\n".join(map(_search_text, searches)), _status(searches))


def _finish(study: StudySpec, settings: Settings) -> tuple[str, RunStore]:
    """Check a study and do all its runs; gives its id and the store that holds it.

    Raises:
        InputError: a run could not work.
    """
    from core.runs.preflight import check_runs
    from core.runs.study import run_study

    task = task_within_limits(study.task, settings)
    models = backbones(settings)
    check_runs(study.runs(task, models.placement.precision), task, models, settings.max_steps)
    folder = data_folder(settings)
    return run_study(study, task, folder, settings, _print_progress), folder.store


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _status(runs: Sequence[Mapping[str, Any]]) -> int:
    """1 if no run was done, else 0."""
    return 0 if any(run["status"] == "done" for run in runs) else 1


def _search_text(search: Mapping[str, Any]) -> str:
    candidates = map(_candidate_cells, search["candidates"][:_CANDIDATES_SHOWN])
    return f"seed {search['seed']}: {search['error'] or search['status']}\n{align(candidates)}"


def _candidate_cells(candidate: Mapping[str, Any]) -> tuple[object, ...]:
    score = "" if candidate["dev"] is None else f"{candidate['dev']:.3f}"
    words = " / ".join(", ".join(label_words) for label_words in candidate["words"].values())
    return candidate["rank"], score, candidate["pattern"], words


COMMANDS = (
    Command("run", "run a study file", _run, _add_run_arguments),
    Command("search", "search label words, LM-BFF's way or PETAL's, or patterns, as a file says",
            _search, _add_search_arguments),
)
