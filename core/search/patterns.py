"""Patterns written by T5 around the label words (LM-BFF, arXiv 2012.15723, section 5.2).

Each training example is shown with its own label word between two gaps; one text for the gaps is sought that is likely
for all examples together, by a beam over tokens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from core.data.task import Example
from core.errors import PatternError, SpecError
from core.models.backbone import Backbone
from core.models.pieces import word_ids
from core.models.scoring import project
from core.models.shared_decoder import SharedDecoder, check_type
from core.prompts.dialects import read_lm_bff
from core.prompts.pattern import Pattern

Layout = Literal["mask-last", "mask-first", "pair"]
Ids = tuple[int, ...]
Told = Callable[[int, int], None]
MOST_STEPS = 18
_LONGEST = 256  # tokens of an example, of which the side away from the gaps is cut
_SPARE = 3  # tokens that a hypothesis is extended by, more than the beam is wide, as some are refused
_REFUSED = ("\N{LOWER ONE EIGHTH BLOCK}", "....", "..........")
_PROJECTED_AT_ONCE = 2048  # rows of logits
_ENDS = {"mask-last": ("*cls**sent_0*", "*sep+*"), "mask-first": ("*cls*", "*+sent_0**sep+*"),
         "pair": ("*cls**sent-_0*", "*+sentl_1**sep+*")}


@dataclass(frozen=True)
class Hypothesis:
    """Tokens that T5 says, their score, and whether both gaps are filled."""

    tokens: Ids
    score: float
    finished: bool


@dataclass(frozen=True)
class WrittenPattern:
    """A pattern that T5 wrote; `score` is its summed log-probability over the training examples."""

    pattern: Pattern
    layout: Layout
    score: float


def write_patterns(backbone: Backbone, examples: Sequence[Example], label_words: Mapping[str, str], *, beam: int = 100,
                   averaged: bool = False, strict: bool = True,
                   told: Told = lambda *_: None) -> list[WrittenPattern]:
    """The patterns that a model of the T5 family finds likeliest for labelled examples, each once, likeliest first.

    Single texts are sought before and after the answer, half of the beam from each, as in the paper.

    Args:
        label_words: for each label the word that stands for it.
        beam: hypotheses kept at each step.
        averaged: score by the logits' mean over the examples, as LM-BFF's code does, not by summed log-probabilities.
        strict: see `fill_gaps`.
        told: called with steps done and steps at most.

    Raises:
        ModelError: the model is not of the T5 family.
        SpecError: there is no example, or its tokenizer has no sentinels.
    """
    layouts: tuple[Layout, ...] = ("pair",) if any(each.text_b for each in examples) else ("mask-last", "mask-first")
    found: dict[str, WrittenPattern] = {}
    for number, layout in enumerate(layouts):
        done = number * MOST_STEPS
        ids = [example_ids(each, label_words[str(each.label)], layout, backbone) for each in examples]
        hypotheses = fill_gaps(backbone, ids, beam, averaged=averaged, strict=strict,
                               told=lambda step, done=done: told(done + step, len(layouts) * MOST_STEPS))  # type: ignore[misc]
        for each in hypotheses[: max(1, beam // len(layouts))]:
            pattern = as_pattern(each, layout, backbone)
            if pattern is not None:
                found.setdefault(str(pattern), WrittenPattern(pattern, layout, each.score))
    return sorted(found.values(), key=lambda each: -each.score)


def check_writer(backbone: Backbone) -> None:
    """Raise if a model cannot write patterns.

    Raises:
        ModelError: it is not of the T5 family.
        SpecError: its tokenizer has no sentinels.
    """
    check_type(backbone)
    _sentinels(backbone)


def example_ids(example: Example, word: str, layout: Layout, backbone: Backbone) -> list[int]:
    """What the encoder is shown of an example: its text, and its label word between the first two sentinels."""
    tokenizer = backbone.tokenizer
    first, second = _sentinels(backbone)[:2]
    answer = [first, *word_ids(word, backbone), second]

    def ids(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    end = tokenizer.eos_token_id
    text = example.text_a[:1].upper() + example.text_a[1:]
    if layout == "mask-last":
        return [*ids(text), *answer, end][-_LONGEST:]
    if layout == "mask-first":
        return [*([_stop(backbone)] if _stop(backbone) >= 0 else []), *answer, *ids(text), end][:_LONGEST]
    other = example.text_b[:1].lower() + example.text_b[1:]
    return [*ids(example.text_a[:-1]), *answer, *ids(other), end]


@torch.inference_mode()
def fill_gaps(backbone: Backbone, ids: Sequence[Sequence[int]], beam: int, *, averaged: bool = False,
              strict: bool = True, told: Callable[[int], None] = lambda *_: None) -> list[Hypothesis]:
    """Beam search for one text that fills the gaps of all examples, best first; unfinished ones are returned too.

    Args:
        strict: follow only what can still become well formed: the first gap's sentinel, its text, the second's, its
            text, an end. LM-BFF's code follows everything and throws malformed texts away afterwards, which may leave
            nothing where a model would rather answer the examples than fill their gaps.
    """
    if not ids:
        raise SpecError("There are no labelled examples to write patterns for.")
    sentinels, end = _sentinels(backbone), backbone.tokenizer.eos_token_id
    refused = _refused(backbone)
    stop = _stop(backbone)
    decoder = SharedDecoder(backbone, ids)
    pool = [(Hypothesis((), 0.0, False), 0, 1)]  # each with its place in the decoder and the gap being filled
    for step in range(MOST_STEPS):
        alive = [each for each in pool if not each[0].finished]
        if not alive:
            break
        last = [hypothesis.tokens[-1] if hypothesis.tokens else backbone.model.config.decoder_start_token_id
                for hypothesis, _, _ in alive]
        features = decoder.step([place for _, place, _ in alive], last)
        barred = [_barred(part, sentinels, end) if strict and step else [] for _, _, part in alive]
        only = sentinels[:1] if strict and not step else None
        scores, tokens = _next_tokens(backbone, features, beam, averaged, barred, only)
        extended, place = [], 0
        for each in pool:
            if each[0].finished:
                extended.append(each)
                continue
            hypothesis, _, part = each
            for score, token in zip(scores[place], tokens[place], strict=True):
                if score == -math.inf or token in refused or (token == stop and hypothesis.tokens[-1:] == (stop,)):
                    continue
                reached = part + (token in (sentinels[part], end))
                longer = Hypothesis((*hypothesis.tokens, token), hypothesis.score + score, reached > 2)
                extended.append((longer, place, reached))
            place += 1
        pool = sorted(extended, key=lambda each: -each[0].score)[:beam]
        told(step + 1)
    return [hypothesis for hypothesis, _, _ in pool]


def as_pattern(hypothesis: Hypothesis, layout: Layout, backbone: Backbone) -> Pattern | None:
    """The pattern that a hypothesis says, or None for one that is malformed: a gap left out, or not closed in turn."""
    template = as_template(hypothesis.tokens, layout, backbone)
    sentinels = _sentinels(backbone)
    closing = [token for token in hypothesis.tokens if token in (*sentinels, backbone.tokenizer.eos_token_id)]
    if not hypothesis.finished or closing[:2] != sentinels[:2] or len(closing) != 3:
        return None
    try:
        return read_lm_bff(template)
    except PatternError:
        return None


def as_template(tokens: Ids, layout: Layout, backbone: Backbone) -> str:
    """The star template of LM-BFF's code for the tokens of a hypothesis, whether or not it is well formed."""
    begin, finish = _ENDS[layout]
    text = "".join(backbone.tokenizer.convert_ids_to_tokens(list(tokens)))
    for said, meant in (("<extra_id_0>", begin), ("<extra_id_1>", "*mask*"), ("<extra_id_2>", finish),
                        (backbone.tokenizer.eos_token, finish), ("\N{LOWER ONE EIGHTH BLOCK}", "_")):
        text = text.replace(str(said), meant)
    return text


