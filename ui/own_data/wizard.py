"""Your own data: files or a hub data set become a task, checked while the columns are chosen."""

from __future__ import annotations

import uuid
from typing import Any

import gradio as gr
import pandas as pd

from core.data.catalog import task_cards
from core.data.columns import ColumnMap, guess_columns
from core.data.files import Table
from core.data.references import looks_like_targets
from core.data.task import Task
from core.data.task_draft import CheckedDraft, TaskDraft, stem
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
_COLUMNS = {"text-a": "Column of the text or source", "text-b": "Column of the second text (pairs)",
            "label": "Column of the label or target"}
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
            self.automatic = gr.State("")  # the app's name for the data, until the visitor's own
            with gr.Column(visible=False, elem_id="own-body") as self.body:
                self._body_boxes()
            self.note = gr.HTML(elem_id="own-note", elem_classes="cl-note-slot")
            with gr.Row(visible=False, elem_classes="cl-actions") as self.list_row:
                self._list_boxes()
        self._listen(part)

    def _list_boxes(self) -> None:
        self.mine = gr.Dropdown([], label=label("Your data sets"), elem_id="own-mine", scale=4,
                                min_width=200)
        self.new_name = gr.Textbox(label=label("New name"), elem_id="own-new-name", scale=3,
                                   max_length=80, min_width=160)
        self.rename_button = gr.Button(label("Rename"), scale=1, min_width=90,
                                       elem_id="own-rename")
        self.remove_button = gr.Button(label("Remove"), scale=1, min_width=90,
                                       elem_id="own-remove")

    def _body_boxes(self) -> None:
        self.preview = gr.Dataframe(interactive=False, elem_id="own-preview", max_height=340,
                                    max_chars=90, label=label("The first rows"),
                                    buttons=["fullscreen"])
        with gr.Row():
            # custom values are allowed because an earlier file's columns may arrive late
            self.text_a, self.text_b, self.label = (
                gr.Dropdown([], label=label(title), elem_id=f"own-{name}",
                            allow_custom_value=True, min_width=150)
                for name, title in _COLUMNS.items())
            self.name = gr.Textbox(label=label("Name of the data"), elem_id="own-name",
                                   max_length=80, min_width=150)
        self._label_boxes()
        self.findings = gr.HTML(elem_id="own-findings")
        self.keep_button = gr.Button(label("Use this data"), variant="primary", elem_id="own-use",
                                     interactive=False)

    def _label_boxes(self) -> None:
        with gr.Row(elem_classes="cl-columns", equal_height=False):
            with gr.Column(scale=4, min_width=300):
                self.labels = gr.Dataframe(datatype="str", type="array", interactive=True,
                                           static_columns=[0], elem_id="own-labels",
                                           max_height=300, buttons=[],
                                           label=label("Labels: give them readable names"))
            with gr.Column(scale=5, min_width=300):
                self.balance = gr.HTML(elem_id="own-balance")

    def _listen(self, part: gr.Accordion) -> None:
        session, columns = self.session, [self.text_a, self.text_b, self.label]
        chosen = [*self.sources.boxes, *columns, self.name, self.labels]
        check: dict[str, Any] = {
            "fn": self.check, "inputs": [session.model, *chosen],
            "outputs": [self.findings, self.balance, self.labels, self.keep_button],
            "concurrency_id": "own-data", "concurrency_limit": 4}
        read = follow(self.sources.triggers, self.read, [self.automatic, *chosen],
                      [self.note, self.found, self.preview, *columns, self.name, self.automatic,
                       self.body], show_progress="minimal", show_progress_on=[self.found])
        read.then(**check, **QUIET)
        follow([*(box.input for box in columns), self.labels.input, session.model.change,
                session.arrived.change], **check)
        self.keep_button.click(
            self.keep, [session.own_tasks, *chosen],
            [session.own_tasks, session.task, self.mine, self.note, self.chosen], **QUIET)
        self._listen_to_list(part)

    def _listen_to_list(self, part: gr.Accordion) -> None:
        """List, rename and remove the visitor's data sets."""
        session = self.session
        gr.on([session.own_tasks.change, part.expand], self.list_own,
              [session.own_tasks, self.mine], [self.list_row, self.mine], **QUIET)
        self.remove_button.click(self.remove, [session.own_tasks, self.mine, session.task],
                                 [session.own_tasks, session.task, self.note, self.chosen],
                                 **QUIET)
        gr.on([self.rename_button.click, self.new_name.submit], self.rename,
              [session.own_tasks, self.mine, self.new_name],
              [session.own_tasks, session.task, self.note], **QUIET)

    def read(self, request: gr.Request, automatic: str, *chosen: Any) -> list[Any]:
        """Read the files; guess the columns unless those chosen before are still there."""
        translate = translator(request)
        places, (text_a, text_b, label_column, name, _) = chosen[:-5], chosen[-5:]
        read = self.sources.read(*places)
        train = read.tables.get("train")
        if train is None:
            return ["", _report(read, translate), *[gr.skip()] * 6,
                    gr.skip() if read.problems else gr.update(visible=False)]
        columns = guess_columns(train)
        kept = {column for column in (text_a, text_b, label_column) if column}
        if text_a and kept <= set(train.columns):
            columns = _columns(train, text_a, text_b, label_column)
        own, offered = stem(train), [as_choice(column) for column in train.columns]
        return ["", _report(read, translate), _preview(train),
                gr.update(choices=offered, value=columns.text_a),
                gr.update(choices=[(translate("none"), ""), *offered], value=columns.text_b or ""),
                gr.update(choices=offered, value=columns.label or columns.target),
                own if (name or "") in ("", automatic) else gr.skip(), own,
                gr.update(visible=True)]

    def check(self, request: gr.Request, model: str, *chosen: Any) -> list[Any]:
        """Findings about the data as it is chosen now."""
        translate, off = translator(request), gr.update(interactive=False)
        read, draft = self._draft(*chosen)
        if draft is None:
            return [gr.skip(), gr.skip(), gr.skip(), off]
        try:
            view = self._look(draft, model)
        except Exception as error:
            return [message(explain(error, translate)), "", gr.skip(), off]
        rows = [[name, (draft.label_names or {}).get(name, name)] for name in draft.labels()]
        heads = [translate("in the file"), translate("name")]
        same = rows == _pairs(chosen[-1])
        return [findings_panel(view.findings, translate), _balance(view, translate),
                gr.update(visible=bool(rows)) if same else gr.update(
                    value={"headers": heads, "data": rows}, visible=bool(rows)),
                gr.update(interactive=view.task is not None and not read.problems)]

    def keep(self, request: gr.Request, own_tasks: OwnTasks | None, *chosen: Any) -> list[Any]:
        """Make the task, keep it and show it in the Lab."""
        translate = translator(request)
        try:
            task, choice = self._made(*chosen)
        except Exception as error:
            return [*[gr.skip()] * 3, message(explain(error, translate)), gr.skip()]
        others = (known for known in own_tasks or [] if known[1] != choice)
        kept = [[task.title, choice], *others][:MAX_OWN]
        note = translate("{name} is ready: {train} rows to draw from and {test} to test on. It is "
                         "chosen as the task now.")
        note = note.format(name=task.title, train=f"{len(task.train):,}",
                           test=f"{len(task.test):,}")
        return [kept, gr.update(choices=task_choices(kept), value=choice),
                gr.update(choices=_listed(kept), value=choice), message(note, "good"),
                uuid.uuid4().hex]

    def _made(self, *chosen: Any) -> tuple[Task, str]:
        """The task, and how the Task dropdown names it; a hub data set as it is keeps its name."""
        read, draft = self._draft(*chosen)
        for error in read.problems.values():
            raise error
        if draft is None:
            raise InputError("There is no data yet. Choose the training data.")
        task = draft.task(self.services.limits)
        as_it_is = draft.columns == guess_columns(read.tables["train"])
        if read.repo and as_it_is and not _renamed(draft, read):
            return task, read.repo
        return task, self.services.keep_own_task(task)

    def list_own(self, own_tasks: OwnTasks | None, chosen: str | None) -> list[Any]:
        """The visitor's data sets, for renaming and removing."""
        known = [choice for _, choice in own_tasks or []]
        value = chosen if chosen in known else next(iter(known), None)
        return [gr.update(visible=bool(known)),
                gr.update(choices=_listed(own_tasks or []), value=value)]

    def remove(self, request: gr.Request, own_tasks: OwnTasks | None, chosen: str | None,
               task: str) -> list[Any]:
        """Take a data set off the list; runs on it stay."""
        kept = [known for known in own_tasks or [] if known[1] != chosen]
        note = message(translator(request)("Removed from your list. Runs on it stay."), "note")
        if task != chosen:
            return [kept, gr.update(choices=task_choices(kept)), note, gr.skip()]
        return [kept, gr.update(choices=task_choices(kept), value=task_cards()[0].name), note,
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

    def _draft(self, *chosen: Any) -> tuple[Read, TaskDraft | None]:
        """The chosen data as a draft; None while there is no training data or text column."""
        places, (text_a, text_b, label_column, name, labels) = chosen[:-5], chosen[-5:]
        read = self.sources.read(*places)
        if "train" not in read.tables or not text_a:
            return read, None
        columns = _columns(read.tables["train"], text_a, text_b, label_column)
        draft = TaskDraft(read.tables, columns, name or "")
        typed = dict(_pairs(labels))
        suggested = read.tables["train"].names.get(label_column or "", {})
        names = {value: suggested.get(value, value) for value in draft.labels()}
        if set(typed) == set(names):  # otherwise the typed names belong to another column
            names = {value: typed[value].strip() or names[value] for value in names}
        return read, TaskDraft(read.tables, draft.columns, draft.name, names)

    def _look(self, draft: TaskDraft, model: str) -> CheckedDraft:
        try:
            backbone = self.services.backbone(model)
        except ClozeLabError:  # the model's own box says what is wrong with it
            return draft.check(shots=_SHOTS, limits=self.services.limits)
        return draft.check(shots=_SHOTS, limits=self.services.limits,
                           max_length=backbone.max_length,
                          count_tokens=lambda texts: token_lengths(texts, backbone))


def task_choices(own_tasks: OwnTasks) -> list[tuple[str, str]]:
    """What the Task dropdown offers: the visitor's own data first, then the catalogue."""
    cards = [(f"{card.title} · {card.answers} · {card.source}", card.name)
             for card in task_cards()]
    return [*((f"★ {name}", choice) for name, choice in own_tasks), *cards]


def _listed(own_tasks: OwnTasks) -> list[tuple[str, str]]:
    return [(as_choice(name)[0], choice) for name, choice in own_tasks]


def _columns(table: Table, text_a: str, text_b: str | None, answer: str | None) -> ColumnMap:
    """What the chosen columns hold; `answer` may be the target of a source."""
    guess = guess_columns(table)
    if guess.target and (text_a, text_b or None, answer) == (guess.text_a, None, guess.target):
        return guess
    if not text_b and answer in table.columns and looks_like_targets(table, answer):
        return ColumnMap(text_a, None, target=answer)
    return ColumnMap(text_a, answer or None, text_b or None)


def _preview(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table.rows[:PREVIEW_ROWS], columns=list(table.columns))


def _pairs(rows: list[list[Any]] | None) -> list[list[str]]:
    """The table of label names as text, without empty rows."""
    return [[str(cell or "") for cell in row[:2]] for row in rows or [] if len(row) > 1 and row[0]]


def _renamed(draft: TaskDraft, read: Read) -> bool:
    suggested = read.tables["train"].names.get(draft.columns.label or "", {})
    return any(name != suggested.get(value, value)
               for value, name in (draft.label_names or {}).items())


def _report(read: Read, translate: Translate) -> str:
    """What was found in the files, what is wrong with them, and whether training data lacks."""
    report = "".join(table_line(table, translate) for table in read.tables.values())
    report += "".join(message(explain(error, translate)) for error in read.problems.values())
    if read.tables and "train" not in read.tables and not read.problems:
        report += message(translate("Choose the training data too."), "note")
    return report


def _balance(view: CheckedDraft, translate: Translate) -> str:
    if view.task is None:
        return ""
    task = view.task
    over = translate("{train} rows to draw from · {test} to "
                     "test on").format(train=f"{len(task.train):,}",
                               test=f"{len(task.test):,}")
    if task.unlabelled:
        over += " · " + translate("{n} without labels").format(n=f"{len(task.unlabelled):,}")
    title = "Examples" if task.schema.kind == "generation" else "Labels"
    return counts_panel(view.balance(), translate(title), over)
