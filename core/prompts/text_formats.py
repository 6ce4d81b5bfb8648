"""T5's formats as patterns: how the examples of a task look to a model, and what it is to write.

A format shows each text of an example after its name, and before all of them a prefix that names
the task (arXiv 1910.10683, section 2.4). A person may put any other prefix in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.data.task import LABELLED, TEXTS, Example, Schema
from core.errors import SpecError
from core.prompts.pattern import Pattern
from core.prompts.text_to_text import (
    FORMS,
    LANGUAGE_PAIRS,
    TASK_FORMATS,
    score_answer,
    spaced,
    translation_prefix,
    unspaced,
    written_number,
)

AUTO, NONE = "auto", "none"
TARGET = "target:"  # where a model that reads from left to right begins to write (section 3.2.1)
AnswerKind = Literal["label", "number", "span", "text"]
_Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TextFormat:
    """How an example becomes a source text, and what the target is.

    Attributes:
        prefix: what stands first.
        texts: the name of each text in the prompt, or none, and the field that holds it, as a
            pattern writes it, in the order of the prompt.
        answers: what is written: the word of a label, a number in fifths, a span of the context
            with its punctuation set apart, or the text itself.
        label_words: label → what is written for it, where the two differ.
        with_beams: whether T5 writes such answers by beam search (summaries and translations).
    """

    prefix: str
    texts: _Texts
    answers: AnswerKind = "label"
    label_words: tuple[tuple[str, str], ...] = ()
    with_beams: bool = False

    def pattern(self, prefix: str = AUTO, *, causal: bool = False) -> Pattern:
        """The pattern of the format.

        Args:
            prefix: stands in the place of the format's own, as it is written; `none` leaves it out.
            causal: whether the model reads from left to right: then `target:` ends the source.
        """
        own = {AUTO: self.prefix, NONE: ""}.get(prefix, prefix)
        shown = [f"{key}: {{{field}}}" if key else f"{{{field}}}" for key, field in self.texts]
        ends = [TARGET] if causal else []
        parts = [_literal(own), *shown, *ends, "{mask}"]
        return Pattern.parse(" ".join(part for part in parts if part), self.columns)

    @property
    def fields(self) -> tuple[str, ...]:
        """The texts of an example that it shows."""
        return tuple(field.split("|")[0] for _, field in self.texts)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of them that are further columns."""
        return tuple(field for field in self.fields if field not in TEXTS)

    def words(self, labels: Sequence[str]) -> dict[str, str]:
        """What is written for each label."""
        changed = dict(self.label_words)
        return {label: changed.get(label, label) for label in labels}

    def check(self, name: str, schema: Schema) -> None:
        """Raise SpecError if examples of the schema cannot be shown or answered so."""
        known = (*TEXTS[: 1 + schema.pairs], *schema.columns)
        missing = [field for field in self.fields if field not in known]
        if missing:
            raise SpecError(
                "T5's format {format!r} shows {wanted}; this task has {known}. Choose another "
                "format, such as 'own-name'.", format=name, wanted=", ".join(self.fields),
                known=", ".join(known))
        if (self.answers == "label") != (schema.kind in LABELLED):
            raise SpecError(
                "The answers in T5's format {format!r} are {wanted}, and those of this task are "
                "{given}. Choose another format, such as 'own-name'.", format=name,
                wanted=_ANSWERS[self.answers], given=_KINDS[schema.kind])


_ANSWERS: Mapping[AnswerKind, str] = {
    "label": "labels", "number": "numbers", "span": "parts of a text", "text": "texts"}
_KINDS = {"classification": "labels", "choice": "labels", "generation": "texts"}


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


_FIELDS = {  # of formats whose texts are not text_a and text_b, in the order of their keys
    "copa": ("text_a", "choice1", "choice2", "question"),
    "wic": ("text_a", "text_b", "word"),
    "multirc": ("question", "answer", "text_a"),
}


def _of_task(name: str) -> TextFormat:
    form = TASK_FORMATS[name]
    named = list(zip(form.keys, _FIELDS.get(name, TEXTS), strict=False))
    texts = named if form.as_given else sorted(named)
    answers: AnswerKind = "number" if name == "stsb" else "label"
    return TextFormat(form.prefix, tuple(texts), answers, form.label_words)


def _of_text(prefix: str) -> TextFormat:
    return TextFormat(prefix, (("", "text_a"),), "text", with_beams=True)


FORMATS: Mapping[str, TextFormat] = {
    **{name: _of_task(name) for name in TASK_FORMATS},
    "question": TextFormat("", (("question", "question|spaced"), ("context", "context|spaced")),
                           "span"),
    "summarize": _of_text("summarize:"),
    "describe": _of_text("describe:"),
    **{f"{source}-{target}": _of_text(translation_prefix(source, target))
       for source, target in LANGUAGE_PAIRS},
}
"""By name; beside them there are `task` and `plain`, which fit any task (see `format_named`)."""

FORMAT_NAMES = (AUTO, "own-name", "plain", *FORMATS)
assert set(FORMS) <= set(FORMATS), "every form that models were trained on is a format"

_NAMES = {  # tasks whose format has another name
    "snli": "mnli", "squad": "question", "squad_en": "question", "multi30k_en_de": "en-de",
    **dict.fromkeys(("xsum", "digests", "scitldr", "cnn_dailymail"), "summarize"),
    **dict.fromkeys(("restaurants", "e2e", "dart", "webnlg"), "describe"),
}


def fitting_format(task: str, schema: Schema) -> str:
    """The name of the format for a task: T5's own where it has one that fits, else `task`."""
    name = _NAMES.get(task, task)
    if name not in FORMATS and {"question", "context"} <= set(schema.columns):
        name = "question"
    if name not in FORMATS:
        return "own-name"
    try:
        FORMATS[name].check(name, schema)
    except SpecError:
        return "own-name"
    return name


def format_named(name: str, schema: Schema) -> TextFormat:
    """The format of a name.

    `task` calls a single text `sentence` and two `sentence1` and `sentence2`, as T5 does; `plain`
    gives them no names. Both show the task's texts, and in generation neither names the source.
    """
    if name in FORMATS:
        return FORMATS[name]
    texts = TEXTS[: 1 + schema.pairs]
    if schema.kind == "generation" and not schema.pairs:
        form = _of_text("task:")
    else:
        keys = ("sentence",) if len(texts) == 1 else ("sentence1", "sentence2")
        answers: AnswerKind = "label" if schema.kind in LABELLED else "text"
        form = TextFormat("own-name", tuple(zip(keys, texts, strict=True)), answers)
    if name != "plain":
        return form
    return replace(form, prefix="", texts=tuple(("", field) for _, field in form.texts))


def named_prefix(task: str, schema: Schema) -> str:
    """What names a task that T5 has no format for, in the format `task`."""
    single = schema.kind == "generation" and not schema.pairs
    return f"{task}:" if single else task


def target_text(reference: str, answers: AnswerKind) -> str:
    """What the model is to write for a reference.

    Raises:
        ValueError: it is to be a number and is none.
    """
    if answers == "number":
        return score_answer(float(reference))
    return spaced(reference).strip() if answers == "span" else reference


def answer_text(written: str, answers: AnswerKind, example: Example) -> str:
    """The answer that a written text is; of a span as the example's context spells it."""
    return unspaced(written, example.text("context")) if answers == "span" else written


def is_answer(written: str, answers: AnswerKind) -> bool:
    """Whether a text is an answer at all: a number where numbers are wanted."""
    return answers != "number" or written_number(written) != -1.0
