"""What a model writes in one of T5's formats for many labelled examples: any prefix can be tried.

Outputs are kept for recent prompts, so that only what changed is written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data.task import Example, Task
from core.errors import SpecError
from core.inspection.memory import remembered
from core.metrics.answers import LabelAnswers, written_log_probs
from core.metrics.evaluation import Evaluation, evaluate
from core.models.backbone import Backbone
from core.models.decoding import text_of
from core.models.families import Family
from core.models.source_target import answer_decoding, encode_sources
from core.models.writing import write
from core.prompts.pattern import Pattern
from core.prompts.text_formats import AUTO, fitting_format, format_named, named_prefix


@dataclass(frozen=True)
class TextQuestion:
    """A pattern whose answer is written, and what is written for each label.

    Attributes:
        pattern: ends in its `{mask}`.
        words: label and word, in the order of the labels.
    """

    pattern: Pattern
    words: tuple[tuple[str, str], ...]

    @property
    def answers(self) -> list[str]:
        """The texts that are labels."""
        return [word for _, word in self.words]


@dataclass(frozen=True)
class WrittenAnswers:
    """What was written for N examples.

    Attributes:
        outputs: the texts.
        labels: the label that each is, letter by letter; None for an invalid output.
        evaluation: accuracy with its interval, confusion; an invalid output counts as wrong.
    """

    outputs: tuple[str, ...]
    labels: tuple[str | None, ...]
    evaluation: Evaluation

    @property
    def invalid(self) -> float:
        """The share of outputs that are no label."""
        return self.labels.count(None) / max(1, len(self.labels))


def text_question(task: Task, family: Family, *, form: str = AUTO,
                  prefix: str = AUTO) -> TextQuestion:
    """The question that a task is in one of T5's formats.

    Args:
        form: the name of the format; auto finds the task's own.
        prefix: stands before the texts; auto is the format's own, none leaves it out.

    Raises:
        SpecError: a task without labels, or one that the format does not fit.
    """
    schema = task.schema
    form = fitting_format(task.name, schema) if form == AUTO else form
    found = format_named(form, schema)
    found.check(form, schema)
    if not schema.labels:
        raise SpecError("Written labels need a task with labels; {task!r} has none.",
                        task=task.name)
    if form == "task" and prefix == AUTO:
        prefix = named_prefix(task.name, schema)
    pattern = found.pattern(prefix, causal=family == "causal")
    return TextQuestion(pattern, tuple(found.words(schema.labels).items()))


def written_answers(question: TextQuestion, examples: Sequence[Example],
                    backbone: Backbone) -> WrittenAnswers:
    """Let a model write an answer for each labelled example, greedily, and read the labels.

    Raises:
        PatternError: the pattern's own words do not fit into the model.
    """
    outputs = write_answers(question, examples, backbone)
    labels = [label for label, _ in question.words]
    gold = [labels.index(example.label or "") for example in examples]
    answers = LabelAnswers(written_log_probs(outputs, question.answers), gold, written=True)
    named = tuple(labels[index] if index >= 0 else None for index in answers.predicted)
    return WrittenAnswers(tuple(outputs), named, evaluate(answers, "classification"))


def write_answers(question: TextQuestion, examples: Sequence[Example],
                  backbone: Backbone) -> list[str]:
    """The text that a model writes for each example, labelled or not."""
    key = ("written", backbone.name, id(backbone), str(question.pattern), hash(question.words),
           hash(tuple(examples)))
    return list(remembered(key, lambda: _written(question, examples, backbone)))


def _written(question: TextQuestion, examples: Sequence[Example],
             backbone: Backbone) -> list[str]:
    decoding = answer_decoding(question.answers, backbone)
    prompts = [question.pattern.render(example) for example in examples]
    sources = encode_sources(prompts, backbone, decoding.max_tokens)
    written = write(backbone, [source.ids for source in sources], decoding)
    return [text_of(each, backbone) for each in written]
