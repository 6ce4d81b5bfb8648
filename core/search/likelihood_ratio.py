"""Label words by likelihood ratio (PETAL, arXiv 2010.13641, section 4).

For each label the question is: is an example of this label, or of another? A word is good if the
pretrained model finds it likely at the mask of the label's examples and unlikely at that of the
others. With e = 1 for the label's examples and 0 for all others, p the word's probability at an
example's mask, and sums over examples (and patterns), a word's score is

    llr   s · Σ e · (log p − log(1 − p)) + Σ (1 − e) · (log(1 − p) − log p)
    ce    s · Σ e · log p + Σ (1 − e) · log(1 − p)

Each label is searched on its own; as it has fewer examples than all others together, its own may be
weighted up to the same sum: then s is the number of other examples by that of the label's own,
otherwise it is 1. Probabilities are those over the whole vocabulary, and all is computed from
logarithms in double precision, so none is too small or too close to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import SpecError
from core.search.checks import check_searchable

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Weights = tuple[Doubles, Doubles]
Score = Literal["llr", "ce"]
_ROWS = 64  # examples whose whole vocabulary is held in double precision at a time


@dataclass(frozen=True)
class RankedWords:
    """The words of one label, best first: token ids and scores, each `[W]`."""

    tokens: Ids
    scores: Doubles


def frequent_words(counts: Ids, allowed: Flags) -> Ids:
    """The allowed tokens, `[W]`, the most frequent first; equal counts keep the vocabulary's order.

    Args:
        counts: how often each token occurs in the task's texts, `[V]`.
        allowed: which tokens may be label words, `[V]`.
    """
    usable = np.flatnonzero(allowed)
    return usable[np.argsort(-counts[usable], kind="stable")]


def best_words(
    logits: Sequence[Floats],
    gold: Sequence[int],
    labels: int,
    words: Ids,
    n: int,
    *,
    candidates: int = 1000,
    score: Score = "llr",
    balanced: bool = True,
    distinct: bool = True,
) -> list[RankedWords]:
    """For each label the `n` words with the highest score, fewer if there are no more.

    Equal scores keep the order of `words`.

    Args:
        logits: at the mask of each training example, `[N, V]` for each pattern.
        gold: the examples' labels, `[N]`.
        words: the token ids that may be label words, `[W]`.
        candidates: of these, each label chooses from so many with the highest Σ e · log p.
        balanced: whether the label's own examples are weighted up.
        distinct: a word that several labels may choose goes to the one with its highest mean score.

    Raises:
        SpecError: a label has no example, no word is allowed, or other labels have taken all that a
            label may choose.
    """
    check_searchable(gold, labels, len(words))
    members = np.asarray(gold) == np.arange(labels)[:, None]  # [C, N]
    weights = _weights(members, balanced)
    likely, scores = _sums(logits, words, members, weights, score)
    choosable = _highest(likely, candidates)
    if distinct:
        choosable &= _owned(choosable, scores, weights)
    rows = enumerate(zip(choosable, scores, strict=True), 1)
    return [_ranked(words[mine], row[mine], n, number) for number, (mine, row) in rows]


def word_log_probs(logits: Floats, words: Ids) -> tuple[Doubles, Doubles]:
    """Log-probabilities that the answer is the word and that it is not, each `[N, W]`.

    They are those over the whole vocabulary, and finite wherever the logits `[N, V]` are: the
    likeliest word's are computed from its distance to all others.
    """
    log_p, log_not_p = np.empty((2, len(logits), len(words)))
    for start in range(0, len(logits), _ROWS):
        rows = slice(start, start + _ROWS)
        log_p[rows], log_not_p[rows] = _log_probs(logits[rows].astype(np.float64), words)
    return log_p, log_not_p


def _log_probs(logits: Doubles, words: Ids) -> tuple[Doubles, Doubles]:
    """The log-probabilities of some rows `[R, V]`, whose logits are overwritten."""
    rows, first = np.arange(len(logits)), logits.argmax(1)
    wanted, likeliest = logits[:, words], words == first[:, None]  # [R, W]
    highest = logits[rows, first]
    logits[rows, first] = -np.inf
    others = _log_sum_exp(logits)
    whole = np.logaddexp(highest, others)
    log_p_likeliest = -np.log1p(np.exp(others - highest))  # [R]
    log_p = np.where(likeliest, log_p_likeliest[:, None], wanted - whole[:, None])
    with np.errstate(divide="ignore"):  # where p of the likeliest rounds to 1, `others` is used
        log_not_p = np.where(likeliest, (others - whole)[:, None], np.log1p(-np.exp(log_p)))
    return log_p, log_not_p


def _log_sum_exp(logits: Doubles) -> Doubles:
    """The logarithm of each row's sum of exponentials, `[R]`."""
    highest = logits.max(1)
    sums: Doubles = highest + np.log(np.exp(logits - highest[:, None]).sum(1))
    return sums


def _weights(members: Flags, balanced: bool) -> Weights:
    """The weights of examples as a label's own, s · e, and as another's, 1 − e, each `[C, N]`."""
    inside, outside = members.astype(np.float64), (~members).astype(np.float64)
    if balanced:
        inside *= outside.sum(1, keepdims=True) / inside.sum(1, keepdims=True)
    return inside, outside


def _sums(
    logits: Sequence[Floats],
    words: Ids,
    members: Flags,
    weights: Weights,
    score: Score,
) -> tuple[Doubles, Doubles]:
    """Σ e · log p and the score of each word for each label, each `[C, W]`."""
    likely, scores = np.zeros((2, len(members), len(words)))
    for pattern_logits in logits:
        log_p, log_not_p = word_log_probs(pattern_logits, words)
        likely += members @ log_p
        scores += _scores(log_p, log_not_p, weights, score)
    return likely, scores


def _scores(log_p: Doubles, log_not_p: Doubles, weights: Weights, score: Score) -> Doubles:
    inside, outside = weights
    if score == "ce":
        return inside @ log_p + outside @ log_not_p
    return (inside - outside) @ (log_p - log_not_p)


def _owned(choosable: Flags, scores: Doubles, weights: Weights) -> Flags:
    """Which words go to each label, `[C, W]`: those whose mean score is highest there.

    The mean is the score by the sum of the label's weights, s · Σ e + Σ (1 − e); with as many
    examples of each label these are the same.
    """
    inside, outside = weights
    means = scores / (inside + outside).sum(1, keepdims=True)
    owners = np.where(choosable, means, -np.inf).argmax(0)  # [W]
    owned: Flags = owners == np.arange(len(scores))[:, None]
    return owned


def _highest(values: Doubles, n: int) -> Flags:
    """Which `n` of each row are the highest, the first of equals, `[C, W]`."""
    order = np.argsort(-values, axis=1, kind="stable")
    chosen = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(chosen, order[:, :n], values=True, axis=1)
    return chosen


def _ranked(tokens: Ids, scores: Doubles, n: int, number: int) -> RankedWords:
    if not len(tokens):
        raise SpecError("No word is left for label {number}: all that it may choose suit other "
                        "labels better. Raise 'candidates', or let labels share words "
                        "('distinct').", number=number)
    best = np.argsort(-scores, kind="stable")[:n]
    return RankedWords(tokens[best], scores[best])
