"""The Lab: edit a pattern and its label words, and see the model's answers at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.data.further_texts import format_texts, parse_texts
from core.data.task import Example, Schema, Task
from core.errors import ClozeLabError
from core.inspection import Question, look_at_prompt, look_in_parts
from core.prompts.library import suggested
from ui.feedback import Translate, explain, message, problem, translator, waiting_panel
from ui.lab.demonstrations import DemonstrationBoxes
from ui.lab.in_context import InContextBoxes
from ui.lab.measured import PART_SECONDS, SAMPLES, measured
from ui.lab.newest import NewestQuestion
from ui.lab.panels import answer_panel, dataset_panel, prompt_panel
from ui.lab.template_import import TemplateImport
from ui.lab.texts import TextLab
from ui.lab.variants import Variants, ask
from ui.lab.words import ROWS, WORD_BOXES, are_many, box_values
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session, unpack

_FIELDS = ("{text_a}", "{mask}", "{sep}", "{text_b}")  # the last for pairs alone
_NO_WORDS = "Each example brings its own answers, so there are no label words."
_FURTHER = 6  # further texts that have a button
_INSERT = """() => {{ const box = document.querySelector('#pattern textarea');
  const field = document.querySelector('#insert-{at}').innerText.trim();
  box.setRangeText(field, box.selectionStart, box.selectionEnd, 'end');
  box.dispatchEvent(new Event('input', {{bubbles: true}})); box.focus(); }}"""


@dataclass
class Boxes:
    """The Lab's components."""

    pattern: gr.Textbox
    pattern_note: gr.HTML
    library: gr.Dropdown
    words: list[gr.Textbox]
    word_notes: list[gr.HTML]
    words_note: gr.HTML
    text_a: gr.Textbox
    text_b: gr.Textbox
    more: gr.Textbox
    insert: list[gr.Button]
    position: gr.State
    gold: gr.HTML
    sample: gr.Dropdown
    prompt: gr.HTML
    answer: gr.HTML
    dataset: gr.HTML


