"""Answers of several tokens, each with a mask of its own (PET, arXiv 2009.07118, section 3.1).

A question is a prompt with as many masks as its answer has tokens. Many questions are filled side
by side: all that still miss a token go into the same batches, equal ones once, and only masks are
projected on the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from core.errors import DataError, VerbalizerError
from core.models.backbone import Backbone
from core.models.batches import collate, length_buckets
from core.models.encoding import Encoded, Limits, encode
from core.models.pieces import check_known, word_ids
from core.models.scoring import answer_features, project
from core.prompts.pattern import MAX_MASKS, Prompt, Segment
from core.prompts.verbalizer import Verbalizer

Order = Literal["max-first", "left-to-right", "parallel"]
Choices = Sequence[Sequence[Sequence[int]]]  # [N][C], the tokens of each example's choices
MAX_CHOICE_TOKENS = 64  # of one choice
ABSENT = -1e4  # the score of a choice that an example lacks: no probability, and still a number
_PROJECTED_AT_ONCE = 1024  # masks


@dataclass(frozen=True)
class Filled:
    """How an answer's tokens were filled in.

    Attributes:
        score: the sum of their log-probabilities, not divided by their number.
        order: indices of the tokens, the first filled first.
        log_probs: of each token when it was filled in, in the same order.
    """

    score: float
    order: tuple[int, ...]
    log_probs: tuple[float, ...]


@dataclass(eq=False)
class _Open:
    """A question that is being filled."""

    encoded: Encoded  # its masks are those still open
    answer: Sequence[int]
    missing: list[int]  # indices of the answer's tokens, one for each open mask
    order: list[int]
    log_probs: list[float]

    @staticmethod
    def of(encoded: Encoded, answer: Sequence[int]) -> _Open:
        return _Open(encoded, answer, list(range(len(answer))), [], [])

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        encoded = self.encoded
        return tuple(encoded.ids), tuple(encoded.masks), tuple(encoded.type_ids)

    @property
    def missing_tokens(self) -> list[int]:
        return [self.answer[index] for index in self.missing]

    def fill(self, mask: int, log_prob: float) -> None:
        """Write its token into the open mask number `mask`."""
        ids, masks = list(self.encoded.ids), list(self.encoded.masks)
        index = self.missing.pop(mask)
        ids[masks.pop(mask)] = self.answer[index]
        self.encoded = replace(self.encoded, ids=ids, masks=masks)
        self.order.append(index)
        self.log_probs.append(log_prob)

    def filled(self) -> Filled:
        return Filled(sum(self.log_probs), tuple(self.order), tuple(self.log_probs))


def answer_ids(verbalizer: Verbalizer, backbone: Backbone) -> list[list[int]]:
    """The tokens of each label's word, `[C]` lists.

    Raises:
        VerbalizerError: a label has several words, or a word has too many tokens or one that is
            unknown.
    """
    return [_label_answer(label, words, backbone) for label, words in verbalizer.words]


def _label_answer(label: str, words: Sequence[str], backbone: Backbone) -> list[int]:
    ids = word_ids(words[0], backbone)
    if len(words) > 1:
        raise VerbalizerError(
            "The label {label!r} has {count} words. Where a word has several tokens, each label "
            "must have one word.", label=label, count=len(words))
    check_known(ids, words[0], label, backbone)
    if not 0 < len(ids) <= MAX_MASKS:
        raise VerbalizerError(
            "The word {word!r} of the label {label!r} has {count} tokens; at most {most} are "
            "allowed. Choose a shorter one.",
            word=words[0], label=label, count=len(ids), most=MAX_MASKS)
    return ids


def widened(prompt: Prompt, masks: int) -> Prompt:
    """The prompt with `masks` masks in the place of its one."""
    segments: list[Segment] = []
    for segment in prompt.segments:
        segments.append(segment)
        if segment.kind == "mask":
            segments += [replace(segment, space=False)] * (masks - 1)
    return replace(prompt, segments=tuple(segments))


def text_ids(text: str, backbone: Backbone) -> list[int]:
    """The tokens of one choice of an example; none if the text is empty.

    Raises:
        DataError: it has too many.
    """
    ids = word_ids(text, backbone) if text else []
    if len(ids) > MAX_CHOICE_TOKENS:
        raise DataError(
            "The answer {text!r} has {count} tokens; at most {most} are allowed. Shorten it.",
            text=text[:60], count=len(ids), most=MAX_CHOICE_TOKENS)
    return ids


def choice_log_probs(backbone: Backbone, prompts: Sequence[Prompt], choices: Choices,
                     limits: Limits = Limits()) -> torch.Tensor:
    """Log-probabilities of each prompt's choices among each other, `[N, C]`.

    A choice without tokens scores ABSENT.
    """
    filled = fill_choices(backbone, prompts, choices, limits=limits)
    scores = torch.tensor(
        [[ABSENT if choice is None else choice.score for choice in row] for row in filled])
    return scores.log_softmax(-1) if len(prompts) else scores


def fill_words(backbone: Backbone, prompts: Sequence[Prompt], answers: Sequence[Sequence[int]],
               order: Order = "max-first", limits: Limits = Limits()) -> list[list[Filled]]:
    """Fill each of C answers into the one mask of each of N prompts, `[N][C]`."""
    filled = fill_choices(backbone, prompts, [answers] * len(prompts), order, limits)
    return [[answer for answer in row if answer is not None] for row in filled]


def fill_choices(backbone: Backbone, prompts: Sequence[Prompt], choices: Choices,
                 order: Order = "max-first",
                 limits: Limits = Limits()) -> list[list[Filled | None]]:
    """Fill each prompt's own choices into its one mask, `[N][C]`; None for one without tokens."""
    asked = [
        (number, choice) for number, row in enumerate(choices) for choice in row if choice]
    widths = sorted({(len(choice), number) for number, choice in asked})
    wide = [widened(prompts[number], width) for width, number in widths]
    encoded = dict(zip(widths, encode(wide, backbone, limits), strict=True))
    questions = [encoded[len(choice), number] for number, choice in asked]
    filled = iter(fill_masks(backbone, questions, [choice for _, choice in asked], order))
    return [[next(filled) if choice else None for choice in row] for row in choices]


