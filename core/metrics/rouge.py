"""ROUGE as rouge-score computes it, and the ROUGE-L that the E2E challenge used (Lin, 2004).

Each output is compared with its best reference; the value of a test set is the mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from core.metrics.answers import Floats, TextAnswers, once
from core.metrics.overlap import tokens
from core.metrics.resampling import mean_of
from core.metrics.texts import are_words, references_of

_BETA = 1.2  # E2E: how much recall counts beside precision
_LATIN = re.compile(r"[a-z0-9]", re.IGNORECASE)
_LETTER = re.compile(r"[^\W_]")
_SINGLE = r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # scripts without blanks
_WORD = re.compile(rf"{_SINGLE}|(?:(?!{_SINGLE})[^\W_])+")
_WORDLESS = re.compile(r"^\W+$")


class _EachTextOnce:
    """Tokens for rouge-score, kept, since a reference is compared in several ways.

    Letters beyond a to z are nothing to rouge-score. Texts that consist mostly of such letters are
    split into words, and Chinese and Japanese ones into characters, so that they do not all score 0.
    """

    def __init__(self, stemmed: bool) -> None:
        from rouge_score.tokenizers import DefaultTokenizer

        self._split = DefaultTokenizer(stemmed).tokenize
        self._known: dict[str, list[str]] = {}

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text."""
        if text not in self._known:
            split: Callable[[str], list[str]] = self._split if _is_latin(text) else _words
            self._known[text] = split(text)
        return self._known[text]


def _is_latin(text: str) -> bool:
    return 2 * len(_LATIN.findall(text)) >= len(_LETTER.findall(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


@once
def _stemmed(answers: TextAnswers) -> dict[str, Floats]:
    """ROUGE-1, 2 and L with Porter's stemmer, as for XSum, `[N]` each."""
    return _rouge(answers, ("rouge1", "rouge2", "rougeL"), stemmed=True)


@once
def _summary(answers: TextAnswers) -> dict[str, Floats]:
    """ROUGE-Lsum without a stemmer, as T5's evaluation has it, `[N]`."""
    return _rouge(answers, ("rougeLsum",), stemmed=False, prepare=sentences_on_lines)


def sentences_on_lines(text: str) -> str:
    """A text with each sentence of tokenised news on a line of its own, as T5 prepares summaries."""
    return text.replace(" . ", " .\n")


def _rouge(answers: TextAnswers, types: Sequence[str], stemmed: bool,
           prepare: Callable[[str], str] = str) -> dict[str, Floats]:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(types), tokenizer=_EachTextOnce(stemmed))
    pairs = zip(answers.outputs, references_of(answers), strict=True)
    found: list[dict[str, Any]] = [
        scorer.score_multi([prepare(text) for text in references], prepare(output))
        for output, references in pairs]
    return {name: np.array([score[name].fmeasure for score in found], dtype=np.float64)
            for name in types}


ROUGE_1 = mean_of(lambda answers: _stemmed(answers)["rouge1"], are_words)
ROUGE_2 = mean_of(lambda answers: _stemmed(answers)["rouge2"], are_words)
ROUGE_L = mean_of(lambda answers: _stemmed(answers)["rougeL"])
ROUGE_LSUM = mean_of(lambda answers: _summary(answers)["rougeLsum"], are_words)


# The E2E challenge


@once
def _e2e(answers: TextAnswers) -> Floats:
    """Each output's F of its best precision and its best recall over references, `[N]`."""
    pairs = zip(answers.outputs, references_of(answers), strict=True)
    return np.array([_f_beta(output, references) for output, references in pairs])


def _f_beta(output: str, references: Sequence[str]) -> float:
    written, right = caption_tokens(output), [caption_tokens(text) for text in references]
    if not written:
        return 0.0
    shared = [longest_common(written, words) for words in right]
    precision = max(shared) / len(written)
    recall = max(length / len(words) if words else 0.0
                 for length, words in zip(shared, right, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)


def caption_tokens(text: str) -> list[str]:
    """Lower-cased tokens without punctuation: near to the Penn Treebank's, which E2E's script uses."""
    return [word for word in tokens(_apart(text)) if not _WORDLESS.match(word) or word in "£$€%"]


@cache
def _clitics() -> re.Pattern[str]:
    return re.compile(r"(?i)(?<=\w)(n't|'(?:s|re|ve|ll|d|m))\b")


def _apart(text: str) -> str:
    return _clitics().sub(r" \1", text)


def longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common subsequence of two sequences."""
    lengths = [0] * (len(b) + 1)
    for word in a:
        before = 0
        for place, other in enumerate(b, start=1):
            above = lengths[place]
            lengths[place] = before + 1 if word == other else max(above, lengths[place - 1])
            before = above
    return lengths[-1]


ROUGE_L_E2E = mean_of(_e2e, are_words)