class Lab:
    """The tab and what answers its events."""

    def __init__(self, services: Services, session: Session) -> None:
        self.services = services
        self.session = session
        self._newest = NewestQuestion()
        self.texts = TextLab(services, session)
        self._by_label = gr.Checkbox(True, visible=False)
        with gr.Row(elem_classes="cl-columns", equal_height=False):
            with gr.Column(scale=5, min_width=340):
                pattern, note, library, insert = self._pattern_boxes()
                templates = TemplateImport(services, session)
                with gr.Column() as self._words:
                    words, word_notes, words_note = self._word_boxes()
                text_a, text_b, more, gold, moves = self._example_boxes()
                self.texts.place_controls()
                self.variants = Variants(services, session)
            with gr.Column(scale=6, min_width=340):
                prompt = gr.HTML(elem_id="prompt-panel")
                with gr.Column() as self._answers:
                    answer, sample, dataset = self._answer_boxes()
                self.texts.place_answers()
        position = gr.State(0)
        self.boxes = Boxes(pattern, note, library, words, word_notes, words_note, text_a, text_b,
                           more, insert, position, gold, sample, prompt, answer, dataset)
        self.variants.place_table(pattern, words, sample)
        templates.listen(pattern, words)
        self._listen(moves)

    def _answer_boxes(self) -> tuple[gr.HTML, gr.Dropdown, gr.HTML]:
        answer = gr.HTML(elem_id="answer-panel")
        self.demonstrations = DemonstrationBoxes(self.services, self.session)
        self.in_context = InContextBoxes(self.services, self.session)
        sample = gr.Dropdown([str(n) for n in SAMPLES], value=str(SAMPLES[0]), elem_id="sample",
                             label=label("Test examples measured while you type"))
        dataset = gr.HTML(elem_id="dataset-panel")
        return answer, sample, dataset

    def _pattern_boxes(self) -> tuple[gr.Textbox, gr.HTML, gr.Dropdown, list[gr.Button]]:
        info = label("Put a mask where the answer belongs; the model fills it in as you type.")
        pattern = gr.Textbox(label=label("Pattern"), lines=2, max_lines=8, elem_id="pattern",
                             max_length=4000, info=info)
        note = gr.HTML(elem_id="pattern-note", elem_classes="cl-note-slot")
        with gr.Row(elem_classes="cl-chips"):
            insert = [gr.Button(field, size="sm", min_width=60, elem_classes="cl-chip",
                                elem_id=f"insert-{index}", visible=index < len(_FIELDS) - 1)
                      for index, field in enumerate((*_FIELDS, *[""] * _FURTHER))]
        library = gr.Dropdown([], label=label("Take one from the papers"), elem_id="library",
                              interactive=True)
        return pattern, note, library, insert

    def _word_boxes(self) -> tuple[list[gr.Textbox], list[gr.HTML], gr.HTML]:
        words, notes = [], []
        with gr.Group(elem_id="words"):
            gr.Markdown(label("Label words"), elem_classes="cl-group-title")
            for index in range(ROWS):
                words.append(gr.Textbox(
                    label=f"label {index}", visible=index < 2, elem_id=f"words-{index}",
                    max_length=400, elem_classes="cl-words"))
                notes.append(gr.HTML(
                    visible=index < 2, elem_id=f"words-note-{index}", elem_classes="cl-note-slot"))
            words.append(gr.Textbox(
                label=label("Words of all labels, a label a line"), visible=False, lines=8,
                max_lines=20, elem_id="words-all", max_length=100_000, elem_classes="cl-words"))
        note = gr.HTML(elem_id="words-note", elem_classes="cl-note-slot")
        return words, notes, note

    def _example_boxes(self) -> tuple[gr.Textbox, gr.Textbox, gr.Textbox, gr.HTML,
                                      dict[str, gr.Button]]:
        text_a = gr.Textbox(label=label("Text: an example, or your own"), lines=3, max_lines=10,
                            elem_id="text-a", max_length=20000)
        text_b = gr.Textbox(label=label("Second text"), lines=2, max_lines=10, visible=False,
                            elem_id="text-b", max_length=20000)
        more = gr.Textbox(label=label("Further texts"), lines=2, max_lines=10, visible=False,
                          elem_id="more", max_length=20000,
                          info=label("A pattern shows them by their names, in braces."))
        self.texts.place_fields()
        gold = gr.HTML(elem_id="gold")
        with gr.Row(elem_classes="cl-chips"):
            moves = {name: gr.Button(label(name), size="sm", min_width=80)
                     for name in ("Previous", "Next", "Another")}
        return text_a, text_b, more, gold, moves

    def _listen(self, moves: dict[str, gr.Button]) -> None:
        boxes, session = self.boxes, self.session
        for index, button in enumerate(boxes.insert):
            button.click(None, js=_INSERT.format(at=index))
        self._follow_typing()
        session.task.input(self.open_task, session.task, self.opened, **QUIET)
        boxes.library.input(self.take_published, [session.task, boxes.library],
                            [boxes.pattern, *boxes.words], **QUIET)
        example = [boxes.text_a, boxes.text_b, boxes.more, boxes.position, boxes.gold]
        for name, button in moves.items():
            button.click(self.move, [session.task, boxes.position, gr.State(name)], example,
                         **QUIET)

    def _follow_typing(self) -> None:
        """Answer again whenever the pattern, the words, the texts or the model change."""
        boxes, session = self.boxes, self.session
        texts = [boxes.text_a, boxes.text_b, boxes.more]
        asked = [session.task, session.model, boxes.pattern]
        live: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 2}
        by_label = {**live, "only_if": self._by_label}
        models = [session.model, session.arrived]
        switch = self._by_label
        follow([box.change for box in [boxes.pattern, *texts, *boxes.words, *models, switch]],
               self.watch_prompt, [*asked, *texts, *boxes.words],
               [boxes.pattern_note, boxes.words_note, *boxes.word_notes, boxes.prompt,
                boxes.answer], **by_label)
        follow([box.change for box in [boxes.pattern, *boxes.words, *models, switch, boxes.sample]],
               self.watch_examples, [*asked, boxes.sample, *boxes.words], boxes.dataset, **by_label)
        self.texts.listen(boxes.pattern, texts, boxes.position,
                          [boxes.pattern_note, boxes.prompt])
        self.demonstrations.listen(boxes.pattern, *texts, boxes.words, live)
        self.in_context.listen(boxes.pattern, texts, boxes.sample, boxes.words, live)

    @property
    def opened(self) -> list[gr.components.Component]:
        """What `open_task` and `first_look` fill."""
        boxes = self.boxes
        return [boxes.pattern, boxes.library, boxes.text_a, boxes.text_b, boxes.more,
                boxes.position, boxes.gold, *boxes.words, *boxes.word_notes,
                *boxes.insert[len(_FIELDS) - 1 :], self._by_label, self._words, self._answers,
                *self.texts.opened]

    def first_look(self, request: gr.Request, choice: str) -> list[Any]:
        """What the Lab shows when the page opens: the question in its link, or a suggestion."""
        link = request.query_params.get("p", "")
        return self.open_task(request, choice, unpack(link) if link else None)

    def open_task(self, request: gr.Request, choice: str,
                  shared: dict[str, Any] | None = None) -> list[Any]:
        """Fill the boxes for a task: its labels, a suggested pattern and its first example."""
        translate = translator(request)
        try:
            task = self.services.task(choice)
        except ClozeLabError as error:
            gr.Warning(explain(error, translate))
            return [gr.skip()] * len(self.opened)
        pvps = suggested(task.name, task.schema)
        first = shared or {"pattern": pvps[0].pattern, "words": pvps[0].words}
        by_label = task.schema.kind != "generation"
        choices = [(f"{pvp.pattern}  ·  {pvp.source}", str(index))
                   for index, pvp in enumerate(pvps)]
        return [
            gr.update(value=str(first.get("pattern", ""))), gr.update(choices=choices, value=None),
            *self._example(task, 0, translate), *_word_rows(task.schema, first.get("words", {})),
            gr.update(visible=task.schema.pairs), *_further_fields(task.schema), by_label,
            *[gr.update(visible=by_label)] * 2,
            *self.texts.open_task(request.session_hash, task.schema),
        ]

    def _example(self, task: Task, position: int, translate: Translate) -> list[Any]:
        example = task.test[position]
        return [example.text_a, gr.update(value=example.text_b, visible=task.schema.pairs),
                gr.update(value=format_texts(example.more), visible=bool(task.schema.columns)),
                position, message(_answer_note(task, position, translate), "note")]

    def move(self, choice: str, position: int, way: str, request: gr.Request) -> list[Any]:
        """Show the previous, the next or another example."""
        task = self.services.task(choice)
        step = {"Previous": -1, "Next": 1, "Another": 37}[way]
        return self._example(task, (position + step) % len(task.test), translator(request))

    def take_published(self, choice: str, chosen: str | None) -> list[Any]:
        """Put a published pattern and its words into the boxes, if one of this task is chosen."""
        task = self.services.task(choice)
        pvps = suggested(task.name, task.schema)
        if chosen not in {str(index) for index in range(len(pvps))}:
            return [gr.skip()] * (1 + WORD_BOXES)
        pvp = pvps[int(chosen)]
        return [pvp.pattern, *box_values(task.schema, pvp.words)]

    def watch_prompt(self, request: gr.Request, choice: str, model: str, pattern: str, text_a: str,
                     text_b: str, more: str, *words: str) -> list[Any]:
        """Messages under the boxes, the prompt and the model's answer to it."""
        translate = translator(request)
        self._newest.ask(request.session_hash, (choice, model, pattern, words))
        try:
            task = self.services.task(choice)
            question = ask(pattern, words, task, self.services, model)
        except Exception as error:
            return [*[gr.skip()] * (2 + ROWS), _no_prompt(error, translate), ""]
        notes = _notes(question, task, translate)
        try:
            typed = parse_texts(more or "", task.schema.columns)
            view = look_at_prompt(question, Example(text_a or "", text_b or "", None, typed),
                                  self.services.backbone(model))
        except ClozeLabError as error:
            notes[0] = notes[0] or problem(error, translate)
            return [*notes, _no_prompt(error, translate), ""]
        return [*notes, prompt_panel(view, translate),
                answer_panel(view, task.schema.labels, translate)]

    def watch_examples(self, request: gr.Request, choice: str, model: str, pattern: str,
                       sample: str, *words: str) -> Iterator[Any]:
        """Accuracy over many test examples, as it is with what is typed now.

        What takes long is shown in growing parts, and ends when the page asks something else.
        """
        translate, typed = translator(request), (choice, model, pattern, words)
        self._newest.ask(request.session_hash, typed)
        shown = time.monotonic()
        try:
            task = self.services.task(choice)
            question = ask(pattern, words, task, self.services, model)
            examples = measured(task, sample)
            for view in look_in_parts(question, examples, self.services.backbone(model)):
                if not self._newest.is_newest(request.session_hash, typed):
                    return
                if view.evaluation.n == len(examples) or time.monotonic() - shown > PART_SECONDS:
                    yield dataset_panel(view, task, len(examples), translate)
                    shown = time.monotonic()
        except Exception as error:
            yield waiting_panel(translate("How often it is right"), explain(error, translate))


