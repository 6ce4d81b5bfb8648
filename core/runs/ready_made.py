"""Finished studies that come with the app as files, without predictions, the same for everybody.

`python -m core report STUDY --ready-made FILE` writes one; Compare shows those in `assets/studies`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from core.errors import SpecError
from core.runs.export import json_text
from core.runs.run import Run, Study
from core.runs.spec import RunSpec
from core.runs.store import RunStore

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "studies"
PAPERS = FOLDER / "papers.yaml"
READY_MADE = "ready-made"  # whose runs they are
_RESULT = ("metrics", "labels", "confusion", "seconds")


@dataclass(frozen=True)
class PaperFigures:
    """What a paper reports in a study's setting.

    Attributes:
        source: model and data, the paper and its table.
        examples: K of the study → how many labelled examples the paper's models had in all.
        methods: method → K of the study → the main metric, in % if it is a share, as `52.9 ± 0.1`
            or `83.6`.
    """

    source: str
    examples: Mapping[int, int]
    methods: Mapping[str, Mapping[int, str]]


@dataclass(frozen=True)
class ReadyMade:
    """A finished study.

    Attributes:
        about: what it shows, in a sentence or two.
        paper: what its paper reports.
    """

    study: Study
    about: str
    runs: tuple[Run, ...]
    paper: PaperFigures | None = None


@lru_cache(maxsize=1)
def ready_made() -> tuple[ReadyMade, ...]:
    """The studies that come with the app, the oldest first."""
    papers = paper_figures()
    studies = [replace(read_ready_made(path), paper=papers.get(path.stem))
               for path in FOLDER.glob("*.json")]
    return tuple(sorted(studies, key=lambda ready: ready.study.created))


def paper_figures() -> dict[str, PaperFigures]:
    """The papers' figures by the names of the studies' files."""
    papers = yaml.safe_load(PAPERS.read_text(encoding="utf-8"))
    return {name: PaperFigures(paper["source"], paper["examples"], _as_text(paper["methods"]))
            for name, paper in papers.items()}


def _as_text(methods: Mapping[str, Mapping[int, object]]) -> dict[str, dict[int, str]]:
    return {method: {shots: str(value) for shots, value in figures.items()}
            for method, figures in methods.items()}


def ready_made_runs(studies: Collection[str]) -> list[Run]:
    """The runs of those among the studies that come with the app."""
    return [run for ready in ready_made() if ready.study.id in studies for run in ready.runs]


def read_ready_made(path: Path) -> ReadyMade:
    """Read what `write_ready_made` wrote.

    Raises:
        SpecError: the file has another form.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        study_id, spec = f"{READY_MADE}:{path.stem}", document["study"]
        study = Study(study_id, spec["name"], "study", spec, document["created"])
        runs = tuple(_run(row, f"{study_id}:{number}", study)
                     for number, row in enumerate(document["runs"]))
        return ReadyMade(study, document["about"], runs)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError("The file {path!r} is no finished study: {why}.",
                        path=str(path), why=str(error)) from error


def _run(row: Mapping[str, Any], run_id: str, study: Study) -> Run:
    result = {name: row[name] for name in _RESULT}
    result["labels"] = tuple(row["labels"])
    spec = RunSpec.from_dict(row["spec"])
    return Run(run_id, study.id, READY_MADE, spec, "done", study.created, **result)


def write_ready_made(study_id: str, store: RunStore, path: Path, about: str = "") -> None:
    """Write a finished study of the command line to a file.

    Of a task read from files, only the name is written.

    Raises:
        SpecError: a run of it is not done, or the file cannot be written.
    """
    visitor = store.command_line
    study, runs = store.study(study_id, visitor), store.runs(visitor, study_id)
    if any(run.status != "done" for run in runs):
        raise SpecError("The study {name!r} has runs that are not done. Run it again first.",
                        name=study.name)
    spec = {**study.spec, "task": runs[0].spec.task_name}
    document = {"about": about, "created": study.created, "study": spec,
                "runs": [_row(run) for run in runs]}
    try:
        path.write_text(json_text(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SpecError("The file {path!r} cannot be written: {why}.",
                        path=str(path), why=str(error)) from error


def _row(run: Run) -> dict[str, Any]:
    spec = {**run.spec.as_dict(), "task": run.spec.task_name}
    return {"spec": spec, **{name: getattr(run, name) for name in _RESULT}}
