"""Search: have label words or patterns found, watch the candidates, and take the best along."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import gradio as gr

from core.data.split import LM_BFF_SEEDS
from core.data.task import Schema
from core.errors import ClozeLabError, SpecError
from core.methods.registry import searches
from core.runs.estimate import estimate_seconds, steps_of
from core.runs.run import Run
from core.runs.spec import RunSpec, StudySpec
from ui.feedback import Translate, explain, message, translator
from ui.form import controls
from ui.lab.tab import Lab
from ui.lab.variants import Variant, keep_beside, typed_words
from ui.lab.words import WORD_BOXES, box_values
from ui.languages import label
from ui.live import QUIET, follow
from ui.requests import do_inline
from ui.run_panels import span
from ui.search.panels import Ticked, best_of, candidate_table, choices, search_title, stages, ticks
from ui.services import Services
from ui.session import Session

_POLL_SECONDS = 1.5


class Search:
    """The tab and what answers its events."""

    def __init__(self, services: Services, session: Session, lab: Lab, tab: gr.Tab) -> None:
        self.services, self.session, self.lab = services, session, lab
        with gr.Row(elem_classes="cl-columns", equal_height=False):
            with gr.Column(scale=5, min_width=340):
                self._plan_boxes()
            with gr.Column(scale=7, min_width=340):
                self._found_boxes()
        self.timer = gr.Timer(_POLL_SECONDS, active=False)
        self._listen(tab)

    def _plan_boxes(self) -> None:
        self.methods = {method.name: method for method in searches()}
        titles = [(label(method.search.title), name)
                  for name, method in self.methods.items() if method.search]
        self.kind = gr.Radio(titles, value=next(iter(self.methods)), elem_id="search-kind",
                             label=label("What is searched"))
        with gr.Row():
            self.shots = gr.Number(16, label=label("Shots: K examples per label"), precision=0,
                                   minimum=1, maximum=256, elem_id="search-shots", min_width=140)
            self.seed = gr.Number(LM_BFF_SEEDS[0], label=label("Seed"), precision=0, minimum=0,
                                  elem_id="search-seed", min_width=140)
        self._option_boxes()
        self.plan = gr.HTML(elem_id="search-plan")
        self.start = gr.Button(label("Search"), variant="primary", elem_id="search-start")
        self.note = gr.HTML(elem_id="search-note", elem_classes="cl-note-slot")

    def _option_boxes(self) -> None:
        """The options of all searches; those that several searches have are there once."""
        first = next(iter(self.methods))
        self.options: dict[str, gr.components.Component] = {}
        with gr.Accordion(label("Options of the search"), open=False, elem_id="search-options"):
            self.summaries = [gr.Markdown(label(method.summary()), visible=name == first)
                              for name, method in self.methods.items()]
            with gr.Row(elem_classes="cl-options"):
                for name, method in self.methods.items():
                    new = self._option_names(name) - set(self.options)
                    self.options |= controls(method.options, "search", new, visible=name == first)

    def _found_boxes(self) -> None:
        with gr.Row(elem_classes="cl-actions"):
            self.search = gr.Dropdown([], label=label("Searches"), elem_id="searches", scale=4,
                                      min_width=220, allow_custom_value=True)
            self.cancel = gr.Button(label("Cancel"), size="sm", scale=1, min_width=90,
                                    elem_id="search-cancel")
        self.stages = gr.HTML(elem_id="search-stages")
        self.table = gr.HTML(elem_id="candidates")
        self.picked = gr.CheckboxGroup([], label=label("Take along"), visible=False,
                                       elem_id="picked")
        self.ticked = gr.State(
            (None, []))  # the search in which candidates were ticked by hand, and which
        with gr.Row(visible=False, elem_classes="cl-actions") as self.actions:
            self.keep = gr.Button(label("Keep as variants, for Train"), elem_id="search-keep",
                                  variant="primary")
            self.load = gr.Button(label("Load the best ticked into the Lab"), elem_id="search-load")
        self.taken = gr.HTML(elem_id="search-taken", elem_classes="cl-note-slot")

    def _listen(self, tab: gr.Tab) -> None:
        lab, session = self.lab.boxes, self.session
        settings = [self.kind, self.shots, self.seed]
        plan = [session.task, session.model, *settings, lab.pattern, *lab.words,
                *self.options.values()]
        watched = [*settings, session.task, session.model, session.arrived,
                   *self.options.values()]
        follow([tab.select, *(box.change for box in watched)], self.show_plan, plan,
               [self.plan, self.start])
        self.kind.input(self.show_options, self.kind, [*self.summaries, *self.options.values()],
                        **QUIET)
        self.picked.input(lambda chosen, picked: (chosen, picked), [self.search, self.picked],
                          self.ticked, **QUIET)
        self._listen_to_searches(tab, plan)
        which = [session.task, session.visitor, self.search, self.picked]
        self.keep.click(self.keep_picked, [*which, session.variants],
                        [session.variants, self.taken], **QUIET)
        self.load.click(self.load_picked, which, [lab.pattern, *lab.words, self.taken], **QUIET)

    def _listen_to_searches(self, tab: gr.Tab, plan: Sequence[Any]) -> None:
        """Start, show and cancel searches."""
        visitor = self.session.visitor
        shown = [self.search, self.stages, self.table, self.picked, self.actions, self.cancel,
                 self.timer]
        seen = [visitor, self.search, self.ticked]
        started = self.start.click(self.submit, [visitor, *plan], [self.note, self.search],
                                   **QUIET)
        started.then(self.show, seen, shown, **QUIET)
        do_inline(started, self.services, visitor)
        follow([tab.select, self.search.input, self.timer.tick, visitor.change], self.show, seen,
               shown)
        cancelled = self.cancel.click(self.cancel_search, [visitor, self.search], self.taken,
                                      **QUIET)
        cancelled.then(self.show, seen, shown, **QUIET)

    def show_options(self, kind: str) -> list[Any]:
        """What the kind of search does, and its options."""
        options = self._option_names(kind)
        return [*(gr.update(visible=name == kind) for name in self.methods),
                *(gr.update(visible=name in options) for name in self.options)]

    def _option_names(self, kind: str) -> set[str]:
        return {option.name for option in fields(self.methods[kind].options)}

    def show_plan(self, request: gr.Request, *values: Any) -> list[Any]:
        """What the search will do and about how long it takes, or what is wrong with it."""
        translate = translator(request)
        try:
            study, run = self._planned(*values)
        except ClozeLabError as error:
            return [message(explain(error, translate)), gr.update(interactive=False)]
        parameters = self.services.backbone(study.model).parameters
        seconds = estimate_seconds([run], self.services.store, parameters)
        text = translate("at most {steps} training steps, about {time}").format(
            steps=steps_of(run), time=span(seconds))
        search = self.methods[run.method].search
        patterns = search is not None and search.finds == "patterns"
        shown = run.words_text if patterns else study.patterns[0]["pattern"]
        return [message(f"{shown}: {text}", "note"), gr.update(interactive=True)]

    def submit(self, request: gr.Request, visitor: str, *values: Any) -> list[Any]:
        """Hand the search to the store; a worker does the rest."""
        translate = translator(request)
        try:
            study, run = self._planned(*values)
            key = self.services.store.submit(study, [run], visitor)
        except Exception as error:
            return [message(explain(error, translate)), gr.skip()]
        text = translate("The search has started. You may close this page; it goes on.")
        return [message(text, "good"),
                gr.update(value=self.services.store.runs(visitor, key)[0].id)]

    def _planned(self, choice: str, model: str, kind: str, shots: float | None,
                 seed: float | None, pattern: str, *rest: Any) -> tuple[StudySpec, RunSpec]:
        rows = len(self.lab.boxes.words)
        words, values = rest[:rows], rest[rows:]
        task = self.services.task(choice)
        if shots is None or seed is None:
            raise SpecError("The shots and the seed must be whole numbers.")
        study = StudySpec.from_dict({
            "name": f"{task.name} {kind}", "task": self.services.source(choice), "model": model,
            "methods": [kind],
            "patterns": [{"pattern": pattern, "words": typed_words(task.schema, words)}],
            "shots": int(shots), "seeds": int(seed),
            "options": {kind: self.options_of(kind, values)}})
        runs = self.services.runs_of(study, task)
        return study, runs[0]

    def options_of(self, kind: str, values: Sequence[Any]) -> dict[str, Any]:
        """The options of one kind of search, from the values of all boxes."""
        names = self._option_names(kind)
        return {name: value if value is not None else ""
                for name, value in zip(self.options, values, strict=True) if name in names}

    def show(self, request: gr.Request, visitor: str, chosen: str | None,
             ticked: Ticked) -> list[Any]:
        """The visitor's searches, and what the chosen one has found so far.

        The best candidate is ticked until a person ticks others.
        """
        translate = translator(request)
        searches = self._searches(visitor)
        if not searches:
            return self._nothing(translate)
        run = next((search for search in searches if search.id == chosen), searches[0])
        listed = [(search_title(search), search.id) for search in searches]
        found = self.services.store.found(run.id, visitor)
        offered, some = choices(found), gr.update(visible=bool(found))
        picked = gr.update(choices=offered, value=ticks(offered, run.id, ticked),
                           visible=bool(found))
        return [gr.update(choices=listed, value=run.id), stages(run, found, translate),
                candidate_table(run, found, translate), picked, some,
                gr.update(visible=run.active), gr.update(active=run.active)]

    def _nothing(self, translate: Translate) -> list[Any]:
        """What is shown to a visitor without searches."""
        hint = translate("No search yet. Choose what is searched, then press Search.")
        return [gr.update(choices=[], value=None), f'<p class="cl-hint">{hint}</p>', "",
                *[gr.update(visible=False)] * 3, gr.update(active=False)]

    def cancel_search(self, request: gr.Request, visitor: str, chosen: str | None) -> str:
        """Stop a search; what it has found stays."""
        translate = translator(request)
        try:
            self.services.store.cancel(chosen or "", visitor)
        except ClozeLabError as error:
            return message(explain(error, translate))
        return message(translate("Cancelled. What was found is kept."), "note")

    def keep_picked(self, request: gr.Request, choice: str, visitor: str, chosen: str | None,
                    picked: list[str] | None, variants: list[Variant] | None) -> list[Any]:
        """Put the ticked candidates beside the variants, from where Train takes them."""
        translate = translator(request)
        try:
            self._same_task(choice, visitor, chosen)
        except ClozeLabError as error:
            return [gr.skip(), message(explain(error, translate))]
        new = [{"task": choice, **json.loads(candidate)} for candidate in picked or []]
        return list(keep_beside(variants or [], new, translate))

    def load_picked(self, request: gr.Request, choice: str, visitor: str, chosen: str | None,
                    picked: list[str] | None) -> list[Any]:
        """Put the best of the ticked candidates into the Lab."""
        translate, nothing = translator(request), [gr.skip()] * (1 + WORD_BOXES)
        if not picked:
            return [*nothing, message(translate("Tick a candidate first."))]
        try:
            schema = self._same_task(choice, visitor, chosen)
        except ClozeLabError as error:
            return [*nothing, message(explain(error, translate))]
        offered = choices(self.services.store.found(chosen or "", visitor))
        candidate = json.loads(best_of(picked, offered))
        return [candidate["pattern"], *box_values(schema, candidate["words"]),
                message(translate("Loaded. Open the Lab to look at it."), "good")]

    def _same_task(self, choice: str, visitor: str, chosen: str | None) -> Schema:
        """The schema of the chosen task, if it is the one that was searched for."""
        run = self.services.store.run(chosen or "", visitor)
        if self.services.source(choice) != run.spec.task:
            raise SpecError("This search was for the task {task!r}. Choose it above first.",
                            task=run.spec.task_name)
        return self.services.task(choice).schema

    def _searches(self, visitor: str) -> list[Run]:
        runs = self.services.store.runs(visitor) if visitor else []
        return sorted((run for run in runs if run.spec.method in self.methods),
                      key=lambda run: -run.created)
