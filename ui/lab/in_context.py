"""In-context learning in the Lab: answered examples as cards, to reorder, swap and remove."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from core.data.further_texts import parse_texts
from core.data.split import LM_BFF_SEEDS, draw_split
from core.data.task import Example, Task
from core.errors import ClozeLabError, SpecError
from core.inspection import Question, look_at_rendered, views_in_parts
from core.learning.in_context import draw_evenly, even_limits, in_context_predictor
from core.learning.prompting import PromptPredictor
from core.models.backbone import Backbone
from core.prompts.pvp import PVP
from ui.bars import bar, colour, found_percent, label_tag
from ui.feedback import Translate, explain, translator, waiting_panel
from ui.lab.measured import PART_SECONDS, measured
from ui.lab.newest import NewestQuestion
from ui.lab.panels import dataset_panel, prompt_card
from ui.lab.variants import ask
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session

MOST = 16  # demonstrations
_HINT = ("As GPT-3 was asked: nothing is trained. Move, swap or remove a card, and the answer and "
         "the accuracy follow.")
_CLICKS = """element.addEventListener('click', event => {
  const button = event.target.closest('button[data-act]');
  if (button) trigger('click', {act: button.dataset.act, at: Number(button.dataset.at)});
})"""
_ACTS = (("up", "↑", "Move up"), ("down", "↓", "Move down"), ("swap", "⇄", "Another of this label"),
         ("remove", "✕", "Remove"))


class _Asked(NamedTuple):
    """What is asked: the question, its demonstrations and how the answers are calibrated."""

    task: Task
    question: Question
    backbone: Backbone
    shown: list[Example]
    calibration: str

    def predictor(self) -> PromptPredictor:
        """The model with the demonstrations before every question."""
        self.question.check()
        pattern, verbalizer = self.question.pattern, self.question.verbalizer
        assert pattern is not None
        assert verbalizer is not None
        pvp = PVP(pattern, verbalizer)
        limits = even_limits(pvp, self.shown, self.task.train[:200], self.backbone)
        asked = in_context_predictor(self.backbone, pvp, lambda _: self.shown, limits)
        if self.calibration == "content-free":
            asked.calibrate_content_free()
        return asked


class InContextBoxes:
    """A switch, what is drawn from, the cards, and the answers with them."""

    def __init__(self, services: Services, session: Session) -> None:
        """Components only; `listen` connects them with the Lab's boxes."""
        self.services, self.session = services, session
        self._newest = NewestQuestion()
        self.on = gr.Checkbox(False, label=label("Write answered examples before the question"),
                              elem_id="in-context", info=label(_HINT))
        with gr.Row(visible=False, elem_classes="cl-options") as self.row:
            self.count = gr.Number(4, label=label("Demonstrations"), precision=0, minimum=1,
                                   maximum=MOST, min_width=120, elem_id="in-context-count")
            self.shots = gr.Number(16, label=label("Shots: K examples per label"), precision=0,
                                   minimum=1, maximum=256, min_width=120,
                                   elem_id="in-context-shots")
            self.seed = gr.Number(LM_BFF_SEEDS[0], label=label("Seed"), precision=0, minimum=0,
                                  min_width=120, elem_id="in-context-seed")
            self.calibration = gr.Dropdown(
                [(label("no calibration"), "off"), (label("by N/A, an empty text and [MASK]"),
                                                     "content-free")],
                value="off", label=label("Calibration"), min_width=160,
                elem_id="in-context-calibration")
        self.order = gr.State([])  # places in the drawn training examples
        self.cards = gr.HTML(elem_id="in-context-cards", js_on_load=_CLICKS)
        self.answer = gr.HTML(elem_id="in-context-answer")
        self.dataset = gr.HTML(elem_id="in-context-dataset")

    def listen(self, pattern: gr.Textbox, texts: Sequence[gr.Textbox], sample: gr.Dropdown,
               words: Sequence[gr.Textbox], live: dict[str, Any]) -> None:
        """Ask again whenever something changes that the prompt is made of."""
        session = self.session
        drawn = [session.task, self.shots, self.seed]
        follow([box.change for box in (self.on, self.count, *drawn)], self.draw,
               [self.on, self.count, *drawn],
               [self.row, self.order, self.cards, self.answer, self.dataset])
        self.cards.click(self.act, [self.order, *drawn], self.order, **QUIET)
        asked = [self.order, *drawn, self.calibration, session.model, pattern]
        models = [session.model, session.arrived]
        watched = [self.order, self.calibration, *models, pattern, *texts, *words]
        follow([box.change for box in watched], self.watch, [*asked, *texts, *words],
               [self.cards, self.answer], only_if=self.on, **live)
        counted = [self.order, self.calibration, *models, pattern, sample, *words]
        follow([box.change for box in counted], self.count_right, [*asked, sample, *words],
               self.dataset, only_if=self.on, **live)

    def draw(self, request: gr.Request, on: bool, count: float | None, choice: str,
             shots: float | None, seed: float | None) -> list[Any]:
        """Draw demonstrations anew, spread evenly over the labels; show none while it is off."""
        if not on:
            self._newest.ask(request.session_hash, None)  # ends what is still measured
            return [gr.update(visible=False), [], "", "", ""]
        unchanged = [gr.skip()] * 3
        try:
            train = self._train(choice, shots, seed)
            wanted = min(max(int(count or 1), 1), MOST)
            drawn = draw_evenly(train, self.services.task(choice).schema.labels, wanted,
                                int(seed or 0))
            order = [train.index(example) for example in drawn]
        except ClozeLabError:  # `watch` says what is wrong
            order = [-1]
        return [gr.update(visible=True), order, *unchanged]

    def act(self, order: list[int], choice: str, shots: float | None, seed: float | None,
            event: gr.EventData) -> Any:
        """Move, swap or remove a card, or add one."""
        try:
            train = self._train(choice, shots, seed)
            return changed(order, str(event.act), int(event.at), [each.label for each in train])
        except (ClozeLabError, AttributeError, TypeError, ValueError):
            return gr.skip()

    def watch(self, request: gr.Request, order: list[int], choice: str, shots: float | None,
              seed: float | None, calibration: str, model: str, pattern: str, text_a: str,
              text_b: str, more: str, *words: str) -> list[str]:
        """The cards, and the answer about the text in the Lab."""
        if not order:
            return ["", ""]
        translate = translator(request)
        try:
            asked = self._asked(order, choice, shots, seed, calibration, model, pattern, words)
        except ClozeLabError as error:
            return [waiting_panel(translate("In context"), explain(error, translate)), ""]
        cards = cards_panel(asked.shown, asked.task.schema.labels, translate)
        try:
            typed = parse_texts(more or "", asked.task.schema.columns)
            example = Example(text_a or "", text_b or "", None, typed)
            return [cards, _answer(asked, example, translate)]
        except ClozeLabError as error:
            return [cards, waiting_panel(translate("In context"), explain(error, translate))]

    def count_right(self, request: gr.Request, order: list[int], choice: str, shots: float | None,
                    seed: float | None, calibration: str, model: str, pattern: str, sample: str,
                    *words: str) -> Iterator[Any]:
        """Accuracy with these demonstrations, in growing parts."""
        typed = (tuple(order), choice, shots, seed, calibration, model, pattern, words)
        self._newest.ask(request.session_hash, typed)
        if not order:
            yield ""
            return
        translate, shown = translator(request), time.monotonic()
        try:
            asked = self._asked(order, choice, shots, seed, calibration, model, pattern, words)
            examples, predictor = measured(asked.task, sample), asked.predictor()
            for view in views_in_parts(predictor.log_probs, examples, predictor.pvp.verbalizer):
                if not self._newest.is_newest(request.session_hash, typed):
                    return
                whole = view.evaluation.n == len(examples)
                if whole or time.monotonic() - shown > PART_SECONDS:
                    yield dataset_panel(view, asked.task, len(examples), translate,
                                        translate("How often it is right in context"))
                    shown = time.monotonic()
        except ClozeLabError:
            yield ""  # `watch` says what is wrong

    def _train(self, choice: str, shots: float | None, seed: float | None) -> list[Example]:
        if shots is None or seed is None:
            raise SpecError("The shots and the seed must be whole numbers.")
        return list(draw_split(self.services.task(choice), int(shots), int(seed)).train)

    def _asked(self, order: Sequence[int], choice: str, shots: float | None, seed: float | None,
               calibration: str, model: str, pattern: str, words: Sequence[str]) -> _Asked:
        task, backbone = self.services.task(choice), self.services.backbone(model)
        if not task.schema.has_words:
            raise SpecError("Demonstrations show an example of each label, and each example of "
                            "this task brings its own answers. Leave them off.")
        if backbone.family == "seq2seq":
            raise SpecError("Answered examples are written before the question for masked and "
                            "causal models; {model!r} is a seq2seq model.", model=backbone.name)
        train = self._train(choice, shots, seed)
        shown = [train[place] for place in order if 0 <= place < len(train)]
        question = ask(pattern, words, task, self.services, model)
        return _Asked(task, question, backbone, shown, calibration)


