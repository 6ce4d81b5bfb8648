"""Use: let a finished run label or write texts and files, and download its model."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import gradio as gr

from core.data.further_texts import parse_texts
from core.data.task import Example, Kind
from core.errors import ClozeLabError, InputError, LimitError
from core.runs.finished_run import (
    has_adapter,
    predictor_for,
    schema_of,
    weights_of,
    write_archive,
)
from core.runs.prediction import predict
from core.runs.run import Run
from ui.compare.panels import run_names
from ui.downloads import place_for
from ui.feedback import Translate, explain, message, translator, waiting_panel
from ui.languages import label
from ui.live import QUIET
from ui.requests import do_inline
from ui.services import Services
from ui.session import Session
from ui.use.file import START_TITLES, UseFile
from ui.use.panels import answers_panel, run_line, weights_note, written_panel

MAX_RUNS = 1_000  # offered in the list, the newest
MAX_LINES = 200
_CLICK = "() => { setTimeout(() => document.querySelector('#use-model-file').click(), 200); }"
_NO_RUNS = "No finished runs yet. Start one under Train; when it is done, it can be used here."


class Use:
    """The tab and what answers its events."""

    def __init__(self, services: Services, session: Session, tab: gr.Tab) -> None:
        self.services, self.session = services, session
        self._run_boxes()
        self.about = gr.HTML(elem_id="use-about")
        self.note = gr.HTML(elem_id="use-note", elem_classes="cl-note-slot")
        self.archive = gr.DownloadButton(visible="hidden", elem_id="use-model-file")
        with gr.Column(visible=False, elem_id="use-body") as self.body:
            with gr.Row(elem_classes="cl-columns", equal_height=False):
                with gr.Column(scale=5, min_width=320):
                    self._text_boxes()
                with gr.Column(scale=6, min_width=320):
                    self.answer = gr.HTML(elem_id="use-answer")
            self.file = UseFile(services, session, self.run)
        self._listen(tab)

    def _run_boxes(self) -> None:
        with gr.Row(elem_classes="cl-actions"):
            self.run = gr.Dropdown([], label=label("Finished run"), elem_id="use-run", scale=6,
                                   min_width=260)
            self.refresh = gr.Button(label("Refresh"), scale=1, min_width=90,
                                     elem_id="use-refresh")
            self.take = gr.Button(label("Download the model (.zip)"), scale=2, min_width=200,
                                  visible=False, elem_id="use-model")
            self.again = gr.Button(label("Train again"), scale=2, min_width=140, visible=False,
                                   elem_id="use-again")

    def _text_boxes(self) -> None:
        self.text = gr.Textbox(label=label("Text"), lines=4, max_lines=14, elem_id="use-text",
                               max_length=100_000)
        self.text_b = gr.Textbox(label=label("Second text"), lines=2, max_lines=14,
                                 elem_id="use-text-b", visible=False, max_length=100_000)
        self.more = gr.Textbox(label=label("Further texts"), lines=2, max_lines=14,
                               elem_id="use-more", visible=False, max_length=100_000)
        with gr.Row(elem_classes="cl-actions"):
            self.lines = gr.Checkbox(False, label=label("Each line is a text of its own"),
                                     elem_id="use-lines", scale=2)
            self.ask_button = gr.Button(label("Label it"), variant="primary", elem_id="use-ask",
                                        scale=1, min_width=120)
        self.ask_note = gr.HTML(elem_id="use-ask-note", elem_classes="cl-note-slot")

    def _listen(self, tab: gr.Tab) -> None:
        mine = [self.session.visitor, self.run]
        gr.on([tab.select, self.refresh.click], self.list_runs, mine, [self.run, self.note],
              **QUIET)
        self._listen_to_texts(mine)
        packed = self.take.click(self.pack_model, mine, [self.note, self.archive],
                                 show_progress="minimal", show_progress_on=self.take,
                                 api_visibility="private", concurrency_id="archive",
                                 concurrency_limit=1)
        packed.success(None, js=_CLICK)
        again = self.again.click(self.train_again, mine, self.note, **QUIET)
        do_inline(again, self.services, self.session.visitor)

    def _listen_to_texts(self, mine: list[Any]) -> None:
        """Open the chosen run, and ask it when a text is submitted."""
        typed = [*mine, self.text, self.text_b, self.more, self.lines]
        answer: dict[str, Any] = {
            "outputs": [self.ask_note, self.answer], "show_progress": "minimal",
            "api_visibility": "private", "concurrency_id": "model", "concurrency_limit": 2}
        opened = self.run.change(
            self.open_run, mine,
            [self.about, self.note, self.body, self.take, self.again, self.text_b, self.more,
             self.file.text_b, self.file.result, self.text, self.ask_button, self.file.start],
            **QUIET)
        opened.then(self.ask_again, typed, **answer)
        gr.on([self.ask_button.click, self.text.submit, self.text_b.submit], self.ask, typed,
              **answer)

    def list_runs(self, request: gr.Request, visitor: str, chosen: str | None) -> list[Any]:
        """Offer the visitor's finished runs, the newest first.

        If none is chosen, the newest one with weights is.
        """
        translate, store = translator(request), self.services.store
        runs = store.runs(visitor) if visitor else []
        runs = [run for run in runs if run.status == "done"][-MAX_RUNS:][::-1]
        if not runs:
            return [gr.update(choices=[], value=None), message(translate(_NO_RUNS), "note")]
        names = run_names([run.record() for run in runs], translate)
        ids = [run.id for run in runs]
        with_weights = (run.id for run in runs if weights_of(run, store) == "own")
        kept = chosen if chosen in ids else next(with_weights, ids[0])
        choices = list(zip(names, ids, strict=True))
        return [gr.update(choices=choices, value=kept), gr.skip() if chosen == kept else ""]

    def open_run(self, request: gr.Request, visitor: str, key: str | None) -> list[Any]:
        """What the chosen run is, which boxes it needs and whether its model can be downloaded."""
        translate, store = translator(request), self.services.store
        hidden = [*[gr.update(visible=False)] * 6, *[gr.skip()] * 4]
        if not key:
            return ["", gr.skip(), *hidden]
        try:
            run = store.run(key, visitor)
            weights, schema = weights_of(run, store), schema_of(run, store)
            adapter = has_adapter(run, store)
        except Exception as error:
            return ["", message(explain(error, translate)), *hidden]
        names = "\n".join(f"{name}: …" for name in schema.columns[:8])
        pairs = gr.update(visible=schema.pairs)
        return [run_line(run, translate),
                weights_note(weights, run, translate, adapter=adapter),
                gr.update(visible=True), gr.update(visible=weights == "own"),
                gr.update(visible=weights == "removed"), pairs,
                gr.update(visible=bool(schema.columns), placeholder=names), pairs,
                gr.update(visible=False), *_titles(schema.kind, translate)]

    def ask(self, request: gr.Request, visitor: str, key: str | None, text: str, text_b: str,
            more: str, lines: bool) -> list[Any]:
        """Label what is typed, or write for it."""
        translate, services = translator(request), self.services
        try:
            run = services.store.run(key or "", visitor)
            schema = schema_of(run, services.store)
            examples = _typed_examples(text, text_b if schema.pairs else None, lines)
            if schema.columns:
                further = parse_texts(more or "", schema.columns)
                examples = [replace(example, more=further) for example in examples]
            predictor = predictor_for(run, services.store, services.load, services.backbones)
            found = predict(predictor, schema, examples).table()
        except Exception as error:
            return [message(explain(error, translate)), gr.skip()]
        if schema.kind == "generation":
            return ["", written_panel(found, translate)]
        own = {name: examples[0].text(name) for name in run.labels if schema.kind == "choice"}
        return ["", answers_panel(found, run.labels, translate, own)]

    def ask_again(self, request: gr.Request, visitor: str, key: str | None, text: str, text_b: str,
                  more: str, lines: bool) -> list[Any]:
        """After another run was chosen: ask it about what is typed, if anything is."""
        if not key or not (text or "").strip():
            translate = translator(request)
            return ["", waiting_panel(translate("What it answers"),
                                      translate("Type or paste a text and press the button."))]
        return self.ask(request, visitor, key, text, text_b, more, lines)

    def pack_model(self, request: gr.Request, visitor: str, key: str | None) -> list[Any]:
        """Make the archive that the browser then downloads."""
        translate, store = translator(request), self.services.store
        try:
            run = store.run(key or "", visitor)
            path = place_for(f"{_archive_name(run)}.zip")
            write_archive(run, store, self.services.backbones, path)
        except ClozeLabError as error:
            raise gr.Error(explain(error, translate), print_exception=False) from None
        return ["", gr.update(value=str(path))]

    def train_again(self, request: gr.Request, visitor: str, key: str | None) -> str:
        """Submit the run's spec once more, so that its weights are there again."""
        translate: Translate = translator(request)
        try:
            self.services.store.retry(key or "", visitor)
        except Exception as error:
            return message(explain(error, translate))
        return message(
            translate("It is being trained again. When it is done, press Refresh and choose it "
                      "here."), "good")


