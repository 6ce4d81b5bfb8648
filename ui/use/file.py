"""A whole file labelled with the chosen run: which column, how far, what came of it, and the result to take away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr
import pandas as pd

from core.data.choice_forms import in_one_form
from core.data.columns import ColumnMap, guess_columns
from core.data.files import TABLE_SUFFIXES, read_table
from core.errors import InputError
from core.runs.finished_run import (
    AnsweredTable,
    answer_table,
    further_names,
    labelled_download,
    predictor_for,
    takes_pairs,
)
from ui.data_panels import as_choice, counts_panel, table_line
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
                    self.file = gr.File(label=label("CSV, TSV, JSONL or Parquet"), file_types=FILE_TYPES, height=130,
                                        elem_id="use-file")
                    self.note = gr.HTML(elem_id="use-file-note", elem_classes="cl-note-slot")
                    with gr.Row(elem_classes="cl-actions"):
                        self.text_a = gr.Dropdown([], label=label("Column of the text"), elem_id="use-file-text",
                                                  allow_custom_value=True, min_width=150)
                        self.text_b = gr.Dropdown([], label=label("Column of the second text"), visible=False,
                                                  elem_id="use-file-text-b", allow_custom_value=True, min_width=150)
                    self.start = gr.Button(label("Label the file"), variant="primary", elem_id="use-file-ask",
                                           interactive=False)
                with gr.Column(scale=6, min_width=320):
                    self.counts = gr.HTML(elem_id="use-file-counts")
            with gr.Column(visible=False) as self.result:
                self.preview = gr.Dataframe(interactive=False, elem_id="use-file-preview", max_height=420,
                                            max_chars=120, label=label("The first rows"),
                                            buttons=["fullscreen", "copy"])
                self.csv = gr.DownloadButton(label("Download all rows (CSV)"), elem_id="use-file-csv")
        self.file.change(self.read_file, self.file, [self.note, self.text_a, self.text_b, self.start, self.counts,
                                                     self.result], **QUIET)
        self.start.click(self.label_file, [session.visitor, run, self.file, self.text_a, self.text_b],
                         [self.note, self.counts, self.result, self.preview, self.csv], show_progress="full",
                         show_progress_on=self.counts, api_visibility="private", concurrency_id="file",
                         concurrency_limit=2)

    def read_file(self, request: gr.Request, path: str | None) -> list[Any]:
        """Say what was found in the file and guess its columns."""
        translate = translator(request)
        gone = ["", gr.update(visible=False)]
        empty = gr.update(choices=[], value=None)
        if not path:
            return ["", empty, empty, gr.update(interactive=False), *gone]
        try:
            table = in_one_form(read_table(path, self.services.limits))
        except Exception as error:
            return [message(explain(error, translate)), empty, empty, gr.update(interactive=False), *gone]
        guess, names = guess_columns(table), [as_choice(name) for name in table.columns]
        return [table_line(table, translate), gr.update(choices=names, value=guess.text_a),
                gr.update(choices=names, value=guess.text_b), gr.update(interactive=True), *gone]

    def label_file(self, request: gr.Request, visitor: str, key: str | None, path: str | None, text_a: str | None,
                   text_b: str | None, progress: gr.Progress = gr.Progress()) -> list[Any]:
        """Label every row; what was chosen stays whatever goes wrong."""
        translate, store = translator(request), self.services.store
        try:
            run = store.run(key or "", visitor)
            columns = _columns(text_a if path else None, text_b, takes_pairs(run, store))
            columns = replace(columns, more=further_names(run))
            table = in_one_form(read_table(path or "", self.services.limits))
            predictor = predictor_for(run, store, self.services.load, self.services.backbones)
            found = answer_table(predictor, table, columns, run.labels, self.services.limits,
                                 lambda done, total: progress((done, total), unit=translate("rows")))
        except Exception as error:
            return [message(explain(error, translate)), "", gr.update(visible=False), gr.skip(), gr.skip()]
        counts = {each: int((found.rows[found.answer] == each).sum()) for each in run.labels}
        over = translate("{n} of {total} rows").format(n=f"{sum(counts.values()):,}", total=f"{len(found.rows):,}")
        return [table_line(table, translate), counts_panel(counts, translate("Labels given"), over), gr.update(visible=True),
                _preview(found), gr.update(value=saved(labelled_download(table, found.rows)))]


def _columns(text_a: str | None, text_b: str | None, pairs: bool) -> ColumnMap:
    if not text_a:
        raise InputError("No column is chosen. Upload a file and choose the column of the text.")
    if pairs and not text_b:
        raise InputError("This run labels pairs of texts. Choose the column of the second text.")
    return ColumnMap(text_a, None, text_b if pairs else None)


def _preview(found: AnsweredTable) -> pd.DataFrame:
    """The first rows, what was found before what was given."""
    new = [found.answer, *found.probabilities.values()]
    first = found.rows.head(PREVIEW_ROWS)[[*new, *(name for name in found.rows.columns if name not in new)]]
    return first.map(lambda cell: "" if pd.isna(cell) else f"{cell:.3f}" if isinstance(cell, float) else cell)
