"""Label words by likelihood ratio (PETAL, arXiv 2010.13641, section 4).

For each label the question is: is an example of this label, or of another? A word is good if the pretrained model finds
it likely at the mask of the label's examples and unlikely at that of the others. Each label is searched on its own; as
it has fewer examples than all others together, its own may be weighted up to the same sum. Probabilities are those over
the whole vocabulary, and all is computed from logarithms in double precision, so none is too small or too close to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import SpecError

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]
Doubles = npt.NDArray[np.float64]
Score = Literal["llr", "ce"]
_ROWS = 64  # examples whose whole vocabulary is held in double precision at a time


@dataclass(frozen=True)
class RankedWords:
    """The words of one label, best first: token ids and scores, each `[W]`."""

    tokens: Ids
    scores: Doubles


def frequent_words(counts: Ids, allowed: npt.NDArray[np.bool_]) -> Ids:
    """The allowed tokens, `[W]`, those that occur most often first; equal counts keep the vocabulary's order.

    Args:
        counts: how often each token occurs in the task's texts, `[V]`.
        allowed: which tokens may be label words, `[V]`.
    """
    usable = np.flatnonzero(allowed)
    return usable[np.argsort(-counts[usable], kind="stable")]


def best_words(logits: Sequence[Floats], gold: Sequence[int], labels: int, words: Ids, n: int, *,
               candidates: int = 1000, score: Score = "llr", balanced: bool = True,
               distinct: bool = True) -> list[RankedWords]:
    """For each label the `n` words with the highest score, fewer if there are no more.

    With e = 1 for the label's examples and 0 for all others, p the word's probability at an example's mask, and sums
    over examples (and patterns):

        llr   s · Σ e · (log p − log(1 − p)) + Σ (1 − e) · (log(1 − p) − log p)
        ce    s · Σ e · log p + Σ (1 − e) · log(1 − p)

    Equal scores keep the order of `words`.

    Args:
        logits: at the mask of each training example, `[N, V]` for each pattern.
        gold: the examples' labels, `[N]`.
        words: the token ids that may be label words, `[W]`.
        candidates: of these, each label chooses from so many with the highest Σ e · log p.
        balanced: whether s is the number of other examples by that of the label's own; otherwise it is 1.
        distinct: a word that several labels may choose goes to the one for which its score is highest, each label's
            scores divided by the sum of its weights, s · Σ e + Σ (1 − e); with as many examples of each label these are
            the same.

    Raises:
        SpecError: a label has no example, no word is allowed, or other labels have taken all that a label may choose.
    """
    if not len(words):
        raise SpecError("No word of the vocabulary may be a label word.")
    members = np.asarray(gold) == np.arange(labels)[:, None]
    if not members.any(1).all():
        raise SpecError("Label {number} has no training example to find words by.",
                        number=int(members.any(1).argmin()) + 1)
    inside, outside = _weights(members, balanced)
    likely, scores = np.zeros((labels, len(words))), np.zeros((labels, len(words)))
    for each in logits:
        log_p, log_not_p = word_log_probs(each, words)
        likely += members @ log_p
        scores += (inside @ log_p + outside @ log_not_p if score == "ce" else
                   (inside - outside) @ (log_p - log_not_p))
    choosable = _highest(likely, candidates)
    if distinct:
        means = scores / (inside + outside).sum(1, keepdims=True)
        choosable &= np.where(choosable, means, -np.inf).argmax(0) == np.arange(labels)[:, None]
    return [_ranked(words[mine], row[mine], n, label + 1)
            for label, (mine, row) in enumerate(zip(choosable, scores, strict=True))]


def word_log_probs(logits: Floats, words: Ids) -> tuple[Doubles, Doubles]:
    """Log-probabilities, over the whole vocabulary, that the answer is the word and that it is not, each `[N, W]`.

    Both are finite wherever the logits `[N, V]` are: the likeliest word's come from how far it is ahead of all others.
    """
    log_p, log_not_p = np.empty((2, len(logits), len(words)))
    for start in range(0, len(logits), _ROWS):
        rows = slice(start, start + _ROWS)
        log_p[rows], log_not_p[rows] = _log_probs(logits[rows].astype(np.float64), words)
    return log_p, log_not_p


def _log_probs(logits: Doubles, words: Ids) -> tuple[Doubles, Doubles]:
    """The same for some rows, whose logits are spoilt."""
    rows, first = np.arange(len(logits)), logits.argmax(1)
    wanted, likeliest = logits[:, words], words == first[:, None]
    highest = logits[rows, first]
    logits[rows, first] = -np.inf
    second = logits.max(1)
    others = second + np.log(np.exp(logits - second[:, None]).sum(1))
    whole = np.logaddexp(highest, others)
    log_p = np.where(likeliest, -np.log1p(np.exp(others - highest))[:, None], wanted - whole[:, None])
    with np.errstate(divide="ignore"):  # a likeliest word whose p rounds to 1: its place is filled from `others`
        log_not_p = np.where(likeliest, (others - whole)[:, None], np.log1p(-np.exp(log_p)))
    return log_p, log_not_p


def _weights(members: npt.NDArray[np.bool_], balanced: bool) -> tuple[Doubles, Doubles]:
    """How much each example counts for each label, as one of its own, s · e, and as another's, 1 − e, `[C, N]`."""
    inside, outside = members.astype(np.float64), (~members).astype(np.float64)
    if balanced:
        inside *= outside.sum(1, keepdims=True) / inside.sum(1, keepdims=True)
    return inside, outside


def _highest(values: Doubles, n: int) -> npt.NDArray[np.bool_]:
    """Which `n` of each row are the highest, the first of equals, `[C, W]`."""
    chosen = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(chosen, np.argsort(-values, axis=1, kind="stable")[:, :n], values=True, axis=1)
    return chosen


def _ranked(tokens: Ids, scores: Doubles, n: int, number: int) -> RankedWords:
    if not len(tokens):
        raise SpecError("No word is left for label {number}: all that it may choose suit other labels better. Raise "
                        "'candidates', or let labels share words ('distinct').", number=number)
    best = np.argsort(-scores, kind="stable")[:n]
    return RankedWords(tokens[best], scores[best])
