"""Prompts to token ids, segment by segment; only example texts are ever shortened.

Each segment is tokenised on its own: the pattern's words stay whole whatever stands beside them,
an edited pattern reuses every text's ids, and each token's segment is known. The ids are those of
the whole prompt as one text, unless the vocabulary has a token that reaches from one segment into
the next: where a text ends in "." and the pattern goes on with "..", the two stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from core.errors import PatternError
from core.models.backbone import Backbone
from core.models.pieces import Spelling, end_ids, sentinel_id, spelling, string_ids, tokenise
from core.prompts.pattern import Prompt, Segment

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a prompt may be.

    Attributes:
        length: of the whole prompt, in tokens; None means the model's own limit.
        first: of the question's first text, in tokens (LM-BFF's `first_sent_limit`).
        other: of every other text, demonstrations' too (LM-BFF's `other_sent_limit`).
        cut: what is cut off when a prompt is too long: `texts` are shortened by PET's rule; `tail`
            and `head` cut off the end or the beginning whatever stands there (LM-BFF's
            `max_length`, `truncate_head`).
        demonstration: of each text of a demonstration, instead of `other`; these texts are cut to
            it and no further, so that they are alike in all prompts.
    """

    length: int | None = None
    first: int | None = None
    other: int | None = None
    cut: Literal["texts", "tail", "head"] = "texts"
    demonstration: int | None = None

    def of(self, segment: Segment) -> int | None:
        """The most tokens of a segment; None where it is not limited by itself."""
        if segment.kind != "text":
            return None
        if segment.label and self.demonstration is not None:
            return self.demonstration
        return self.first if segment.field == "text_a" and not segment.label else self.other


@dataclass(frozen=True, slots=True)
class Encoded:
    """One prompt as T token ids.

    Attributes:
        ids: token ids, `[T]`.
        origins: for each token the index of its segment in the prompt, `[T]`.
        type_ids: 0 up to the first separator inside the prompt, 1 after it (BERT's segment ids),
            `[T]`.
        masks: where the answers are read: positions of the mask tokens; for causal models the
            token before the answer; for seq2seq models positions in the encoder, for display.
        shortened: how many tokens truncation took away.
    """

    ids: list[int]
    origins: list[int]
    type_ids: list[int]
    masks: list[int]
    shortened: int = 0


def encode(prompts: Sequence[Prompt], backbone: Backbone,
           limits: Limits = Limits()) -> list[Encoded]:
    """Tokenise prompts, each distinct string once.

    Raises:
        PatternError: the pattern's own words do not fit into the limit even with all texts
            removed, a cut takes a mask away, or a causal model has nothing to begin with.
    """
    shown = [shown_segments(prompt, backbone) for prompt in prompts]
    spelled = [spellings(segments, backbone, limits.cut) for segments in shown]
    tokenise({each for row in spelled for each in row if each is not None}, backbone)
    return [_encode_segments(segments, row, backbone, limits)
            for segments, row in zip(shown, spelled, strict=True)]


def shorten(sides: Sequence[Sequence[list[int]]], excess: int) -> int:
    """Remove `excess` tokens from the ends of texts, in place; return how many could not be.

    PET's rule: one token at a time from the side with the most tokens left, the later side where
    they are equal, and within a side from its last text that is not empty. `sides` holds, for each
    side, its shortenable texts.
    """
    left = [sum(map(len, texts)) for texts in sides]
    for remaining in range(excess, 0, -1):
        if not any(left):
            return remaining
        side = max(range(len(sides)), key=lambda index: (left[index], index))
        next(text for text in reversed(sides[side]) if text).pop()
        left[side] -= 1
    return 0


def cut(encoded: Encoded, start: int, length: int) -> Encoded:
    """Keep the tokens from `start` to `start + length`, whatever they are.

    Raises:
        PatternError: a mask lies outside.
    """
    kept = slice(start, start + length)
    masks = [place - start for place in encoded.masks if start <= place < start + length]
    if len(masks) < len(encoded.masks):
        raise PatternError(
            "The prompt has {count} tokens; cut to {length} it loses its {field}. "
            "Allow more tokens or limit the texts.",
            count=len(encoded.ids), length=length, field="{mask}")
    return replace(encoded, ids=encoded.ids[kept], origins=encoded.origins[kept],
                   type_ids=encoded.type_ids[kept], masks=masks)


def shown_segments(prompt: Prompt, backbone: Backbone) -> tuple[Segment, ...]:
    """The segments that the model reads, numbered as in the prompt.

    A causal model reads those before the first answer, with line breaks for separators. Where
    nothing stands before it, it reads the token that texts begin with.

    Raises:
        PatternError: a causal model has no such token.
    """
    if backbone.family != "causal":
        return prompt.segments
    kinds = [segment.kind for segment in prompt.segments]
    shown = prompt.segments[: kinds.index("mask") + 1] if "mask" in kinds else prompt.segments
    if _reads_nothing(shown) and start_token(backbone) is None:
        raise PatternError(
            "{model} reads from left to right, but the pattern has nothing before its {field}. "
            "Move the text before it.", model=backbone.name, field="{mask}")
    return _with_line_breaks(shown)


def start_token(backbone: Backbone) -> int | None:
    """The token that a causal model's texts begin with, or end with, as far as it has one."""
    tokenizer: Any = backbone.tokenizer
    token: int | None = tokenizer.bos_token_id
    if token is None:
        token = tokenizer.eos_token_id
    return token


