"""Strings to token ids: each distinct string is tokenised once and its ids are kept.

The ids of a string are those that it has in running text, or, where a sequence starts with it,
those that the tokenizer gives to a text of its own. A string is text and nothing else: `<pad>` in
it is five letters, not padding. Only a label word may be a special token, the end of a text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.errors import VerbalizerError
from core.models.backbone import Backbone
from core.prompts.pattern import Segment

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TokenizerKind = Literal["wordpiece", "byte_level", "sentencepiece"]
_PIECES_KEPT = 200_000
_BYTE = re.compile("<0x[0-9A-F]{2}>")  # stands for itself, whatever its letters are
_GLUED = ("<", "[", ".", ",")  # label words that begin so have no space before them (LM-BFF)


class Spelling(NamedTuple):
    """A string to be tokenised.

    Attributes:
        text: a leading space marks the start of a word.
        starts: it is what a sequence starts with, and the tokenizer marks that.
    """

    text: str
    starts: bool = False


def plain_ids(texts: Sequence[str], backbone: Backbone) -> list[list[int]]:
    """Token ids of each text as the tokenizer gives them to a text of its own, nothing kept.

    No special token is among them, whatever letters the texts hold.
    """
    if not texts:
        return []
    special = special_letters(backbone)
    ids = _ids(texts, backbone.tokenizer)
    if special is None:
        return ids
    return [_parted_ids(text, special, backbone) if special.search(text) else found
            for text, found in zip(texts, ids, strict=True)]


def _ids(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    found = tokenizer(
        list(texts), add_special_tokens=False, split_special_tokens=True,
        return_attention_mask=False, return_token_type_ids=False, verbose=False)
    ids: list[list[int]] = found["input_ids"]
    return ids


def _parted_ids(text: str, special: re.Pattern[str], backbone: Backbone) -> list[int]:
    """The ids of a text that is parted after the first letter of each special token."""
    cuts = [0, *(found.start() + 1 for found in special.finditer(text)), len(text)]
    first, *parts = [text[start:end] for start, end in pairwise(cuts)]
    before = boundary(backbone)
    skipped, whole, *ids = _ids([before, first, *(before + part for part in parts)],
                                backbone.tokenizer)
    return [*whole, *(token for each in ids for token in each[len(skipped) :])]


def special_letters(backbone: Backbone) -> re.Pattern[str] | None:
    """What finds special tokens in a text, where the vocabulary holds them as pieces of text.

    SentencePiece never cuts a text into its control symbols. Tokenizers converted from it do: there
    `</s>` is a piece like any other, with the best score of all.
    """
    return _special_letters(backbone.tokenizer)


@lru_cache(maxsize=64)
def _special_letters(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str] | None:
    names = [*tokenizer.all_special_tokens, "<extra_id_0>"]
    special = {*tokenizer.all_special_ids, _sentinel_id(0, tokenizer)} - {tokenizer.unk_token_id}
    if special.isdisjoint(chain.from_iterable(_ids(names, tokenizer))):
        return None
    return re.compile("|".join(("<extra_id_[0-9]+>", *map(re.escape, names))))


def sentinel_id(number: int, backbone: Backbone) -> int | None:
    """The id of T5's `<extra_id_NUMBER>`, which mT5 spells with a blank; None if there is none."""
    return _sentinel_id(number, backbone.tokenizer)


def _sentinel_id(number: int, tokenizer: PreTrainedTokenizerBase) -> int | None:
    find = tokenizer.backend_tokenizer.token_to_id
    name = f"<extra_id_{number}>"
    spaced: int | None = find("▁" + name)
    return find(name) if spaced is None else spaced


def word_ids(word: str, backbone: Backbone) -> list[int]:
    """Token ids of a label word as in running text (byte-level pieces carry the space before)."""
    spelled = string_ids(spelling(Segment("word", word), backbone), backbone)
    return end_ids(word, backbone) or list(spelled)


def end_ids(word: str, backbone: Backbone) -> list[int]:
    """The token that ends a text, where the label word is its name (LM-BFF has it); else none."""
    tokenizer = backbone.tokenizer
    ends = ((tokenizer.sep_token, tokenizer.sep_token_id),
            (tokenizer.eos_token, tokenizer.eos_token_id))
    return next(([number] for token, number in ends if token == word), [])


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
    steps = _steps(backend)
    if "ByteLevel" in steps:
        return "byte_level"
    return "sentencepiece" if "▁" in steps else "wordpiece"


