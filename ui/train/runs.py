"""A visitor's runs: the table of a study, and one run with its curves, log and findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import pandas as pd
import yaml

from core.errors import ClozeLabError, InputError
from core.metrics.metric import Metric, development, found_metrics, training_metric
from core.runs.run import Run
from ui.feedback import Translate, explain, message, translator
from ui.languages import label
from ui.live import QUIET
from ui.requests import do_inline
from ui.run_panels import run_card, run_columns, run_rows, runs_heading
from ui.search.panels import candidate_table
from ui.services import Services
from ui.session import Session
from ui.train.deletion import StudyDeletion
from ui.train.stage_panels import baseline_beside, curve_table, shows_stages, stages_panel


class Runs:
    """The studies of a visitor, the runs of the chosen one, and the run that is open."""

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self._study_boxes()
        self.deletion = StudyDeletion(services, session)
        self.heading = gr.HTML(elem_id="runs-heading")
        self.table = gr.Dataframe(headers=run_columns([], str), value=[], interactive=False,
                                  elem_id="runs", max_height=420, max_chars=60,
                                  label=label("Runs"), wrap=False, show_search="filter")
        self.chosen = gr.State("")
        self._run_boxes()
        self.note = gr.HTML(elem_id="run-note", elem_classes="cl-note-slot")

    def _study_boxes(self) -> None:
        with gr.Row(elem_classes="cl-actions"):
            self.study = gr.Dropdown([], label=label("Study"), elem_id="study", scale=4,
                                     min_width=220, allow_custom_value=True)
            self.refresh = gr.Button(label("Refresh"), size="sm", scale=1, min_width=90)
            self.stop_all = gr.Button(label("Cancel all"), size="sm", scale=1, min_width=110,
                                      elem_id="cancel-all")
            self.delete = gr.Button(label("Delete study"), size="sm", scale=1, min_width=110,
                                    elem_id="delete-study")

    def _run_boxes(self) -> None:
        self.card = gr.HTML(elem_id="run-card")
        with gr.Row(visible=False) as self.curves:
            self.loss = gr.LinePlot(x="step", y="loss", height=240, elem_id="loss-curve",
                                    label=label("loss"))
            self.dev = gr.LinePlot(x="step", y="development score", y_lim=[0, 1], height=240,
                                   elem_id="dev-curve", label=label("development score"))
        with gr.Row(visible=False, elem_classes="cl-actions") as self.actions:
            self.cancel = gr.Button(label("Cancel this run"), elem_id="cancel-run", min_width=140)
        with gr.Accordion(label("Try again with a change"), open=False, visible=False,
                          elem_id="retry") as self.again:
            self.change = gr.Textbox(lines=6, max_lines=14, elem_id="retry-change",
                                     label=label("What may change (YAML)"))
            self.retry = gr.Button(label("Run again"), elem_id="retry-run")

    def listen(self, tab: gr.Tab, started: Any, timer: gr.Timer) -> None:
        """Show runs when the tab opens, at every tick, and after `started` submitted a study."""
        self.timer = timer
        visitor, detail = self.session.visitor, self._detail
        opened, which = [visitor, self.chosen], [visitor, self.study]
        self._then_show(started)
        do_inline(started, self.services, visitor)
        gr.on([tab.select, self.refresh.click, self.study.input], self.show_runs, which,
              self._shown, **QUIET)
        ticked = timer.tick(self.show_runs, which, self._shown, **QUIET)
        ticked.then(self.show_run, opened, detail, **QUIET)
        self.table.select(self.choose, visitor, [self.chosen, self.change, *detail], **QUIET)
        self._listen_to_buttons()

    def _listen_to_buttons(self) -> None:
        visitor = self.session.visitor
        opened, which = [visitor, self.chosen], [visitor, self.study]
        cancelled = self.cancel.click(self.cancel_run, opened, self.note, **QUIET)
        self._then_show(cancelled).then(self.show_run, opened, self._detail, **QUIET)
        self._then_show(self.stop_all.click(self.cancel_all, which, self.note, **QUIET))
        retried = self.retry.click(self.run_again, [*opened, self.change], self.note, **QUIET)
        self._then_show(retried)
        do_inline(retried, self.services, visitor)
        deleted = self.deletion.listen(self.delete, self.study)
        self._then_show(deleted).then(self.close_run, opened, [self.chosen, *self._detail],
                                      **QUIET)

    def _then_show(self, event: Any) -> Any:
        return event.then(self.show_runs, [self.session.visitor, self.study], self._shown, **QUIET)

    @property
    def _shown(self) -> list[Any]:
        """What `show_runs` fills."""
        return [self.study, self.heading, self.table, self.timer]

    @property
    def _detail(self) -> list[Any]:
        """What `show_run` fills."""
        return [self.card, self.curves, self.loss, self.dev, self.actions, self.again]

    def resume_on(self, demo: gr.Blocks) -> None:
        """Show the visitor's runs as soon as the page knows who they are."""
        visitor = self.session.visitor
        known = gr.on([demo.load, visitor.change], self.show_runs, [visitor, self.study],
                      self._shown, **QUIET)
        do_inline(known, self.services, visitor)

    def show_runs(self, request: gr.Request, visitor: str, study: str | None) -> list[Any]:
        """The visitor's studies and the runs of the chosen one; asked again while any is active."""
        translate, store = translator(request), self.services.store
        studies = store.studies(visitor) if visitor else []
        choices = [(known.title, known.id) for known in studies]
        keys = [key for _, key in choices]
        chosen = study if study in keys else next(iter(keys), None)
        runs = store.runs(visitor, chosen) if chosen else []
        active = any(run.active for run in store.runs(visitor)) if visitor else False
        table = pd.DataFrame(run_rows(runs, translate), columns=run_columns(runs, translate))
        return [gr.update(choices=choices, value=chosen), runs_heading(runs, translate), table,
                gr.update(active=active)]

    def choose(self, request: gr.Request, visitor: str, event: gr.SelectData) -> list[Any]:
        """Open the run whose row was selected."""
        key = str(event.row_value[-1])
        run = self.services.store.run(key, visitor)
        change = {"shots": run.spec.shots, "seed": run.spec.seed, "options": run.spec.options}
        return [key, yaml.safe_dump(change, sort_keys=False), *self.show_run(request, visitor, key)]

    def show_run(self, request: gr.Request, visitor: str, key: str) -> list[Any]:
        """One run: its state, curve and log, and the candidates of a search."""
        if not key:
            return [gr.skip()] * 6
        translate, store = translator(request), self.services.store
        try:
            run = store.run(key, visitor)
        except ClozeLabError as error:
            return [message(explain(error, translate)), *[gr.update(visible=False)] * 5]
        curve = curve_table(run, store.curve(key, visitor))
        card = run_card(run, store.log(key, visitor), translate)
        return [card + self._findings(run, visitor, translate), gr.update(visible=len(curve) > 1),
                *_plots(run, curve, translate), gr.update(visible=run.active),
                gr.update(visible=not run.active)]

    def close_run(self, visitor: str, key: str) -> list[Any]:
        """Close the run that is open if it was deleted."""
        if not key or any(run.id == key for run in self.services.store.runs(visitor)):
            return [gr.skip()] * 7
        hidden = gr.update(visible=False)
        return ["", "", hidden, gr.skip(), gr.skip(), hidden, hidden]

    def _findings(self, run: Run, visitor: str, translate: Translate) -> str:
        """What a run has found so far: a search's candidates, or the stages of an ensemble."""
        store = self.services.store
        found = store.found(run.id, visitor)
        if not shows_stages(run):
            return candidate_table(run, found, translate)
        return stages_panel(run, found, translate, baseline_beside(run, store.runs(visitor)))

    def cancel_run(self, request: gr.Request, visitor: str, key: str) -> str:
        """Stop one run at its next step."""
        return _report(request, lambda: self.services.store.cancel(key, visitor),
                       "Cancelled; it stops at its next step.")

    def cancel_all(self, request: gr.Request, visitor: str, study: str | None) -> str:
        """Stop everything of the chosen study that waits or runs."""
        def stop() -> None:
            for run in self.services.store.runs(visitor, study):
                if run.active:
                    self.services.store.cancel(run.id, visitor)
        return _report(request, stop, "Cancelled. What was found is kept.")

    def run_again(self, request: gr.Request, visitor: str, key: str, change: str) -> str:
        """Submit the run again with changed settings."""
        def again() -> None:
            self.services.store.retry(key, visitor, _changes(change))
        return _report(request, again, "Started again with these settings.")


