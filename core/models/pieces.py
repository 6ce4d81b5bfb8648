"""Strings to token ids: each distinct string is tokenised once and its ids are kept.

The ids of a string are those that it has in running text, whatever the tokenizer does at the
start of a text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Literal

from core.errors import VerbalizerError
from core.models.backbone import Backbone
from core.prompts.pattern import Segment

TokenizerKind = Literal["wordpiece", "byte_level", "sentencepiece"]
_PIECES_KEPT = 200_000
_GLUED = ("<", "[", ".", ",")  # label words that begin so have no space before them (LM-BFF)


def plain_ids(texts: Sequence[str], backbone: Backbone) -> list[list[int]]:
    """Token ids of each text as the tokenizer gives them, without special tokens, nothing kept."""
    if not texts:
        return []
    found = backbone.tokenizer(
        list(texts), add_special_tokens=False, return_attention_mask=False,
        return_token_type_ids=False, verbose=False)
    ids: list[list[int]] = found["input_ids"]
    return ids


def word_ids(word: str, backbone: Backbone) -> list[int]:
    """Token ids of a label word as in running text (byte-level pieces carry the space before)."""
    return list(string_ids(spelling(Segment("word", word), backbone), backbone))


def single_ids(words: Iterable[tuple[str, str]], backbone: Backbone) -> list[int]:
    """The one token of each of W pairs (label, word), `[W]`.

    Raises:
        VerbalizerError: a word has several pieces (the message shows them) or is unknown to the
            vocabulary.
    """
    return [_single_id(label, word, backbone) for label, word in words]


def check_known(ids: Sequence[int], word: str, label: str, backbone: Backbone) -> None:
    """Check that the vocabulary knows all pieces `ids` of a label word.

    Raises:
        VerbalizerError: it does not.
    """
    beyond = max(ids, default=0) >= backbone.vocabulary_size  # the tokenizer has more than rows
    if beyond or backbone.tokenizer.unk_token_id in ids:
        raise VerbalizerError(
            "The model {model!r} does not know the word {word!r} of the label {label!r}. "
            "Choose another word.", model=backbone.name, word=word, label=label)


def _single_id(label: str, word: str, backbone: Backbone) -> int:
    ids = word_ids(word, backbone)
    check_known(ids, word, label, backbone)
    if len(ids) != 1:
        pieces = backbone.tokenizer.convert_ids_to_tokens(ids)
        shown = " ".join(pieces[:20]) + " …" * (len(pieces) > 20) or "none"
        raise VerbalizerError(
            "The word {word!r} of the label {label!r} has {count} pieces for this model "
            "({pieces}); one is needed here. Choose a more common word.",
            word=word, label=label, count=len(ids), pieces=shown)
    return ids[0]


def tokenizer_kind(backbone: Backbone) -> TokenizerKind:
    """How the tokenizer marks the start of a word."""
    return _kind_of(backbone.tokenizer.backend_tokenizer)


@lru_cache(maxsize=64)
def _kind_of(backend: object) -> TokenizerKind:
    steps = repr((getattr(backend, "pre_tokenizer", ""), getattr(backend, "normalizer", "")))
    if "ByteLevel" in steps:
        return "byte_level"
    return "sentencepiece" if "Metaspace" in steps or "Prepend" in steps else "wordpiece"


def spelling(segment: Segment, backbone: Backbone, cut: str = "texts") -> str:
    """The string whose ids stand for the segment; a leading space marks the start of a word."""
    if segment.kind == "word":
        glued = segment.text.startswith(_GLUED) and tokenizer_kind(backbone) == "byte_level"
        return segment.text if glued else " " + segment.text
    limit = 24 * backbone.max_length  # characters, more than fit: the rest need not be tokenised
    text = segment.text[-limit:] if cut == "head" else segment.text[:limit]
    return " " + text if segment.space and text else text


def string_ids(text: str, backbone: Backbone) -> list[int]:
    """Token ids of a spelling, from memory where it was tokenised before; not to be changed."""
    while (ids := backbone.pieces.get(text)) is None:  # another thread may have emptied the memory
        tokenise([text], backbone)
    return ids


def tokenise(texts: Collection[str], backbone: Backbone) -> None:
    """Tokenise those of the distinct spellings that are new, all at once, and keep their ids."""
    if len(backbone.pieces) > _PIECES_KEPT:
        backbone.pieces.clear()
    new = [text for text in texts if text not in backbone.pieces]
    kind = tokenizer_kind(backbone)
    blank = " " if backbone.family == "causal" else None  # only causal models know line breaks
    stripped = new if kind == "byte_level" else [text.strip(blank) for text in new]
    found = plain_ids(stripped, backbone)
    for text, bare, ids in zip(new, stripped, found, strict=True):
        glued = kind == "sentencepiece" and text[:1] == bare[:1]
        backbone.pieces[text] = _without_start(ids, backbone) if glued else ids


def _without_start(ids: list[int], backbone: Backbone) -> list[int]:
    """Take away the mark that SentencePiece puts at the start of every string."""
    tokenizer = backbone.tokenizer
    tokens = tokenizer.convert_ids_to_tokens(ids[:1])
    if not tokens or not tokens[0].startswith("▁"):
        return ids
    if tokens[0] == "▁":
        return ids[1:]
    bare = tokenizer.convert_tokens_to_ids(tokens[0][1:])
    if isinstance(bare, int) and bare != tokenizer.unk_token_id:
        return [bare, *ids[1:]]
    return ids
