"""Variants: patterns kept from the Lab, measured side by side, and taken along to training."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from core.data.task import Schema, Task
from core.errors import ClozeLabError, InputError
from core.inspection import DatasetView, Question, look_at_examples, read_question
from core.metrics.metric import Metric
from core.prompts.verbalizer import Verbalizer, split_words
from core.runs.execution import test_part
from ui.bars import interval_bar, metric_text
from ui.feedback import Translate, explain, message, translator
from ui.lab.text_variants import text_variants_table
from ui.lab.words import WORD_BOXES, box_values, typed_texts
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session, pack

MAX_VARIANTS = 40
_COPY = """(link) => { if (link) { const url = location.origin + location.pathname + '?p=' + link;
  navigator.clipboard && navigator.clipboard.writeText(url); return url; } return link; }"""

Variant = dict[str, Any]  # {"task": choice, "pattern": text, "words": {label: [word, …]}}


class Variants:
    """Keep what is typed, look at what is kept, load, remove, share."""

    def __init__(self, services: Services, session: Session) -> None:
        """Buttons that keep and share; `place_table` completes them."""
        self.services = services
        self.session = session
        with gr.Row(elem_classes="cl-actions"):
            self.keep_button = gr.Button(label("Keep as variant"), variant="primary",
                                         elem_id="keep-variant")
            self.share_button = gr.Button(label("Copy a link to this"), elem_id="share")
        self.link = gr.Textbox(label=label("Link"), visible=False, elem_id="share-link",
                               buttons=["copy"])
        self.note = gr.HTML(elem_id="variants-note", elem_classes="cl-note-slot")

    def place_table(self, pattern: gr.Textbox, words: Sequence[gr.Textbox],
                    sample: gr.Dropdown) -> None:
        """What is kept, side by side, over the whole width."""
        self.table = gr.HTML(elem_id="variants")
        with gr.Row(visible=False, elem_classes="cl-actions") as self.row:
            self.chosen = gr.Dropdown([], label=label("Variant"), elem_id="variant-choice", scale=4)
            load = gr.Button(label("Load into the boxes"), scale=1)
            remove = gr.Button(label("Remove"), scale=1)
        self._listen(pattern, words, sample)
        session = self.session
        load.click(self.load, [session.task, session.variants, self.chosen], [pattern, *words],
                   **QUIET)
        remove.click(self.remove, [session.variants, self.chosen], [session.variants, self.note],
                     **QUIET)

    def _listen(self, pattern: gr.Textbox, words: Sequence[gr.Textbox],
                sample: gr.Dropdown) -> None:
        session = self.session
        self.keep_button.click(
            self.keep, [session.task, session.model, pattern, session.variants, *words],
            [session.variants, self.note], **QUIET)
        watched = [session.variants, session.task, session.model, session.arrived, sample]
        follow([box.change for box in watched], self.show,
               [session.task, session.model, session.variants, sample], self.outputs,
               concurrency_id="variants", concurrency_limit=2)
        shared = self.share_button.click(self.share, [session.task, pattern, *words],
                                         [self.link, self.note], **QUIET)
        shared.then(None, self.link, self.link, js=_COPY)

    @property
    def outputs(self) -> list[gr.components.Component | gr.Row]:
        """What `show` fills."""
        return [self.table, self.row, self.chosen]

    def keep(self, request: gr.Request, choice: str, model: str, pattern: str,
             variants: list[Variant] | None, *words: str) -> list[Any]:
        """Keep what is typed, if it can be used."""
        translate, kept = translator(request), list(variants or [])
        try:
            question = ask(pattern, words, self.services.task(choice), self.services, model)
            question.check()
            if len(kept) >= MAX_VARIANTS:
                raise InputError("{limit} variants are kept already. Remove one first.",
                                 limit=MAX_VARIANTS)
        except ClozeLabError as error:
            return [gr.skip(), message(explain(error, translate))]
        chosen = question.verbalizer.as_dict() if question.verbalizer else {}
        variant = {"task": choice, "pattern": str(question.pattern), "words": chosen}
        known = variant in kept
        note = translate("This pattern with these words is kept already." if known else
                         "Kept. Change the pattern and keep another, or go to Train.")
        return [gr.skip() if known else [*kept, variant],
                message(note, "note" if known else "good")]

    def remove(self, request: gr.Request, variants: list[Variant] | None,
               chosen: str | None) -> list[Any]:
        """Forget the chosen variant."""
        kept = [variant for variant in variants or [] if variant_key(variant) != chosen]
        return [kept, message(translator(request)("Removed."), "note") if chosen else gr.skip()]

    def load(self, choice: str, variants: list[Variant] | None, chosen: str | None) -> list[Any]:
        """Put the chosen variant into the boxes."""
        found = next((variant for variant in variants or [] if variant_key(variant) == chosen),
                     None)
        if found is None:
            return [gr.skip()] * (1 + WORD_BOXES)
        return [found["pattern"], *box_values(self.services.task(choice).schema, found["words"])]

    def show(self, request: gr.Request, choice: str, model: str, variants: list[Variant] | None,
             sample: str) -> list[Any]:
        """Measure all variants of the task on the same test examples, best first."""
        translate = translator(request)
        mine = [variant for variant in variants or [] if variant["task"] == choice]
        if not mine:
            return ["", gr.update(visible=False), gr.update(choices=[], value=None)]
        try:
            task = self.services.task(choice)
            table = self._table(mine, task, model, int(sample or 64), translate)
        except ClozeLabError as error:
            table = message(explain(error, translate))
        choices = [(variant_title(variant), variant_key(variant)) for variant in mine]
        return [table, gr.update(visible=True), gr.update(choices=choices, value=choices[-1][1])]

    def _table(self, variants: Sequence[Variant], task: Task, model: str, sample: int,
               translate: Translate) -> str:
        backbone = self.services.backbone(model)
        if task.schema.kind == "generation":
            return text_variants_table(variants, task, backbone, translate)
        examples = test_part(task, sample)
        rows: list[tuple[Variant, DatasetView]] = []
        for variant in variants:
            words = {name: ", ".join(chosen) for name, chosen in variant["words"].items()}
            question = read_question(variant["pattern"], words, task, backbone)
            rows.append((variant, look_at_examples(question, examples, backbone)))
        metric = rows[0][1].evaluation.metric
        rows.sort(key=lambda row: metric.order(row[1].evaluation.value))
        return variants_card(rows, metric, len(examples), translate)

    def share(self, request: gr.Request, choice: str, pattern: str, *words: str) -> list[Any]:
        """A link that opens the Lab with what is typed."""
        translate = translator(request)
        try:
            typed = typed_texts(self.services.task(choice).schema, words)
        except ClozeLabError as error:
            return [gr.update(visible=False), message(explain(error, translate))]
        chosen = {name: split_words(text) for name, text in typed.items()}
        link = pack({"task": choice, "pattern": pattern, "words": chosen})
        return [gr.update(value=link, visible=True),
                message(translate("The link is copied."), "good")]


def typed_words(schema: Schema, words: Sequence[str | None]) -> dict[str, list[str]]:
    """The words typed for each label, checked; empty for tasks without label words.

    Raises:
        VerbalizerError: a label has no word, or two labels have the same words.
    """
    if not schema.has_words:
        return {}
    typed = {name: split_words(text) for name, text in typed_texts(schema, words).items()}
    return Verbalizer.of(typed, schema.labels).as_dict()


def variants_card(rows: Sequence[tuple[Variant, DatasetView]], metric: Metric, examples: int,
                  translate: Translate) -> str:
    """A card with a row for each variant: its pattern, its words and how often it is right."""
    columns = ("Pattern", "Words", metric.title, "95 % interval", "Calibrated")
    heads = "".join(f'<th scope="col">{escape(translate(name))}</th>' for name in columns)
    body = "".join(_variant_row(variant, view, metric) for variant, view in rows)
    title = escape(translate("Variants, side by side"))
    over = escape(translate("zero-shot, over {n} test examples").format(n=examples))
    return (f'<div class="cl-card"><h3>{title}<span class="cl-over">{over}</span></h3>'
            '<div class="cl-scroll">'
            f'<table class="cl-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
            "</div></div>")


def _variant_row(variant: Variant, view: DatasetView, metric: Metric) -> str:
    calibrated = metric_text(view.calibrated.value, metric) if view.calibrated else ""
    return (f'<tr><td class="cl-mono">{escape(variant["pattern"])}</td>'
            f"<td>{escape(_words(variant))}</td>"
            f"<td><b>{metric_text(view.evaluation.value, metric)}</b></td>"
            f"<td>{interval_bar(view.evaluation)}</td><td>{calibrated}</td></tr>")


def keep_beside(kept: Sequence[Variant], new: Sequence[Variant],
                translate: Translate) -> tuple[list[Variant], str]:
    """The variants with the new ones that there is room for, and a message that counts these."""
    added = [variant for variant in new if variant not in kept][: MAX_VARIANTS - len(kept)]
    note = translate("Kept {n}. The Lab shows them side by side, and Train offers them.")
    return [*kept, *added], message(note.format(n=len(added)), "good")


def ask(pattern: str, words: Sequence[str], task: Task, services: Services,
        model: str) -> Question:
    """The question as typed: `words` holds what is in each box of label words."""
    typed = typed_texts(task.schema, words)
    return read_question(pattern or "", typed, task, services.backbone(model))


def variant_key(variant: Variant) -> str:
    """What a dropdown calls a variant."""
    return pack({"pattern": variant["pattern"], "words": variant["words"]})


def variant_title(variant: Variant) -> str:
    """A variant as people read it in a list."""
    return " · ".join(filter(None, (variant["pattern"], _words(variant))))


def _words(variant: Variant) -> str:
    return " / ".join(",".join(words) for words in variant["words"].values())
