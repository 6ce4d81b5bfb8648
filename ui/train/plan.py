"""The plan of a study: methods, patterns, shots, seeds and options, checked while they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import gradio as gr

from core.data.split import LM_BFF_SEEDS
from core.data.task import Kind
from core.errors import ClozeLabError, SpecError
from core.learning.options import options_dict, options_for, read_options
from core.methods.registry import METHODS, methods_for
from core.runs.estimate import estimate_seconds
from core.runs.spec import RunSpec, StudySpec
from ui.feedback import explain, message, translator
from ui.form import controls, several_numbers
from ui.lab.tab import Lab
from ui.lab.variants import Variant, typed_words, variant_key, variant_title
from ui.languages import label
from ui.live import QUIET, follow
from ui.run_panels import span
from ui.search.tab import Search
from ui.services import Services
from ui.session import Session

_FIRST_KIND: Kind = "classification"  # of the task that the page opens with
IN_THE_LAB = "lab"  # the choice that stands for what is typed in the Lab now


class Plan:
    """The boxes of a study; `planned` takes the values of `inputs`."""

    def __init__(self, services: Services, session: Session, lab: Lab, search: Search) -> None:
        self.services, self.session, self.lab, self.search = services, session, lab, search
        served = methods_for(_FIRST_KIND)
        first = [method.name for method in served if method.preselected]
        titles = [(label(method.title), method.name) for method in served]
        self.methods = gr.CheckboxGroup(titles, value=first, label=label("Methods"),
                                        elem_id="methods")
        info = label("The one in the Lab now, and the variants kept for this task.")
        self.patterns = gr.CheckboxGroup([], label=label("Patterns"), elem_id="patterns",
                                         info=info)
        self._split_boxes()
        self._study_boxes()
        self._option_boxes(first)
        self.summary = gr.HTML(elem_id="plan")
        self.start = gr.Button(label("Start"), variant="primary", elem_id="start")
        self.note = gr.HTML(elem_id="start-note", elem_classes="cl-note-slot")

    def _split_boxes(self) -> None:
        seeds = [str(seed) for seed in LM_BFF_SEEDS]
        with gr.Row():
            self.shots = gr.Dropdown(["4", "8", "16", "32", "64"], value=["16"], multiselect=True,
                                     min_width=150, allow_custom_value=True, elem_id="shots",
                                     label=label(_shots_title(_FIRST_KIND)))
            self.seeds = gr.Dropdown(seeds, value=list(seeds), multiselect=True, min_width=150,
                                     allow_custom_value=True, elem_id="seeds",
                                     label=label("Seeds"))

    def _study_boxes(self) -> None:
        with gr.Row():
            self.limit = gr.Number(0, label=label("Test rows measured (0: all)"), precision=0,
                                   minimum=0, elem_id="limit", min_width=150)
            self.name = gr.Textbox("", label=label("Name of the study"), elem_id="study-name",
                                   placeholder=label("optional"), max_length=80, min_width=150)

    def _option_boxes(self, first: Sequence[str]) -> None:
        """The options of each method; those of searches are in the tab Search."""
        self.options: list[tuple[str, str, gr.components.Component]] = []
        self.accordions: dict[str, gr.Accordion] = {}
        self.presets: dict[str, gr.Dropdown] = {}
        for name, method in METHODS.items():
            if method.search:
                continue
            with gr.Accordion(label(f"Options: {method.title}"), open=False,
                              elem_id=f"options-{name}",
                              visible=name in first) as self.accordions[name]:
                gr.Markdown(label(method.summary()))
                if method.presets:
                    self.presets[name] = _preset_box(name)
                with gr.Row(elem_classes="cl-options"):
                    boxes = controls(method.options, name, shown_for=_FIRST_KIND)
            self.options += [(name, option, box) for option, box in boxes.items()]
        gr.Markdown(label("Methods that search words or patterns take their options from Search."),
                    elem_classes="cl-hint")

    @property
    def inputs(self) -> list[Any]:
        """The components whose values make a study."""
        lab, session = self.lab.boxes, self.session
        return [session.task, session.model, self.methods, self.patterns, self.shots, self.seeds,
                self.limit, self.name, session.variants, lab.pattern, *lab.words,
                *(box for _, _, box in self.options), *self.search.options.values()]

    def listen(self, tab: gr.Tab) -> None:
        """Follow the task, the Lab and the boxes."""
        session = self.session
        planned = {"fn": self.show_plan, "inputs": self.inputs,
                   "outputs": [self.summary, self.start]}
        patterns = {"fn": self.list_patterns, "outputs": self.patterns, "inputs": [
            session.task, session.variants, self.lab.boxes.pattern, self.patterns]}
        # one after the other: what is no longer offered would be refused as a value of the plan
        listed = follow([session.task.change], self.list_methods, [session.task, self.methods],
                        [self.methods, self.shots, *self.presets.values(),
                         *(box for _, _, box in self.options)])
        listed.then(**patterns, **QUIET).then(**planned, **QUIET)
        # only here: listed when the tab opens, methods would undo a click made meanwhile
        follow([tab.select], **patterns).then(**planned, **QUIET)
        watched = [self.methods, self.patterns, self.shots, self.seeds, self.limit,
                   session.model, session.arrived, *(box for _, _, box in self.options)]
        follow([box.change for box in watched], **planned)
        follow([self.methods.change], self.show_options, self.methods,
               list(self.accordions.values()))
        for name, preset in self.presets.items():
            preset.input(partial(self.take_preset, name), preset,
                         [box for method, _, box in self.options if method == name], **QUIET)

    def list_methods(self, request: gr.Request, choice: str,
                     chosen: Sequence[str] | None) -> list[Any]:
        """The methods that serve the task's kind, and the options that matter for it.

        Methods that were chosen stay chosen.
        """
        translate = translator(request)
        try:
            kind = self.services.task(choice).schema.kind
        except ClozeLabError:  # the plan says what is wrong with the task
            return [gr.skip()] * (2 + len(self.presets) + len(self.options))
        served = {method.name: method for method in methods_for(kind)}
        kept = [name for name in chosen or [] if name in served]
        first = [name for name, method in served.items() if method.preselected]
        titles = [(translate(method.title), name) for name, method in served.items()]
        return [gr.update(choices=titles, value=kept or first),
                gr.update(label=translate(_shots_title(kind))),
                *[gr.update(visible=kind == "generation")] * len(self.presets),
                *(gr.update(visible=_matters(name, option, kind))
                  for name, option, _ in self.options)]

    def take_preset(self, method: str, preset: str | None) -> list[Any]:
        """The options of a method as its paper sets them; the others get their defaults."""
        given = METHODS[method].presets.get(preset or "")
        if given is None:
            return [gr.skip()] * len(fields(METHODS[method].options))
        values = options_dict(read_options(METHODS[method].options, given, method))
        return [str(values[option]) if isinstance(box, gr.Textbox) else values[option]
                for name, option, box in self.options if name == method]

    def list_patterns(self, request: gr.Request, choice: str, variants: list[Variant] | None,
                      typed: str, chosen: Sequence[str]) -> Any:
        """The patterns that can be trained with: the Lab's and the variants of this task."""
        translate = translator(request)
        mine = [variant for variant in variants or [] if variant["task"] == choice]
        choices = [(f"{translate('In the Lab now')}: {typed}", IN_THE_LAB),
                   *((variant_title(variant), variant_key(variant)) for variant in mine)]
        keys = [key for _, key in choices]
        kept = [key for key in chosen or [] if key in keys]
        return gr.update(choices=choices, value=kept or keys[-1:])

    def show_options(self, chosen: Sequence[str]) -> list[Any]:
        """The options of the chosen methods."""
        return [gr.update(visible=name in chosen) for name in self.accordions]

    def show_plan(self, request: gr.Request, *values: Any) -> list[Any]:
        """How many runs this makes and about how long they take, or what is wrong with it."""
        translate = translator(request)
        try:
            study, runs = self.planned(*values)
        except ClozeLabError as error:
            return [message(explain(error, translate)), gr.update(interactive=False)]
        parameters = self.services.backbone(study.model).parameters
        seconds = estimate_seconds(runs, self.services.store, parameters)
        text = translate("1 run, about {time}" if len(runs) == 1 else "{n} runs, about {time}")
        text = text.format(n=len(runs), time=span(seconds))
        return [message(text, "note"), gr.update(interactive=True)]

    def submit(self, request: gr.Request, visitor: str, *values: Any) -> list[Any]:
        """Hand the study to the store; the workers do the rest."""
        translate = translator(request)
        try:
            study, runs = self.planned(*values)
            key = self.services.store.submit(study, runs, visitor)
        except Exception as error:
            return [message(explain(error, translate)), gr.skip()]
        text = translate("Started 1 run. You may close this page; it goes on."
                         if len(runs) == 1 else
                         "Started {n} runs. You may close this page; they go on.")
        return [message(text.format(n=len(runs)), "good"), gr.update(value=key)]

    def planned(self, choice: str, model: str, methods: list[str], patterns: list[str],
                shots: list[str], seeds: list[str], limit: float | None, name: str,
                variants: list[Variant] | None, typed: str,
                *rest: Any) -> tuple[StudySpec, list[RunSpec]]:
        """The study and its runs, checked.

        Raises:
            ClozeLabError: a value is wrong, or a run could not work here.
        """
        rows = len(self.lab.boxes.words)
        task = self.services.task(choice)
        if not methods:
            raise SpecError("No method is chosen. Choose at least one.")
        kept = [variant for variant in variants or []
                if variant_key(variant) in patterns and variant["task"] == choice]
        lab = [{"pattern": typed, "words": typed_words(task.schema, rest[:rows])}] if (
            IN_THE_LAB in patterns) else []
        study = StudySpec.from_dict({
            "name": name.strip() or f"{task.name} {', '.join(methods)}",
            "task": self.services.source(choice), "model": model, "methods": methods,
            "patterns": _distinct([*lab, *kept]), "shots": _numbers(shots, "shots"),
            "seeds": _numbers(seeds, "seeds"), "test_limit": int(limit) if limit else None,
            "options": self._options_of(methods, rest[rows:], task.schema.kind)})
        runs = self.services.runs_of(study, task)
        return study, runs

    def _options_of(self, methods: Sequence[str], values: Sequence[Any],
                    kind: Kind) -> dict[str, dict[str, Any]]:
        """By method its options that matter, from the values of all option boxes, Search's last."""
        options: dict[str, dict[str, Any]] = {method: {} for method in methods}
        for (method, option, _), value in zip(self.options, values, strict=False):
            if method in options and _matters(method, option, kind):
                options[method][option] = _option_value(method, option, value)
        for method in set(methods) & set(self.search.methods):
            options[method] = self.search.options_of(method, values[len(self.options) :])
        return options


