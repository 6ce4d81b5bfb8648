"""`look`: one pattern, seen through the model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from core.commands.command import Command, Result, align
from core.commands.loading import backbones, task_within_limits
from core.errors import SpecError
from core.settings import Settings

if TYPE_CHECKING:
    from core.data.task import Example, Task
    from core.inspection import DatasetView, PromptView, Question
    from core.models.backbone import Backbone


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--task", required=True)
    parser.add_argument("--pattern", required=True)
    parser.add_argument("--words", default="", help='e.g. "negative=terrible;positive=great"; none '
                                                    "where examples bring their own answers")
    parser.add_argument("--text", help="ask about this text instead of the test part")
    parser.add_argument("--text-b", default="", help="the second text of a pair")
    parser.add_argument("--more", action="append", default=[], metavar="NAME: TEXT",
                        help="a further text")
    parser.add_argument("--model", default=None)
    parser.add_argument("--limit", type=int, default=None,
                        help="test rows to ask about (default: all)")
    written = parser.add_argument_group("where the answers are texts")
    written.add_argument("--max-tokens", type=int, default=64, help="the most tokens of a text")
    written.add_argument("--beams", type=int, default=1,
                         help="hypotheses of beam search; 1 writes greedily")
    written.add_argument("--temperature", type=float, default=0.0, help="above 0 samples")
    written.add_argument("--top-p", type=float, default=1.0,
                         help="samples from the most probable tokens that together have this "
                              "probability")
    written.add_argument("--seed", type=int, default=13, help="of sampling")


def _look(options: Namespace, settings: Settings) -> Result:
    from core.commands.look_at_texts import look_for_texts
    from core.inspection import look_at_examples, look_at_prompt
    from core.runs.execution import test_part

    task = task_within_limits(options.task, settings)
    backbone = backbones(settings).get(options.model or settings.model)
    question = _sound_question(options, task, backbone)
    if options.limit is not None and options.limit < 1:
        raise SpecError("--limit is {value}; it must be above 0.", value=options.limit)
    if task.schema.kind == "generation":
        typed = None if options.text is None else _typed_example(options, task)
        return look_for_texts(question, task, typed, options, backbone)
    if options.text is not None:
        return _of_prompt(look_at_prompt(question, _typed_example(options, task), backbone))
    return _of_examples(look_at_examples(question, test_part(task, options.limit), backbone))


def _sound_question(options: Namespace, task: Task, backbone: Backbone) -> Question:
    """The pattern and its words.

    Raises:
        InputError: they cannot be used with this task and model.
    """
    from core.inspection import read_question
    from core.prompts.verbalizer import Verbalizer

    words = {}
    if task.schema.has_words:
        words = Verbalizer.parse(options.words, task.schema.labels).as_dict()
    question = read_question(options.pattern, words, task, backbone)
    question.check()
    return question


def _typed_example(options: Namespace, task: Task) -> Example:
    from core.data.further_texts import parse_texts
    from core.data.task import Example

    more = parse_texts("\n".join(options.more), task.schema.columns)
    return Example(options.text, options.text_b, None, more)


def _of_prompt(view: PromptView) -> Result:
    words = [{"word": word.word, "probability": word.probability} for word in view.top_words[0]]
    labels = align((label, f"{probability:.1%}")
                   for label, probability in view.label_probabilities.items())
    probable = ", ".join(f"{word.word} {word.probability:.1%}" for word in view.top_words[0])
    document = {
        "tokens": view.tokens,
        "mask_positions": view.mask_positions,
        "top_words": words,
        "label_probabilities": view.label_probabilities,
    }
    text = f"{view.prompt.text()}\n{labels}\nmost probable words: {probable}"
    return Result(document, text)


def _of_examples(view: DatasetView) -> Result:
    measured, calibrated = view.evaluation, view.calibrated
    name = measured.metric.name
    document = {
        name: measured.value,
        "n": measured.n,
        "ci95": list(measured.interval or (None, None)),
        "confusion": measured.confusion,
        "label_probabilities_mean": view.label_probabilities_mean,
        f"calibrated_{name}": calibrated.value if calibrated else None,
    }
    return Result(document, _accuracy_line(view))


def _accuracy_line(view: DatasetView) -> str:
    measured, calibrated = view.evaluation, view.calibrated
    shown = measured.metric.shown
    line = f"{measured.metric.name} {shown(measured.value)}"
    if measured.interval:
        low, high = map(shown, measured.interval)
        line += f" (95 % {low} – {high})"
    line += f" over {measured.n} examples"
    return line + (f", calibrated {shown(calibrated.value)}" if calibrated else "")


COMMANDS = (
    Command("look", "ask a pattern about one text, or about a task's test part", _look,
            _add_arguments),
)
