"""Your own data: files or a hub data set become a task, checked while the columns are chosen."""

from __future__ import annotations

import uuid
from typing import Any

import gradio as gr
import pandas as pd

from core.data.catalog import task_cards
from core.data.columns import ColumnMap, guess_columns
from core.data.draft import Draft, DraftView, stem
from core.data.files import Table
from core.errors import ClozeLabError, InputError
from core.models.lengths import token_lengths
from ui.data_panels import as_choice, counts_panel, findings_panel, table_line
from ui.feedback import Translate, explain, message, translator
from ui.languages import label
from ui.live import QUIET, follow
from ui.own_data.sources import Read, Sources
from ui.services import Services
from ui.session import Session

PREVIEW_ROWS = 8
MAX_OWN = 50  # data sets in a visitor's list
_SHOTS = 16  # the usual K, for which the rows should suffice
_COLUMNS = {"text-a": "Column of the text", "text-b": "Column of the second text (pairs)",
            "label": "Column of the label"}
OwnTasks = list[list[str]]  # [[name, choice], …]


class OwnData:
    """The wizard under the workspace bar, and the list of the visitor's own data.

    Attributes:
        chosen: changes whenever a task is chosen here, and not by hand in the Task dropdown.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        with gr.Accordion(label("Your own data"), open=False, elem_id="own-data") as part:
            self.sources = Sources(services)
            self.found = gr.HTML(elem_id="own-found", elem_classes="cl-note-slot")
            self.chosen = gr.State("")
            self.automatic = gr.State(
                "")  # the name that the app gave, replaced as long as the visitor leaves it
            with gr.Column(visible=False, elem_id="own-body") as self.body:
                self._body_boxes()
            self.note = gr.HTML(elem_id="own-note", elem_classes="cl-note-slot")
            with gr.Row(visible=False, elem_classes="cl-actions") as self.list_row:
                self.mine = gr.Dropdown([], label=label("Your data sets"), elem_id="own-mine",
                                        scale=4, min_width=200)
                self.new_name = gr.Textbox(label=label("New name"), elem_id="own-new-name", scale=3,
                                           max_length=80, min_width=160)
                self.rename_button = gr.Button(label("Rename"), scale=1, min_width=90,
                                               elem_id="own-rename")
                self.remove_button = gr.Button(label("Remove"), scale=1, min_width=90,
                                               elem_id="own-remove")
        self._listen(part)

    def _body_boxes(self) -> None:
        self.preview = gr.Dataframe(interactive=False, elem_id="own-preview", max_height=340,
                                    max_chars=90, label=label("The first rows"),
                                    buttons=["fullscreen"])
        with gr.Row():  # custom values are allowed because an earlier file's columns may still be on their way
            self.text_a, self.text_b, self.label = (
                gr.Dropdown([], label=label(title), elem_id=f"own-{name}", allow_custom_value=True,
                            min_width=150)
                for name, title in _COLUMNS.items())
            self.name = gr.Textbox(label=label("Name of the data"), elem_id="own-name",
                                   max_length=80, min_width=150)
        with gr.Row(elem_classes="cl-columns", equal_height=False):
            with gr.Column(scale=4, min_width=300):
                self.labels = gr.Dataframe(datatype="str", type="array",
                                           interactive=True, static_columns=[0],
                                           elem_id="own-labels", max_height=300,
                                           label=label("Labels: give them readable names"),
                                           buttons=[])
            with gr.Column(scale=5, min_width=300):
                self.balance = gr.HTML(elem_id="own-balance")
        self.findings = gr.HTML(elem_id="own-findings")
        self.keep_button = gr.Button(label("Use this data"), variant="primary", elem_id="own-use",
                                     interactive=False)

    def _listen(self, part: gr.Accordion) -> None:
        session, columns = self.session, [self.text_a, self.text_b, self.label]
        chosen = [*self.sources.boxes, *columns, self.name, self.labels]
        check: dict[str, Any] = {
            "fn": self.check, "inputs": [session.model, *chosen],
            "outputs": [self.findings, self.balance, self.labels, self.keep_button],
            "concurrency_id": "own-data", "concurrency_limit": 4}
        follow(self.sources.triggers, self.read, [self.automatic, *chosen],
               [self.note, self.found, self.preview, *columns, self.name, self.automatic,
                self.body],
               show_progress="minimal", show_progress_on=[self.found]).then(**check, **QUIET)
        follow([*(box.input for box in columns), self.labels.input, session.model.change], **check)
        self.keep_button.click(self.keep, [session.own_tasks, *chosen],
                               [session.own_tasks, session.task, self.mine, self.note, self.chosen],
                               **QUIET)
        listed = [self.list_row, self.mine]
        gr.on([session.own_tasks.change, part.expand], self.list_own,
              [session.own_tasks, self.mine], listed, **QUIET)
        self.remove_button.click(self.remove, [session.own_tasks, self.mine, session.task],
                                 [session.own_tasks, session.task, self.note, self.chosen], **QUIET)
        gr.on([self.rename_button.click, self.new_name.submit], self.rename,
              [session.own_tasks, self.mine, self.new_name],
              [session.own_tasks, session.task, self.note], **QUIET)

    def read(self, request: gr.Request, automatic: str, *chosen: Any) -> list[Any]:
        """Read the files; guess the columns unless those chosen before are still there."""
        translate = translator(request)
        places, (text_a, text_b, label_column, name, _) = chosen[:-5], chosen[-5:]
        read = self.sources.read(*places)
        told = "".join(table_line(table, translate) for table in read.tables.values())
        told += "".join(message(explain(error, translate)) for error in read.problems.values())
        train = read.tables.get("train")
        if train is None:
            if read.tables and not read.problems:
                told += message(translate("Choose the training data too."), "note")
            return ["", told, *[gr.skip()] * 6,
                    gr.skip() if read.problems else gr.update(visible=False)]
        names = list(train.columns)
        kept = [column for column in (text_a, text_b, label_column) if column]
        columns = guess_columns(train)
        if text_a and set(kept) <= set(names):
            columns = ColumnMap(text_a, label_column, text_b or None)
        own = stem(train)
        offered = [as_choice(name) for name in names]
        return ["", told, _preview(train), gr.update(choices=offered, value=columns.text_a),
                gr.update(choices=[(translate("none"), ""), *offered], value=columns.text_b or ""),
                gr.update(choices=offered, value=columns.label),
                own if (name or "") in ("", automatic) else gr.skip(), own, gr.update(visible=True)]

    def check(self, request: gr.Request, model: str, *chosen: Any) -> list[Any]:
        """What should be known of the data as it is chosen now."""
        translate = translator(request)
        read, draft = self._draft(*chosen)
        if draft is None:
            return [gr.skip(), gr.skip(), gr.skip(), gr.update(interactive=False)]
        try:
            view = self._look(draft, model)
        except Exception as error:
            return [message(explain(error, translate)), "", gr.skip(), gr.update(interactive=False)]
        rows = [[name, (draft.label_names or {}).get(name, name)] for name in draft.labels()]
        heads = [translate("in the file"), translate("name")]
        return [findings_panel(view.findings, translate), _balance(view, translate),
                gr.skip() if rows == _pairs(chosen[-1]) else {"headers": heads, "data": rows},
                gr.update(interactive=view.task is not None and not read.problems)]

    def keep(self, request: gr.Request, own_tasks: OwnTasks | None, *chosen: Any) -> list[Any]:
        """Make the task, keep it and show it in the Lab."""
        translate = translator(request)
        try:
            read, draft = self._draft(*chosen)
            for error in read.problems.values():
                raise error
            if draft is None:
                raise InputError("There is no data yet. Choose the training data.")
            task = draft.task(self.services.limits)
            as_found = draft.columns == guess_columns(read.tables["train"]) and not _renamed(
                draft, read)
            choice = read.repo if read.repo and as_found else self.services.keep_own_task(task)
        except Exception as error:
            return [gr.skip(), gr.skip(), gr.skip(), message(explain(error, translate)), gr.skip()]
        kept = [[task.title, choice],
                *(each for each in own_tasks or [] if each[1] != choice)][:MAX_OWN]
        told = translate("{name} is ready: {train} rows to draw from and {test} to test on. It is "
                         "chosen as the task now.")
        told = told.format(name=task.title, train=f"{len(task.train):,}",
                           test=f"{len(task.test):,}")
        return [kept, gr.update(choices=task_choices(kept), value=choice),
                gr.update(choices=_listed(kept), value=choice), message(told, "good"),
                uuid.uuid4().hex]

    def list_own(self, own_tasks: OwnTasks | None, chosen: str | None) -> list[Any]:
        """The visitor's data sets, for renaming and removing."""
        known = [choice for _, choice in own_tasks or []]
        value = chosen if chosen in known else next(iter(known), None)
        return [gr.update(visible=bool(known)),
                gr.update(choices=_listed(own_tasks or []), value=value)]

    def remove(self, request: gr.Request, own_tasks: OwnTasks | None, chosen: str | None,
               task: str) -> list[Any]:
        """Take a data set off the list; runs on it stay."""
        kept = [each for each in own_tasks or [] if each[1] != chosen]
        told = message(translator(request)("Removed from your list. Runs on it stay."), "note")
        if task != chosen:
            return [kept, gr.update(choices=task_choices(kept)), told, gr.skip()]
        return [kept, gr.update(choices=task_choices(kept), value=task_cards()[0].name), told,
                uuid.uuid4().hex]

    def rename(self, request: gr.Request, own_tasks: OwnTasks | None, chosen: str | None,
               name: str) -> list[Any]:
        """Call a data set something else in the list; runs keep the name they were started with."""
        name, translate = (name or "").strip(), translator(request)
        if not name:
            return [gr.skip(), gr.skip(),
                    message(translate("Write the new name into the box first."))]
        kept = [[name if choice == chosen else old, choice] for old, choice in own_tasks or []]
        return [kept, gr.update(choices=task_choices(kept)), message(translate("Renamed."), "good")]

    def _draft(self, *chosen: Any) -> tuple[Read, Draft | None]:
        """What is chosen, as a draft; None as long as there is no training data or no text column."""
        places, (text_a, text_b, label_column, name, labels) = chosen[:-5], chosen[-5:]
        read = self.sources.read(*places)
        if "train" not in read.tables or not text_a:
            return read, None
        draft = Draft(read.tables, ColumnMap(text_a, label_column or None, text_b or None),
                      name or "")
        typed = dict(_pairs(labels))
        suggested = read.names.get(label_column or "", {})
        names = {each: typed.get(each, "").strip() or suggested.get(each, each)
                 for each in draft.labels()}
        if set(typed) != set(names):  # the names belong to another column
            names = {each: suggested.get(each, each) for each in names}
        return read, Draft(read.tables, draft.columns, draft.name, names)

    def _look(self, draft: Draft, model: str) -> DraftView:
        try:
            backbone = self.services.backbone(model)
        except ClozeLabError:  # the model's own box says what is wrong with it
            return draft.look(shots=_SHOTS, limits=self.services.limits)
        return draft.look(shots=_SHOTS, limits=self.services.limits, max_length=backbone.max_length,
                          count_tokens=lambda texts: token_lengths(texts, backbone))


