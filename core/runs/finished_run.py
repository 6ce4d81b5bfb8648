"""A finished run put to use: its predictor, tables answered with it, its model as an archive."""

from __future__ import annotations

import re
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Literal

import pandas as pd

from core.data.columns import ColumnMap
from core.data.examples import examples_of
from core.data.files import DataLimits, Table
from core.data.forms import in_one_form
from core.data.task import TEXTS, Schema
from core.errors import DataError, ModelError, SpecError
from core.learning.method import Predictor
from core.learning.model_readme import readme
from core.learning.saved_models import SavedPredictor, load_predictor
from core.methods.registry import method_named
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.prompts.pattern import Pattern
from core.runs.execution import TaskLoader, ignore_progress, learn, make_problem
from core.runs.prediction import Report, predict
from core.runs.run import Run
from core.runs.store import RunStore

_IN_MEMORY = 2  # predictors
_FIELD_NAMES = re.compile(r"\{(\w+)")
_predictors: OrderedDict[str, Predictor] = OrderedDict()
_lock = threading.Lock()

Weights = Literal["own", "base", "removed"]


def weights_of(run: Run, store: RunStore) -> Weights:
    """Whether a run answers with its own weights, the base model's, or some that were removed."""
    if not run.spec.trains:
        return "base"
    return "own" if store.model_folder(run.id, run.visitor) else "removed"


def has_adapter(run: Run, store: RunStore) -> bool:
    """Whether a run's archive holds a prefix as a PEFT adapter."""
    folder = store.model_folder(run.id, run.visitor)
    return folder is not None and (folder / "adapter_config.json").is_file()


def schema_of(run: Run, store: RunStore) -> Schema:
    """What the examples that a finished run answers hold; of further columns only those it needs.

    These are the columns that its patterns show and, in multiple choice, those of the answers.
    """
    table = store.predictions(run.id, run.visitor)
    pairs = bool(len(table)) and bool((table["text_b"] != "").any())
    answers = run.labels if run.spec.kind == "choice" else ()
    columns = dict.fromkeys((*answers, *_columns_shown(run)))
    return Schema(run.spec.kind, run.labels, pairs, tuple(columns))


def _columns_shown(run: Run) -> Iterable[str]:
    """The further columns that a run shows, by its patterns or its method."""
    method, options = run.spec.method_and_options()
    yield from method.columns(options)
    for pair in run.spec.patterns:
        text = str(pair["pattern"])
        pattern = Pattern.parse(text, _FIELD_NAMES.findall(text))
        yield from sorted(pattern.fields - set(TEXTS))


