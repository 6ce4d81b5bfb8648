"""Prompts to token ids: each segment is tokenised on its own, once, and only example texts are ever shortened.

Piecewise tokenisation keeps the pattern's words whole whatever stands beside them, lets edits of the pattern reuse
every text's ids, and tells for each token which segment it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import torch

from core.errors import PatternError, VerbalizerError
from core.models.backbone import Backbone
from core.prompts.pattern import Prompt, Segment

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TokenizerKind = Literal["wordpiece", "byte_level", "sentencepiece"]
_PIECES_KEPT = 200_000
_GLUED = ("<", "[", ".", ",")  # label words that stand for themselves, without a space before them (LM-BFF)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a prompt may be.

    Attributes:
        length: of the whole prompt, in tokens; None means the model's own limit.
        first, other: of the question's first text, and of every other one, demonstrations' too (LM-BFF's
            `first_sent_limit`, `other_sent_limit`).
        cut: what gives way when a prompt is too long: `texts` are shortened by PET's rule; `tail` and `head` cut off
            the end or the beginning whatever stands there (LM-BFF's `max_length`, `truncate_head`).
    """

    length: int | None = None
    first: int | None = None
    other: int | None = None
    cut: Literal["texts", "tail", "head"] = "texts"


@dataclass(frozen=True, slots=True)
class Encoded:
    """One prompt as token ids.

    Attributes:
        ids: token ids, length T.
        origins: for each token the index of its segment in the prompt.
        type_ids: 0 up to the first separator inside the prompt, 1 after it (BERT's segment ids).
        masks: where the answers are read: positions of the mask tokens; for causal models the token before the answer;
            for seq2seq models positions in the encoder, for display.
        shortened: how many tokens truncation took away.
    """

    ids: list[int]
    origins: list[int]
    type_ids: list[int]
    masks: list[int]
    shortened: int = 0


@dataclass(slots=True)
class Batch:
    """Encoded prompts, padded on the right to the longest of them.

    Attributes:
        ids: `[B, T]`; attention: `[B, T]`; type_ids: `[B, T]`, or None where the model has none.
        rows, columns: `[M]`, where the M answers of the batch are read.
        decoder_ids: `[M, S]` for seq2seq models: what the decoder has said before each answer.
        decoder_columns: `[M]`, the decoder position of each answer.
    """

    ids: torch.Tensor
    attention: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor
    type_ids: torch.Tensor | None = None
    decoder_ids: torch.Tensor | None = None
    decoder_columns: torch.Tensor | None = None


def encode(prompts: Sequence[Prompt], backbone: Backbone, limits: Limits = Limits()) -> list[Encoded]:
    """Tokenise prompts, each distinct string once.

    Raises:
        PatternError: the pattern's own words do not fit into the limit even with all texts removed, a cut takes a mask
            away, or a causal model is asked with nothing before the mask.
    """
    spoken = [_until_answer(prompt, backbone) for prompt in prompts]
    _tokenise({_spelling(s, backbone, limits.cut) for p in spoken for s in p if _is_text(s)}, backbone)
    length = min(limits.length or backbone.max_length, backbone.max_length)
    return [_assemble(segments, backbone, limits, length) for segments in spoken]


def word_ids(word: str, backbone: Backbone) -> list[int]:
    """Token ids of a label word as it would stand in running text (with the space that byte-level pieces carry)."""
    return list(_word_ids(word, backbone))


def single_ids(words: Iterable[tuple[str, str]], backbone: Backbone) -> list[int]:
    """The one token of each (label, word).

    Raises:
        VerbalizerError: a word has several pieces (the message shows them) or is unknown to the vocabulary.
    """
    found = []
    for label, word in words:
        ids = word_ids(word, backbone)
        pieces = backbone.tokenizer.convert_ids_to_tokens(ids)
        if backbone.tokenizer.unk_token_id in ids:
            raise VerbalizerError("The model {model!r} does not know the word {word!r} of the label {label!r}. Choose "
                                  "another word.", model=backbone.name, word=word, label=label)
        if len(ids) != 1:
            raise VerbalizerError("The word {word!r} of the label {label!r} has {count} pieces for this model "
                                  "({pieces}); one is needed here. Choose a more common word.", word=word, label=label,
                                  count=len(ids), pieces=" ".join(pieces[:20]) + " …" * (len(pieces) > 20) or "none")
        found.append(ids[0])
    return found


