"""Demonstrations in the Lab: answered examples beside the text, their similarity, their effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from core.data.further_texts import parse_texts
from core.data.split import LM_BFF_SEEDS, draw_split
from core.data.task import Example
from core.errors import ClozeLabError, SpecError
from core.inspection import look_at_prompt
from core.learning.demonstration_view import DemonstrationView, look_at_demonstrations
from core.learning.demonstrations import Demonstrations
from core.learning.fine_tuning import PromptFineTuningOptions
from core.learning.options import read_options
from ui.bars import bar, colour, found_percent, label_tag
from ui.feedback import Translate, explain, translator, waiting_panel
from ui.form import controls
from ui.lab.panels import prompt_card
from ui.lab.variants import ask
from ui.languages import label
from ui.live import follow
from ui.services import Services
from ui.session import Session

_OPTIONS = ("contexts", "similar", "demonstration_tokens")
_HINT = ("One answered example of each label, drawn from those most like the text by "
         "Sentence-BERT. Another text brings others; training draws anew at every step.")


class DemonstrationBoxes:
    """A switch, what is drawn from, and a card of what was drawn."""

    def __init__(self, services: Services, session: Session) -> None:
        """Components only; `listen` connects them with the Lab's boxes."""
        self.services, self.session = services, session
        self.on = gr.Checkbox(False, label=label("Show demonstrations beside the question"),
                              elem_id="demonstrate", info=label(_HINT))
        with gr.Row(visible=False, elem_classes="cl-options") as self.row:
            self.shots = gr.Number(16, label=label("Shots: K examples per label"), precision=0,
                                   minimum=2, maximum=256, min_width=140,
                                   elem_id="demonstrations-shots")
            self.seed = gr.Number(LM_BFF_SEEDS[0], label=label("Seed"), precision=0, minimum=0,
                                  min_width=140, elem_id="demonstrations-seed")
            self.options = controls(PromptFineTuningOptions, "demonstrations", _OPTIONS)
        self.card = gr.HTML(elem_id="demonstrations-panel")

    def listen(self, pattern: gr.Textbox, text_a: gr.Textbox, text_b: gr.Textbox, more: gr.Textbox,
               words: Sequence[gr.Textbox], live: dict[str, Any]) -> None:
        """Look again whenever something changes that the prompt is made of."""
        session, drawn = self.session, [self.shots, self.seed, *self.options.values()]
        watched = [session.task, session.model, session.arrived, pattern, text_a, text_b, more,
                   *words, *drawn]
        asked = [self.on, session.task, session.model, pattern, text_a, text_b, more, *drawn,
                 *words]
        shown = [self.row, self.card]
        follow([self.on.change], self.watch, asked, shown, **live)
        follow([box.change for box in watched], self.watch, asked, shown, only_if=self.on, **live)

    def watch(self, request: gr.Request, on: bool, choice: str, model: str, pattern: str,
              text_a: str, text_b: str, more: str, shots: float | None, seed: float | None,
              *rest: Any) -> list[Any]:
        """What is drawn from, and the card; nothing while the switch is off."""
        if not on:
            return [gr.update(visible=False), ""]
        translate = translator(request)
        try:
            typed = parse_texts(more or "", self.services.task(choice).schema.columns)
            example = Example(text_a or "", text_b or "", None, typed)
            card = self._card(choice, model, pattern, example, shots, seed, rest, translate)
        except ClozeLabError as error:
            card = waiting_panel(translate("With demonstrations"), explain(error, translate))
        return [gr.update(visible=True), card]

    def _card(self, choice: str, model: str, pattern: str, example: Example,
              shots: float | None, seed: float | None, rest: Sequence[Any],
              translate: Translate) -> str:
        values, words = rest[: len(self.options)], rest[len(self.options) :]
        if shots is None or seed is None:
            raise SpecError("The shots and the seed must be whole numbers.")
        options = self._read_options(values)
        task, backbone = self.services.task(choice), self.services.backbone(model)
        if not task.schema.has_words:
            raise SpecError("Demonstrations show an example of each label, and each example of "
                            "this task brings its own answers. Leave them off.")
        question = ask(pattern, words, task, self.services, model)
        train = draw_split(task, int(shots), int(seed)).train
        demonstrations = Demonstrations(train, options.contexts, options.similar,
                                        options.demonstration_tokens, int(seed))
        view = look_at_demonstrations(question, example, demonstrations, backbone)
        alone = look_at_prompt(question, example, backbone).label_probabilities
        return demonstrations_card(view, alone, task.schema.labels, options.contexts, translate)

    def _read_options(self, values: Sequence[Any]) -> PromptFineTuningOptions:
        """The options from the values of their boxes; empty boxes stand for the defaults."""
        given = {name: value for name, value in zip(self.options, values, strict=True)
                 if value is not None}
        return read_options(PromptFineTuningOptions, {**given, "demonstrations": True}, "lm-bff")


def demonstrations_card(view: DemonstrationView, alone: dict[str, float], labels: Sequence[str],
                        contexts: int, translate: Translate) -> str:
    """The demonstrations with their similarity, the answer with and without them, the prompt."""
    columns = ("Label", "Demonstration", "Similarity", "Drawn from")
    heads = "".join(f'<th scope="col">{escape(translate(name))}</th>' for name in columns)
    rows = "".join(_demonstration_row(example, similarity, view, labels)
                   for example, similarity in view.shown)
    with_them = translate("Labels, mean of {n} draws").format(n=contexts)
    answers = (_answers(with_them, view.label_probabilities, labels)
               + _answers(translate("Labels without demonstrations"), alone, labels))
    return (f'<div class="cl-card"><h3>{escape(translate("With demonstrations"))}</h3>'
            '<div class="cl-scroll">'
            f'<table class="cl-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
            f'</div><div class="cl-halves">{answers}</div></div>'
            + prompt_card(view.prompt, translate("The whole prompt of the first draw"), translate))


def _demonstration_row(example: Example, similarity: float, view: DemonstrationView,
                       labels: Sequence[str]) -> str:
    name = str(example.label)
    text = " ▪ ".join(filter(None, (example.text_a, example.text_b)))
    return (f"<tr><td>{label_tag(name, labels.index(name))}</td><td>{escape(text)}</td>"
            f"<td>{similarity:.2f}</td><td>{view.candidates[name]}</td></tr>")


def _answers(title: str, probabilities: Mapping[str, float], labels: Sequence[str]) -> str:
    bars = "".join(bar(name, share, colour(labels.index(name)), found_percent(share))
                   for name, share in probabilities.items())
    return f'<div class="cl-half"><h4>{escape(title)}</h4>{bars}</div>'
