"""Label words found by a masked language model itself.

See LM-BFF (arXiv 2012.15723), section 5.1 and appendix B.

For each label the words that the model thinks likeliest at the mask of that label's examples; then
the combinations of one word a label with which the model, without training, answers most training
examples correctly.

A combination answers an example correctly if its label's word beats each of the others, and whether
one word beats another does not depend on the rest. So each pair of labels gets, for each pair of
their words, one bit an example; a combination's score is the number of bits left when the bits of
all its pairs are taken together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from core.search.checks import check_searchable

Ids = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating]
Pairs = Mapping[tuple[int, int], Bits]
MOST_COMBINATIONS = 150_000_000  # that are all tried; beyond, a beam keeps the best of each length
BEAM = 20_000


@dataclass(frozen=True)
class Combination:
    """One word a label, `[C]` token ids, and the share of training examples answered correctly."""

    tokens: tuple[int, ...]
    score: float


@dataclass(frozen=True)
class RankedCombinations:
    """The best combinations, best first.

    Attributes:
        exact: whether all were tried.
        tried: how many there are.
    """

    combinations: tuple[Combination, ...]
    exact: bool
    tried: int


def likely_words(logits: Floats, gold: Sequence[int], labels: int, k: int,
                 allowed: Flags) -> list[Ids]:
    """For each label the `k` allowed tokens with the highest mean logit over its examples.

    The order is that of the mean log-probability (section 5.1), which differs by a constant.

    Args:
        logits: at the mask of each training example, `[N, V]`.
        gold: the examples' labels, `[N]`.
        allowed: which tokens may be label words, `[V]`.

    Raises:
        SpecError: a label has no example, or no word is allowed.
    """
    answers, usable = np.asarray(gold), np.flatnonzero(allowed)
    check_searchable(gold, labels, len(usable))
    means = (logits[answers == label][:, usable].mean(0) for label in range(labels))
    return [usable[np.argsort(-mean, kind="stable")[:k]] for mean in means]


def nearest_words(candidates: Ids, seed: int, embedding: Floats, k: int) -> Ids:
    """The `k` candidates nearest to a seed by cosine of output embeddings `[V, H]`, best first."""
    vectors = _normalised(embedding[candidates])
    distances = -(vectors @ embedding[seed]) / np.linalg.norm(embedding[seed])
    return candidates[np.argsort(distances, kind="stable")[:k]]


def best_combinations(
    logits: Floats,
    gold: Sequence[int],
    candidates: Sequence[Ids],
    n: int,
    *,
    distinct: bool = True,
    most: int = MOST_COMBINATIONS,
    beam: int = BEAM,
) -> RankedCombinations:
    """The `n` combinations with the highest zero-shot accuracy on the training examples.

    Equal scores keep the order of the product, the first label slowest. Equal logits go to the
    label that comes first. `most` bounds the work; the memory is that of one word of the first
    label, or of the beam.

    Args:
        logits: at the mask of each training example, `[N, V]`.
        gold: the examples' labels, `[N]`.
        candidates: for each label its words, likeliest first.
        distinct: leave out combinations that give one word to two labels.
        most: with more combinations than this, a beam of `beam` is extended label by label instead.
    """
    pairs = _pair_bits(logits, np.asarray(gold), candidates, distinct)
    sizes, examples = [len(tokens) for tokens in candidates], len(gold)
    tried = math.prod(sizes)
    if tried <= most:
        places, correct = _whole_product(pairs, sizes, examples, n)
    else:
        places, correct = _beam(pairs, sizes, examples, max(beam, n))
    best = np.argsort(-correct, kind="stable")[:n]
    ranked = (_combination(candidates, places[row], correct[row] / examples) for row in best)
    return RankedCombinations(tuple(ranked), tried <= most, tried)


def best_score_pairs(logits: Floats, scores: Sequence[float], candidates: Sequence[Ids],
                     n: int) -> list[Combination]:
    """For scores instead of labels: the (low, high) words that predict the score best.

    They are ranked by Pearson's correlation of the score with the probability of the high word. The
    same word twice predicts nothing and counts -1.

    Args:
        logits: at the mask of each training example, `[N, V]`.
        scores: of the examples, `[N]`.
        candidates: the low and the high words.
    """
    low, high = candidates
    shares, same = _shares(logits, low, high), low[:, None] == high
    correlations = _correlations(shares, np.asarray(scores, dtype=np.float64), same)
    best = np.argsort(-correlations, axis=None, kind="stable")[:n]
    places = np.column_stack(np.unravel_index(best, correlations.shape))
    return [_combination(candidates, place, correlations[tuple(place)]) for place in places]


def _normalised(vectors: Floats) -> Floats:
    """The rows at length 1."""
    normalised: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normalised


def _combination(candidates: Sequence[Ids], places: Ids, score: float) -> Combination:
    """The words at these places `[C]` of each label's candidates."""
    words = zip(candidates, places, strict=True)
    return Combination(tuple(int(tokens[place]) for tokens, place in words), float(score))


def _shares(logits: Floats, low: Ids, high: Ids) -> Floats:
    """Probabilities of the high word beside the low one, `[N, K0, K1]`."""
    differences = logits[:, low, None].astype(np.float64) - logits[:, None, high]
    shares: Floats = 1 / (1 + np.exp(differences))
    return shares


def _correlations(shares: Floats, scores: Floats, undefined: Flags) -> Floats:
    """Pearson's correlation of shares `[N, K0, K1]` with scores `[N]`; -1 where it is undefined."""
    shares, scores = shares - shares.mean(0), scores - scores.mean()
    spread = np.linalg.norm(shares, axis=0) * np.linalg.norm(scores)
    undefined = undefined | (spread == 0)
    products = np.einsum("nab,n->ab", shares, scores)
    correlations: Floats = np.where(undefined, -1.0, products / np.where(undefined, 1, spread))
    return correlations


