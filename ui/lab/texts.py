"""The Lab for tasks whose answers are texts: what the model writes, while the question is typed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import gradio as gr

from core.data.further_texts import parse_texts
from core.data.task import Example, Schema, Task
from core.errors import ClozeLabError
from core.inspection import (
    FieldMarks,
    Question,
    TextView,
    look_at_text,
    mark_fields,
    read_question,
    read_source,
    stream_text,
    write_in_parts,
)
from core.models.backbone import Backbone
from core.models.decoding import Decoding
from ui.feedback import Translate, explain, problem, translator, waiting_panel
from ui.lab.beam_panels import tree_panel, ways_panel
from ui.lab.decoding import WAYS, DecodingBoxes, all_ways, decoding_of
from ui.lab.fields import FieldChips, fields_text
from ui.lab.measured import measured
from ui.lab.newest import NewestQuestion, Precedence
from ui.lab.panels import prompt_panel
from ui.lab.text_examples_panels import outdated, texts_panel
from ui.lab.text_panels import output_panel, read_view
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session

SAMPLES = (8, 16, 32, 64, 128, 256)
_SHOWN_SECONDS = 0.08  # between two states of a text that is being written
_WRITER = "mini-seq2seq"  # the bundled model that writes best
_NO_FIELDS = FieldMarks((), ())
_CLICKS = """
const pick = token => {
  element.querySelectorAll('.cl-picked').forEach(old => old.classList.remove('cl-picked'));
  token.classList.add('cl-picked');
  element.querySelectorAll('[data-of]').forEach(
    others => { others.hidden = others.dataset.of !== token.dataset.token; });
};
element.addEventListener('click', event => {
  const token = event.target.closest('[data-token]');
  const other = event.target.closest('[data-go]');
  if (token) pick(token);
  if (event.target.closest('[data-again]')) trigger('click', {ids: []});
  if (!other) return;
  const ids = element.querySelector('[data-ids]').dataset.ids.split(',').map(Number);
  trigger('click', {ids: [...ids.slice(0, Number(other.dataset.at)), Number(other.dataset.go)]});
});
element.addEventListener('keydown', event => {
  const token = event.target.closest('[data-token]');
  if (token && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault();
    pick(token);
  }
});
"""
Values = Sequence[Any]


class _Asked(NamedTuple):
    """What is asked about one example."""

    task: Task
    question: Question
    backbone: Backbone
    example: Example
    decoding: Decoding


class TextLab:
    """The text that a model writes, how it is written, and how good it is over many examples.

    Attributes:
        on: hidden; whether the task's answers are texts. Nothing is asked while it is not ticked.
    """

    def __init__(self, services: Services, session: Session) -> None:
        """Nothing yet: `place_controls` and `place_answers` make the components."""
        self.services, self.session = services, session
        self.on = gr.Checkbox(False, visible=False)
        self.replaced = gr.State("")  # the model that stood there before one that writes
        self._newest_text, self._newest_examples = NewestQuestion(), NewestQuestion()
        self._text_first = Precedence()  # before the texts for many examples

    def place_fields(self) -> None:
        """The source's fields, to edit."""
        self.fields = FieldChips()

    def place_controls(self) -> None:
        """How the text is written."""
        with gr.Column(visible=False) as self.controls:
            self.decoding = DecodingBoxes()
            self.compare = gr.Checkbox(False, label=label("Compare the three ways"),
                                       elem_id="compare-ways")

    def place_answers(self) -> None:
        """The text, the tree of the search, the ways side by side, and the metrics."""
        self.begun = gr.State({})  # {"of": what is asked, "ids": tokens that the text begins with}
        self.before = gr.State({})  # {"of": which example, "output": the text that stood there}
        self.measured = gr.State({})  # {"task", "of", "now", "before": {n: metrics}, "panel"}
        with gr.Column(visible=False) as self.answers:
            self.output = gr.HTML(elem_id="output-panel", js_on_load=_CLICKS)
            self.tree = gr.HTML(elem_id="tree-panel")
            self.ways = gr.HTML(elem_id="ways-panel")
            self.sample = gr.Dropdown(
                [str(n) for n in SAMPLES], value="16", elem_id="text-sample",
                label=label("Test examples written for while you type"))
            self.dataset = gr.HTML(elem_id="texts-panel")

    @property
    def opened(self) -> list[Any]:
        """What `open_task` fills."""
        return [self.on, self.fields.state, self.controls, self.answers]

    def open_task(self, page: str | None, schema: Schema) -> list[Any]:
        """Show or hide all of it; what is still written for another task ends."""
        self._newest_text.ask(page, None)
        self._newest_examples.ask(page, None)
        shown = schema.kind == "generation"
        fields = gr.skip() if shown else ""
        return [shown, fields, gr.update(visible=shown), gr.update(visible=shown)]

    def listen(self, pattern: gr.Textbox, texts: Sequence[gr.Textbox], position: gr.State,
               notices: Sequence[gr.HTML]) -> None:
        """Write again whenever something changes that the text depends on.

        Args:
            texts: the boxes of the example's texts.
            position: the example's place in the test part.
            notices: the message under the pattern, and the prompt's panel.
        """
        session, ways = self.session, self.decoding.boxes
        follow([self.on.change], self.fit_model, [self.on, session.model, self.replaced],
               [session.model, self.replaced])
        self.decoding.way.input(self.decoding.show, self.decoding.way,
                                list(self.decoding.numbers.values()), **QUIET)
        asked = [session.task, session.model, pattern, *texts, position, self.begun]
        changed = [pattern, *texts, self.begun, session.model, session.arrived, self.on]
        triggers = [box.change for box in (*changed, *ways)]
        one = {"only_if": self.on, "concurrency_id": "writing", "concurrency_limit": 2}
        follow([*triggers, self.sample.change], self.notice, [*asked, self.sample, *ways],
               [*notices, self.fields.state], only_if=self.on, concurrency_limit=4)
        follow(triggers, self.write, [*asked, self.before, *ways],
               [self.output, self.tree, self.before], **one)
        follow([*triggers, self.compare.change], self.write_in_three_ways,
               [*asked, self.compare, *ways], self.ways, **one)
        counted = (pattern, session.model, session.arrived, self.on, self.sample, *ways)
        follow([box.change for box in counted], self.watch_examples,
               [session.task, session.model, pattern, self.sample, self.measured, *ways],
               [self.dataset, self.measured], only_if=self.on,
               concurrency_id="writing for examples", concurrency_limit=2)
        self.output.click(self.go_on, asked[:6], self.begun, **QUIET)

    def fit_model(self, on: bool, model: str, replaced: str) -> list[Any]:
        """Choose a model that writes where one is needed, and the one before where it is not."""
        if not on:
            return [replaced if replaced and model == _WRITER else gr.skip(), ""]
        try:
            fits = self.services.backbone(model).family != "masked"
        except ClozeLabError:  # the panels say what is wrong
            fits = True
        return [gr.skip(), gr.skip()] if fits else [_WRITER, model]

    def notice(self, request: gr.Request, choice: str, model: str, pattern: str, *values: Any) -> (
            list[Any]):
        """What is wrong with the question, what the model reads, and the fields of the source.

        It answers at once, and ends what is still written for what was asked before.
        """
        translate, asked_about, (sample, *ways) = translator(request), values[:5], values[5:]
        page = request.session_hash
        self._newest_text.ask(page, (choice, model, pattern, (*asked_about, *ways)))
        self._newest_examples.ask(page, (choice, model, pattern, sample, *ways))
        try:
            asked = self._asked(choice, model, pattern, *values[:3], decoding_of(*ways))
        except Exception as error:
            return ["", _waiting("What the model reads", error, translate), gr.skip()]
        fields = fields_text(asked.example.text_a, translate)
        note = problem(asked.question.pattern_problem, translate)
        try:
            prompt = prompt_panel(read_view(_read(asked)), translate)
        except ClozeLabError as error:
            prompt = _waiting("What the model reads", error, translate)
        return [note, prompt, fields]

    def write(self, request: gr.Request, choice: str, model: str, pattern: str,
              *values: Any) -> Iterator[list[Any]]:
        """The text as it grows, and at last with its probabilities, and the tree of beams."""
        translate, newest = translator(request), self._newest_text
        (*texts, position, begun), before, ways = values[:5], values[5], values[6:]
        typed = (choice, model, pattern, (*values[:5], *ways))
        newest.ask(request.session_hash, typed)
        ids, page = _begun(begun, choice, model, pattern, texts), request.session_hash
        try:
            asked = self._asked(choice, model, pattern, *texts, decoding_of(*ways))
            beside = _Beside(asked, int(position or 0), before, len(ids))
            for view in self._growing(asked, ids, page):
                if not newest.is_newest(page, typed):
                    return
                yield [beside.panel(view, translate), tree_panel(view.tree, translate),
                       beside.after(view)]
        except Exception as error:
            yield [_waiting("What it writes", error, translate), "", gr.skip()]

    def _growing(self, asked: _Asked, begun: Sequence[int],
                 page: str | None) -> Iterator[TextView]:
        """The text as it grows, not more often than it can be read."""
        shown = 0.0
        self._text_first.claim(page)
        for view in stream_text(asked.question, asked.example, asked.backbone, asked.decoding,
                                begun=begun):
            self._text_first.claim(page)
            if view.done or time.monotonic() - shown > _SHOWN_SECONDS:
                shown = time.monotonic()
                yield view
        self._text_first.release(page)

    def write_in_three_ways(self, request: gr.Request, choice: str, model: str, pattern: str,
                            *values: Any) -> Iterator[str]:
        """The texts of the three ways, as they come."""
        (*texts, position, begun), on, ways = values[:5], values[5], values[6:]
        if not on:
            yield ""
            return
        translate, typed = translator(request), (choice, model, pattern, (*values[:5], *ways))
        ids = _begun(begun, choice, model, pattern, texts)
        found: dict[str, tuple[TextView, FieldMarks]] = {}
        try:
            for way, decoding in all_ways(ways).items():
                asked = self._asked(choice, model, pattern, *texts, decoding)
                view = look_at_text(asked.question, asked.example, asked.backbone, decoding,
                                    begun=ids)
                found[way] = view, mark_fields(view.output, asked.example.text_a, asked.task)
                if not self._newest_text.is_newest(request.session_hash, typed):
                    return
                references = _test_example(asked.task, int(position or 0)).references
                yield ways_panel(found, references, len(WAYS), translate)
        except Exception as error:
            yield _waiting("Three ways of writing", error, translate)

    def watch_examples(self, request: gr.Request, choice: str, model: str, pattern: str,
                       sample: str, known: dict[str, Any], *ways: Any) -> Iterator[list[Any]]:
        """Metrics over growing parts of the test examples, with the outputs."""
        translate, typed = translator(request), (choice, model, pattern, sample, *ways)
        self._newest_examples.ask(request.session_hash, typed)
        of = [model, pattern, *ways]
        before, now = _measured_before(known, choice, of), {}

        def wanted() -> bool:
            self._text_first.give_way(request.session_hash)
            return self._newest_examples.is_newest(request.session_hash, typed)

        yield [outdated(known.get("panel", "") if known.get("task") == choice else ""), gr.skip()]
        try:
            task, backbone = self.services.task(choice), self.services.backbone(model)
            question = read_question(pattern or "", {}, task, backbone)
            examples = measured(task, sample)
            for view in write_in_parts(question, examples, backbone, decoding_of(*ways), wanted):
                now = {**now, str(view.n): view.metrics}
                panel = texts_panel(view, before.get(str(view.n)), len(examples), len(task.test),
                                    translate)
                yield [panel, {"task": choice, "of": of, "now": now, "before": before,
                               "panel": panel}]
        except Exception as error:
            yield [_waiting("How good the texts are", error, translate), gr.skip()]

    def go_on(self, choice: str, model: str, pattern: str, text_a: str, text_b: str, more: str,
              event: gr.EventData) -> Any:
        """Go on from the token that was clicked."""
        try:
            ids = [int(token) for token in event.ids]
        except (AttributeError, TypeError, ValueError):
            return gr.skip()
        return {"of": [choice, model, pattern, text_a, text_b, more], "ids": ids}

    def _asked(self, choice: str, model: str, pattern: str, text_a: str, text_b: str, more: str,
               decoding: Decoding) -> _Asked:
        task, backbone = self.services.task(choice), self.services.backbone(model)
        question = read_question(pattern or "", {}, task, backbone)
        typed = parse_texts(more or "", task.schema.columns)
        return _Asked(task, question, backbone, Example(text_a or "", text_b or "", None, typed),
                      decoding)