@torch.inference_mode()
def fill_masks(backbone: Backbone, encoded: Sequence[Encoded], answers: Sequence[Sequence[int]],
               order: Order = "max-first") -> list[Filled]:
    """How probable each answer is in its question, token by token.

    Args:
        backbone: a masked model.
        encoded: questions with exactly as many masks as their answers have tokens.
        answers: token ids.
        order: in which the masks are filled: always the token that is most probable in its place
            (the earliest if several are), from left to right, or all from one forward pass.
    """
    questions = [
        _Open.of(prompt, answer) for prompt, answer in zip(encoded, answers, strict=True)]
    while unfinished := [question for question in questions if question.missing]:
        found = _log_probs(backbone, unfinished)
        for question, log_probs in zip(unfinished, found, strict=True):
            _fill_next(question, log_probs, order)
    return [question.filled() for question in questions]


def _fill_next(question: _Open, log_probs: Sequence[float], order: Order) -> None:
    """Fill the mask that is next in the order; all of them if they are filled in parallel."""
    if order == "parallel":
        for log_prob in log_probs:
            question.fill(0, log_prob)
    elif order == "max-first":
        best = max(range(len(log_probs)), key=log_probs.__getitem__)
        question.fill(best, log_probs[best])
    else:
        question.fill(0, log_probs[0])