def predictor_for(run: Run, store: RunStore, load_task: TaskLoader,
                  backbones: BackboneCache) -> Predictor:
    """The predictor of a finished run: its saved weights, or learned again if nothing is trained.

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
    trains = run.spec.trains
    predictor = _load(run, store, backbones) if trains else _learn_again(run, load_task, backbones)
    _keep(key, predictor)
    return predictor


def _load(run: Run, store: RunStore, backbones: BackboneCache) -> Predictor:
    with store.reading_model(run.id, run.visitor) as folder:
        if folder is None:
            raise _weights_removed()
        return _saved(run, folder, backbones)


def _saved(run: Run, folder: Path, backbones: BackboneCache) -> SavedPredictor:
    return load_predictor(folder, _placement(run, backbones),
                          partial(backbones.get, precision=run.spec.precision))


def _placement(run: Run, backbones: BackboneCache) -> Placement:
    return backbones.placement.in_precision(run.spec.precision)


def _learn_again(run: Run, load_task: TaskLoader, backbones: BackboneCache) -> Predictor:
    task = load_task(run.spec.task)
    if task.content_hash != run.spec.task_hash:
        raise DataError("The data of {task!r} changed after the run, so what it answered cannot be "
                        "made again. Run it again.", task=run.spec.task_name)
    return learn(run.spec, make_problem(run.spec, task, backbones), ignore_progress).predictor


def _keep(key: str, predictor: Predictor) -> None:
    with _lock:
        _predictors[key] = predictor
        while len(_predictors) > _IN_MEMORY:
            _predictors.popitem(last=False)


@dataclass(frozen=True)
class AnsweredTable:
    """A person's table with the answers beside it.

    Attributes:
        rows: all rows and columns that were given, and then those of the answers.
        answer: the name of the column of answers: `predicted` or `output`, numbered if the table
            has a column of that name.
        probabilities: label → the name of the column of its probability; empty for texts.
    """

    rows: pd.DataFrame
    answer: str
    probabilities: dict[str, str]


def answer_table(predictor: Predictor, table: Table, columns: ColumnMap, schema: Schema,
                 limits: DataLimits, report: Report = ignore_progress) -> AnsweredTable:
    """Answer every row of a person's table; rows without a text get no answer.

    Args:
        columns: of the table as `in_one_form` gives it.
        report: called with how many rows are done, and of how many; raises to stop.

    Raises:
        DataError: a column does not exist, or no row has a text.
        LimitError: too many rows, or a text is too long.
    """
    columns, formed = replace(columns, more=schema.columns), in_one_form(table)
    table = table if len(table.rows) == len(formed.rows) else formed
    _check_columns(formed, columns.more)
    examples = examples_of(formed, columns, limits=limits)
    filled = [index for index, example in enumerate(examples) if example.text_a]
    if not filled:
        raise DataError("Column {column!r} of {name!r} is empty in every row. Choose another "
                        "column.", column=columns.text_a, name=table.name)
    predictions = predict(predictor, schema, [examples[index] for index in filled], report)
    answers = _answer_columns(predictions.table(), schema)
    names = _free_names(map(str, answers), table.columns)
    given = pd.DataFrame(table.rows, columns=list(table.columns))
    rows = given.join(answers.rename(columns=names).set_axis(filled, axis=0))
    probabilities = {label: names[f"p:{label}"] for label in schema.labels}
    return AnsweredTable(rows, names[answers.columns[0]], probabilities)


def _check_columns(table: Table, needed: Collection[str]) -> None:
    missing = [name for name in needed if name not in table.columns]
    if missing:
        known = ", ".join(name[:40] for name in table.columns[:20])
        raise DataError("{name!r} has no column {column!r}. Its columns are {columns}.",
                        name=table.name, column=missing[0], columns=known)


def _answer_columns(predictions: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The answers and their probabilities, rounded, without the texts that were given."""
    answers = predictions.drop(columns=["text_a", "text_b", "more"], errors="ignore")
    probabilities = [f"p:{label}" for label in schema.labels]
    answers[probabilities] = answers[probabilities].astype(float).round(6)
    return answers


def _free_names(names: Iterable[str], columns: Collection[str]) -> dict[str, str]:
    """Each name with itself, or numbered if there is a column of that name."""
    free: dict[str, str] = {}
    for name in names:
        taken = {*columns, *free.values()}
        candidates = (name if number == 1 else f"{name} {number}" for number in count(1))
        free[name] = next(candidate for candidate in candidates if candidate not in taken)
    return free


def write_archive(run: Run, store: RunStore, backbones: BackboneCache, path: Path) -> None:
    """Write a run's model as a .zip: a folder that transformers loads, with a README that says how.

    Raises:
        ModelError: the run has no weights of its own.
    """
    pairs = schema_of(run, store).pairs
    with store.reading_model(run.id, run.visitor) as folder:
        if folder is None:
            raise _weights_removed()
        text = readme(_saved(run, folder, backbones), pairs, _title(run))
        _zip_folder(folder, text, path)


def _zip_folder(folder: Path, readme_text: str, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:  # stored: weights hardly shrink
        archive.writestr(f"{path.stem}/README.md", readme_text)
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{path.stem}/{file.relative_to(folder)}")


def _title(run: Run) -> str:
    spec = run.spec
    title = method_named(spec.method).title
    return f"{spec.task_name}: {title}, K = {spec.shots}, seed {spec.seed}"


def _weights_removed() -> ModelError:
    return ModelError("The trained weights of this run were removed to save space. Train it again.")