def changed(order: Sequence[int], act: str, at: int, labels: Sequence[str | None]) -> list[int]:
    """The places of the demonstrations after a click; `labels` are those of all that can be shown.

    Raises:
        ValueError: there is no such act or card.
    """
    new = list(order)
    if act == "add":
        unused = [place for place in range(len(labels)) if place not in new]
        return [*new, *unused[:1]][:MOST]
    if not 0 <= at < len(new):
        raise ValueError(at)
    if act == "remove":
        return [place for place in new if place != new[at]] if len(new) > 1 else new
    if act == "swap":
        new[at] = _another(new, new[at], labels)
        return new
    other = at + {"up": -1, "down": 1}.get(act, len(new))
    if act not in ("up", "down"):
        raise ValueError(act)
    if 0 <= other < len(new):
        new[at], new[other] = new[other], new[at]
    return new


def _another(used: Sequence[int], place: int, labels: Sequence[str | None]) -> int:
    """The next place with an example of the same label that is not shown yet; else the same."""
    following = [*range(place + 1, len(labels)), *range(place)]
    return next((other for other in following
                 if labels[other] == labels[place] and other not in used), place)


def cards_panel(shown: Sequence[Example], labels: Sequence[str], translate: Translate) -> str:
    """The demonstrations in their order, each with its buttons."""
    cards = "".join(_card(at, example, labels, translate) for at, example in enumerate(shown))
    add = escape(translate("Add another"))
    return (f'<div class="cl-card"><h3>{escape(translate("Before the question, in this order"))}'
            f'</h3><ol class="cl-shown">{cards}</ol>'
            f'<button type="button" class="cl-act" data-act="add" data-at="0">+ {add}</button>'
            "</div>")


