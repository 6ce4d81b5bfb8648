"""Metrics of short answers: exact match, SQuAD's normalised match and F1, and numbers."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from core.metrics.answers import Answers, Floats, LabelAnswers, TextAnswers, once
from core.metrics.labels import invalid_share, share
from core.metrics.resampling import percentiles, resamples_in_parts
from core.prompts.text_to_text import written_number

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_INVALID = -1.0  # what T5 takes for an output that is no number


def exact_matches(answers: TextAnswers) -> Floats:
    """1 for each output that equals a reference, but for white space around it, else 0, `[N]`."""
    return best_of_references(answers, _equal)


@once
def squad_matches(answers: TextAnswers) -> Floats:
    """1 for each output that equals a reference as SQuAD normalises both, else 0, `[N]`."""
    return best_of_references(answers, _equal_normalised)


@once
def squad_f1(answers: TextAnswers) -> Floats:
    """The best F1 of each output's normalised tokens over its references, `[N]`.

    Rajpurkar et al., SQuAD (arXiv 1606.05250), section 6.1.
    """
    return best_of_references(answers, _token_f1)


def best_of_references(answers: TextAnswers, score: Callable[[str, str], float]) -> Floats:
    """The best score (output, reference) of each output, `[N]`; 0 without references."""
    pairs = zip(answers.outputs, answers.references, strict=True)
    best = [max((score(output, reference) for reference in references), default=0.0)
            for output, references in pairs]
    return np.array(best, dtype=np.float64)


def normalised(text: str) -> str:
    """Lower-cased, without ASCII punctuation, English articles and double blanks (SQuAD)."""
    words = _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION))
    return " ".join(words.split())


def _equal(output: str, reference: str) -> float:
    return float(output.strip() == reference.strip())


def _equal_normalised(output: str, reference: str) -> float:
    return float(normalised(output) == normalised(reference))


def _token_f1(output: str, reference: str) -> float:
    """Twice the shared tokens over all tokens; 1 if both texts have none."""
    written, right = normalised(output).split(), normalised(reference).split()
    if not written or not right:
        return float(written == right)
    shared = (Counter(written) & Counter(right)).total()
    return 2 * shared / (len(written) + len(right))


# Numbers


@once
def are_numbers(answers: TextAnswers) -> bool:
    """Whether every example has references and all of them are numbers, as in STS-B."""
    return answers.n > 0 and all(
        references and all(map(_is_number, references)) for references in answers.references)


def invalid_answers(answers: Answers) -> float:
    """The share of written answers that are no answer of their task (T5's evaluation).

    NaN where any text would be one, or where none was written.
    """
    if isinstance(answers, LabelAnswers):
        return invalid_share(answers)
    if not are_numbers(answers):
        return math.nan
    return share(np.array([not _is_number(output) for output in answers.outputs], dtype=float))


def are_words(answers: TextAnswers) -> bool:
    """Whether the texts are more than numbers, so that shared words say something."""
    return not are_numbers(answers)


def pearson(answers: TextAnswers) -> float:
    """Pearson's correlation of the numbers written with the references.

    An output that is no number counts as -1, as in T5's evaluation (arXiv 1910.10683).
    NaN where references are no numbers, or where all numbers of a side are equal.
    """
    return _whole(answers, _pearson)


def spearman(answers: TextAnswers) -> float:
    """Spearman's rank correlation of the numbers written with the references; else as `pearson`."""
    return _whole(answers, _spearman)


def pearson_interval(answers: TextAnswers) -> tuple[float, float]:
    """The 95 % interval of `pearson` over resampled examples."""
    return _interval(answers, _pearson)


def spearman_interval(answers: TextAnswers) -> tuple[float, float]:
    """The 95 % interval of `spearman` over resampled examples."""
    return _interval(answers, _spearman)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@once
def _numbers(answers: TextAnswers) -> tuple[Floats, Floats]:
    """The numbers written and the means of the references, `[N]` each."""
    written = [written_number(output) for output in answers.outputs]
    right = [np.mean([float(reference) for reference in references])
             for references in answers.references]
    finite = [number if math.isfinite(number) else _INVALID for number in written]
    return np.array(finite, dtype=np.float64), np.array(right, dtype=np.float64)


_Correlation = Callable[[Floats, Floats, Floats], Floats]  # (counts [D, N], [N], [N]) -> [D]


def _whole(answers: TextAnswers, correlation: _Correlation) -> float:
    if not are_numbers(answers):
        return math.nan
    return float(correlation(np.ones((1, answers.n)), *_numbers(answers))[0])


def _interval(answers: TextAnswers, correlation: _Correlation) -> tuple[float, float]:
    if not are_numbers(answers) or math.isnan(_whole(answers, correlation)):
        return math.nan, math.nan
    parts = [correlation(counts, *_numbers(answers)) for counts in resamples_in_parts(answers)]
    return percentiles(np.concatenate(parts))


def _pearson(counts: Floats, x: Floats, y: Floats) -> Floats:
    """The correlation of x and y, `[N]` each, under each row of counts `[D, N]`: `[D]`."""
    shape = counts.shape
    return _weighted_correlation(counts, np.broadcast_to(x, shape), np.broadcast_to(y, shape))


def _spearman(counts: Floats, x: Floats, y: Floats) -> Floats:
    """The correlation of the ranks of x and y, `[N]` each, under each row of counts: `[D]`."""
    return _weighted_correlation(counts, _ranks(counts, x), _ranks(counts, y))


def _ranks(counts: Floats, x: Floats) -> Floats:
    """The mean rank of each value of x `[N]` where it occurs as often as counted, `[D, N]`."""
    values, place = np.unique(x, return_inverse=True)
    often = counts @ np.eye(len(values))[place]  # [D, V]
    ranks: Floats = (often.cumsum(1) - (often - 1) / 2)[:, place]
    return ranks


def _weighted_correlation(counts: Floats, x: Floats, y: Floats) -> Floats:
    """The correlation of x and y, `[D, N]`, weighted by counts `[D, N]`; NaN if one is constant."""
    n = counts.sum(1, keepdims=True)
    x = x - (counts * x).sum(1, keepdims=True) / n
    y = y - (counts * y).sum(1, keepdims=True) / n
    together, of_x, of_y = ((counts * product).sum(1) for product in (x * y, x * x, y * y))
    spread = np.sqrt(of_x * of_y)
    nothing = np.full_like(spread, math.nan)
    found: Floats = np.divide(together, spread, out=nothing, where=spread > 1e-12)
    return found


def references_of(answers: TextAnswers) -> list[Sequence[str]]:
    """The references of each example, an empty one for an example without any."""
    return [references or ("",) for references in answers.references]
