"""Label words found by a masked language model itself (LM-BFF, arXiv 2012.15723, section 5.1 and appendix B).

For each label the words that the model thinks likeliest at the mask of that label's examples; then the combinations of
one word a label with which the model, without training, answers most training examples rightly.

An example is answered rightly by a combination if its label's word beats each of the others, and whether one word beats
another does not depend on the rest. So each pair of labels gets, for each pair of their words, one bit an example; a
combination's score is the number of bits left when the bits of all its pairs are taken together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from core.errors import SpecError

Ids = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.floating]
MOST_COMBINATIONS = 150_000_000  # that are all tried; beyond, a beam keeps the best of each length
BEAM = 20_000


@dataclass(frozen=True)
class Combination:
    """One word a label, `[C]` token ids, and the share of training examples that it answers rightly."""

    tokens: tuple[int, ...]
    score: float


@dataclass(frozen=True)
class Found:
    """The best combinations, best first; `exact` says whether all were tried, of which there are `tried`."""

    combinations: tuple[Combination, ...]
    exact: bool
    tried: int


def likely_words(logits: Floats, gold: Sequence[int], labels: int, k: int, allowed: npt.NDArray[np.bool_]) -> list[Ids]:
    """For each label the `k` allowed tokens with the highest mean logit over its examples, highest first.

    The order is that of the mean log-probability (section 5.1): what parts the two is the same for all words.

    Args:
        logits: at the mask of each training example, `[N, V]`.
        gold: the examples' labels, `[N]`.
        allowed: which tokens may be label words, `[V]`.

    Raises:
        SpecError: a label has no example, or no word is allowed.
    """
    if not allowed.any():
        raise SpecError("No word of the vocabulary may be a label word.")
    answers, usable = np.asarray(gold), np.flatnonzero(allowed)
    found = []
    for label in range(labels):
        if not (answers == label).any():
            raise SpecError("Label {number} has no training example to find words by.", number=label + 1)
        means = logits[answers == label][:, usable].mean(0)
        found.append(usable[np.argsort(-means, kind="stable")[:k]])
    return found


def nearest_words(candidates: Ids, seed: int, embedding: Floats, k: int) -> Ids:
    """The `k` candidates whose output embeddings, `[V, H]`, are nearest to the seed word's by cosine, nearest first."""
    vectors = embedding[candidates] / np.linalg.norm(embedding[candidates], axis=1, keepdims=True)
    distances = -(vectors @ embedding[seed]) / np.linalg.norm(embedding[seed])
    return candidates[np.argsort(distances, kind="stable")[:k]]


def best_combinations(logits: Floats, gold: Sequence[int], candidates: Sequence[Ids], n: int, *,
                      distinct: bool = True, most: int = MOST_COMBINATIONS, beam: int = BEAM) -> Found:
    """The `n` combinations with the highest zero-shot accuracy on the training examples.

    Equal scores keep the order of the product, the first label slowest. Equal logits go to the label that comes first.
    Memory: `most` bounds the work, not the memory, which is that of one word of the first label, or of the beam.

    Args:
        logits: at the mask of each training example, `[N, V]`.
        gold: the examples' labels, `[N]`.
        candidates: for each label its words, likeliest first.
        distinct: leave out combinations that give one word to two labels.
        most: with more combinations than this, a beam of `beam` is extended label by label instead.
    """
    columns = [logits[:, tokens] for tokens in candidates]
    pairs = _pair_bits(columns, np.asarray(gold), candidates, distinct)
    size = math.prod(len(tokens) for tokens in candidates)
    sizes, examples = [len(tokens) for tokens in candidates], len(gold)
    places, scores = (_whole_product(pairs, sizes, examples, n) if size <= most
                      else _beam(pairs, sizes, examples, max(beam, n)))
    kept = np.argsort(-scores, kind="stable")[:n]
    return Found(tuple(Combination(tuple(int(tokens[at]) for tokens, at in zip(candidates, places[row], strict=True)),
                                   float(scores[row]) / len(gold)) for row in kept), size <= most, size)


def best_score_pairs(logits: Floats, scores: Sequence[float], candidates: Sequence[Ids], n: int) -> list[Combination]:
    """For scores instead of labels: the (low, high) words whose probability of the latter correlates best (Pearson).

    The same word twice says nothing and counts -1.
    """
    low, high = (logits[:, tokens].astype(np.float64) for tokens in candidates)
    shares = 1 / (1 + np.exp(low[:, :, None] - high[:, None, :]))
    known = np.asarray(scores, dtype=np.float64)
    shares -= shares.mean(0)
    known = known - known.mean()
    spread = np.linalg.norm(shares, axis=0) * np.linalg.norm(known)
    same = candidates[0][:, None] == candidates[1]
    level = same | (spread == 0)
    found = np.where(level, -1.0, np.einsum("nab,n->ab", shares, known) / np.where(level, 1, spread))
    best = np.argsort(-found, axis=None, kind="stable")[:n]
    return [Combination((int(candidates[0][first]), int(candidates[1][second])), float(found[first, second]))
            for first, second in zip(*np.unravel_index(best, found.shape), strict=True)]


