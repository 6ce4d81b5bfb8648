"""Which labels a run confuses, and how well its probabilities are calibrated."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from core.figures.calibration import calibration_figure
from core.figures.confusion import confusion_figure
from core.metrics.groups import grouped
from core.runs.comparison import label_probabilities
from core.runs.downloads import predictions_download
from core.runs.ready_made import READY_MADE
from core.runs.run import Run
from ui.compare.choice import Choice, Shown
from ui.compare.figures import plot
from ui.compare.panels import confusion_table, group_name, run_names
from ui.downloads import saved
from ui.feedback import translator
from ui.languages import label
from ui.live import follow
from ui.services import Services
from ui.session import Session

ALL_SEEDS = "seeds:"  # before a run's id: this run and those that differ from it in the seed only


class Confusion:
    """The tab and what answers its events."""

    def __init__(self, services: Services, session: Session, shown: gr.State) -> None:
        self.services = services
        progress: dict[str, Any] = {"show_progress": "minimal", "show_progress_on": None,
                                    "api_visibility": "private"}
        with gr.Tab(label("Confusion"), id="compare-confusion", visible=False) as self.tab:
            chosen, outputs = self._boxes()
            runs = [session.visitor, shown, chosen]
            listed = follow([shown.change], self.list_runs, runs, chosen)
            listed.then(self.show, runs, outputs, **progress)
            follow([chosen.input], self.show, runs, outputs, **progress)

    def _boxes(self) -> tuple[gr.Dropdown, list[gr.components.Component]]:
        """The choice, and what `show` fills."""
        with gr.Row(elem_classes="cl-actions"):
            chosen = gr.Dropdown([], label=label("One run, or all its seeds together"),
                                 elem_id="confusion-run", scale=4, min_width=240)
            file = gr.DownloadButton(label("Download predictions (CSV)"), size="sm", scale=1,
                                     min_width=200, elem_id="download-predictions")
        with gr.Row(equal_height=False):
            with gr.Column(min_width=320):
                confusion = plot(label("Confusion"), "confusion-figure")
                table = gr.HTML(elem_id="confusion-table")
            with gr.Column(min_width=320):
                calibration = plot(label("Reliability"), "calibration-figure")
        return chosen, [confusion, table, calibration, file]

    def list_runs(self, request: gr.Request, visitor: str, shown: Shown,
                  chosen: str | None) -> Any:
        """Offer every group of runs that differ in their seed only, and every finished run."""
        translate = translator(request)
        runs = Choice.shown(self.services.store, visitor, shown).done
        records = [run.record() for run in runs if run.labels]
        groups = [(group_name(setting, len(alike), translate), ALL_SEEDS + alike[0].id)
                  for setting, alike in grouped(records).items() if len(alike) > 1]
        names = run_names(records, translate)
        choices = [*groups, *zip(names, (record.id for record in records), strict=True)]
        keys = [key for _, key in choices]
        return gr.update(choices=choices,
                         value=chosen if chosen in keys else next(iter(keys), None))

    def show(self, request: gr.Request, visitor: str, shown: Shown,
             chosen: str | None) -> list[Any]:
        """Confusion, reliability and predictions of what is chosen, summed over its runs."""
        translate, runs = translator(request), self._members(visitor, shown, chosen or "")
        nothing = gr.update(value=None, interactive=False)
        if not runs:
            empty = calibration_figure(np.zeros((0, 1)), [], translate=translate)
            return [confusion_figure([], [], translate), "", empty, nothing]
        labels = runs[0].labels
        confusion = np.sum([run.confusion for run in runs], axis=0).tolist()  # [C, C]
        tables = [self.services.store.predictions(run.id, visitor)
                  for run in runs if run.visitor != READY_MADE]
        probabilities, gold = label_probabilities(tables, labels)
        file = nothing if not tables else gr.update(
            value=saved(predictions_download(runs, tables)), interactive=True)
        return [confusion_figure(confusion, labels, translate),
                confusion_table(confusion, labels, translate),
                calibration_figure(probabilities, gold, translate=translate), file]

    def _members(self, visitor: str, shown: Shown, chosen: str) -> list[Run]:
        """The chosen run, or it and those that differ in the seed only and have the same labels."""
        choice = Choice.shown(self.services.store, visitor, shown)
        wanted = {chosen}
        if chosen.startswith(ALL_SEEDS):
            key = chosen.removeprefix(ALL_SEEDS)
            groups = [{record.id for record in records}
                      for records in grouped(choice.done_records).values()]
            wanted = set().union(*(group for group in groups if key in group))
        found = [run for run in choice.done if run.id in wanted and run.labels]
        return [run for run in found if run.labels == found[0].labels]