def _card(at: int, example: Example, labels: Sequence[str], translate: Translate) -> str:
    name = str(example.label)
    text = " ▪ ".join(filter(None, (example.text_a, example.text_b)))
    buttons = "".join(
        f'<button type="button" class="cl-act" data-act="{act}" data-at="{at}" '
        f'title="{escape(translate(title))}" aria-label="{escape(translate(title))} {at + 1}">'
        f"{sign}</button>" for act, sign, title in _ACTS)
    return (f'<li><span class="cl-shown-text">{label_tag(name, labels.index(name))} '
            f'{escape(text)}</span><span class="cl-acts">{buttons}</span></li>')


def _answer(asked: _Asked, example: Example, translate: Translate) -> str:
    """The label probabilities, and the whole prompt."""
    predictor, labels = asked.predictor(), asked.task.schema.labels
    prompt = look_at_rendered(predictor.prompt(example), asked.question, asked.backbone,
                              predictor.limits)
    shares = np.exp(predictor.log_probs([example])[0]).tolist()
    bars = "".join(bar(name, share, colour(labels.index(name)), found_percent(share))
                   for name, share in zip(labels, shares, strict=True))
    return (f'<div class="cl-card"><h3>{escape(translate("Labels, asked in context"))}</h3>{bars}'
            "</div>" + prompt_card(prompt, translate("The whole prompt"), translate))
