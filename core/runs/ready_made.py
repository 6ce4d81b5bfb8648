"""Comparisons that come with the app: finished studies kept as files, the same for everybody, without predictions.

`python -m core report STUDY --ready-made FILE` writes one; those in `assets/studies` are shown under Compare.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import yaml

from core.errors import SpecError
from core.runs.plain_values import plain
from core.runs.run import Run, Study
from core.runs.spec import RunSpec
from core.runs.store import RunStore

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "studies"
PAPERS = FOLDER / "papers.yaml"
READY_MADE = "ready-made"  # whose runs they are
_KEPT = ("metrics", "labels", "confusion", "seconds")


@dataclass(frozen=True)
class PaperFigures:
    """What a paper reports in a study's setting.

    Attributes:
        source: model and data, the paper and its table.
        examples: K of the study → how many labelled examples the paper's models had in all.
        methods: method → K of the study → the main metric, in % if it is a share, as `52.9 ± 0.1` or `83.6`.
    """

    source: str
    examples: Mapping[int, int]
    methods: Mapping[str, Mapping[int, str]]


@dataclass(frozen=True)
class ReadyMade:
    """A finished study; `about` says in a sentence or two what it shows, `paper` what its paper reports."""

    study: Study
    about: str
    runs: tuple[Run, ...]
    paper: PaperFigures | None = None


@lru_cache(maxsize=1)
def ready_made() -> tuple[ReadyMade, ...]:
    """Those that come with the app, the oldest first."""
    papers, found = paper_figures(), {path.stem: read_ready_made(path) for path in FOLDER.glob("*.json")}
    told = [replace(each, paper=papers.get(name)) for name, each in found.items()]
    return tuple(sorted(told, key=lambda each: each.study.created))


def paper_figures() -> dict[str, PaperFigures]:
    """The papers' figures by the names of the studies' files."""
    read = yaml.safe_load(PAPERS.read_text(encoding="utf-8"))
    return {name: PaperFigures(each["source"], each["examples"],
                               {method: {shots: str(value) for shots, value in figures.items()}
                                for method, figures in each["methods"].items()})
            for name, each in read.items()}


def ready_made_runs(studies: Collection[str]) -> list[Run]:
    """The runs of those among the studies that come with the app."""
    return [run for each in ready_made() if each.study.id in studies for run in each.runs]


def read_ready_made(path: Path) -> ReadyMade:
    """Read what `write_ready_made` wrote.

    Raises:
        SpecError: the file has another form.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        key = f"{READY_MADE}:{path.stem}"
        study = Study(key, found["study"]["name"], "study", found["study"], found["created"])
        runs = tuple(Run(f"{key}:{at}", key, READY_MADE, RunSpec.from_dict(each["spec"]), "done", found["created"],
                         metrics=each["metrics"], labels=tuple(each["labels"]), confusion=each["confusion"],
                         seconds=each["seconds"]) for at, each in enumerate(found["runs"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError("The file {path!r} is no finished study: {why}.", path=str(path), why=str(error)) from error
    return ReadyMade(study, found["about"], runs)


def write_ready_made(study_id: str, store: RunStore, path: Path, about: str = "") -> None:
    """Keep a finished study of the command line as a file.

    A task read from files is kept by its name alone.

    Raises:
        SpecError: a run of it is not done, or the file cannot be written.
    """
    study, runs = store.study(study_id, store.command_line), store.runs(store.command_line, study_id)
    if any(run.status != "done" for run in runs):
        raise SpecError("The study {name!r} has runs that are not done. Run it again first.", name=study.name)
    name = runs[0].spec.task_name
    kept = [{"spec": {**run.spec.as_dict(), "task": name}, **{key: getattr(run, key) for key in _KEPT}}
            for run in runs]
    document = plain({"about": about, "created": study.created, "study": {**study.spec, "task": name}, "runs": kept})
    try:
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SpecError("The file {path!r} cannot be written: {why}.", path=str(path), why=str(error)) from error
