"""Templates of other projects in the Lab: read as patterns; and the Lab's pattern as theirs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from core.data.findings import Finding
from core.data.task import Task
from core.errors import ClozeLabError
from core.prompts.dialects import decode_templates, read_templates, write_template
from core.prompts.dialects.outcome import FoundTemplate, Place, Reading, SetAside
from core.prompts.pattern import Pattern
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer, split_words
from ui.data_panels import findings_panel
from ui.feedback import Translate, explain, message, translator
from ui.lab.variants import Variant, keep_beside
from ui.lab.words import box_values, typed_texts
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session

PATTERNS_SHOWN, ASIDE_SHOWN = 12, 8
_DIALECTS = {"lm-bff": "LM-BFF", "openprompt": "OpenPrompt", "promptsource": "promptsource"}
_PLACEHOLDER = '{"placeholder": "text_a"} It was {"mask"}.'
_HINT = ("Paste templates, with their label words if they have any, or choose a file: OpenPrompt's "
         "or LM-BFF's one a "
         "line, also what LM-BFF's search found, or a promptsource file. Nothing in them is "
         "ever run.")


class TemplateImport:
    """A closed part under the pattern; `listen` completes it."""

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        with gr.Accordion(label("Import or export a template"), open=False, elem_id="templates"):
            self._import_boxes()
            self._export_boxes()

    def _import_boxes(self) -> None:
        gr.Markdown(label(_HINT), elem_classes="cl-hint")
        self.pasted = gr.Textbox(label=label("Templates of LM-BFF, OpenPrompt or promptsource"),
                                 lines=3, max_lines=10, elem_id="template-text",
                                 placeholder=_PLACEHOLDER)
        self.file = gr.File(label=label("Or a file (.txt, .jsonl, .yaml)"),
                            elem_id="template-file", height=140)
        self.found = gr.HTML(elem_id="template-told", elem_classes="cl-note-slot")
        self.picked = gr.CheckboxGroup([], label=label("Take along"), visible=False,
                                       elem_id="template-picked")
        with gr.Row(visible=False, elem_classes="cl-actions") as self.actions:
            self.load_button = gr.Button(label("Load the first ticked into the Lab"), size="md",
                                         variant="primary", elem_id="template-load", min_width=140)
            self.keep_button = gr.Button(label("Keep as variants, for Train"), size="md",
                                         elem_id="template-keep", min_width=140)
        self.note = gr.HTML(elem_id="template-note", elem_classes="cl-note-slot")

    def _export_boxes(self) -> None:
        gr.Markdown(label("Export the pattern in the Lab as"), elem_classes="cl-hint")
        with gr.Row(elem_classes="cl-chips"):
            self.exports = {
                dialect: gr.Button(title, size="sm", min_width=80, elem_id=f"export-{dialect}")
                for dialect, title in _DIALECTS.items()}
        self.written = gr.Textbox(label=label("Template"), visible=False,
                                  elem_id="template-written", max_lines=14, buttons=["copy"],
                                  elem_classes="cl-mono")
        self.export_note = gr.HTML(elem_id="export-note", elem_classes="cl-note-slot")

    def listen(self, pattern: gr.Textbox, words: Sequence[gr.Textbox]) -> None:
        """Connect the part with the Lab's boxes."""
        session = self.session
        follow([self.pasted.change, self.file.change, session.task.change], self.read,
               [session.task, self.pasted, self.file],
               [self.found, self.picked, self.actions, self.note])
        typed = [session.task, self.picked, pattern, *words]
        self.load_button.click(self.load, typed, [pattern, *words, self.note], **QUIET)
        self.keep_button.click(self.keep, [session.variants, *typed], [session.variants, self.note],
                               **QUIET)
        for dialect, button in self.exports.items():
            button.click(self.export, [gr.State(dialect), session.task, pattern, *words],
                         [self.written, self.export_note], **QUIET)

    def read(self, request: gr.Request, choice: str, pasted: str | None,
             path: str | None) -> list[Any]:
        """The patterns in what is pasted and uploaded, and what should be known of them."""
        translate = translator(request)
        hidden = [gr.update(choices=[], value=[], visible=False), gr.update(visible=False), ""]
        if not (pasted or "").strip() and not path:
            return ["", *hidden]
        try:
            task = self.services.task(choice)
            reading = read_templates(_texts(pasted, path), task)
        except Exception as error:
            return [message(explain(error, translate)), *hidden]
        report = _report(reading, translate)
        if not reading.found:
            return [report, *hidden]
        scored = any(template.dev_score is not None for template in reading.found)
        offered = [(_title(template, scored), _packed(template))
                   for template in reading.found[:PATTERNS_SHOWN]]
        return [report, gr.update(choices=offered, value=[offered[0][1]], visible=True),
                gr.update(visible=True), ""]

    def load(self, request: gr.Request, choice: str, picked: list[str] | None, pattern: str,
             *words: str) -> list[Any]:
        """Put the first ticked pattern into the Lab, with its words if it has any."""
        translate, unchanged = translator(request), [gr.skip()] * (1 + len(words))
        if not picked:
            return [*unchanged, message(translate("Tick a pattern first."))]
        try:
            task, found = self.services.task(choice), json.loads(picked[0])
            _completed(found, task, pattern, words)
        except ClozeLabError as error:
            return [*unchanged, message(explain(error, translate))]
        filled = box_values(task.schema, found["words"]) if found["words"] else unchanged[1:]
        return [found["pattern"] or gr.skip(), *filled, message(translate("Loaded."), "good")]

    def keep(self, request: gr.Request, variants: list[Variant] | None, choice: str,
             picked: list[str] | None, pattern: str, *words: str) -> list[Any]:
        """Put what is ticked beside the variants; what a template lacks is taken from the Lab."""
        translate, kept = translator(request), list(variants or [])
        try:
            task = self.services.task(choice)
            pvps = [_completed(json.loads(packed), task, pattern, words) for packed in picked or []]
        except ClozeLabError as error:
            return [gr.skip(), message(explain(error, translate))]
        kept, note = keep_beside(kept, [{"task": choice, **pvp.as_dict()} for pvp in pvps],
                                 translate)
        return [kept, note]

    def export(self, request: gr.Request, dialect: str, choice: str, pattern: str,
               *words: str) -> list[Any]:
        """The Lab's pattern and words in a dialect, to copy."""
        translate = translator(request)
        try:
            task = self.services.task(choice)
            parsed = Pattern.parse(pattern or "", task.schema.columns)
            parsed.check(task.schema.pairs)
            given = _typed(task, words)
            verbalizer = Verbalizer.of(given, task.schema.labels) if any(given.values()) else None
            text = write_template(dialect, parsed, verbalizer)
        except ClozeLabError as error:
            return [gr.update(visible=False), message(explain(error, translate))]
        return [gr.update(value=text, label=_DIALECTS[dialect], lines=text.count("\n") + 1,
                          visible=True), ""]


