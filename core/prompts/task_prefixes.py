"""T5's text-to-text formats: every task as a text with a prefix, and an answer in words (arXiv 1910.10683, appendix D).

Texts are taken as they are, blanks included, so that the strings equal those that the published models were trained on.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import PatternError

NO_ANSWER = "<unk>"
_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "ro": "Romanian"}
_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")


@dataclass(frozen=True)
class TaskFormat:
    """How an example of a task becomes a text with a prefix.

    Attributes:
        prefix: the name of the task as T5 knows it.
        keys: names of the texts, in the order of the task's own texts; in the prompt they come in alphabetical order,
            unless `as_given`.
        label_words: what T5 says for a label of the task, where the two differ.
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
            raise PatternError("T5's format of {prefix!r} takes {wanted} texts ({keys}), not {given}.",
                               prefix=self.prefix, wanted=len(self.keys), keys=", ".join(self.keys), given=len(texts))
        parts = zip(self.keys, texts, strict=True)
        return " ".join([self.prefix, *(f"{key}: {text}" for key, text in (parts if self.as_given else sorted(parts)))])

    def answer(self, label: str) -> str:
        """What T5 says for a label of the task."""
        return dict(self.label_words).get(label, label)


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
    "wic": TaskFormat("wic", ("sentence1", "sentence2", "word"), as_given=True),
    "multirc": TaskFormat("multirc", ("question", "answer", "paragraph"), as_given=True),
}


def score_answer(score: float) -> str:
    """A similarity from 0 to 5 in words: the nearest fifth, halves to the even one (2.5 gives "2.4")."""
    return f"{round(5 * score) / 5:.1f}"


def summary_prompt(text: str) -> str:
    """`summarize: text`."""
    return f"summarize: {text}"


def translation_prompt(text: str, source: str, target: str) -> str:
    """`translate English to German: text`, for languages given by their codes (en, de, fr, ro).

    Raises:
        PatternError: a language that T5 was not trained to translate.
    """
    for code in (source, target):
        if code not in _LANGUAGES:
            raise PatternError("T5 translates between {known}, not {code!r}.", known=", ".join(_LANGUAGES), code=code)
    return f"translate {_LANGUAGES[source]} to {_LANGUAGES[target]}: {text}"


def question_prompt(question: str, context: str) -> str:
    """`question: … context: …`, punctuation set apart as T5 saw it."""
    return _one_blank(f"question: {spaced(question)} context: {spaced(context)}")


def spaced(text: str) -> str:
    """Every ASCII punctuation mark between blanks, and runs of white space as one blank."""
    return _one_blank(_PUNCTUATION.sub(r" \1 ", text))


def label_said(said: str, answers: Sequence[str]) -> int:
    """The index of the answer that was said, letter by letter, or -1: what is no answer counts as wrong."""
    return answers.index(said) if said in answers else -1


def number_said(said: str) -> float:
    """The number that was said, or -1."""
    try:
        return float(said)
    except ValueError:
        return -1.0


def _one_blank(text: str) -> str:
    return re.sub(r"\s+", " ", text)