def _preset_box(method: str) -> gr.Dropdown:
    """The choice of a preset of a method; hidden, as the first task is not of texts."""
    return gr.Dropdown(list(METHODS[method].presets), value=None, visible=False,
                       label=label("Settings of the paper"), elem_id=f"{method}-preset",
                       info=label("Fills the boxes below with what the paper used for a task."))


def _shots_title(kind: Kind) -> str:
    return ("Shots: K examples per label" if kind == "classification" else
            "Shots: K training examples")


def _matters(method: str, option: str, kind: Kind) -> bool:
    return option in options_for(METHODS[method].options, kind)


def _option_value(method: str, option: str, value: Any) -> Any:
    """An option as a study holds it, from the value of its box; several numbers make a list."""
    facts = {each.name: each.metadata for each in fields(METHODS[method].options)}
    return several_numbers(value) if facts[option]["several"] else "" if value is None else value


def _distinct(variants: Sequence[Variant]) -> list[Variant]:
    """The patterns and words of the variants, each pair once."""
    pvps = [{"pattern": variant["pattern"], "words": variant["words"]} for variant in variants]
    return [pvp for index, pvp in enumerate(pvps) if pvp not in pvps[:index]]


def _numbers(texts: Sequence[str], key: str) -> list[int]:
    try:
        return [int(text) for text in texts]
    except (TypeError, ValueError) as error:
        raise SpecError("{key!r} must be whole numbers, not {value!r}.", key=key,
                        value=", ".join(map(str, texts))[:60]) from error
