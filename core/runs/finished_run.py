"""A finished run put to use: its predictor again, tables answered with it, its model as an archive."""

from __future__ import annotations

import re
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import pandas as pd

from core.data.columns import ColumnMap
from core.data.examples import examples_of
from core.data.files import DataLimits, Table
from core.data.task import TEXTS
from core.data.task_draft import stem
from core.errors import DataError, ModelError, SpecError
from core.learning.method import Predictor
from core.learning.model_readme import readme
from core.learning.saved_models import load_predictor
from core.methods.registry import method_named
from core.models.backbone import BackboneCache
from core.prompts.pattern import Pattern
from core.runs.downloads import Download
from core.runs.execution import TaskLoader, relearn
from core.runs.export import table_csv
from core.runs.prediction import Classifier, Generator, Report, predict
from core.runs.run import Run
from core.runs.store import RunStore

_KEPT = 2
_NAMES = re.compile(r"\{(\w+)")
_predictors: OrderedDict[str, Predictor] = OrderedDict()
_lock = threading.Lock()

Weights = Literal["own", "base", "removed"]


def _unreported(done: int, total: int) -> None:
    """Progress that nobody listens to."""


def weights_of(run: Run, store: RunStore) -> Weights:
    """Whose weights a run answers with: its own, the base model's unchanged ones, or its own that are gone."""
    if not method_named(run.spec.method).trains:
        return "base"
    return "own" if store.model_folder(run.id, run.visitor) else "removed"


def takes_pairs(run: Run, store: RunStore) -> bool:
    """Whether a finished run labels pairs of texts."""
    table = store.predictions(run.id, run.visitor)
    return bool(len(table)) and bool((table["text_b"] != "").any())


def further_names(run: Run) -> tuple[str, ...]:
    """Names of the further texts that a run's patterns show, and of the answers that its examples bring."""
    patterns = [Pattern.parse(str(each["pattern"]), _NAMES.findall(str(each["pattern"]))) for each in run.spec.patterns]
    shown = [name for each in patterns for name in sorted(each.fields - set(TEXTS))]
    own = run.labels if run.spec.patterns and not run.spec.patterns[0]["words"] else ()
    return tuple(dict.fromkeys((*own, *shown)))


def predictor_for(run: Run, store: RunStore, load_task: TaskLoader, backbones: BackboneCache) -> Predictor:
    """The predictor of a finished run: its saved weights, or made anew where the method trains nothing.

    Runs with equal specs share one; the last two are kept in memory.

    Raises:
        SpecError: the run is not done.
        ModelError: its weights were removed.
        DataError: the task that a method without weights needs is gone or has changed.
    """
    if run.status != "done":
        raise SpecError("The run {id!r} is not done, so it cannot be used yet.", id=run.id)
    key = run.spec.fingerprint
    with _lock:
        if key in _predictors:
            _predictors.move_to_end(key)
            return _predictors[key]
    predictor = _saved(run, store, backbones) if method_named(run.spec.method).trains else \
        _relearned(run, load_task, backbones)
    with _lock:
        _predictors[key] = predictor
        while len(_predictors) > _KEPT:
            _predictors.popitem(last=False)
    return predictor


@dataclass(frozen=True)
class AnsweredTable:
    """A person's table with the answers beside it.

    Attributes:
        rows: all rows and columns that were given, and then what was added.
        answer: the name of the column of answers; `predicted` or `output` unless the table has one of that name.
        probabilities: label → the name of the column of its probability; empty for texts.
    """

    rows: pd.DataFrame
    answer: str
    probabilities: dict[str, str]


def answer_table(predictor: Classifier | Generator, table: Table, columns: ColumnMap, labels: Sequence[str],
                 limits: DataLimits, report: Report = _unreported) -> AnsweredTable:
    """Answer every row of a person's table; rows without a text are left empty, and no column of theirs is lost.

    Raises:
        DataError: a column does not exist, or no row has a text.
        LimitError: too many rows, or a text is too long.
    """
    missing = [name for name in columns.more if name not in table.columns]
    if missing:
        raise DataError("{name!r} has no column {column!r}. Its columns are {columns}.", name=table.name,
                        column=missing[0], columns=", ".join(each[:40] for each in table.columns[:20]))
    examples = examples_of(table, columns, limits=limits)
    filled = [at for at, example in enumerate(examples) if example.text_a]
    if not filled:
        raise DataError("Column {column!r} of {name!r} is empty in every row. Choose another column.",
                        column=columns.text_a, name=table.name)
    found = predict(predictor, labels, [examples[at] for at in filled], report).table().drop(
        columns=["text_a", "text_b", "more"], errors="ignore")
    numbers = [f"p:{label}" for label in labels]
    found[numbers] = found[numbers].astype(float).round(6)
    names = {str(name): _free_name(str(name), table.columns) for name in found}
    given = pd.DataFrame(table.rows, columns=list(table.columns))
    rows = given.join(found.rename(columns=names).set_axis(filled, axis=0))
    return AnsweredTable(rows, names[found.columns[0]], {label: names[f"p:{label}"] for label in labels})


def _free_name(name: str, taken: Collection[str]) -> str:
    """The name, numbered if there is a column of that name."""
    names = (name if number == 1 else f"{name} {number}" for number in count(1))
    return next(each for each in names if each not in taken)


def labelled_download(table: Table, found: pd.DataFrame) -> Download:
    """A labelled table as CSV, marked as UTF-8 so that spreadsheets read it, no cell of which can be a formula."""
    name = re.sub(r"[^\w.-]+", "-", stem(table))[:60]
    return Download(f"{name}-labelled.csv", table_csv(found).encode("utf-8-sig"))


def write_archive(run: Run, store: RunStore, backbones: BackboneCache, path: Path) -> None:
    """Write a run's model as a .zip at `path`: one folder that transformers loads, with a README that says how.

    Raises:
        ModelError: there are no weights of its own.
    """
    name = path.stem
    pairs = takes_pairs(run, store)
    with store.reading_model(run.id, run.visitor) as folder:
        if folder is None:
            raise _removed()
        how = readme(load_predictor(folder, backbones.placement), pairs, _title(run))
        with zipfile.ZipFile(path, "w") as archive:  # stored: weights hardly shrink
            archive.writestr(f"{name}/README.md", how)
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, f"{name}/{file.relative_to(folder)}")


def _title(run: Run) -> str:
    spec = run.spec
    return f"{spec.task_name}: {method_named(spec.method).title}, K = {spec.shots}, seed {spec.seed}"


def _saved(run: Run, store: RunStore, backbones: BackboneCache) -> Predictor:
    with store.reading_model(run.id, run.visitor) as folder:
        if folder is None:
            raise _removed()
        return load_predictor(folder, backbones.placement)


def _relearned(run: Run, load_task: TaskLoader, backbones: BackboneCache) -> Predictor:
    task = load_task(run.spec.task)
    if task.content_hash != run.spec.task_hash:
        raise DataError("The data of {task!r} changed after the run, so what it answered cannot be made again. Run it "
                        "again.", task=run.spec.task_name)
    return relearn(run.spec, task, backbones)


def _removed() -> ModelError:
    return ModelError("The trained weights of this run were removed to save space. Train it again.")