def _steps(backend: object) -> str:
    """What the tokenizer does to a text before it looks for tokens."""
    return repr((getattr(backend, "pre_tokenizer", ""), getattr(backend, "normalizer", "")))


def spelling(segment: Segment, backbone: Backbone, cut: str = "texts",
             starts: bool = False) -> Spelling:
    """What is tokenised for a segment; label words are spelled alike wherever they stand."""
    if segment.kind == "word":
        glued = segment.text.startswith(_GLUED) and tokenizer_kind(backbone) == "byte_level"
        return Spelling(segment.text if glued else " " + segment.text)
    limit = 24 * backbone.max_length  # characters, more than fit: the rest need not be tokenised
    text = segment.text[-limit:] if cut == "head" else segment.text[:limit]
    spaced = " " + text if segment.space and text else text
    return Spelling(_tidy(spaced, backbone), starts and bool(boundary(backbone)))


def _tidy(text: str, backbone: Backbone) -> str:
    """The text without blanks around it that the model does not know."""
    if not drops_blanks(backbone):
        return text
    bare = text.strip()
    return " " + bare if bare and text[0].isspace() else bare


def drops_blanks(backbone: Backbone) -> bool:
    """Whether blanks do nothing but part words; else each of them, and line breaks, are tokens."""
    return tokenizer_kind(backbone) != "byte_level" and backbone.family != "causal"


def string_ids(spelled: Spelling, backbone: Backbone) -> list[int]:
    """Token ids of a spelling, from memory where it was tokenised before; not to be changed."""
    while (ids := backbone.pieces.get(spelled)) is None:  # another thread may have emptied it
        tokenise([spelled], backbone)
    return ids


def tokenise(spellings: Collection[Spelling], backbone: Backbone) -> None:
    """Tokenise those of the distinct spellings that are new, all at once, and keep their ids."""
    if len(backbone.pieces) > _PIECES_KEPT:
        backbone.pieces.clear()
    new = [spelled for spelled in spellings if spelled not in backbone.pieces]
    if not new:
        return
    before = boundary(backbone)
    texts = [text if starts else before + text for text, starts in new]
    skipped, *found = plain_ids([before, *texts], backbone)
    for spelled, ids in zip(new, found, strict=True):
        backbone.pieces[spelled] = ids if spelled.starts else ids[len(skipped) :]


def boundary(backbone: Backbone) -> str:
    """A character after which a string has the ids of running text, so that it can be cut off.

    It is empty where the tokenizer treats the start of a text like any other place. SentencePiece
    marks it as the start of a word, and byte-level tokenizers may.
    """
    return _boundary(backbone.tokenizer)


@lru_cache(maxsize=64)
def _boundary(tokenizer: PreTrainedTokenizerBase) -> str:
    steps = _steps(tokenizer.backend_tokenizer)
    if "▁" not in steps and "add_prefix_space=True" not in steps:
        return ""
    vocabulary = tokenizer.get_vocab()
    continued = {letter for piece in vocabulary for letter in piece[:-1]}
    letters = _letters(vocabulary)
    return next((each for each in letters if _ends_token(each, continued, tokenizer)), "")


def _letters(vocabulary: dict[str, int]) -> Iterator[str]:
    """Characters that may bound tokens, the plainest first."""
    yield from ("\n", *string.punctuation)
    letters = [piece for piece in vocabulary if len(piece) == 1]
    yield from sorted(letters, key=vocabulary.__getitem__)
    yield from map(chr, range(1, 32))


def _ends_token(letter: str, continued: Collection[str],
                tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether no token and no rule of the tokenizer joins the letter with what follows it.

    `continued` holds the letters that some token has before another letter.
    """
    once, twice = _ids([letter, 2 * letter], tokenizer)
    if not once or tokenizer.unk_token_id in once or once != twice[:-1]:
        return False
    last = str(tokenizer.convert_ids_to_tokens(once[-1]))
    return bool(_BYTE.fullmatch(last)) or last[-1] not in continued
