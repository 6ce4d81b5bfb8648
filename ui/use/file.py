"""A whole file labelled with the chosen run: its columns, the progress and the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import pandas as pd

from core.data.columns import ColumnMap, guess_columns
from core.data.files import TABLE_SUFFIXES, Table, read_table
from core.data.forms import in_one_form
from core.errors import InputError
from core.runs.downloads import labelled_download
from core.runs.finished_run import AnsweredTable, answer_table, predictor_for, schema_of
from core.runs.run import Run
from ui.data_panels import as_choice, counts_panel, findings_panel, table_line
from ui.downloads import saved
from ui.feedback import explain, message, translator
from ui.languages import label
from ui.live import QUIET
from ui.services import Services
from ui.session import Session

PREVIEW_ROWS = 20
FILE_TYPES = [*TABLE_SUFFIXES]


class UseFile:
    """The part of the tab below the text boxes."""

    def __init__(self, services: Services, session: Session, run: gr.Dropdown) -> None:
        self.services, self.session = services, session
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
        self.start = gr.Button(label("Label the file"), variant="primary", elem_id="use-file-ask",
                               interactive=False)

    def _listen(self, run: gr.Dropdown) -> None:
        self.file.change(self.read_file, self.file,
                         [self.note, self.text_a, self.text_b, self.start, self.counts,
                          self.result], **QUIET)
        self.start.click(self.label_file,
                         [self.session.visitor, run, self.file, self.text_a, self.text_b],
                         [self.note, self.counts, self.result, self.preview, self.csv],
                         show_progress="full", show_progress_on=self.counts,
                         api_visibility="private", concurrency_id="file", concurrency_limit=2)

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
        guess, names = guess_columns(table), [as_choice(name) for name in table.columns]
        note = table_line(table, translate) + findings_panel(table.notes, translate)
        return [note, gr.update(choices=names, value=guess.text_a),
                gr.update(choices=names, value=guess.text_b), gr.update(interactive=True), *gone]

    def label_file(self, request: gr.Request, visitor: str, key: str | None, path: str | None,
                   text_a: str | None, text_b: str | None,
                   progress: gr.Progress = gr.Progress()) -> list[Any]:
        """Label every row; what was chosen stays whatever goes wrong."""
        translate = translator(request)

        def show_progress(done: int, total: int) -> None:
            progress((done, total), unit=translate("rows"))

        try:
            run = self.services.store.run(key or "", visitor)
            table, found = self._answered(run, path, text_a, text_b, show_progress)
        except Exception as error:
            return [message(explain(error, translate)), "", gr.update(visible=False), gr.skip(),
                    gr.skip()]
        counts = {name: int((found.rows[found.answer] == name).sum()) for name in run.labels}
        over = translate("{n} of {total} rows").format(n=f"{sum(counts.values()):,}",
                                                       total=f"{len(found.rows):,}")
        return [table_line(table, translate),
                counts_panel(counts, translate("Labels given"), over), gr.update(visible=True),
                _preview(found), gr.update(value=saved(labelled_download(table, found.rows)))]

    def _answered(self, run: Run, path: str | None, text_a: str | None, text_b: str | None,
                  report: Callable[[int, int], None]) -> tuple[Table, AnsweredTable]:
        """The file, and its rows with what the run answers."""
        services = self.services
        schema = schema_of(run, services.store)
        columns = _columns(text_a if path else None, text_b, schema.pairs)
        table = read_table(path or "", services.limits)
        predictor = predictor_for(run, services.store, services.load, services.backbones)
        return table, answer_table(predictor, table, columns, schema, services.limits, report)


def _columns(text_a: str | None, text_b: str | None, pairs: bool) -> ColumnMap:
    if not text_a:
        raise InputError("No column is chosen. Upload a file and choose the column of the text.")
    if pairs and not text_b:
        raise InputError("This run labels pairs of texts. Choose the column of the second text.")
    return ColumnMap(text_a, None, text_b if pairs else None)


def _preview(found: AnsweredTable) -> pd.DataFrame:
    """The first rows, the answers before the columns of the file."""
    new = [found.answer, *found.probabilities.values()]
    given = [name for name in found.rows.columns if name not in new]
    return found.rows.head(PREVIEW_ROWS)[[*new, *given]].map(_cell)


def _cell(cell: Any) -> Any:
    if pd.isna(cell):
        return ""
    return f"{cell:.3f}" if isinstance(cell, float) else cell
