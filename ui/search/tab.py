"""Search: have label words or patterns found, watch the candidates, and take the best along."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import gradio as gr

from core.data.split import LM_BFF_SEEDS
from core.errors import ClozeLabError, SpecError
from core.methods.registry import searches
from core.prompts.verbalizer import Verbalizer, split_words
from core.runs.estimate import estimate_seconds, steps_of
from core.runs.run import Run
from core.runs.spec import RunSpec, StudySpec
from ui.feedback import explain, message, translator
from ui.form import controls
from ui.lab.tab import Lab
from ui.lab.variants import MAX_VARIANTS, Variant
from ui.languages import label
from ui.live import QUIET, follow
from ui.requests import do_inline
from ui.run_panels import span
from ui.search.panels import Ticked, best_of, candidate_table, choices, search_title, stages, ticks
from ui.services import Services
from ui.session import Session

_POLL_SECONDS = 1.5


class Search:
    """The tab and its handlers."""

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
        first = next(iter(self.methods))
        titles = [(label(method.search.title), name)
                  for name, method in self.methods.items() if method.search]
        self.kind = gr.Radio(titles, value=first, label=label("What is searched"),
                             elem_id="search-kind")
        with gr.Row():
            self.shots = gr.Number(16, label=label("Shots: K examples per label"), precision=0,
                                   minimum=1, maximum=256, elem_id="search-shots", min_width=140)
            self.seed = gr.Number(LM_BFF_SEEDS[0], label=label("Seed"), precision=0, minimum=0,
                                  elem_id="search-seed", min_width=140)
        with gr.Accordion(label("Options of the search"), open=False, elem_id="search-options"):
            self.summaries = [gr.Markdown(label(method.summary()), visible=name == first)
                              for name, method in self.methods.items()]
            with gr.Row(elem_classes="cl-options"):
                self.options: dict[str, gr.components.Component] = {}
                for name, method in self.methods.items():  # what several searches have is there once
                    new = self._option_names(name) - set(self.options)
                    self.options |= controls(method.options, "search", new, visible=name == first)
        self.plan = gr.HTML(elem_id="search-plan")
        self.start = gr.Button(label("Search"), variant="primary", elem_id="search-start")
        self.note = gr.HTML(elem_id="search-note", elem_classes="cl-note-slot")

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
        plan = [session.task, session.model, self.kind, self.shots, self.seed, lab.pattern,
                *lab.words, *self.options.values()]
        watched = [self.kind, self.shots, self.seed, session.task, session.model,
                   *self.options.values()]
        follow([tab.select, *(box.change for box in watched)], self.show_plan, plan,
               [self.plan, self.start])
        self.kind.input(self.show_options, self.kind, [*self.summaries, *self.options.values()],
                        **QUIET)
        shown = [self.search, self.stages, self.table, self.picked, self.actions, self.cancel,
                 self.timer]
        which = [session.visitor, self.search, self.picked]
        seen = [session.visitor, self.search, self.ticked]
        self.picked.input(lambda chosen, picked: (chosen, picked), [self.search, self.picked],
                          self.ticked, **QUIET)
        started = self.start.click(self.submit, [session.visitor, *plan], [self.note, self.search],
                                   **QUIET)
        started.then(self.show, seen, shown, **QUIET)
        do_inline(started, self.services, session.visitor)
        follow([tab.select, self.search.input, self.timer.tick, session.visitor.change], self.show,
               seen, shown)
        self.cancel.click(self.cancel_search, which[:2], self.taken,
                          **QUIET).then(self.show, seen, shown, **QUIET)
        self.keep.click(self.keep_picked, [session.task, *which, session.variants],
                        [session.variants, self.taken], **QUIET)
        self.load.click(self.load_picked, [session.task, *which],
                        [lab.pattern, *lab.words, self.taken], **QUIET)

    def show_options(self, kind: str) -> list[Any]:
        """What the kind of search does, and its options."""
        options = self._option_names(kind)
        return [gr.update(visible=shown) for shown in (*(name == kind for name in self.methods),
                                                       *(name in options for name in self.options))]

    def _option_names(self, kind: str) -> set[str]:
        return {option.name for option in fields(self.methods[kind].options)}

    def show_plan(self, request: gr.Request, *values: Any) -> list[Any]:
        """What the search will do and about how long it takes, or what is wrong with it."""
        translate = translator(request)
        try:
            study, run = self._planned(*values)
        except ClozeLabError as error:
            return [message(explain(error, translate)), gr.update(interactive=False)]
        seconds = estimate_seconds([run], self.services.store,
                                   self.services.backbone(study.model).parameters)
        text = translate("at most {steps} training steps, about {time}").format(
            steps=steps_of(run), time=span(seconds))
        search = self.methods[run.method].search
        shown = run.words_text if search and search.finds == "patterns" else study.patterns[0]["pattern"]
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

    def _planned(self, choice: str, model: str, kind: str, shots: float | None, seed: float | None,
                 typed: str, *rest: Any) -> tuple[StudySpec, RunSpec]:
        words, values = rest[: len(self.lab.boxes.words)], rest[len(self.lab.boxes.words) :]
        task = self.services.task(choice)
        if shots is None or seed is None:
            raise SpecError("The shots and the seed must be whole numbers.")
        typed_words = {each: split_words(text or "")
                       for each, text in zip(task.schema.labels, words, strict=False)}
        chosen = Verbalizer.of(typed_words,
                               task.schema.labels).as_dict() if task.schema.has_words else {}
        options = self.options_of(kind, values)
        study = StudySpec.from_dict({
            "name": f"{task.name} {kind}", "task": self.services.source(choice), "model": model,
            "methods": [kind], "patterns": [{"pattern": typed, "words": chosen}],
            "shots": int(shots), "seeds": int(seed), "options": {kind: options}})
        runs = study.runs(task)
        self.services.check_runs(runs, task)
        return study, runs[0]

    def options_of(self, kind: str, values: Sequence[Any]) -> dict[str, Any]:
        """The options of one kind of search, from the values of all boxes."""
        return {name: value if value is not None else ""
                for name, value in zip(self.options, values, strict=True)
                if name in self._option_names(kind)}

    def show(self, request: gr.Request, visitor: str, chosen: str | None,
             ticked: Ticked) -> list[Any]:
        """The visitor's searches, and what the chosen one has found so far; the best is ticked until a person ticks."""
        translate = translator(request)
        searches = self._searches(visitor)
        run = next((each for each in searches if each.id == chosen),
                   searches[0] if searches else None)
        listed = gr.update(choices=[(search_title(each), each.id) for each in searches],
                           value=run.id if run else None)
        if run is None:
            hint = translate("No search yet. Choose what is searched, then press Search.")
            return [listed, f'<p class="cl-hint">{hint}</p>', "", gr.update(visible=False),
                    gr.update(visible=False), gr.update(visible=False), gr.update(active=False)]
        found = self.services.store.found(run.id, visitor)
        offered = choices(found)
        return [listed, stages(run, found, translate), candidate_table(run, found, translate),
                gr.update(choices=offered, value=ticks(offered, run.id, ticked),
                          visible=bool(found)),
                gr.update(visible=bool(found)), gr.update(visible=run.active),
                gr.update(active=run.active)]

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
        translate, kept = translator(request), list(variants or [])
        try:
            self._same_task(choice, visitor, chosen)
        except ClozeLabError as error:
            return [gr.skip(), message(explain(error, translate))]
        new = [{"task": choice, **json.loads(each)} for each in picked or []]
        new = [each for each in new if each not in kept][: MAX_VARIANTS - len(kept)]
        text = translate("Kept {n}. The Lab shows them side by side, and Train offers "
                         "them.").format(n=len(new))
        return [[*kept, *new], message(text, "good")]

    def load_picked(self, request: gr.Request, choice: str, visitor: str, chosen: str | None,
                    picked: list[str] | None) -> list[Any]:
        """Put the best of the ticked candidates into the Lab."""
        translate = translator(request)
        nothing = [gr.skip()] * (1 + len(self.lab.boxes.words))
        if not picked:
            return [*nothing, message(translate("Tick a candidate first."))]
        try:
            labels = self._same_task(choice, visitor, chosen)
        except ClozeLabError as error:
            return [*nothing, message(explain(error, translate))]
        candidate = json.loads(
            best_of(picked, choices(self.services.store.found(chosen or "", visitor))))
        words = [", ".join(candidate["words"].get(name, [])) for name in labels]
        return [candidate["pattern"], *words, *[""] * (len(self.lab.boxes.words) - len(words)),
                message(translate("Loaded. Open the Lab to look at it."), "good")]

    def _same_task(self, choice: str, visitor: str, chosen: str | None) -> tuple[str, ...]:
        """The labels of the chosen task, if it is the one that was searched for."""
        run = self.services.store.run(chosen or "", visitor)
        if self.services.source(choice) != run.spec.task:
            raise SpecError("This search was for the task {task!r}. Choose it above first.",
                            task=run.spec.task_name)
        return self.services.task(choice).schema.labels

    def _searches(self, visitor: str) -> list[Run]:
        runs = self.services.store.runs(visitor) if visitor else []
        return sorted((run for run in runs if run.spec.method in self.methods),
                      key=lambda run: -run.created)