def task_choices(own_tasks: OwnTasks) -> list[tuple[str, str]]:
    """What the Task dropdown offers: the visitor's own data first, then the catalogue."""
    cards = [(f"{card.title} · {card.answers} · {card.source}", card.name) for card in task_cards()]
    return [*((f"★ {name}", choice) for name, choice in own_tasks), *cards]


def _listed(own_tasks: OwnTasks) -> list[tuple[str, str]]:
    return [(as_choice(name)[0], choice) for name, choice in own_tasks]


def _preview(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table.rows[:PREVIEW_ROWS], columns=list(table.columns))


def _pairs(rows: list[list[Any]] | None) -> list[list[str]]:
    """The table of label names as text, without empty rows."""
    return [[str(cell or "") for cell in row[:2]] for row in rows or [] if len(row) > 1 and row[0]]


def _renamed(draft: Draft, read: Read) -> bool:
    suggested = read.names.get(draft.columns.label or "", {})
    return any(name != suggested.get(each, each)
               for each, name in (draft.label_names or {}).items())


def _balance(view: DraftView, translate: Translate) -> str:
    if view.task is None:
        return ""
    task = view.task
    over = translate("{train} rows to draw from · {test} to "
                     "test on").format(train=f"{len(task.train):,}",
                               test=f"{len(task.test):,}")
    if task.unlabelled:
        over += " · " + translate("{n} without labels").format(n=f"{len(task.unlabelled):,}")
    return counts_panel(view.balance(), translate("Labels"), over)