def _notes(question: Question, task: Task, translate: Translate) -> list[str]:
    """Messages under the pattern, under all words and under each label's words."""
    problems = question.word_problems or {}
    whole, rows = problem(problems.get(""), translate), []
    if are_many(task.schema):
        whole = problem(next(iter(problems.values()), None), translate)
    elif task.schema.has_words:
        rows = [problem(problems.get(name), translate) for name in task.schema.labels]
    else:
        whole = message(translate(_NO_WORDS), "note")
    return [problem(question.pattern_problem, translate), whole, *rows, *[""] * (ROWS - len(rows))]


def _answer_note(task: Task, position: int, translate: Translate) -> str:
    """Which test example it is, and its label or how many references it has."""
    example, count = task.test[position], len(task.test)
    if task.schema.kind != "generation":
        return translate("Test example {at} of {n}, label {label}").format(
            at=position + 1, n=count, label=example.label)
    return translate("Test example {at} of {n}, with {references} references").format(
        at=position + 1, n=count, references=len(example.references))


def _no_prompt(error: BaseException, translate: Translate) -> str:
    return waiting_panel(translate("What the model reads"), explain(error, translate))


def _word_rows(schema: Schema, words: Mapping[str, Sequence[str]]) -> list[Any]:
    """What is in each box of label words and in the note under it; boxes without a label hide."""
    many = are_many(schema)
    labels = schema.labels if schema.has_words and not many else ()
    *values, all_words = box_values(schema, words)
    rows = [gr.update(label=name, value=value, visible=True)
            for name, value in zip(labels, values, strict=False)]
    spare = [gr.update(value="", visible=False)] * (ROWS - len(labels))
    notes = [gr.update(value="", visible=index < len(labels)) for index in range(ROWS)]
    return [*rows, *spare, gr.update(value=all_words, visible=many), *notes]


def _further_fields(schema: Schema) -> list[Any]:
    """A button for each further text of the task."""
    names = schema.columns[:_FURTHER]
    buttons = [gr.update(value="{" + name + "}", visible=True) for name in names]
    return [*buttons, *[gr.update(value="", visible=False)] * (_FURTHER - len(names))]
