"""A whole file answered by the chosen run: its columns, the progress and the result."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from core.data.column_names import plain
from core.data.columns import ColumnMap, guess_columns
from core.data.files import TABLE_SUFFIXES, Table, read_table
from core.data.forms import in_one_form
from core.errors import Cancelled, InputError
from core.runs.downloads import answered_download
from core.runs.finished_run import AnsweredTable, answer_table, predictor_for, schema_of
from core.runs.run import Run
from ui.data_panels import as_choice, counts_panel, findings_panel, table_line
from ui.downloads import saved
from ui.feedback import Translate, explain, message, translator
from ui.languages import label
from ui.live import QUIET
from ui.services import Services
from ui.session import Session

PREVIEW_ROWS = 20
FILE_TYPES = [*TABLE_SUFFIXES]
START_TITLES = {"labels": "Label the file", "texts": "Write for all rows"}
_CANCELLED = "Cancelled after {done} of {total} rows; nothing was kept."


class UseFile:
    """The part of the tab below the text boxes."""

    def __init__(self, services: Services, session: Session, run: gr.Dropdown) -> None:
        self.services, self.session = services, session
        self._stopping: set[str] = set()  # pages that asked to stop
        with gr.Accordion(label("A whole file"), open=False, elem_id="use-file-part"):
            with gr.Row(elem_classes="cl-columns", equal_height=False):
                with gr.Column(scale=5, min_width=320):
                    self._file_boxes()
                with gr.Column(scale=6, min_width=320):
                    self.counts = gr.HTML(elem_id="use-file-counts")
            with gr.Column(visible=False) as self.result:
                self.preview = gr.Dataframe(interactive=False, elem_id="use-file-preview",
                                            max_height=420, max_chars=120,
                                            label=label("The first rows"),
                                            buttons=["fullscreen", "copy"])
                self.csv = gr.DownloadButton(label("Download all rows (CSV)"),
                                             elem_id="use-file-csv")
        self._listen(run)

    def _file_boxes(self) -> None:
        self.file = gr.File(label=label("CSV, TSV, JSONL or Parquet"), file_types=FILE_TYPES,
                            height=130, elem_id="use-file")
        self.note = gr.HTML(elem_id="use-file-note", elem_classes="cl-note-slot")
        with gr.Row(elem_classes="cl-actions"):
            self.text_a = gr.Dropdown([], label=label("Column of the text"), min_width=150,
                                      elem_id="use-file-text", allow_custom_value=True)
            self.text_b = gr.Dropdown([], label=label("Column of the second text"), min_width=150,
                                      visible=False, elem_id="use-file-text-b",
                                      allow_custom_value=True)
        with gr.Row(elem_classes="cl-actions"):
            self.start = gr.Button(label(START_TITLES["labels"]), variant="primary",
                                   elem_id="use-file-ask", interactive=False, min_width=160)
            self.cancel = gr.Button(label("Cancel"), elem_id="use-file-cancel", visible=False,
                                    min_width=100)

    def _listen(self, run: gr.Dropdown) -> None:
        self.file.change(self.read_file, self.file,
                         [self.note, self.text_a, self.text_b, self.start, self.counts,
                          self.result], **QUIET)
        buttons = [self.start, self.cancel]
        begun = self.start.click(self.begin, None, buttons, **QUIET)
        answered = begun.then(
            self.answer_file, [self.session.visitor, run, self.file, self.text_a, self.text_b],
            [self.note, self.counts, self.result, self.preview, self.csv],
            show_progress="full", show_progress_on=self.counts,
            api_visibility="private", concurrency_id="file", concurrency_limit=2)
        answered.then(lambda: _buttons(running=False), None, buttons, **QUIET)
        self.cancel.click(self.stop, None, self.cancel, **QUIET)

    def read_file(self, request: gr.Request, path: str | None) -> list[Any]:
        """Report what was found in the file and guess its columns."""
        translate = translator(request)
        gone = ["", gr.update(visible=False)]
        empty, off = gr.update(choices=[], value=None), gr.update(interactive=False)
        if not path:
            return ["", empty, empty, off, *gone]
        try:
            table = in_one_form(read_table(path, self.services.limits))
        except Exception as error:
            return [message(explain(error, translate)), empty, empty, off, *gone]
        given = next((name for name in table.columns if plain(name) == "source"), None)
        guess, names = guess_columns(table), [as_choice(name) for name in table.columns]
        note = table_line(table, translate) + findings_panel(table.notes, translate)
        return [note, gr.update(choices=names, value=given or guess.text_a),
                gr.update(choices=names, value=guess.text_b), gr.update(interactive=True), *gone]

    def begin(self, request: gr.Request) -> list[Any]:
        """Let it be cancelled from now on."""
        self._stopping.discard(str(request.session_hash))
        return _buttons(running=True)

    def stop(self, request: gr.Request) -> Any:
        """Stop what this page has started, at the next rows or the next token."""
        self._stopping.add(str(request.session_hash))
        return gr.update(visible=False)

    def answer_file(self, request: gr.Request, visitor: str, key: str | None, path: str | None,
                    text_a: str | None, text_b: str | None,
                    progress: gr.Progress = gr.Progress()) -> list[Any]:
        """Answer every row; what was chosen stays whatever goes wrong."""
        translate, shown = translator(request), set[int]()

        def report(done: int, total: int) -> None:
            if str(request.session_hash) in self._stopping:
                raise Cancelled(_CANCELLED, done=done, total=total)
            if done not in shown:
                shown.add(done)
                progress((done, total), unit=translate("rows"))

        try:
            run = self.services.store.run(key or "", visitor)
            table, found = self._answered(run, path, text_a, text_b, report)
        except Exception as error:
            self._stopping.discard(str(request.session_hash))
            kind = "note" if isinstance(error, Cancelled) else "problem"
            return [message(explain(error, translate), kind), "", gr.update(visible=False),
                    gr.skip(), gr.skip()]
        answers = "labelled" if found.probabilities else "written"
        file = saved(answered_download(table, found.rows, answers))
        return [table_line(table, translate), _summary(run, found, translate),
                gr.update(visible=True), _preview(found), gr.update(value=file)]

    def _answered(self, run: Run, path: str | None, text_a: str | None, text_b: str | None,
                  report: Callable[[int, int], None]) -> tuple[Table, AnsweredTable]:
        """The file, and its rows with what the run answers."""
        services = self.services
        schema = schema_of(run, services.store)
        columns = _columns(text_a if path else None, text_b, schema.pairs)
        table = read_table(path or "", services.limits)
        predictor = predictor_for(run, services.store, services.load, services.backbones)
        return table, answer_table(predictor, table, columns, schema, services.limits, report)


def _buttons(*, running: bool) -> list[Any]:
    """The buttons to start and to cancel."""
    return [gr.update(interactive=not running), gr.update(visible=running)]


def _columns(text_a: str | None, text_b: str | None, pairs: bool) -> ColumnMap:
    if not text_a:
        raise InputError("No column is chosen. Upload a file and choose the column of the text.")
    if pairs and not text_b:
        raise InputError("This run labels pairs of texts. Choose the column of the second text.")
    return ColumnMap(text_a, None, text_b if pairs else None)


def _summary(run: Run, found: AnsweredTable, translate: Translate) -> str:
    """How often each label was given, or how many texts were written."""
    given, over = found.rows[found.answer], translate("{n} of {total} rows")
    counts = {name: int((given == name).sum()) for name in run.labels}
    done = sum(counts.values()) if counts else int(given.notna().sum())
    over = over.format(n=f"{done:,}", total=f"{len(given):,}")
    if counts:
        return counts_panel(counts, translate("Labels given"), over)
    return (f'<div class="cl-card"><h3>{escape(translate("Texts written"))}'
            f'<span class="cl-over">{escape(over)}</span></h3></div>')


def _preview(found: AnsweredTable) -> pd.DataFrame:
    """The first rows, the answers before the columns of the file."""
    new = [found.answer, *found.probabilities.values()]
    given = [name for name in found.rows.columns if name not in new]
    return found.rows.head(PREVIEW_ROWS)[[*new, *given]].map(_cell)


def _cell(cell: Any) -> Any:
    if pd.isna(cell):
        return ""
    return f"{cell:.3f}" if isinstance(cell, float) else cell