def _titles(kind: Kind, translate: Translate) -> list[Any]:
    """What the box of the text and the buttons are called, by what an answer is."""
    texts = kind == "generation"
    return [gr.update(label=translate("Source text" if texts else "Text")),
            gr.update(value=translate("Write it" if texts else "Label it")),
            gr.update(value=translate(START_TITLES["texts" if texts else "labels"]))]


def _typed_examples(text: str, text_b: str | None, lines: bool) -> list[Example]:
    """Examples from the boxes; `text_b` is None where the run takes single texts."""
    firsts, seconds = _split(text, lines), _split(text_b or "", lines)
    if not firsts:
        raise InputError("There is no text yet. Type or paste one.")
    if text_b is None:
        seconds = [""] * len(firsts)
    if len(firsts) != len(seconds):
        raise InputError("This run labels pairs: {first} first text(s) and {second} second text(s) "
                         "were given. Give "
                         "each text its second text.", first=len(firsts), second=len(seconds))
    if len(firsts) > MAX_LINES:
        raise LimitError("{count} lines are more than the {limit} that are answered here. Upload "
                         "them as a file below.",
                         count=len(firsts), limit=MAX_LINES)
    return [Example(*both) for both in zip(firsts, seconds, strict=True)]


def _split(text: str, lines: bool) -> list[str]:
    parts = (text or "").splitlines() if lines else [text or ""]
    return [part.strip() for part in parts if part.strip()]


def _archive_name(run: Run) -> str:
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", f"{run.spec.task_name}-{run.spec.method}").strip("-")
    return f"{plain[:60]}-{run.id}"
