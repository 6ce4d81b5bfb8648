"""Train: choose methods, variants, shots and seeds; start; watch; cancel; try again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import pandas as pd
import yaml

from core.data.split import LM_BFF_SEEDS
from core.errors import ClozeLabError, InputError, SpecError
from core.methods.registry import METHODS, methods_for
from core.metrics.metric import Metric, development, found_metrics
from core.prompts.verbalizer import Verbalizer, split_words
from core.runs.estimate import estimate_seconds
from core.runs.run import Run
from core.runs.spec import RunSpec, StudySpec
from ui.feedback import Translate, explain, message, translator
from ui.form import controls
from ui.lab.tab import Lab
from ui.lab.variants import Variant, variant_key, variant_title
from ui.languages import label
from ui.live import QUIET, follow
from ui.requests import do_inline
from ui.run_panels import run_card, run_columns, run_rows, runs_heading, span
from ui.search.panels import candidate_table
from ui.search.tab import Search
from ui.services import Services
from ui.session import Session
from ui.train.deletion import StudyDeletion
from ui.train.stage_panels import baseline_beside, curve_table, shows_stages, stages_panel

IN_THE_LAB = "lab"  # the choice that stands for what is typed in the Lab now
_POLL_SECONDS = 1.5


class Train:
    """The tab and its handlers."""

    def __init__(self, services: Services, session: Session, lab: Lab, search: Search,
                 tab: gr.Tab) -> None:
        self.services, self.session, self.lab, self.search = services, session, lab, search
        with gr.Row(elem_classes="cl-columns", equal_height=False):
            with gr.Column(scale=5, min_width=340):
                self._plan_boxes()
            with gr.Column(scale=7, min_width=340):
                self._run_boxes()
        self.timer = gr.Timer(_POLL_SECONDS, active=False)
        self._listen(tab)

    def _plan_boxes(self) -> None:
        first = [name for name, method in METHODS.items() if method.preselected]
        self.methods = gr.CheckboxGroup([(label(method.title), name)
                                         for name, method in METHODS.items()],
                                        value=first, label=label("Methods"), elem_id="methods")
        self.patterns = gr.CheckboxGroup([], label=label("Patterns"), elem_id="patterns",
                                         info=label("The one in the Lab now, and the variants kept "
                                                    "for this task."))
        with gr.Row():
            self.shots = gr.Dropdown(["4", "8", "16", "32", "64"], value=["16"], multiselect=True,
                                     min_width=150, allow_custom_value=True,
                                     label=label("Shots: K examples per label"), elem_id="shots")
            self.seeds = gr.Dropdown([str(seed) for seed in LM_BFF_SEEDS],
                                     value=[str(seed) for seed in LM_BFF_SEEDS], multiselect=True,
                                     allow_custom_value=True, label=label("Seeds"), elem_id="seeds",
                                     min_width=150)
        with gr.Row():
            self.limit = gr.Number(0, label=label("Test rows measured (0: all)"), precision=0,
                                   minimum=0, elem_id="limit", min_width=150)
            self.name = gr.Textbox("", label=label("Name of the study"),
                                   placeholder=label("optional"), max_length=80,
                                   elem_id="study-name", min_width=150)
        self.options: list[tuple[str, str, gr.components.Component]] = []
        self.accordions: dict[str, gr.Accordion] = {}
        for name, method in METHODS.items():
            if method.search:  # its options are those of the tab Search
                continue
            with gr.Accordion(label(f"Options: {method.title}"), open=False,
                              elem_id=f"options-{name}",
                              visible=name in first) as self.accordions[name]:
                gr.Markdown(label(method.summary()))
                with gr.Row(elem_classes="cl-options"):
                    self.options += [(name, each, box)
                                     for each, box in controls(method.options, name).items()]
        gr.Markdown(label("Methods that search words or patterns take their options from Search."),
                    elem_classes="cl-hint")
        self.plan = gr.HTML(elem_id="plan")
        self.start = gr.Button(label("Start"), variant="primary", elem_id="start")
        self.start_note = gr.HTML(elem_id="start-note", elem_classes="cl-note-slot")

    def _run_boxes(self) -> None:
        with gr.Row(elem_classes="cl-actions"):
            self.study = gr.Dropdown([], label=label("Study"), elem_id="study", scale=4,
                                     min_width=220, allow_custom_value=True)
            self.refresh = gr.Button(label("Refresh"), size="sm", scale=1, min_width=90)
            self.stop_all = gr.Button(label("Cancel all"), size="sm", scale=1, elem_id="cancel-all",
                                      min_width=110)
            self.delete = gr.Button(label("Delete study"), size="sm", scale=1,
                                    elem_id="delete-study", min_width=110)
        self.deletion = StudyDeletion(self.services, self.session)
        self.heading = gr.HTML(elem_id="runs-heading")
        self.table = gr.Dataframe(headers=run_columns([], str), value=[], interactive=False,
                                  elem_id="runs", max_height=420, max_chars=60, label=label("Runs"),
                                  wrap=False, show_search="filter")
        self.chosen = gr.State("")
        self.card = gr.HTML(elem_id="run-card")
        with gr.Row(visible=False) as self.curves:
            self.loss = gr.LinePlot(x="step", y="loss", title="loss", height=240,
                                    elem_id="loss-curve", label="loss")
            self.dev = gr.LinePlot(x="step", y="development score", y_lim=[0, 1], height=240,
                                   elem_id="dev-curve", label="development score")
        with gr.Row(visible=False, elem_classes="cl-actions") as self.actions:
            self.cancel = gr.Button(label("Cancel this run"), elem_id="cancel-run", min_width=140)
        with gr.Accordion(label("Try again with a change"), open=False, visible=False,
                          elem_id="retry") as self.again:
            self.change = gr.Textbox(lines=6, max_lines=14, elem_id="retry-change",
                                     label=label("What may change (YAML)"))
            self.retry = gr.Button(label("Run again"), elem_id="retry-run")
        self.run_note = gr.HTML(elem_id="run-note", elem_classes="cl-note-slot")

    def _listen(self, tab: gr.Tab) -> None:
        lab, session = self.lab.boxes, self.session
        plan = [session.task, session.model, self.methods, self.patterns, self.shots, self.seeds,
                self.limit, self.name, session.variants, lab.pattern, *lab.words,
                *(box for _, _, box in self.options), *self.search.options.values()]
        follow([tab.select, session.task.change], self.list_methods, [session.task, self.methods],
               self.methods)
        follow([tab.select, session.task.change], self.list_patterns,
               [session.task, session.variants, lab.pattern, self.patterns], self.patterns)
        watched = [self.methods, self.patterns, self.shots, self.seeds, self.limit, session.task,
                   session.model, *(box for _, _, box in self.options)]
        follow([tab.select, *(box.change for box in watched)], self.show_plan, plan,
               [self.plan, self.start])
        follow([self.methods.change],
               lambda chosen: [gr.update(visible=name in chosen) for name in self.accordions],
               self.methods, list(self.accordions.values()))
        shown = [self.study, self.heading, self.table, self.timer]
        detail = [self.card, self.curves, self.loss, self.dev, self.actions, self.again]
        started = self.start.click(self.submit, [session.visitor, *plan],
                                   [self.start_note, self.study], **QUIET)
        started.then(self.show_runs, [session.visitor, self.study], shown, **QUIET)
        do_inline(started, self.services, session.visitor)
        gr.on([tab.select, self.refresh.click, self.study.input], self.show_runs,
              [session.visitor, self.study], shown, **QUIET)
        self.timer.tick(self.show_runs, [session.visitor, self.study], shown, **QUIET).then(
            self.show_run, [session.visitor, self.chosen], detail, **QUIET)
        self.table.select(self.choose, session.visitor, [self.chosen, self.change, *detail],
                          **QUIET)
        again = [session.visitor, self.study]
        self.cancel.click(self.cancel_run, [session.visitor, self.chosen], self.run_note,
                          **QUIET).then(
    self.show_runs, again, shown, **QUIET).then(
            self.show_run, [session.visitor, self.chosen], detail, **QUIET)
        self.stop_all.click(self.cancel_all, again, self.run_note, **QUIET).then(
            self.show_runs, again, shown, **QUIET)
        retried = self.retry.click(self.run_again, [session.visitor, self.chosen, self.change],
                                   self.run_note, **QUIET)
        retried.then(self.show_runs, again, shown, **QUIET)
        do_inline(retried, self.services, session.visitor)
        self.deletion.listen(self.delete, self.study).then(self.show_runs, again, shown,
                                                           **QUIET).then(
    self.close_run, [session.visitor, self.chosen], [self.chosen, *detail], **QUIET)

    def resume_on(self, demo: gr.Blocks) -> None:
        """Show the visitor's runs as soon as the page knows who they are."""
        known = gr.on([demo.load, self.session.visitor.change], self.show_runs,
                      [self.session.visitor, self.study],
                      [self.study, self.heading, self.table, self.timer], **QUIET)
        do_inline(known, self.services, self.session.visitor)

    def list_methods(self, request: gr.Request, choice: str, chosen: Sequence[str] | None) -> Any:
        """The methods that serve the task's kind; those that were chosen stay chosen."""
        translate = translator(request)
        try:
            kind = self.services.task(choice).schema.kind
        except ClozeLabError:  # the plan says what is wrong with the task
            return gr.skip()
        served = {method.name: method for method in methods_for(kind)}
        kept = [name for name in chosen or [] if name in served]
        first = [name for name, method in served.items() if method.preselected]
        return gr.update(choices=[(translate(method.title), name)
                                  for name, method in served.items()],
                         value=kept or first)

    def list_patterns(self, request: gr.Request, choice: str, variants: list[Variant] | None,
                      typed: str, chosen: Sequence[str]) -> Any:
        """The patterns that can be trained with: the Lab's and the variants of this task."""
        translate = translator(request)
        mine = [each for each in variants or [] if each["task"] == choice]
        choices = [(f"{translate('In the Lab now')}: {typed}", IN_THE_LAB),
                   *((variant_title(each), variant_key(each)) for each in mine)]
        keys = [key for _, key in choices]
        return gr.update(choices=choices,
                         value=[each for each in chosen or [] if each in keys] or keys[-1:])

    def show_plan(self, request: gr.Request, *values: Any) -> list[Any]:
        """How many runs this makes and about how long they take, or what is wrong with it."""
        translate = translator(request)
        try:
            study, runs = self._planned(*values)
        except ClozeLabError as error:
            return [message(explain(error, translate)), gr.update(interactive=False)]
        seconds = estimate_seconds(runs, self.services.store,
                                   self.services.backbone(study.model).parameters)
        text = translate("1 run, about {time}" if len(runs)
                         == 1 else "{n} runs, about {time}").format(
    n=len(runs), time=span(seconds))
        return [message(text, "note"), gr.update(interactive=True)]

    def submit(self, request: gr.Request, visitor: str, *values: Any) -> list[Any]:
        """Hand the study to the store; the workers do the rest."""
        translate = translator(request)
        try:
            study, runs = self._planned(*values)
            key = self.services.store.submit(study, runs, visitor)
        except Exception as error:
            return [message(explain(error, translate)), gr.skip()]
        text = translate("Started 1 run. You may close this page; it goes on." if len(runs)
                         == 1 else
                   "Started {n} runs. You may close this page; they go on.").format(n=len(runs))
        return [message(text, "good"), gr.update(value=key)]

    def _planned(self, choice: str, model: str, methods: list[str], patterns: list[str],
                 shots: list[str], seeds: list[str], limit: float | None, name: str,
                 variants: list[Variant] | None, typed: str,
                 *rest: Any) -> tuple[StudySpec, list[RunSpec]]:
        words, values = rest[: len(self.lab.boxes.words)], rest[len(self.lab.boxes.words) :]
        task = self.services.task(choice)
        if not methods_for(task.schema.kind):
            raise SpecError("The answers of this task are texts, and no method writes texts yet. "
                            "Choose a task with "
                            "labels.")
        if not methods:
            raise SpecError("No method is chosen. Choose at least one.")
        options: dict[str, dict[str, Any]] = {method: {} for method in methods}
        for (method, option, _), value in zip(self.options, values, strict=False):
            if method in options:
                options[method][option] = value if value is not None else ""
        options |= {method: self.search.options_of(method, values[len(self.options) :])
                    for method in methods if method in self.search.methods}
        chosen = []
        if IN_THE_LAB in patterns:
            typed_words = {each: split_words(text or "")
                           for each, text in zip(task.schema.labels, words, strict=False)}
            read = Verbalizer.of(typed_words,
                                 task.schema.labels).as_dict() if task.schema.has_words else {}
            chosen.append({"pattern": typed, "words": read})
        chosen += [{"pattern": each["pattern"], "words": each["words"]} for each in variants or []
                   if variant_key(each) in patterns and each["task"] == choice]
        unique = [each for at, each in enumerate(chosen) if each not in chosen[:at]]
        study = StudySpec.from_dict({
            "name": name.strip() or f"{task.name} {', '.join(methods)}",
            "task": self.services.source(choice), "model": model, "methods": methods,
            "patterns": unique, "shots": _numbers(shots, "shots"),
            "seeds": _numbers(seeds, "seeds"), "options": options,
            "test_limit": int(limit) if limit else None,
        })
        runs = study.runs(task)
        self.services.check_runs(runs, task)
        return study, runs

    def show_runs(self, request: gr.Request, visitor: str, study: str | None) -> list[Any]:
        """The visitor's studies and the runs of the chosen one; the page asks again while any is not finished."""
        translate, store = translator(request), self.services.store
        studies = store.studies(visitor) if visitor else []
        choices = [(each.title, each.id) for each in studies]
        chosen = study if study in [key for _, key in choices] else (
            choices[0][1] if choices else None)
        runs = store.runs(visitor, chosen) if chosen else []
        active = any(run.active for run in store.runs(visitor)) if visitor else False
        return [gr.update(choices=choices, value=chosen), runs_heading(runs, translate),
                pd.DataFrame(run_rows(runs, translate), columns=run_columns(runs, translate)),
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
        part = curve["part"].iloc[-1] if len(curve) else ""
        latest = curve[curve["part"]
                       == part]  # one line: a plot whose lines grow in number keeps to its first ones
        dev = _dev_metric(run)
        named = {"loss": "loss", "development score": dev.titled(translate)}
        plots = [gr.update(value=latest[["step", column]].dropna(),
                           label=f"{name} · {part}" if part else name, title=name)
                 for column, name in named.items()]
        plots[1] |= {"y_title": dev.head(translate), "y_lim": [0, 1] if dev.is_share else None}
        return [run_card(run, store.log(key, visitor), translate)
                + self._findings(run, visitor, translate), gr.update(visible=len(curve) > 0),
                *plots, gr.update(visible=run.active), gr.update(visible=not run.active)]

    def close_run(self, visitor: str, key: str) -> list[Any]:
        """Close the run that is open if it was deleted."""
        if not key or any(run.id == key for run in self.services.store.runs(visitor)):
            return [gr.skip()] * 7
        hidden = gr.update(visible=False)
        return ["", "", hidden, gr.skip(), gr.skip(), hidden, hidden]

    def _findings(self, run: Run, visitor: str, translate: Translate) -> str:
        """What a run has found on its way: a search's candidates, or the stages of an ensemble."""
        found = self.services.store.found(run.id, visitor)
        if not shows_stages(run):
            return candidate_table(run, found, translate)
        return stages_panel(run, found, translate,
                            baseline_beside(run, self.services.store.runs(visitor)))

    def cancel_run(self, request: gr.Request, visitor: str, key: str) -> str:
        """Stop one run at its next step."""
        return self._told(request, lambda: self.services.store.cancel(key, visitor),
                          "Cancelled; it stops at its next step.")

    def cancel_all(self, request: gr.Request, visitor: str, study: str | None) -> str:
        """Stop everything of the chosen study that waits or runs."""
        def stop() -> None:
            for run in self.services.store.runs(visitor, study):
                if run.active:
                    self.services.store.cancel(run.id, visitor)
        return self._told(request, stop, "Cancelled. What was found is kept.")

    def run_again(self, request: gr.Request, visitor: str, key: str, change: str) -> str:
        """Submit the run again with changed settings."""
        def again() -> None:
            self.services.store.retry(key, visitor, _changes(change))
        return self._told(request, again, "Started again with these settings.")

    def _told(self, request: gr.Request, do: Any, success: str) -> str:
        translate: Translate = translator(request)
        try:
            do()
        except Exception as error:
            return message(explain(error, translate))
        return message(translate(success), "good")


def _dev_metric(run: Run) -> Metric:
    """What a run's development scores are of: known when it is done, before that the first metric of its kind."""
    known = [metric for metric in found_metrics(run.metrics) if metric.on_development]
    return known[0] if known else development(run.metric)


def _numbers(texts: Sequence[str], key: str) -> list[int]:
    try:
        return [int(text) for text in texts]
    except (TypeError, ValueError) as error:
        raise SpecError("{key!r} must be whole numbers, not {value!r}.", key=key,
                        value=", ".join(map(str, texts))[:60]) from error


def _changes(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text[:5000])
    except yaml.YAMLError as error:
        raise InputError("The settings are not valid YAML: {why}",
                         why=str(error).split("\n")[0][:200]) from error
    if not isinstance(found, dict):
        raise InputError("The settings must be lines of the form key: value.")
    return found