def _texts(pasted: str | None, path: str | None) -> list[str]:
    file = Path(path) if path else None
    return [*([pasted] if (pasted or "").strip() else []),
            *([decode_templates(file.read_bytes(), file.name)] if file else [])]


def _report(reading: Reading, translate: Translate) -> str:
    """How many patterns were found, what was set aside and why, and further notes."""
    aside = [_as_finding(left, translate) for left in reading.aside[:ASIDE_SHOWN]]
    more = len(reading.aside) - len(aside)
    if more:
        aside.append(Finding("warning", "and {n} more", {"n": more}))
    found = translate("Patterns found: {n}.").format(n=len(reading.found))
    if len(reading.found) > PATTERNS_SHOWN:
        found += " " + translate("The first {n} are shown, the best first if they have "
                                 "scores.").format(n=PATTERNS_SHOWN)
    return (message(found, "good" if reading.found else "problem")
            + findings_panel([*reading.notes, *aside], translate))


def _as_finding(aside: SetAside, translate: Translate) -> Finding:
    template = ("{place}: its label words are left out. {why}" if aside.what == "words"
                else "{place}: {why}")
    values = {"place": _where(aside.place, translate), "why": explain(aside.error, translate)}
    return Finding("warning", template, values)


def _where(place: Place, translate: Translate) -> str:
    if not place.name and place.line:
        return translate("line {line}").format(line=place.line)
    return place.name or translate("the template")


def _packed(template: FoundTemplate) -> str:
    pattern = None if template.pattern is None else str(template.pattern)
    return json.dumps({"pattern": pattern, "words": template.words}, ensure_ascii=False)


def _title(template: FoundTemplate, scored: bool) -> str:
    """A template in the list; `scored` says whether any of them has a score."""
    score = "–" if scored else ""
    if template.dev_score is not None:
        score = f"{template.dev_score:.3f}"
    pattern = "" if template.pattern is None else str(template.pattern)
    words = " / ".join(", ".join(chosen) for chosen in template.words.values())
    return " · ".join(filter(None, (score, template.place.name, pattern, words)))


def _typed(task: Task, words: Sequence[str]) -> dict[str, list[str]]:
    """The words in the Lab's boxes."""
    return {name: split_words(text) for name, text in typed_texts(task.schema, words).items()}


def _completed(found: dict[str, Any], task: Task, pattern: str, words: Sequence[str]) -> PVP:
    """A picked template; the pattern or the words that it lacks are those in the Lab."""
    return PVP.of(found["pattern"] or pattern or "", found["words"] or _typed(task, words),
                  task.schema)
