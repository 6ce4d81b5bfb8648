"""A trigram model with interpolated Kneser-Ney smoothing: what counting alone says, to hold a language model against.

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
    """How often words follow contexts: `count` of a key that ends in the word, and of the contexts it extends."""

    keys: Ids
    counts: Ids
    contexts: Ids
    totals: Ids
    kinds: Ids
    discount: float

    @staticmethod
    def of(keys: Ids, counts: Ids, vocabulary: int) -> _Order:
        contexts, starts = np.unique(keys // vocabulary, return_index=True)
        once, twice = ((counts == times).sum() for times in (1, 2))
        return _Order(keys, counts, contexts, np.add.reduceat(counts, starts),
                      np.diff(np.append(starts, len(keys))), float(once / (once + 2 * twice)) if once else 0.5)

    def interpolated(self, keys: Ids, lower: Floats, vocabulary: int) -> Floats:
        """The probability of the last word of each key, given that of the lower order."""
        counts, contexts = _found(self.keys, self.counts, keys), keys // vocabulary
        totals, kinds = (_found(self.contexts, each, contexts) for each in (self.totals, self.kinds))
        seen, safe = totals > 0, np.maximum(totals, 1)
        return np.where(seen, (np.maximum(counts - self.discount, 0) + self.discount * kinds * lower) / safe, lower)


class Trigram:
    """Probabilities of tokens from the two before them."""

    def __init__(self, rows: npt.NDArray[np.integer], vocabulary: int) -> None:
        """Count the tokens of `rows`, `[N, T]`; a row says nothing about the next."""
        self.vocabulary = vocabulary
        size = np.int64(vocabulary)
        ids = rows.astype(np.int64)
        words = (ids[:, :-2] * size + ids[:, 1:-1]) * size + ids[:, 2:]
        keys, counts = np.unique(words, return_counts=True)
        self._orders = [_Order.of(keys, counts, vocabulary)]
        for length in (2, 1):  # a lower order counts in how many contexts its words were seen
            keys, counts = np.unique(keys % size**length, return_counts=True)
            self._orders.insert(0, _Order.of(keys, counts, vocabulary))

    def log_probs(self, rows: npt.NDArray[np.integer]) -> Floats:
        """Log-probabilities of all tokens but the first of each row, `[N, T - 1]`."""
        size, ids = np.int64(self.vocabulary), rows.astype(np.int64)
        one, two, three = self._orders
        words = ids[:, 1:]
        found = one.interpolated(words, np.full(words.shape, 1 / self.vocabulary), self.vocabulary)
        pairs = ids[:, :-1] * size + words
        found = two.interpolated(pairs, found, self.vocabulary)
        triples = ids[:, :-2] * size**2 + pairs[:, 1:]
        found[:, 1:] = three.interpolated(triples, found[:, 1:], self.vocabulary)
        return np.log(found)


def _found(keys: Ids, values: Ids, wanted: Ids) -> Ids:
    """Values of the wanted keys; 0 for those that are not there. `keys` are sorted."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)
