"""T5's text-to-text formats, in both directions (arXiv 1910.10683, section 2.4 and appendix D).

An example becomes a source text with a prefix and a target text, and a text that the model writes
becomes an answer of the task again. Texts are taken as they are, blanks included, so that the
strings equal those that the published models were trained on.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import PatternError

NO_ANSWER = "<unk>"
_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "ro": "Romanian"}
LANGUAGE_PAIRS = tuple(("en", code) for code in ("de", "fr", "ro"))  # of T5's own training
_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")


@dataclass(frozen=True)
class TaskFormat:
    """How an example of a task becomes a text with a prefix.

    Attributes:
        prefix: the name of the task as T5 knows it.
        keys: names of the texts, in the order of the task's texts; in the prompt they come in
            alphabetical order, unless `as_given`.
        label_words: what T5 writes for a label of the task, where the two differ.
    """

    prefix: str
    keys: tuple[str, ...]
    label_words: tuple[tuple[str, str], ...] = ()
    as_given: bool = False

    def prompt(self, *texts: str) -> str:
        """`prefix key: text key: text`.

        Raises:
            PatternError: there are more or fewer texts than keys.
        """
        if len(texts) != len(self.keys):
            raise PatternError("T5's format of {prefix!r} takes {wanted} texts ({keys}), not "
                               "{given}.", prefix=self.prefix, wanted=len(self.keys),
                               keys=", ".join(self.keys), given=len(texts))
        named = list(zip(self.keys, texts, strict=True))
        ordered = named if self.as_given else sorted(named)
        return " ".join([self.prefix, *(f"{key}: {text}" for key, text in ordered)])

    def answer(self, label: str) -> str:
        """What T5 writes for a label of the task."""
        return dict(self.label_words).get(label, label)

    def label(self, written: str) -> str:
        """The label of the task for which T5 writes this, the inverse of `answer`."""
        return {words: label for label, words in self.label_words}.get(written, written)


_TRUTH = (("no", "False"), ("yes", "True"))
TASK_FORMATS: Mapping[str, TaskFormat] = {
    "cola": TaskFormat("cola", ("sentence",), (("not acceptable", "unacceptable"),)),
    "sst2": TaskFormat("sst2", ("sentence",)),
    "mrpc": TaskFormat("mrpc", ("sentence1", "sentence2")),
    "qqp": TaskFormat("qqp", ("question1", "question2")),
    "stsb": TaskFormat("stsb", ("sentence1", "sentence2")),
    "mnli": TaskFormat("mnli", ("premise", "hypothesis")),
    "qnli": TaskFormat("qnli", ("question", "sentence")),
    "rte": TaskFormat("rte", ("sentence1", "sentence2")),
    "rte_superglue": TaskFormat("rte", ("premise", "hypothesis")),
    "cb": TaskFormat("cb", ("premise", "hypothesis")),
    "boolq": TaskFormat("boolq", ("passage", "question"), _TRUTH),
    "copa": TaskFormat("copa", ("premise", "choice1", "choice2", "question")),
    "wic": TaskFormat("wic", ("sentence1", "sentence2", "word"), _TRUTH, as_given=True),
    "multirc": TaskFormat("multirc", ("question", "answer", "paragraph"), _TRUTH, as_given=True),
}


def score_answer(score: float) -> str:
    """A similarity from 0 to 5 as T5 writes it: the nearest fifth, halves to the even one.

    2.5 gives "2.4".
    """
    return f"{round(5 * score) / 5:.1f}"


def summary_prompt(text: str) -> str:
    """`summarize: text`."""
    return f"summarize: {text}"


def translation_prompt(text: str, source: str, target: str) -> str:
    """`translate English to German: text`; see `translation_prefix`."""
    return f"{translation_prefix(source, target)} {text}"


def translation_prefix(source: str, target: str) -> str:
    """`translate English to German:`, for languages given by their codes (en, de, fr, ro).

    Raises:
        PatternError: a language that T5 was not trained to translate.
    """
    for code in (source, target):
        if code not in _LANGUAGES:
            raise PatternError("T5 translates between {known}, not {code!r}.",
                               known=", ".join(_LANGUAGES), code=code)
    return f"translate {_LANGUAGES[source]} to {_LANGUAGES[target]}:"


def question_prompt(question: str, context: str) -> str:
    """`question: … context: …`, punctuation set apart as in T5's training data."""
    return _one_blank(f"question: {spaced(question)} context: {spaced(context)}")


def trivia_prompt(question: str) -> str:
    """`squad trivia question: …`, a question to be answered without its context."""
    return _one_blank(f"squad trivia question: {spaced(question)}")


def spaced(text: str) -> str:
    """Every ASCII punctuation mark between blanks, and runs of white space as one blank."""
    return _one_blank(_PUNCTUATION.sub(r" \1 ", text))


def unspaced(written: str, context: str) -> str:
    """A written answer as the context spells it; unchanged where it does not occur in it.

    White space is not compared, since T5 writes punctuation set apart (see `spaced`).
    """
    places = [place for place, sign in enumerate(context) if not sign.isspace()]
    wanted = "".join(written.split())
    start = "".join(context[place] for place in places).find(wanted)
    if not wanted or start < 0:
        return written
    return context[places[start] : places[start + len(wanted) - 1] + 1]


def written_label(written: str, answers: Sequence[str]) -> int:
    """The index of the answer that equals the written text letter by letter; -1 if none does."""
    return answers.index(written) if written in answers else -1


def written_number(written: str) -> float:
    """The number that was written, or -1 if it is none."""
    try:
        return float(written)
    except ValueError:
        return -1.0


@dataclass(frozen=True)
class TextToText:
    """A row of a task's table as text to text, and back.

    Attributes:
        columns: those that the row needs; the last holds the answer.
        source: makes the text that the model reads of the other columns' texts.
        target: makes the text that the model is to write of the answer.
        answer: makes an answer, as the last column would hold it, of the text that was written.
    """

    columns: tuple[str, ...]
    source: Callable[..., str]
    target: Callable[[str], str]
    answer: Callable[[str], str]

    def pair(self, *cells: str) -> tuple[str, str]:
        """Source and target of a row, given its cells in the order of `columns`.

        Raises:
            ValueError: the answer is to be a number and is none.
        """
        return self.source(*cells[:-1]), self.target(cells[-1])


def _unchanged(text: str) -> str:
    return text


def _of_labels(name: str) -> TextToText:
    form = TASK_FORMATS[name]
    columns = ("text_a", "text_b")[: len(form.keys)]
    return TextToText((*columns, "label"), form.prompt, form.answer, form.label)


def _score_target(cell: str) -> str:
    return score_answer(float(cell))


def _score_answer(written: str) -> str:
    return str(written_number(written))


def _question_target(cell: str) -> str:
    return spaced(cell).strip()


_WITH_LABELS = ("cola", "sst2", "mrpc", "qqp", "mnli", "qnli", "rte", "boolq")
FORMS: Mapping[str, TextToText] = {
    **{name: _of_labels(name) for name in _WITH_LABELS},
    "stsb": TextToText(
        ("text_a", "text_b", "score"), TASK_FORMATS["stsb"].prompt, _score_target, _score_answer
    ),
    "question": TextToText(
        ("question", "context", "target"), question_prompt, _question_target, _unchanged
    ),
    "summarize": TextToText(("source", "target"), summary_prompt, _unchanged, _unchanged),
    "describe": TextToText(("source", "target"), "describe: {}".format, _unchanged, _unchanged),
}


def _one_blank(text: str) -> str:
    return re.sub(r"\s+", " ", text)
