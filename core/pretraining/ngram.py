"""A trigram model with interpolated Kneser-Ney smoothing, to compare a language model with.

Chen and Goodman (1999), section 2.7, with one discount an order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Order:
    """Counts of n-grams; the number of an n-gram is its key, its tokens being the digits.

    Attributes:
        keys: of K n-grams, sorted, `[K]`.
        counts: how often each occurs, `[K]`.
        contexts: keys of the n-grams without their last token, sorted, `[X]`.
        totals: how often each context occurs, `[X]`.
        kinds: how many different tokens follow each context, `[X]`.
        discount: what is taken from each count.
    """

    keys: Ids
    counts: Ids
    contexts: Ids
    totals: Ids
    kinds: Ids
    discount: float

    @staticmethod
    def of(keys: Ids, counts: Ids, vocabulary: int) -> _Order:
        contexts, at, kinds = np.unique(keys // vocabulary, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, at)
        once, twice = ((counts == times).sum() for times in (1, 2))
        discount = float(once / (once + 2 * twice)) if once else 0.5
        return _Order(keys, counts, contexts, totals, kinds, discount)

    def interpolated(self, keys: Ids, lower: Floats, vocabulary: int) -> Floats:
        """The probability of the last token of each key, given that of the lower order."""
        contexts = keys // vocabulary
        counts = _values_at(self.keys, self.counts, keys)
        totals = _values_at(self.contexts, self.totals, contexts)
        kinds = _values_at(self.contexts, self.kinds, contexts)
        mass = np.maximum(counts - self.discount, 0) + self.discount * kinds * lower
        return np.where(totals > 0, mass / np.maximum(totals, 1), lower)


class Trigram:
    """Probabilities of tokens from the two before them."""

    def __init__(self, rows: npt.NDArray[np.integer], vocabulary: int) -> None:
        """Count the tokens of `rows`, `[N, T]`; no trigram reaches from one row into the next."""
        self.vocabulary = vocabulary
        size = np.int64(vocabulary)
        ids = rows.astype(np.int64)
        triples = (ids[:, :-2] * size + ids[:, 1:-1]) * size + ids[:, 2:]  # [N, T - 2]
        keys, counts = np.unique(triples, return_counts=True)
        orders = [_Order.of(keys, counts, vocabulary)]
        for length in (2, 1):  # a lower order counts in how many contexts its n-grams were seen
            keys, counts = np.unique(keys % size**length, return_counts=True)
            orders.append(_Order.of(keys, counts, vocabulary))
        self._three, self._two, self._one = orders

    def log_probs(self, rows: npt.NDArray[np.integer]) -> Floats:
        """Log-probabilities of all tokens but the first of each row, `[N, T]` → `[N, T - 1]`."""
        size, ids = np.int64(self.vocabulary), rows.astype(np.int64)
        words = ids[:, 1:]  # [N, T - 1]
        pairs = ids[:, :-1] * size + words  # [N, T - 1]
        triples = ids[:, :-2] * size**2 + pairs[:, 1:]  # [N, T - 2]
        uniform = np.full(words.shape, 1 / self.vocabulary)
        found = self._one.interpolated(words, uniform, self.vocabulary)
        found = self._two.interpolated(pairs, found, self.vocabulary)
        found[:, 1:] = self._three.interpolated(triples, found[:, 1:], self.vocabulary)
        return np.log(found)


def _values_at(keys: Ids, values: Ids, wanted: Ids) -> Ids:
    """Values of the wanted keys; 0 for those that are not there. `keys` are sorted."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)
