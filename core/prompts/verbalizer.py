"""Verbalizers: which words stand for which label (PET, arXiv 2001.07676, section 3.1).

A verbalizer is strings only; whether a word is one token is asked when it is encoded for a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import VerbalizerError

MAX_WORDS_PER_LABEL = 50
MAX_WORD_LENGTH = 60


@dataclass(frozen=True)
class Verbalizer:
    """Label words: for each label one or several words, in the order of the task's labels.

    In multiple choice and in generation no label has words.
    """

    words: tuple[tuple[str, tuple[str, ...]], ...]

    @staticmethod
    def of(words: Mapping[str, Sequence[str] | str], labels: Sequence[str]) -> Verbalizer:
        """Check `words` against the task's labels and put them into the labels' order.

        Raises:
            VerbalizerError: a label has no word, a word is empty or too long, a key is no label,
                or two labels have the same words.
        """
        cleaned = {str(label): _clean(str(label), given) for label, given in words.items()}
        _check_labels(cleaned, labels)
        verbalizer = Verbalizer(tuple((label, cleaned[label]) for label in labels))
        _check_distinct(verbalizer)
        return verbalizer

    @staticmethod
    def without_words(labels: Sequence[str]) -> Verbalizer:
        """The verbalizer of multiple choice and of generation.

        In multiple choice each label stands for the example's text of that name.
        """
        return Verbalizer(tuple((label, ()) for label in labels))

    @property
    def has_words(self) -> bool:
        """Whether labels have words, as they do in classification only."""
        return any(words for _, words in self.words)

    @staticmethod
    def parse(text: str, labels: Sequence[str] | None = None) -> Verbalizer:
        """Read `label=word,word;label=word`.

        A backslash takes a comma, semicolon, equals sign or backslash after it literally. Without
        `labels`, the labels are those that the text names.

        Raises:
            VerbalizerError: the text has another form; see also `of`.
        """
        words = dict(_entries(text))
        return Verbalizer.of(words, list(words) if labels is None else labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the task's order."""
        return tuple(label for label, _ in self.words)

    def as_dict(self) -> dict[str, list[str]]:
        """The words as plain values, as study files hold them."""
        return {label: list(words) for label, words in self.words if words}

    def all_words(self) -> list[tuple[str, str]]:
        """Every (label, word), label by label."""
        return [(label, word) for label, words in self.words for word in words]

    def first_word(self, label: str) -> str:
        """The word that stands for `label` where one must be written out."""
        return dict(self.words)[label][0]

    def __str__(self) -> str:
        entries = ((_escaped(label), map(_escaped, words)) for label, words in self.words if words)
        return ";".join(f"{label}={','.join(words)}" for label, words in entries)


def split_words(text: str) -> list[str]:
    """Split words at commas (also the Chinese ones); a backslash takes a comma literally."""
    return [_plain(part) for part in _parts(text, ",，、") if part.strip()]


def join_words(words: Sequence[str]) -> str:
    """The words by commas; `split_words` reads them back."""
    return ", ".join(map(_escaped, words))


def _check_labels(words: Mapping[str, tuple[str, ...]], labels: Sequence[str]) -> None:
    """Raise unless every key is a label and every label has a word."""
    for label in words:
        if label not in labels:
            raise VerbalizerError("{label!r} is no label of this task. Its labels are {labels}.",
                                  label=label[:60], labels=", ".join(labels))
    for label in labels:
        if not words.get(label):
            raise VerbalizerError("The label {label!r} has no word. Give at least one.",
                                  label=label)


def _check_distinct(verbalizer: Verbalizer) -> None:
    """Raise if two labels have the same words, in any order."""
    seen: dict[frozenset[str], str] = {}
    for label, words in verbalizer.words:
        other = seen.setdefault(frozenset(words), label)
        if other != label:
            raise VerbalizerError("{label!r} has the same words as {other!r} ({words}); the two "
                                  "can never be told apart. Change one of them.",
                                  label=label, other=other, words=", ".join(words))


def _clean(label: str, given: Sequence[str] | str) -> tuple[str, ...]:
    """The words without blanks around them, each once."""
    listed = [given] if isinstance(given, str) else given
    words = tuple(dict.fromkeys(str(word).strip() for word in listed))
    if not all(words):
        raise VerbalizerError("The label {label!r} has an empty word. Remove it or fill it in.",
                              label=label)
    if len(words) > MAX_WORDS_PER_LABEL:
        raise VerbalizerError("The label {label!r} has {count} words; {limit} are allowed.",
                              label=label, count=len(words), limit=MAX_WORDS_PER_LABEL)
    for word in words:
        _check_length(word, label)
    return words


def _check_length(word: str, label: str) -> None:
    if len(word) > MAX_WORD_LENGTH:
        raise VerbalizerError("The label {label!r} has a word of {length} characters ({word!r}…); "
                              "{limit} are allowed.",
                              label=label, length=len(word), word=word[:20], limit=MAX_WORD_LENGTH)


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    for entry in _parts(text, ";"):
        if not entry.strip():
            continue
        parts = _parts(entry, "=")
        if len(parts) != 2:
            raise VerbalizerError("{entry!r} is not of the form label=word,word. Separate labels "
                                  "by semicolons.", entry=entry.strip()[:80])
        yield _plain(parts[0]), split_words(parts[1])


def _parts(text: str, separators: str) -> list[str]:
    """The text between separators, except those that a backslash takes literally."""
    matches = re.finditer(rf"\\.|[{separators}]", text, re.DOTALL)
    cuts = [match.start() for match in matches if match[0] in separators]
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _plain(text: str) -> str:
    return re.sub(r"\\([,;=，、\\])", r"\1", text).strip()


def _escaped(text: str) -> str:
    return re.sub(r"([,;=，、\\])", r"\\\1", text)
