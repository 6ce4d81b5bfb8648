"""Which tokens of a vocabulary are whole words, in any family of tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerBase

from core.models.backbone import Backbone
from core.models.encoding import TokenizerKind, tokenizer_kind, word_ids

_STARTS = {"byte_level": "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}", "sentencepiece": "\N{LOWER ONE EIGHTH BLOCK}"}
_INSIDE = "##"


def whole_words(backbone: Backbone) -> dict[int, str]:
    """Tokens that are a word by themselves: letters only, and the token that the word in running text is made of."""
    return _whole_words(backbone.tokenizer, tokenizer_kind(backbone))


def word_mask(backbone: Backbone) -> npt.NDArray[np.bool_]:
    """The same for each token of the vocabulary, `[V]`, as wide as the model's answers."""
    mask = np.zeros(backbone.model.config.vocab_size, dtype=bool)
    mask[list(whole_words(backbone))] = True
    return mask


def stands_alone(token: int, backbone: Backbone) -> bool:
    """Whether the word of a token, put into a prompt as a label word, becomes that token again."""
    return word_ids(whole_words(backbone)[token], backbone) == [token]


def token_counts(texts: Sequence[str], backbone: Backbone) -> npt.NDArray[np.int64]:
    """How often each token of the vocabulary occurs in running texts, `[V]`, as wide as the model's answers."""
    ids = backbone.tokenizer([" " + text for text in texts], add_special_tokens=False, return_attention_mask=False,
                             return_token_type_ids=False, verbose=False)["input_ids"] if texts else []
    flat = np.fromiter((token for each in ids for token in each), dtype=np.int64)
    return np.bincount(flat, minlength=backbone.model.config.vocab_size)


@lru_cache(maxsize=8)
def _whole_words(tokenizer: PreTrainedTokenizerBase, kind: TokenizerKind) -> dict[int, str]:
    special = set(tokenizer.all_special_ids)
    found = {}
    for token, number in tokenizer.get_vocab().items():
        if number in special or (token.startswith(_INSIDE) if kind == "wordpiece" else token[:1] != _STARTS[kind]):
            continue
        word = str(tokenizer.decode([number])).strip() if kind == "byte_level" else token.removeprefix(
            _STARTS.get(kind, ""))
        if word.isalpha() and (len(word) > 1 or not word.isascii()):
            found[number] = word
    return dict(sorted(found.items()))