def _pair_bits(columns: Sequence[Floats], gold: Ids, candidates: Sequence[Ids],
               distinct: bool) -> dict[tuple[int, int], Bits]:
    """For labels c < d: bits `[W, Kc, Kd]` of the examples that the pair does not spoil; the last bit forbids the pair.

    Only examples of c and d are looked at: there the gold word must beat the other one, c on equality.
    """
    found = {}
    for one, other in combinations(range(len(columns)), 2):
        ahead = columns[one][:, :, None] >= columns[other][:, None, :]
        fine = np.ones((len(gold) + 1, *ahead.shape[1:]), dtype=bool)
        fine[:-1][gold == one] = ahead[gold == one]
        fine[:-1][gold == other] = ~ahead[gold == other]
        if distinct:
            fine[-1] = candidates[one][:, None] != candidates[other]
        found[one, other] = _packed(fine)
    return found


def _whole_product(pairs: dict[tuple[int, int], Bits], sizes: Sequence[int], examples: int,
                   n: int) -> tuple[Ids, npt.NDArray[np.int32]]:
    """Places `[n, C]` and right answers `[n]` of the best, in the order of the product; one first word at a time."""
    labels = len(sizes)
    rest = np.full((len(pairs[0, 1]), *sizes[1:]), ~np.uint64(0))
    for one, other in combinations(range(1, labels), 2):
        rest &= _along(pairs[one, other], (one - 1, other - 1), labels - 1)
    places, scores = np.empty((0, labels), dtype=np.int64), np.empty(0, dtype=np.int32)
    for first in range(sizes[0]):
        bits = rest.copy()
        for other in range(1, labels):
            bits &= _along(pairs[0, other][:, first], (other - 1,), labels - 1)
        right = _right(bits, examples).ravel()
        floor = scores.min() if len(scores) == n else -1
        new = _best(right, n, floor)
        rows = np.column_stack([np.full(len(new), first), *np.unravel_index(new, tuple(sizes[1:]))])
        places, scores = np.concatenate([places, rows]), np.concatenate([scores, right[new]])
        kept = _best(scores, n)
        places, scores = places[kept], scores[kept]
    return places, scores


def _beam(pairs: dict[tuple[int, int], Bits], sizes: Sequence[int], examples: int,
          beam: int) -> tuple[Ids, npt.NDArray[np.int32]]:
    """The same for the best `beam` of each length; what a label not yet reached will spoil is not known before."""
    places, bits = np.arange(sizes[0])[:, None], np.full((len(pairs[0, 1]), sizes[0]), ~np.uint64(0))
    scores = np.empty(0, dtype=np.int32)
    for label in range(1, len(sizes)):
        longer = np.repeat(bits[:, :, None], sizes[label], axis=2)
        for before in range(label):
            longer &= pairs[before, label][:, places[:, before]]
        right = _right(longer, examples).ravel()
        kept = _best(right, beam)
        parents, words = np.divmod(kept, sizes[label])
        places, bits = np.column_stack([places[parents], words]), longer[:, parents, words]
        scores = right[kept]
    return places, scores


def _best(scores: npt.NDArray[np.int32], n: int, floor: int = -1) -> Ids:
    """Places of the `n` highest scores above `floor`, the first of equals, in their own order."""
    above = np.flatnonzero(scores > floor)
    if len(above) > n:
        above = np.sort(above[np.argsort(-scores[above], kind="stable")[:n]])
    return above


def _along(bits: Bits, axes: tuple[int, ...], dimensions: int) -> Bits:
    """Bits `[W, K…]` with their other axes at these places among `dimensions`, ready to be spread."""
    shape = [1] * dimensions
    for axis, size in zip(axes, bits.shape[1:], strict=True):
        shape[axis] = size
    return bits.reshape(len(bits), *shape)


def _packed(flags: npt.NDArray[np.bool_]) -> Bits:
    """Flags `[F, …]` as `[ceil(F / 64), …]` words of 64 bits."""
    padded = np.zeros((-(-len(flags) // 64) * 64, *flags.shape[1:]), dtype=bool)
    padded[: len(flags)] = flags
    octets = np.packbits(padded, axis=0, bitorder="little")
    octets = octets.reshape(len(padded) // 64, 8, *flags.shape[1:])
    return np.ascontiguousarray(np.moveaxis(octets, 1, -1)).view("<u8")[..., 0]


def _right(bits: Bits, examples: int) -> npt.NDArray[np.int32]:
    """How many examples are left, or -1 where the combination is forbidden; `bits` is `[W, …]`."""
    word, bit = divmod(examples, 64)
    counted: npt.NDArray[np.int32] = np.bitwise_count(bits).sum(0, dtype=np.int32)
    return np.where((bits[word] >> np.uint64(bit)) & np.uint64(1), counted - 1, -1).astype(np.int32)
