"""What the tabs ask of the rest: settings, models, tasks and the store, handed in by `app.py`."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.data.catalog import is_file_path, load_task
from core.data.files import DataLimits
from core.data.task import Example, Schema, Task
from core.errors import ClozeLabError, DataError
from core.inspection import look_at_prompt, read_question
from core.models.backbone import Backbone
from core.models.loading import BackboneCache
from core.prompts.library import suggested
from core.runs.preflight import check_runs, models_of
from core.runs.secret_file import kept_secret
from core.runs.spec import RunSpec, StudySpec
from core.runs.store import RunStore
from core.settings import Settings
from ui.arrivals import Arrivals

if TYPE_CHECKING:
    from core.runs.inline import InlineRuns

_log = logging.getLogger("cloze_lab")
OWN = "own:"  # how a dropdown names a person's own data: own:<digest of its content and name>


@dataclass
class Services:
    """Everything that the tabs need; made once, shared by all visitors, holding nothing of theirs.

    `inline` does runs inside requests where the app has no workers, and is None elsewhere.
    """

    settings: Settings
    backbones: BackboneCache
    store: RunStore
    inline: InlineRuns | None = None

    def __post_init__(self) -> None:
        self.arrivals = Arrivals(self.backbones)

    @property
    def limits(self) -> DataLimits:
        """How large data may be here."""
        return DataLimits(rows=self.settings.max_rows,
                          file_bytes=self.settings.max_file_mb * 1_000_000)

    def backbone(self, name: str) -> Backbone:
        """The model, loaded if needed.

        Where runs are done inside requests, the GPU is only there: the model loads here as well.

        Raises:
            ModelLoading: it comes later; the page then asks again by itself.
            ModelError, DownloadError: as `BackboneCache.get`.
        """
        name = (name or "").strip() or self.settings.model
        return self.backbones.get(name) if self.inline else self.arrivals.get(name)

    def source(self, choice: str) -> str | dict[str, Any]:
        """What a study file would call the chosen task: a name, a hub id, or a mapping of files."""
        choice = (choice or "").strip()
        if not choice.startswith(OWN):
            return choice
        note = self._own_folder(choice) / "task.json"
        if not note.is_file():
            raise DataError("This data set is no longer on the server. Upload it again.")
        found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        return found

    def task(self, choice: str) -> Task:
        """The chosen task, loaded."""
        source = self.source(choice)
        if isinstance(source, str):
            self.refuse_folder(source)
        return self.load(source)

    def refuse_folder(self, source: str) -> None:
        """Raise DataError if a stranger names a folder or a file of the server."""
        is_path = source.startswith(("/", ".", "~")) or os.path.isdir(source)
        if self.settings.public and (is_path or is_file_path(source)):
            raise DataError("Folders of the server cannot be used here. Upload a file or give a "
                            "hub id.")

    def load(self, source: str | dict[str, Any]) -> Task:
        """A task by what a run's spec calls it."""
        return load_task(source, limits=self.limits, allowed_hub=self.settings.hub_data)

    def keep_own_task(self, task: Task) -> str:
        """Write a person's task into the data folder and return how a dropdown names it.

        Equal texts under another name are another choice, since the name is a visitor's own.
        """
        name = task.title or task.name
        digest = hashlib.sha256(f"{task.content_hash}\x1f{name}".encode()).hexdigest()
        choice = OWN + digest[:16]
        folder = self._own_folder(choice)
        if not (folder / "task.json").is_file():
            _store(task, name, folder)
        return choice

    def runs_of(self, study: StudySpec, task: Task) -> list[RunSpec]:
        """The runs of a study on this host.

        Raises:
            InputError: one of them could not work here.
            ModelLoading: a model that they need comes later.
        """
        runs = study.runs(task, self.backbones.placement.precision)
        for name in dict.fromkeys(name for run in runs for name in models_of(run)):
            self.backbone(name)
        check_runs(runs, task, self.backbones, self.settings.max_steps)
        return runs

    def secret(self) -> str:
        """The key of the browser states; made once for each data folder, to survive restarts."""
        path = Path(self.settings.data_folder) / "browser.secret"
        return kept_secret(path, secrets.token_urlsafe(24))

    def badges(self) -> list[str]:
        """This host in the header: device and precision, where work runs, whether results last."""
        settings = self.settings
        where = "runs inside requests" if settings.inline else settings.scheduler or "local worker"
        storage = "temporary storage" if settings.temporary else "saved"
        return [str(self.backbones.placement), where, storage]

    def warm_up(self, patience: float) -> None:
        """Load the default model and ask it once, for up to `patience` s, so no visitor waits."""
        first = threading.Thread(target=self._first_answer, name="warm-up", daemon=True)
        first.start()
        first.join(patience)  # a download goes on in the background

    def _first_answer(self) -> None:
        try:
            backbone, task = self.backbones.get(self.settings.model), self.task("reviews")
            pvp = suggested(task.name, task.schema)[0]
            words = {label: ", ".join(chosen) for label, chosen in pvp.words.items()}
            question = read_question(pvp.pattern, words, task, backbone)
            look_at_prompt(question, task.test[0], backbone)
        except ClozeLabError as error:  # the page shows the same to whoever asks
            _log.warning("The model %s cannot be used: %s", self.settings.model, error)

    def _own_folder(self, choice: str) -> Path:
        name = choice.removeprefix(OWN)
        if not re.fullmatch(r"[0-9a-f]{16}", name):
            raise DataError("There is no data set {name!r}. Upload it again.", name=name[:40])
        return Path(self.settings.data_folder) / "tasks" / name


def _store(task: Task, name: str, folder: Path) -> None:
    """Write the task's parts as Parquet, and last `task.json`, which describes them."""
    folder.mkdir(parents=True, exist_ok=True)
    source = {"name": name, **_stored_columns(task.schema)}
    for part in ("train", "test", "unlabelled"):
        examples: Sequence[Example] = getattr(task, part)
        if examples:
            source[part] = str(folder / f"{part}.parquet")
            _stored_table(examples, task.schema).to_parquet(source[part], index=False)
    (folder / "task.json").write_text(json.dumps(source, ensure_ascii=False), encoding="utf-8")


def _stored_columns(schema: Schema) -> dict[str, str]:
    """How a study file names the columns of `_stored_table`."""
    if schema.kind == "generation":
        return {"source": "source", "target": "target"}
    return {"text_a": "text_a", "label": "label", **({"text_b": "text_b"} if schema.pairs else {})}


def _stored_table(examples: Sequence[Example], schema: Schema) -> pd.DataFrame:
    """A row for each example; in generation one for each reference."""
    if schema.kind == "generation":
        rows = [(example.text_a, reference, *map(example.text, schema.columns))
                for example in examples for reference in example.references or ("",)]
        return pd.DataFrame(rows, columns=["source", "target", *schema.columns])
    rows = [(example.text_a, example.text_b, example.label or "",
             *map(example.text, schema.columns))
            for example in examples]
    return pd.DataFrame(rows, columns=["text_a", "text_b", "label", *schema.columns])