def collate(encoded: Sequence[Encoded], backbone: Backbone, device: str | None = None) -> Batch:
    """Pad to the longest prompt and gather where the answers are read."""
    where = device or backbone.placement.device
    pad = backbone.tokenizer.pad_token_id or 0
    width = max(len(each.ids) for each in encoded)
    ids = torch.full((len(encoded), width), pad, dtype=torch.long)
    attention = torch.zeros((len(encoded), width), dtype=torch.long)
    types = torch.zeros((len(encoded), width), dtype=torch.long)
    for row, each in enumerate(encoded):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        attention[row, : len(each.ids)] = 1
        types[row, : len(each.ids)] = torch.tensor(each.type_ids)
    rows = torch.tensor([row for row, each in enumerate(encoded) for _ in each.masks], dtype=torch.long)
    columns = torch.tensor([at for each in encoded for at in each.masks], dtype=torch.long)
    has_types = (getattr(backbone.model.config, "type_vocab_size", 0) or 0) > 1
    batch = Batch(ids.to(where), attention.to(where), rows.to(where), columns.to(where),
                  types.to(where) if has_types else None)
    if backbone.family == "seq2seq":
        _add_decoder(batch, encoded, backbone, where)
    if backbone.rows is not None:
        batch.ids = backbone.rows[batch.ids]
        batch.decoder_ids = None if batch.decoder_ids is None else backbone.rows[batch.decoder_ids]
    return batch


def length_buckets(encoded: Sequence[Encoded], batch_tokens: int = 4096, most: int = 128) -> Iterator[list[int]]:
    """Yield indices of prompts of similar length, each group at most `batch_tokens` padded tokens."""
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index].ids))
    group: list[int] = []
    for index in order:
        if group and (len(group) == most or (len(group) + 1) * len(encoded[index].ids) > batch_tokens):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def shorten(sides: Sequence[Sequence[list[int]]], excess: int) -> int:
    """Remove `excess` tokens from the ends of texts, in place; return how many could not be removed.

    PET's rule: one token at a time from the side with the most tokens left, the later side where they are equal, and
    within a side from its last text that is not empty. `sides` holds, for each side, its shortenable texts.
    """
    left = [sum(map(len, texts)) for texts in sides]
    for remaining in range(excess, 0, -1):
        if not any(left):
            return remaining
        side = max(range(len(sides)), key=lambda index: (left[index], index))
        next(text for text in reversed(sides[side]) if text).pop()
        left[side] -= 1
    return 0


def tokenizer_kind(backbone: Backbone) -> TokenizerKind:
    """How the tokenizer marks the start of a word."""
    return _described(backbone.tokenizer.backend_tokenizer)


@lru_cache(maxsize=64)
def _described(backend: object) -> TokenizerKind:
    shape = repr((getattr(backend, "pre_tokenizer", ""), getattr(backend, "normalizer", "")))
    if "ByteLevel" in shape:
        return "byte_level"
    return "sentencepiece" if "Metaspace" in shape or "Prepend" in shape else "wordpiece"