def _log_probs(backbone: Backbone, questions: Sequence[_Open]) -> list[list[float]]:
    """The log-probability of each missing token in its own mask, a list a question.

    Equal questions, whose answers may differ, are computed once.
    """
    equal: dict[object, list[_Open]] = {}
    for question in questions:
        equal.setdefault(question.key, []).append(question)
    askers = list(equal.values())
    encoded = [group[0].encoded for group in askers]
    found: dict[_Open, list[float]] = {}
    for bucket in length_buckets(encoded):
        batch = collate([encoded[index] for index in bucket], backbone)
        features = answer_features(backbone, batch)  # [M, H]
        found |= _asked_log_probs(backbone, features, [askers[index] for index in bucket])
    return [found[question] for question in questions]


def _asked_log_probs(backbone: Backbone, features: torch.Tensor,
                     askers: Sequence[Sequence[_Open]]) -> dict[_Open, list[float]]:
    """By question the log-probabilities of its missing tokens.

    `features`, `[M, H]`, hold those of the first group's masks, then those of the next one's;
    `askers` holds each group of equal questions.
    """
    rows: list[int] = []
    tokens: list[int] = []
    start = 0
    for group in askers:
        masks = len(group[0].missing)
        for question in group:
            rows += range(start, start + masks)
            tokens += question.missing_tokens
        start += masks
    values = iter(_picked(backbone, features, rows, tokens))
    questions = (question for group in askers for question in group)
    return {question: [next(values) for _ in question.missing] for question in questions}


def _picked(backbone: Backbone, features: torch.Tensor, rows: Sequence[int],
            tokens: Sequence[int]) -> list[float]:
    """Log-probabilities of P `tokens` at the `rows` of features `[M, H]`, `[P]`."""
    values = torch.empty(len(rows))  # [P]
    where, wanted = torch.tensor(rows), torch.tensor(tokens)
    for start in range(0, len(features), _PROJECTED_AT_ONCE):
        some = features[start : start + _PROJECTED_AT_ONCE]
        log_probs = project(backbone, some).log_softmax(-1)  # [≤ 1024, V]
        inside = (where >= start) & (where < start + _PROJECTED_AT_ONCE)
        values[inside] = log_probs[where[inside] - start, wanted[inside]].cpu()
    return values.tolist()


def choice_losses(backbone: Backbone, encoded: Sequence[Encoded], choices: Choices) -> torch.Tensor:
    """Negative log-likelihood of each choice from one forward pass, `[B, C]`, with gradients.

    It is infinite where there is no choice.

    Args:
        backbone: a masked model.
        encoded: questions with as many masks as their longest choice has tokens, or more.
        choices: for each question its choices' token ids; a choice is read at the first of the
            masks, and one without tokens is none.
    """
    features = answer_features(backbone, collate(encoded, backbone))
    log_probs = project(backbone, features).log_softmax(-1)  # [M, V]
    masks = [len(prompt.masks) for prompt in encoded]
    by_question = log_probs.split(masks)  # type: ignore[no-untyped-call]
    widest = max(map(len, choices))
    losses = []
    for at_masks, row in zip(by_question, choices, strict=True):
        padded = [*row, *[()] * (widest - len(row))]
        losses.append(torch.stack([_choice_loss(backbone, at_masks, ids) for ids in padded]))
    return torch.stack(losses)


def _choice_loss(backbone: Backbone, log_probs: torch.Tensor, ids: Sequence[int]) -> torch.Tensor:
    """The loss of one choice, `[]`, from log-probabilities at the question's masks, `[M, V]`."""
    if not len(ids):
        return log_probs.new_tensor(torch.inf)
    columns = torch.tensor(list(ids), device=backbone.placement.device)
    if backbone.rows is not None:
        columns = backbone.rows[columns]
    return -log_probs[torch.arange(len(ids)), columns].sum()


def margin_loss(losses: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """The mean over the batch of how far wrong choices come within a margin of 1 (equation 5).

    Args:
        losses: negative log-likelihoods, `[B, C]`.
        gold: indices of the right choices, `[B]`.
    """
    right = losses.gather(1, gold[:, None])  # [B, 1]
    near = (1 + right - losses).clamp(min=0)  # [B, C]
    return near.scatter(1, gold[:, None], 0.0).sum(1).mean()
