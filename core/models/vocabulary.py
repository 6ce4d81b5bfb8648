"""Which tokens of a vocabulary are whole words, in any family of tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerBase

from core.models.backbone import Backbone
from core.models.pieces import TokenizerKind, plain_ids, tokenizer_kind, word_ids

_STARTS = {
    "byte_level": "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}",
    "sentencepiece": "\N{LOWER ONE EIGHTH BLOCK}",
}
_INSIDE = "##"


def whole_words(backbone: Backbone) -> dict[int, str]:
    """The tokens that are a word by themselves, with the word: letters only, as in running text."""
    return _whole_words(backbone.tokenizer, tokenizer_kind(backbone))


def word_mask(backbone: Backbone) -> npt.NDArray[np.bool_]:
    """Whether each token of the vocabulary is a whole word, `[V]`, V as in the model's logits."""
    mask = np.zeros(backbone.vocabulary_size, dtype=bool)  # [V]
    mask[[token for token in whole_words(backbone) if token < len(mask)]] = True
    return mask


def stands_alone(token: int, backbone: Backbone) -> bool:
    """Whether the word of a token, put into a prompt as a label word, becomes that token again."""
    return word_ids(whole_words(backbone)[token], backbone) == [token]


def token_counts(texts: Sequence[str], backbone: Backbone) -> npt.NDArray[np.int64]:
    """How often each token occurs in running texts, `[V]`, V as in the model's logits."""
    found = plain_ids([" " + text for text in texts], backbone)
    flat = np.fromiter((token for ids in found for token in ids), dtype=np.int64)
    size = backbone.vocabulary_size
    return np.bincount(flat, minlength=size)[:size]  # [V]


@lru_cache(maxsize=8)
def _whole_words(tokenizer: PreTrainedTokenizerBase, kind: TokenizerKind) -> dict[int, str]:
    special = set(tokenizer.all_special_ids)
    found = {}
    for token, number in tokenizer.get_vocab().items():
        if number in special or not _starts_word(token, kind):
            continue
        word = _word(token, number, tokenizer, kind)
        if word.isalpha() and (len(word) > 1 or not word.isascii()):
            found[number] = word
    return dict(sorted(found.items()))


def _starts_word(token: str, kind: TokenizerKind) -> bool:
    if kind == "wordpiece":
        return not token.startswith(_INSIDE)
    return token[:1] == _STARTS[kind]


def _word(token: str, number: int, tokenizer: PreTrainedTokenizerBase, kind: TokenizerKind) -> str:
    if kind == "byte_level":  # letters beyond ASCII are spelled in bytes there
        return str(tokenizer.decode([number])).strip()
    return token.removeprefix(_STARTS.get(kind, ""))