class _Beside(NamedTuple):
    """What stands beside the text of a question."""

    asked: _Asked
    position: int
    before: dict[str, Any]
    begun: int

    @property
    def _place(self) -> str:
        return f"{self.asked.task.name} {self.position}"

    def panel(self, view: TextView, translate: Translate) -> str:
        """The text, the references of the example, and the fields of its source."""
        task, source = self.asked.task, self.asked.example.text_a
        given = _test_example(task, self.position)
        marks = mark_fields(view.output, source, task) if view.done else _NO_FIELDS
        before = self.before.get("output", "") if self.before.get("of") == self._place else ""
        return output_panel(view, before, given.references if view.done else (), marks, translate,
                            begun=self.begun, edited=source != given.text_a)

    def after(self, view: TextView) -> Any:
        """The text to compare the next one with."""
        return {"of": self._place, "output": view.output} if view.done else gr.skip()


def _read(asked: _Asked) -> TextView:
    """What the model reads, before it writes."""
    prompt, encoded = read_source(asked.question, asked.example, asked.backbone, asked.decoding)
    pieces = list(asked.backbone.tokenizer.convert_ids_to_tokens(encoded.ids))
    return TextView(prompt, pieces, encoded.origins, encoded.shortened)


def _begun(begun: dict[str, Any], choice: str, model: str, pattern: str,
           texts: Values) -> list[int]:
    """The tokens that the text begins with; none if something else is asked by now."""
    if (begun or {}).get("of") != [choice, model, pattern, *texts]:
        return []
    return list(begun["ids"])


def _measured_before(known: dict[str, Any], choice: str, of: list[Any]) -> dict[str, Any]:
    """The metrics before the last change of the question, by the number of examples."""
    if not known or known["task"] != choice:
        return {}
    before: dict[str, Any] = known["before" if known["of"] == of else "now"]
    return before


def _test_example(task: Task, position: int) -> Example:
    return task.test[position % len(task.test)] if task.test else Example("")


def _waiting(title: str, error: BaseException, translate: Translate) -> str:
    return waiting_panel(translate(title), explain(error, translate))