def _reads_nothing(segments: Sequence[Segment]) -> bool:
    return not any(segment.kind in ("literal", "text", "word") for segment in segments)


def _with_line_breaks(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The segments with a line break in each separator, or at the end of a literal before it.

    Vocabularies have tokens like a full stop with a line break.
    """
    shown: list[Segment] = []
    for segment in segments:
        if segment.kind != "sep":
            shown.append(segment)
            continue
        joined = bool(shown) and shown[-1].kind == "literal"
        if joined:
            shown[-1] = replace(shown[-1], text=shown[-1].text + "\n")
        shown.append(replace(segment, text="" if joined else "\n", space=False))
    return tuple(shown)


def spellings(segments: Sequence[Segment], backbone: Backbone,
              cut: str = "texts") -> list[Spelling | None]:
    """What is tokenised for each segment that is shown; None for special tokens and masks."""
    spelled: list[Spelling | None] = []
    starts = True
    for segment in segments:
        text = _is_text(segment, backbone)
        spelled.append(spelling(segment, backbone, cut, starts) if text else None)
        starts = segment.kind == "cls" or (segment.kind == "sep" and backbone.family != "causal")
    return spelled


def _is_text(segment: Segment, backbone: Backbone) -> bool:
    """Whether the segment is tokenised; a causal model's separators are, as line breaks."""
    if segment.kind == "word":
        return not end_ids(segment.text, backbone)
    return segment.kind in ("literal", "text") or bool(segment.text)


def _encode_segments(segments: Sequence[Segment], spelled: Sequence[Spelling | None],
                     backbone: Backbone, limits: Limits) -> Encoded:
    """Join the ids of all segments and cut them to the prompt's length."""
    length = min(limits.length or backbone.max_length, backbone.max_length)
    parts = _parts(segments, spelled, backbone, limits)
    if backbone.family == "causal" and segments[-1].kind == "mask" and not any(parts):
        parts[0] = [token for token in (start_token(backbone),) if token is not None]
    excess = max(0, sum(map(len, parts)) - length)
    if limits.cut != "texts":
        encoded = _joined(segments, parts, backbone, excess)
        return cut(encoded, excess if limits.cut == "head" else 0, length)
    missing = shorten(_sides(segments, parts, limits), excess)
    if missing:
        raise PatternError(
            "The pattern's own words need {need} tokens, but {length} are allowed. "
            "Shorten the pattern.", need=length + missing, length=length)
    return _joined(segments, parts, backbone, excess)


def _parts(segments: Sequence[Segment], spelled: Sequence[Spelling | None],
           backbone: Backbone, limits: Limits) -> list[list[int]]:
    """The token ids of each segment, in lists that may be shortened."""
    parts: list[list[int]] = []
    answers = 0
    for index, (segment, each) in enumerate(zip(segments, spelled, strict=True)):
        if each is not None:
            parts.append(string_ids(each, backbone)[: limits.of(segment)])
        elif segment.kind == "mask":
            parts.append(mask_ids(answers, backbone))
            answers += 1
        else:
            parts.append(_special_ids(segment, index == len(segments) - 1, backbone))
    return parts


def mask_ids(answers: int, backbone: Backbone) -> list[int]:
    """What stands in an answer's place, after `answers` others: mask, sentinel, or nothing."""
    tokenizer = backbone.tokenizer
    if backbone.family == "causal":
        return []
    if tokenizer.mask_token_id is not None:
        return [tokenizer.mask_token_id]
    sentinel = sentinel_id(answers, backbone)
    return [] if sentinel is None else [sentinel]


def _special_ids(segment: Segment, last: bool, backbone: Backbone) -> list[int]:
    """The ids of `{cls}` and `{sep}`, as the model's tokenizer has them, or of a word's end."""
    tokenizer: Any = backbone.tokenizer
    if segment.kind == "word":
        return end_ids(segment.text, backbone)
    if backbone.family == "causal":
        return list(_opening(tokenizer)) if segment.kind == "cls" else []
    if getattr(tokenizer, "src_lang", None) and (last or segment.kind == "cls"):
        # A multilingual tokenizer (mBART) puts a language code at the start or the end.
        return list(tokenizer.suffix_tokens if last else tokenizer.prefix_tokens)
    token = tokenizer.cls_token_id if segment.kind == "cls" else tokenizer.sep_token_id
    if segment.kind == "sep" and token is None:
        token = tokenizer.eos_token_id
    return [] if token is None else [int(token)]


@lru_cache(maxsize=64)
def _opening(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """What a causal model's tokenizer puts before every text: Llama's `<s>`, nothing for GPT-2."""
    return tuple(tokenizer("", split_special_tokens=True)["input_ids"])


def _sides(segments: Sequence[Segment], parts: Sequence[list[int]],
           limits: Limits) -> list[list[list[int]]]:
    """Shortenable texts by side: `{sep}` parts the sides; without one each text is a side."""
    inner = any(segment.kind == "sep" for segment in segments[:-1])
    sides: list[list[list[int]]] = [[]]
    for segment, part in zip(segments, parts, strict=True):
        if segment.kind == "sep" or (not inner and segment.kind == "text" and sides[-1]):
            sides.append([])
        fixed = bool(segment.label) and limits.demonstration is not None
        if segment.kind == "text" and segment.shortenable and not fixed:
            sides[-1].append(part)
    return sides


def _joined(segments: Sequence[Segment], parts: Sequence[list[int]], backbone: Backbone,
            shortened: int) -> Encoded:
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
