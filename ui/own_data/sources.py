"""Where a person's own data comes from: uploads, files of this computer, or a hub data set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import gradio as gr

from core.data.files import DataLimits, Table, read_table
from core.data.forms import in_one_form
from core.data.hub import HubTables, load_hub_tables
from core.data.task_draft import PARTS
from core.errors import DataError
from ui.languages import label
from ui.live import QUIET
from ui.services import Services

_TITLES = {"train": "Training data (required)", "test": "Test data",
           "unlabelled": "Texts without labels"}
_KINDS = {"files": "Upload files", "paths": "Files of this computer", "hub": "Hugging Face hub"}


@dataclass(frozen=True)
class Read:
    """What could be read.

    Attributes:
        tables: by part; without train there is no task.
        problems: by part, why it could not be read.
        repo: the hub's name of it; empty for files.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    problems: dict[str, Exception] = field(default_factory=dict)
    repo: str = ""


class Sources:
    """The boxes; `read` takes their values in the order of `boxes`."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.kinds = ["files", *(["paths"] if not services.settings.public else []),
                      *(["hub"] if not services.settings.hub_data else [])]
        self.kind = gr.Radio([(label(_KINDS[kind]), kind) for kind in self.kinds], value="files",
                             show_label=False, container=False, label=label("Source"),
                             elem_id="own-kind", visible=len(self.kinds) > 1)
        with gr.Row() as files:
            uploads = [gr.File(label=label(_TITLES[part]), height=132, elem_id=f"own-{part}",
                               min_width=220) for part in PARTS]
        with gr.Row(visible=False, elem_classes="cl-actions") as paths:
            places, read_paths = _path_boxes()
        with gr.Row(visible=False, elem_classes="cl-actions") as hub:
            repo, read_hub = _hub_boxes()
        self.boxes: list[gr.components.Component] = [self.kind, *uploads, *places, repo]
        self.kind.change(_only, self.kind, [files, paths, hub], trigger_mode="multiple", **QUIET)
        self.triggers: list[Any] = [
            self.kind.change, *(upload.change for upload in uploads), read_paths.click,
            *(place.submit for place in places), read_hub.click, repo.submit]

    def read(self, kind: str, *values: Any) -> Read:
        """Read what the boxes name; one bad file does not keep the others from being read."""
        if kind not in self.kinds:
            return Read(problems={
                "train": DataError("This source is not offered here. Upload a file.")})
        if kind == "hub":
            return self._read_hub((values[-1] or "").strip())
        return self._read_files(values[: len(PARTS)] if kind
                                == "files" else values[len(PARTS) : -1])

    def _read_files(self, places: Sequence[str | None]) -> Read:
        found = Read()
        for part, place in zip(PARTS, places, strict=True):
            if place and place.strip():
                try:
                    found.tables[part] = in_one_form(
                        read_table(os.path.expanduser(place.strip()), self.services.limits))
                except Exception as error:
                    found.problems[part] = error
        return found

    def _read_hub(self, source: str) -> Read:
        if not source:
            return Read()
        try:
            self.services.refuse_folder(source)
            found = _hub_tables(source, self.services.limits)
        except Exception as error:
            return Read(problems={"train": error})
        return Read({"train": found.train, **({"test": found.test} if found.test else {})},
                    repo=source)


def _path_boxes() -> tuple[list[gr.Textbox], gr.Button]:
    places = [gr.Textbox(label=label(_TITLES[part]), placeholder="~/data/file.csv",
                         elem_id=f"own-path-{part}", max_length=1000, min_width=200)
              for part in PARTS]
    return places, gr.Button(label("Read"), scale=0, min_width=90, elem_id="own-read-paths")


def _hub_boxes() -> tuple[gr.Textbox, gr.Button]:
    repo = gr.Textbox(label=label("Data set of the hub"), elem_id="own-hub",
                      placeholder="owner/name or owner/name:config", max_length=200,
                      min_width=240, scale=4)
    return repo, gr.Button(label("Read"), scale=0, min_width=90, elem_id="own-read-hub")


def _only(chosen: str) -> list[Any]:
    """Show the boxes of the chosen kind of source."""
    return [gr.update(visible=chosen == kind) for kind in _KINDS]


@lru_cache(maxsize=2)
def _hub_tables(source: str, limits: DataLimits) -> HubTables:
    """Kept while columns are chosen, so that the hub is asked once."""
    repo, _, config = source.partition(":")
    return load_hub_tables(repo, config=config or None, limits=limits)