def _report(request: gr.Request, act: Callable[[], object], success: str) -> str:
    """Do something, and a message about how it went."""
    translate: Translate = translator(request)
    try:
        act()
    except Exception as error:
        return message(explain(error, translate))
    return message(translate(success), "good")


def _plots(run: Run, curve: pd.DataFrame, translate: Translate) -> list[Any]:
    """Loss and development score over the steps of the latest part of the training.

    One line each: a plot whose lines grow in number shows the first ones only. A line needs two
    points; what was measured once is in the card.
    """
    part = curve["part"].iloc[-1] if len(curve) else ""
    latest = curve[curve["part"] == part]
    dev = _dev_metric(run)
    loss, plots = translate("loss"), []
    for column, name in (("loss", loss), ("development score", dev.titled(translate))):
        line = latest[["step", column]].dropna()
        plots.append(gr.update(value=line, label=f"{name} · {part}" if part else name,
                               visible=len(line) > 1))
    plots[0] |= {"y_title": loss, "x_title": translate("step")}
    plots[1] |= {"y_title": dev.head(translate), "x_title": translate("step"),
                 "y_lim": [0, 1] if dev.is_share else None}
    return plots


def _dev_metric(run: Run) -> Metric:
    """The metric of a run's development scores; before it is done, that of trainings."""
    known = [metric for metric in found_metrics(run.metrics) if metric.on_development]
    return known[0] if known else development(training_metric(run.spec.kind))


def _changes(text: str) -> dict[str, Any]:
    try:
        changes = yaml.safe_load(text[:5000])
    except yaml.YAMLError as error:
        raise InputError("The settings are not valid YAML: {why}",
                         why=str(error).split("\n")[0][:200]) from error
    if not isinstance(changes, dict):
        raise InputError("The settings must be lines of the form key: value.")
    return changes
