"""Compare: choose finished runs; see how good, stable and different they are; download results."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from typing import Any

import gradio as gr

from core.metrics.metric import METRICS, Metric, metrics_of
from core.runs.downloads import Download, csv_download, json_download, yaml_download
from core.runs.ready_made import ready_made
from core.runs.records import RunRecord
from ui.compare.choice import NOTHING, Choice, Shown
from ui.compare.confusion import Confusion
from ui.compare.examples import Examples
from ui.compare.figures import Figures
from ui.compare.groups import Groups
from ui.compare.outputs import Outputs
from ui.compare.panels import run_names, run_table, shared_settings
from ui.compare.paper_table import paper_table
from ui.downloads import saved
from ui.feedback import Translate, message, translator
from ui.languages import label
from ui.live import follow
from ui.run_panels import runs_heading
from ui.services import Services
from ui.session import Session

MAX_ROWS = 2_000  # of the table of runs
MAX_LISTED = 1_000  # single runs offered in the list
_EMPTY = "No finished runs yet: start a study under Train."
_CHOOSE = "Choose a study or single runs."
_CUT = "The table shows the first {limit} of {n} runs; figures and downloads have all."


class Compare:
    """The tab: which runs, their table and downloads.

    Its parts listen to `shown`, which changes when the runs do.
    """

    def __init__(self, services: Services, session: Session, tab: gr.Tab) -> None:
        self.services, self.session = services, session
        self._choice_boxes()
        self.note = gr.HTML(elem_id="compare-note")
        self.shown = gr.State(NOTHING)
        with gr.Column(visible=False, elem_id="compare-body") as self.body:
            self._table_boxes()
            with gr.Tabs(elem_id="compare-tabs") as tabs:
                self.figures = Figures(services, session, self.shown, self.metric)
                self.confusion = Confusion(services, session, self.shown)
                self.examples = Examples(services, session, self.shown)
                self.outputs = Outputs(services, session, self.shown)
                self.groups = Groups(services, session, self.shown, self.metric)
        self.outputs.open_from(self.table, tabs, session)
        self._listen(tab)

    def _choice_boxes(self) -> None:
        with gr.Row(elem_classes="cl-actions"):
            self.studies = gr.Dropdown([], multiselect=True, label=label("Studies"),
                                       elem_id="compare-studies", scale=4, min_width=240)
            self.singles = gr.Dropdown([], multiselect=True, label=label("Single runs"),
                                       elem_id="compare-runs", scale=3, min_width=240)
            measures = [(label(metric.title), metric.name) for metric in _measures([])]
            self.metric = gr.Dropdown(measures, value=measures[0][1], scale=2,
                                      label=label("Measure"), elem_id="compare-metric",
                                      min_width=190)
            self.refresh = gr.Button(label("Refresh"), scale=1, min_width=90, size="md",
                                     elem_id="compare-refresh")

    def _table_boxes(self) -> None:
        self.table = gr.Dataframe(interactive=False, elem_id="compare-table", max_height=320,
                                  max_chars=42, label=label("Runs"), show_search="search",
                                  buttons=["fullscreen", "copy"])
        titles = (("csv", "Download CSV"), ("json", "Download JSON"),
                  ("yaml", "Download the study (YAML)"))
        with gr.Row(elem_classes="cl-actions"):
            self.files = [gr.DownloadButton(label(text), size="sm", min_width=120,
                                            elem_id=f"download-{kind}")
                          for kind, text in titles]

    def _listen(self, tab: gr.Tab) -> None:
        chosen = [self.session.visitor, self.studies, self.singles]
        looks = gr.State(0)  # how often the lists were read: its change shows the runs again
        follow([tab.select, self.refresh.click], self.list_runs, [*chosen, looks],
               [self.studies, self.singles, looks])
        follow([looks.change, self.studies.change, self.singles.change], self.show,
               [*chosen, self.metric, self.shown],
               [self.shown, self.note, self.body, self.metric, self.table,
                self.confusion.tab, self.outputs.tab, *self.files])

    def list_runs(self, request: gr.Request, visitor: str, studies: list[str] | None,
                  singles: list[str] | None, looks: int) -> list[Any]:
        """Offer studies and finished runs; the newest study is chosen if nothing is."""
        store, translate = self.services.store, translator(request)
        titles = {study.id: study.title for study in store.studies(visitor)
                  if study.kind == "study"}
        note = translate("comes with the app")
        titles |= {known.study.id: f"{known.study.name} · {note}" for known in ready_made()}
        done = [run.record() for run in store.runs(visitor) if run.status == "done"][-MAX_LISTED:]
        ids = [record.id for record in done]
        names = dict(zip(ids, run_names(done, translate), strict=True))
        kept = [study for study in studies or [] if study in titles]
        runs = [run for run in singles or [] if run in names]
        if not kept and not runs:
            kept = list(titles)[:1]
        return [gr.update(choices=[(title, key) for key, title in titles.items()], value=kept),
                gr.update(choices=[(names[key], key) for key in reversed(names)], value=runs),
                looks + 1]

    def show(self, request: gr.Request, visitor: str, studies: list[str] | None,
             singles: list[str] | None, metric: str, shown: Shown) -> list[Any]:
        """The table and downloads of the chosen runs, unless nothing changed."""
        translate = translator(request)
        choice = Choice.of(self.services.store, visitor, studies or [], singles or [])
        now = {"studies": studies or [], "runs": singles or [], "state": choice.state}
        if now == shown:
            return [gr.skip()] * (7 + len(self.files))
        if not choice.runs:
            hint = translate(_CHOOSE if self.services.store.runs(visitor) else _EMPTY)
            return [now, message(hint, "note"), gr.update(visible=False),
                    *[gr.skip()] * (4 + len(self.files))]
        records = choice.records
        measures = [(known.titled(translate), known.name) for known in _measures(records)]
        names = [name for _, name in measures]
        files = [csv_download(records), json_download(records, names[0]),
                 self._study_files(visitor, choice, now)]
        return [now, _note(choice, now["studies"], translate), gr.update(visible=True),
                gr.update(choices=measures, value=metric if metric in names else names[0]),
                run_table(records[:MAX_ROWS], translate), *_tabs_of(choice), *map(saved, files)]

    def _study_files(self, visitor: str, choice: Choice, now: Shown) -> Download:
        mine = self.services.store.studies(visitor)
        known = [*(study.study for study in ready_made()), *mine]
        studies = [study for study in known if study.id in now["studies"]]
        others = [run for run in choice.runs if run.study not in now["studies"]]
        return yaml_download(studies, others)


def _note(choice: Choice, studies: Collection[str], translate: Translate) -> str:
    """What is compared: about the studies, how many runs, their settings, and what is missing."""
    records = choice.records
    note = _about(studies, translate) + runs_heading(choice.runs, translate)
    note += shared_settings(records, translate)
    if not choice.done:
        note += message(translate(_EMPTY), "note")
    if len(records) > MAX_ROWS:
        cut = translate(_CUT).format(limit=MAX_ROWS, n=len(records))
        note += message(cut, "note")
    return note


def _tabs_of(choice: Choice) -> list[Any]:
    """Whether there is a tab for labels, and one for texts."""
    texts = {run.spec.kind == "generation" for run in choice.runs}
    return [gr.update(visible=texts != {True}), gr.update(visible=True in texts)]


def _measures(records: Sequence[RunRecord]) -> list[Metric]:
    """The metrics that any of the runs has, or those that labels have as long as there is none."""
    names = {name for record in records for name in record.metrics}
    return [metric for metric in METRICS.values()
            if metric.name in names] or metrics_of("classification")


def _about(studies: Collection[str], translate: Translate) -> str:
    """For the chosen studies that come with the app: what they show and what their papers report.
    """
    return "".join(f'<p class="cl-hint">{escape(known.about)}</p>{paper_table(known, translate)}'
                   for known in ready_made() if known.about and known.study.id in studies)
