"""What runs wrote: one run's outputs, or those of two side by side."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd

from core.errors import InputError
from core.metrics.metric import main_metric
from core.runs.comparison import opponents, outputs_of
from core.runs.downloads import Download, official_download, predictions_download
from core.runs.outputs import ordered
from core.runs.ready_made import READY_MADE
from core.runs.run import Run
from ui.compare.choice import Choice, Shown
from ui.compare.output_panels import output_list
from ui.compare.paging import PAGE, page_boxes, place_line
from ui.compare.panels import run_names
from ui.downloads import saved
from ui.feedback import Translate, explain, message, translator
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session

ORDERS = {"row": "as in the data", "worst": "worst first", "best": "best first",
          "apart": "most different first"}
_NO_TEXTS = ("Comparisons that come with the app have no single answers here. Choose runs of your "
             "own.")
_NO_RUNS = "Choose a finished run that writes texts."


class Outputs:
    """The tab and what answers its events."""

    def __init__(self, services: Services, session: Session, shown: gr.State) -> None:
        self.services = services
        with gr.Tab(label("Outputs"), id="compare-outputs", visible=False) as self.tab:
            with gr.Row(elem_classes="cl-actions"):
                self.a = gr.Dropdown([], label=label("Run"), elem_id="outputs-a", min_width=240,
                                     scale=3)
                self.b = gr.Dropdown([], label=label("Beside it"), elem_id="outputs-b",
                                     min_width=240, scale=3)
                self.file = gr.DownloadButton(label("Download predictions (CSV)"), size="sm",
                                              min_width=200, scale=1, elem_id="outputs-file")
                self.official = gr.DownloadButton(label("For official scripts (.zip)"), size="sm",
                                                  min_width=200, scale=1,
                                                  elem_id="outputs-official")
            self.order = gr.Radio([(label(text), key) for key, text in ORDERS.items()],
                                  value="row", label=label("Order"), elem_id="outputs-order")
            listed = gr.HTML(elem_id="outputs-list")
            back, place, on = page_boxes("outputs")
            page = gr.State(0)
            self.shown = [listed, place, back, on, page, self.file, self.official]
            self._listen([session.visitor, shown, self.a, self.b])

    def _listen(self, sides: list[Any]) -> None:
        visitor, shown, a, b = sides
        runs, (_, _, back, on, page, *_) = [visitor, a, b, self.order], self.shown
        follow([shown.change], self.list_runs, sides, [a, b]).then(
            self.show, runs, self.shown, **QUIET)
        follow([a.input, b.input, self.order.input], self.show, runs, self.shown)
        for button, step in ((back, -1), (on, 1)):
            button.click(self.turn, [*runs, page, gr.State(step)], self.shown, **QUIET)

    def open_from(self, table: gr.Dataframe, tabs: gr.Tabs, session: Session) -> None:
        """Show the outputs of a run when its row in the table is chosen."""
        opened = table.select(self.choose, session.visitor, [tabs, self.a], **QUIET)
        opened.then(self.show, [session.visitor, self.a, self.b, self.order], self.shown, **QUIET)

    def choose(self, visitor: str, event: gr.SelectData) -> list[Any]:
        """The tab and its run, if the chosen row is a run that wrote texts."""
        key = str(event.row_value[-1])
        runs = [run for run in self.services.store.runs(visitor) if run.id == key]
        if not runs or not _writes(runs[0]):
            return [gr.skip(), gr.skip()]
        return [gr.Tabs(selected="compare-outputs"), key]

    def list_runs(self, request: gr.Request, visitor: str, shown: Shown, a: str | None,
                  b: str | None) -> list[Any]:
        """Offer the runs that wrote texts; at first the best one, and none beside it."""
        translate = translator(request)
        runs = [run for run in Choice.shown(self.services.store, visitor, shown).done
                if _writes(run)]
        records = [run.record() for run in runs]
        ids = [record.id for record in records]
        choices = list(zip(run_names(records, translate), ids, strict=True))
        best, _ = opponents(records)
        nothing = (translate("(nothing)"), "")
        return [gr.update(choices=choices, value=a if a in ids else best),
                gr.update(choices=[nothing, *choices], value=b if b in ids else "")]

    def turn(self, request: gr.Request, visitor: str, a: str | None, b: str | None, order: str,
             page: int, step: int) -> list[Any]:
        """Another page."""
        return self.show(request, visitor, a, b, order, page + step)

    def show(self, request: gr.Request, visitor: str, a: str | None, b: str | None, order: str,
             page: int = 0) -> list[Any]:
        """A page of outputs in the wanted order."""
        translate, buttons = translator(request), [gr.update(interactive=False)] * 2
        try:
            runs, rows = self._rows(visitor, a, b)
        except Exception as error:
            return [message(explain(error, translate), "note"), "", *buttons, 0, *buttons]
        metric = main_metric("generation")
        order = order if order in ORDERS and (len(runs) > 1 or order != "apart") else "row"
        rows = ordered(rows, order, metric)  # type: ignore[arg-type]
        page = max(0, min(page, (len(rows) - 1) // PAGE))
        start, end = page * PAGE, min(len(rows), (page + 1) * PAGE)
        names = dict(zip("ab", _names(runs, translate), strict=False))
        listed = output_list(rows.iloc[start:end], start + 1, names, metric, translate)
        return [listed, place_line(start, end, len(rows), translate),
                gr.update(interactive=page > 0), gr.update(interactive=end < len(rows)), page,
                *(gr.update(value=saved(file), interactive=True)
                  for file in self._files(runs, visitor))]

    def _rows(self, visitor: str, a: str | None, b: str | None) -> tuple[list[Run], pd.DataFrame]:
        keys = [key for key in dict.fromkeys((a, b)) if key]
        if any(key.startswith(READY_MADE) for key in keys):
            raise InputError(_NO_TEXTS)
        runs = [self.services.store.run(key, visitor) for key in keys]
        tables = [self.services.store.predictions(key, visitor) for key in keys]
        if not runs or any("output" not in table for table in tables):
            raise InputError(_NO_RUNS)
        return runs, outputs_of(*tables)

    def _files(self, runs: list[Run], visitor: str) -> list[Download]:
        """The predictions of all runs, and what official scripts read of the first."""
        tables = [self.services.store.predictions(run.id, visitor) for run in runs]
        return [predictions_download(runs, tables), official_download(runs[0], tables[0])]


def _writes(run: Run) -> bool:
    return run.spec.kind == "generation" and run.status == "done"


def _names(runs: list[Run], translate: Translate) -> list[str]:
    if len(runs) == 1:
        return [runs[0].spec.method]
    return run_names([run.record() for run in runs], translate)