def _barred(part: int, sentinels: Sequence[int], end: int) -> list[int]:
    """What cannot follow within gap number `part`: the first sentinel again, and what closes only the other gap."""
    return [sentinels[0], *([sentinels[2], end] if part == 1 else [sentinels[1]])]


def _next_tokens(backbone: Backbone, features: torch.Tensor, beam: int, averaged: bool, barred: Sequence[list[int]],
                 only: Sequence[int] | None) -> tuple[list[list[float]], list[list[int]]]:
    """For each hypothesis the likeliest next tokens over all examples, with what they add to its score.

    Tokens `barred` for it, and all but those in `only` if given, come with a score of minus infinity, if at all.
    """
    if averaged:
        scores = project(backbone, features.mean(1)).log_softmax(-1)
    else:
        at_once = max(1, _PROJECTED_AT_ONCE // features.shape[1])
        scores = torch.cat([project(backbone, features[at : at + at_once]).log_softmax(-1).sum(1)
                            for at in range(0, len(features), at_once)])
    for row, tokens in zip(scores, barred, strict=True):
        row[tokens] = -torch.inf
    if only is not None:
        scores = torch.full_like(scores, -torch.inf).index_copy_(1, torch.tensor(only, device=scores.device),
                                                                 scores[:, only])
    best = scores.topk(min(beam + _SPARE, scores.shape[1]), dim=-1)
    return best.values.tolist(), best.indices.tolist()


def _sentinels(backbone: Backbone) -> list[int]:
    names = [f"<extra_id_{index}>" for index in range(3)]
    known = backbone.tokenizer.get_vocab()
    missing = [name for name in names if name not in known]
    if missing:
        raise SpecError("The tokenizer of {model!r} has no {token!r}; patterns are written by models of the T5 family.",
                        model=backbone.name, token=missing[0])
    return [known[name] for name in names]


def _stop(backbone: Backbone) -> int:
    """The full stop without the mark of a word's start."""
    known = backbone.tokenizer.get_vocab()
    return known.get(".", known.get("\N{LOWER ONE EIGHTH BLOCK}.", -1))


def _refused(backbone: Backbone) -> set[int]:
    known = backbone.tokenizer.get_vocab()
    return {known[token] for token in _REFUSED if token in known}