@lru_cache(maxsize=64)
def _opening(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """What a causal model's tokenizer itself puts before every text: Llama's `<s>`, nothing for GPT-2."""
    return tuple(tokenizer("")["input_ids"])


def _is_text(segment: Segment) -> bool:
    return segment.kind in ("literal", "text", "word")


def _until_answer(prompt: Prompt, backbone: Backbone) -> tuple[Segment, ...]:
    """The segments that the model is shown: causal models read only what stands before the first answer."""
    if backbone.family != "causal":
        return prompt.segments
    kinds = [segment.kind for segment in prompt.segments]
    shown = prompt.segments[: kinds.index("mask") + 1] if "mask" in kinds else prompt.segments
    if not any(_is_text(segment) for segment in shown):
        raise PatternError("{model} reads from left to right, but the pattern has nothing before its {field}. Move "
                           "the text before it.", model=backbone.name, field="{mask}")
    return shown


def _spelling(segment: Segment, backbone: Backbone, cut: str = "texts") -> str:
    """The string whose ids stand for the segment; a leading space says that a word starts there."""
    if segment.kind == "word":
        glued = segment.text.startswith(_GLUED) and tokenizer_kind(backbone) == "byte_level"
        return segment.text if glued else " " + segment.text
    limit = 24 * backbone.max_length  # more characters than can be shown; very long texts need not be tokenised
    text = segment.text[-limit:] if cut == "head" else segment.text[:limit]
    return " " + text if segment.space and text else text


def _ids(text: str, backbone: Backbone) -> list[int]:
    while (ids := backbone.pieces.get(text)) is None:  # another thread may have emptied the memory meanwhile
        _tokenise({text}, backbone)
    return ids


def _tokenise(texts: set[str], backbone: Backbone) -> None:
    if len(backbone.pieces) > _PIECES_KEPT:
        backbone.pieces.clear()
    new = [text for text in texts if text not in backbone.pieces]
    if not new:
        return
    kind = tokenizer_kind(backbone)
    blank = " " if backbone.family == "causal" else None  # causal models know line breaks, the others only spaces
    spelled = new if kind == "byte_level" else [text.strip(blank) for text in new]
    found = backbone.tokenizer(spelled, add_special_tokens=False, return_attention_mask=False,
                               return_token_type_ids=False, verbose=False)["input_ids"]
    for text, stripped, ids in zip(new, spelled, found, strict=True):
        glued = kind == "sentencepiece" and text[:1] == stripped[:1]
        backbone.pieces[text] = _glued(ids, backbone) if glued else ids


def _glued(ids: list[int], backbone: Backbone) -> list[int]:
    """SentencePiece marks every string as a word's start; take the mark away where no space stands before it."""
    tokens = backbone.tokenizer.convert_ids_to_tokens(ids[:1])
    if not tokens or not tokens[0].startswith("▁"):
        return ids
    if tokens[0] == "▁":
        return ids[1:]
    bare = backbone.tokenizer.convert_tokens_to_ids(tokens[0][1:])
    return [bare, *ids[1:]] if isinstance(bare, int) and bare != backbone.tokenizer.unk_token_id else ids


def _word_ids(word: str, backbone: Backbone) -> list[int]:
    return _ids(_spelling(Segment("word", word), backbone), backbone)


def _assemble(segments: Sequence[Segment], backbone: Backbone, limits: Limits, length: int) -> Encoded:
    parts: list[list[int]] = []
    answers = 0
    for index, segment in enumerate(segments):
        if _is_text(segment):
            starts = index == 0 or segments[index - 1].kind in ("cls", "sep")
            parts.append(list(_text_ids(segment, starts, backbone, limits)))
        else:
            parts.append(_special_ids(segment, answers, backbone))
            answers += segment.kind == "mask"
    excess = max(0, sum(map(len, parts)) - length)
    missing = shorten(_sides(segments, parts), excess) if limits.cut == "texts" else 0
    if missing:
        raise PatternError("The pattern's own words need {need} tokens, but {length} are allowed. Shorten the pattern.",
                           need=length + missing, length=length)
    encoded = _joined(segments, parts, backbone, excess)
    return encoded if limits.cut == "texts" else cut(encoded, excess if limits.cut == "head" else 0, length)


def _joined(segments: Sequence[Segment], parts: Sequence[list[int]], backbone: Backbone, shortened: int) -> Encoded:
    ids: list[int] = []
    origins, types, masks, side = [], [], [], 0
    for index, (segment, part) in enumerate(zip(segments, parts, strict=True)):
        if segment.kind == "mask":
            masks.append(len(ids) - 1 if backbone.family == "causal" else len(ids))
        ids += part
        origins += [index] * len(part)
        types += [side] * len(part)
        side = 1 if segment.kind == "sep" else side
    return Encoded(ids, origins, types, masks, shortened)


def cut(encoded: Encoded, start: int, length: int) -> Encoded:
    """Keep `length` tokens from `start` on, whatever they are."""
    kept = slice(start, start + length)
    masks = [at - start for at in encoded.masks if start <= at < start + length]
    if len(masks) < len(encoded.masks):
        raise PatternError("The prompt has {count} tokens; cut to {length} it loses its {field}. Allow more tokens or "
                           "limit the texts.", count=len(encoded.ids), length=length, field="{mask}")
    return replace(encoded, ids=encoded.ids[kept], origins=encoded.origins[kept], type_ids=encoded.type_ids[kept],
                   masks=masks)


def _text_ids(segment: Segment, starts: bool, backbone: Backbone, limits: Limits) -> list[int]:
    """The segment's ids; SentencePiece marks a word where a sequence `starts`, space or not."""
    spelling = _spelling(segment, backbone, limits.cut)
    if starts and not spelling[:1].isspace() and tokenizer_kind(backbone) == "sentencepiece":
        spelling = " " + spelling
    ids = _ids(spelling, backbone)
    if segment.kind == "text":
        question = segment.field == "text_a" and not segment.label
        ids = ids[: limits.first if question else limits.other]
    return ids


def _sides(segments: Sequence[Segment], parts: Sequence[list[int]]) -> list[list[list[int]]]:
    """Shortenable texts by side: sides are parted by `{sep}`; without one inside, each text is a side of its own."""
    inner = [s.kind for s in segments[:-1]].count("sep") > 0
    sides: list[list[list[int]]] = [[]]
    for segment, part in zip(segments, parts, strict=True):
        if segment.kind == "sep" or (not inner and segment.kind == "text" and sides[-1]):
            sides.append([])
        if segment.kind == "text" and segment.shortenable:
            sides[-1].append(part)
    return sides


def _special_ids(segment: Segment, answers: int, backbone: Backbone) -> list[int]:
    tokenizer = backbone.tokenizer
    if segment.kind == "mask":
        if backbone.family == "causal":
            return []
        if tokenizer.mask_token_id is not None:
            return [tokenizer.mask_token_id]
        sentinel = tokenizer.convert_tokens_to_ids(f"<extra_id_{answers}>")
        return [sentinel] if isinstance(sentinel, int) else sentinel
    if backbone.family == "causal":
        return list(_opening(tokenizer)) if segment.kind == "cls" else _ids("\n", backbone)
    token = tokenizer.cls_token_id if segment.kind == "cls" else tokenizer.sep_token_id
    if segment.kind == "sep" and token is None:
        token = tokenizer.eos_token_id
    return [] if token is None else [int(token)]


def _add_decoder(batch: Batch, encoded: Sequence[Encoded], backbone: Backbone, where: str) -> None:
    """T5 is asked `<pad> <extra_id_i>` → ?; a denoiser with mask tokens (BART) repeats the text up to the mask → ?."""
    start = int(backbone.model.config.decoder_start_token_id)
    spoken = []
    for each in encoded:
        for at in each.masks:
            sentinel = backbone.tokenizer.mask_token_id is None
            spoken.append([start, each.ids[at]] if sentinel else [start, *each.ids[:at]])
    width = max(map(len, spoken), default=1)
    pad = backbone.tokenizer.pad_token_id or 0
    batch.decoder_ids = torch.tensor([each + [pad] * (width - len(each)) for each in spoken], device=where)
    batch.decoder_columns = torch.tensor([len(each) - 1 for each in spoken], device=where)