def _pair_bits(logits: Floats, gold: Ids, candidates: Sequence[Ids], distinct: bool) -> Pairs:
    """For labels c < d: bits `[W, Kc, Kd]` of the examples that two words answer correctly.

    Only examples of c and d are looked at: there the gold word must beat the other one, c on
    equality. The last bit is 0 where the pair is forbidden.
    """
    pairs = {}
    for first, second in combinations(range(len(candidates)), 2):
        ahead = _ahead(logits, candidates[first], candidates[second])
        fine = np.ones((len(gold) + 1, *ahead.shape[1:]), dtype=bool)
        fine[:-1][gold == first] = ahead[gold == first]
        fine[:-1][gold == second] = ~ahead[gold == second]
        if distinct:
            fine[-1] = candidates[first][:, None] != candidates[second]
        pairs[first, second] = _packed(fine)
    return pairs


def _ahead(logits: Floats, words: Ids, others: Ids) -> Flags:
    """Whether a word's logit is at least that of the other, `[N, Kc, Kd]`."""
    ahead: Flags = logits[:, words, None] >= logits[:, None, others]
    return ahead


def _whole_product(pairs: Pairs, sizes: Sequence[int], examples: int,
                   n: int) -> tuple[Ids, Counts]:
    """Places `[n, C]` and correct answers `[n]` of the best, in the order of the product.

    One word of the first label is tried at a time.
    """
    rest = _rest(pairs, sizes)
    places = np.empty((0, len(sizes)), dtype=np.int64)
    correct = np.empty(0, dtype=np.int32)
    for word in range(sizes[0]):
        counts = _correct(_with_first(rest, pairs, word), examples).ravel()
        floor = correct.min() if len(correct) == n else -1
        new = _best(counts, n, floor)
        rows = np.column_stack([np.full(len(new), word), *np.unravel_index(new, tuple(sizes[1:]))])
        places, correct = np.concatenate([places, rows]), np.concatenate([correct, counts[new]])
        kept = _best(correct, n)
        places, correct = places[kept], correct[kept]
    return places, correct


def _rest(pairs: Pairs, sizes: Sequence[int]) -> Bits:
    """Bits `[W, K1, K2, …]` of the pairs without the first label."""
    bits = np.full((len(pairs[0, 1]), *sizes[1:]), ~np.uint64(0))
    for first, second in combinations(range(1, len(sizes)), 2):
        bits &= _along(pairs[first, second], (first - 1, second - 1), len(sizes) - 1)
    return bits


def _with_first(rest: Bits, pairs: Pairs, word: int) -> Bits:
    """The bits `[W, K1, K2, …]` together with those of one word of the first label."""
    bits, others = rest.copy(), rest.ndim - 1
    for second in range(1, others + 1):
        bits &= _along(pairs[0, second][:, word], (second - 1,), others)
    return bits


def _beam(pairs: Pairs, sizes: Sequence[int], examples: int, beam: int) -> tuple[Ids, Counts]:
    """Places `[beam, C]` and correct answers `[beam]`, keeping the best `beam` of each length.

    What labels that are not yet reached will answer is not known before, so the best may be lost.
    """
    places = np.arange(sizes[0])[:, None]
    bits = np.full((len(pairs[0, 1]), sizes[0]), ~np.uint64(0))
    correct = np.empty(0, dtype=np.int32)
    for label in range(1, len(sizes)):
        longer = np.repeat(bits[:, :, None], sizes[label], axis=2)  # [W, beam, K]
        for before in range(label):
            longer &= pairs[before, label][:, places[:, before]]
        counts = _correct(longer, examples).ravel()
        kept = _best(counts, beam)
        parents, words = np.divmod(kept, sizes[label])
        places, bits = np.column_stack([places[parents], words]), longer[:, parents, words]
        correct = counts[kept]
    return places, correct


def _best(counts: Counts, n: int, floor: int = -1) -> Ids:
    """Places of the `n` highest counts above `floor`, the first of equals, in their own order."""
    above = np.flatnonzero(counts > floor)
    if len(above) > n:
        above = np.sort(above[np.argsort(-counts[above], kind="stable")[:n]])
    return above


def _along(bits: Bits, axes: tuple[int, ...], dimensions: int) -> Bits:
    """Bits `[W, K…]` with their other axes at these places among `dimensions`, for broadcasting."""
    shape = [1] * dimensions
    for axis, size in zip(axes, bits.shape[1:], strict=True):
        shape[axis] = size
    return bits.reshape(len(bits), *shape)


def _packed(flags: Flags) -> Bits:
    """Flags `[F, …]` as `[ceil(F / 64), …]` words of 64 bits."""
    padded = np.zeros((-(-len(flags) // 64) * 64, *flags.shape[1:]), dtype=bool)
    padded[: len(flags)] = flags
    octets = np.packbits(padded, axis=0, bitorder="little").reshape(-1, 8, *flags.shape[1:])
    return np.ascontiguousarray(np.moveaxis(octets, 1, -1)).view("<u8")[..., 0]


def _correct(bits: Bits, examples: int) -> Counts:
    """How many examples are left, or -1 where the combination is forbidden; `bits` is `[W, …]`."""
    word, bit = divmod(examples, 64)
    allowed = (bits[word] >> np.uint64(bit)) & np.uint64(1)
    counts: Counts = np.bitwise_count(bits).sum(0, dtype=np.int32)
    return np.where(allowed, counts - 1, -1).astype(np.int32)
