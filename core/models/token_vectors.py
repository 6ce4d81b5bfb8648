"""The vectors of a text's tokens in context, from the last layer of a small encoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from core.models.carried import model_folder
from core.models.sentences import SENTENCE_MODEL

TokenVectors = npt.NDArray[np.float32]  # [T, D]
_BATCH = 64
_LONGEST = 256  # tokens, as the encoder was trained; what comes after them is cut
_TEXTS_KEPT = 1000  # about 50 MB of sentences; references come again with every run


class TokenEncoder:
    """An encoder of the BERT family, on the CPU in single precision."""

    def __init__(self, name: str) -> None:
        """Load a model by the name of an installed package that carries it, or from a folder."""
        from transformers import AutoModel, AutoTokenizer

        folder = model_folder(name)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._tokenizer.split_special_tokens = True  # in a text their letters are letters
        model: Any = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
        self._model = model.eval()
        self._known: dict[str, TokenVectors] = {}

    def embed(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The vectors of length 1 of each text's tokens, `[T, D]`, for N texts.

        The first and the last are those of the marks around the text.
        """
        found = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        found.update(self._new(new))
        if len(self._known) + len(new) > _TEXTS_KEPT:
            self._known.clear()
        if len(new) <= _TEXTS_KEPT:
            self._known.update((text, found[text]) for text in new)
        return [found[text] for text in texts]

    def _new(self, texts: Sequence[str]) -> Iterator[tuple[str, TokenVectors]]:
        by_length = sorted(texts, key=len)  # so that little of a batch is padding
        for start in range(0, len(by_length), _BATCH):
            batch = by_length[start : start + _BATCH]
            yield from zip(batch, self._batch(batch), strict=True)

    @torch.inference_mode()
    def _batch(self, texts: Sequence[str]) -> Iterator[TokenVectors]:
        inputs = self._tokenizer(list(texts), padding=True, truncation=True, max_length=_LONGEST,
                                 return_tensors="pt")
        states = self._model(**inputs).last_hidden_state  # [B, T, D]
        vectors = torch.nn.functional.normalize(states, dim=-1)
        for row, mask in zip(vectors, inputs["attention_mask"].bool(), strict=True):
            yield row[mask].numpy()


@lru_cache(maxsize=1)
def token_encoder(name: str = SENTENCE_MODEL) -> TokenEncoder:
    """The encoder, loaded once."""
    return TokenEncoder(name)
