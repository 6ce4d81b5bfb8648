"""Answers of several tokens, each with a mask of its own (PET with multiple masks, arXiv 2009.07118, section 3.1).

Many questions, each with as many masks as its answer has tokens, are filled side by side: all that still miss a token
are asked in the same batches, equal questions once, and only masks are projected on the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from core.errors import DataError, VerbalizerError
from core.models.backbone import Backbone
from core.models.encoding import Encoded, Limits, collate, encode, length_buckets, word_ids
from core.models.scoring import answer_features, project
from core.prompts.pattern import MAX_MASKS, Prompt, Segment
from core.prompts.verbalizer import Verbalizer

Order = Literal["max-first", "left-to-right", "parallel"]
MAX_CHOICE_TOKENS = 64  # of an answer that an example brings
ABSENT = -1e4  # the score of an answer that an example lacks: no probability, and still a number
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


@dataclass
class _Open:
    """A question that is being filled."""

    encoded: Encoded  # its masks are those still open
    missing: list[int]  # indices of the answer's tokens, one for each open mask
    order: list[int]
    log_probs: list[float]

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        return tuple(self.encoded.ids), tuple(self.encoded.masks), tuple(self.encoded.type_ids)

    def fill(self, at: int, token: int, log_prob: float) -> None:
        """Write the token of the open mask number `at`."""
        ids, masks = list(self.encoded.ids), list(self.encoded.masks)
        ids[masks.pop(at)] = token
        self.encoded = replace(self.encoded, ids=ids, masks=masks)
        self.order.append(self.missing.pop(at))
        self.log_probs.append(log_prob)


def answer_ids(verbalizer: Verbalizer, backbone: Backbone) -> list[list[int]]:
    """The tokens of each label's word.

    Raises:
        VerbalizerError: a label has several words, or a word has too many tokens or one that is unknown.
    """
    found = []
    for label, words in verbalizer.words:
        ids = word_ids(words[0], backbone)
        if len(words) > 1:
            raise VerbalizerError("The label {label!r} has {count} words. Where a word has several tokens, each label "
                                  "must have one word.", label=label, count=len(words))
        if backbone.tokenizer.unk_token_id in ids:
            raise VerbalizerError("The model {model!r} does not know the word {word!r} of the label {label!r}. Choose "
                                  "another word.", model=backbone.name, word=words[0], label=label)
        if not 0 < len(ids) <= MAX_MASKS:
            raise VerbalizerError("The word {word!r} of the label {label!r} has {count} tokens; at most {most} are "
                                  "allowed. Choose a shorter one.", word=words[0], label=label, count=len(ids),
                                  most=MAX_MASKS)
        found.append(ids)
    return found


def widened(prompt: Prompt, masks: int) -> Prompt:
    """The prompt with so many masks in the place of its one."""
    segments: list[Segment] = []
    for each in prompt.segments:
        segments += [each, *[replace(each, space=False)] * (masks - 1)] if each.kind == "mask" else [each]
    return replace(prompt, segments=tuple(segments))


def text_ids(text: str, backbone: Backbone) -> list[int]:
    """The tokens of an answer that an example brings; none if it is empty.

    Raises:
        DataError: it has too many.
    """
    ids = word_ids(text, backbone) if text else []
    if len(ids) > MAX_CHOICE_TOKENS:
        raise DataError("The answer {text!r} has {count} tokens; at most {most} are allowed. Shorten it.",
                        text=text[:60], count=len(ids), most=MAX_CHOICE_TOKENS)
    return ids


def choice_log_probs(backbone: Backbone, prompts: Sequence[Prompt], choices: Sequence[Sequence[Sequence[int]]],
                     limits: Limits = Limits()) -> torch.Tensor:
    """Log-probabilities of each prompt's answers over each other, `[N, C]`; ABSENT for one without tokens."""
    filled = fill_choices(backbone, prompts, choices, limits=limits)
    scores = torch.tensor([[ABSENT if each is None else each.score for each in row] for row in filled])
    return scores.log_softmax(-1) if len(prompts) else scores


def fill_words(backbone: Backbone, prompts: Sequence[Prompt], answers: Sequence[Sequence[int]],
               order: Order = "max-first", limits: Limits = Limits()) -> list[list[Filled]]:
    """How each of the C answers is filled into the one mask of each of N prompts, `[N][C]`."""
    found = fill_choices(backbone, prompts, [answers] * len(prompts), order, limits)
    return [[each for each in row if each is not None] for row in found]


def fill_choices(backbone: Backbone, prompts: Sequence[Prompt], choices: Sequence[Sequence[Sequence[int]]],
                 order: Order = "max-first", limits: Limits = Limits()) -> list[list[Filled | None]]:
    """The same where each prompt has answers of its own, `[N][C]`; None in the place of an answer without tokens."""
    wanted = sorted({(len(answer), at) for at, offered in enumerate(choices) for answer in offered if answer})
    widest = [widened(prompts[at], length) for length, at in wanted]
    encoded = dict(zip(wanted, encode(widest, backbone, limits), strict=True))
    asked = [(encoded[len(answer), at], answer) for at, offered in enumerate(choices) for answer in offered if answer]
    found = iter(fill_masks(backbone, [each for each, _ in asked], [answer for _, answer in asked], order))
    return [[next(found) if answer else None for answer in offered] for offered in choices]


@torch.inference_mode()
def fill_masks(backbone: Backbone, encoded: Sequence[Encoded], answers: Sequence[Sequence[int]],
               order: Order = "max-first") -> list[Filled]:
    """How probable each answer is in its question, token by token.

    Args:
        encoded: questions with exactly as many masks as their answers have tokens.
        answers: token ids.
        order: in which the masks are filled: always the token that is most probable in its place (the earliest if
            several are), from left to right, or all at once from the first look.
    """
    questions = [_Open(each, list(range(len(answer))), [], []) for each, answer in zip(encoded, answers, strict=True)]
    while any(each.missing for each in questions):
        asked = [at for at, each in enumerate(questions) if each.missing]
        found = _log_probs(backbone, [questions[at] for at in asked], [answers[at] for at in asked])
        for at, probabilities in zip(asked, found, strict=True):
            question, answer = questions[at], answers[at]
            if order == "parallel":
                for each in probabilities:
                    question.fill(0, answer[question.missing[0]], each)
            else:
                best = max(range(len(probabilities)), key=probabilities.__getitem__) if order == "max-first" else 0
                question.fill(best, answer[question.missing[best]], probabilities[best])
    return [Filled(sum(each.log_probs), tuple(each.order), tuple(each.log_probs)) for each in questions]


def _log_probs(backbone: Backbone, questions: Sequence[_Open], answers: Sequence[Sequence[int]]) -> list[list[float]]:
    """For each question the log-probability of each missing token in its own mask; equal questions are asked once."""
    distinct: dict[object, int] = {}
    same = [distinct.setdefault(each.key, len(distinct)) for each in questions]
    first = {at: number for number, at in reversed(list(enumerate(same)))}
    encoded = [questions[first[at]].encoded for at in range(len(distinct))]
    askers: list[list[int]] = [[] for _ in distinct]
    for number, at in enumerate(same):
        askers[at].append(number)
    found: list[list[float]] = [[] for _ in questions]
    for group in length_buckets(encoded):
        features = answer_features(backbone, collate([encoded[at] for at in group], backbone))
        rows, tokens, owners, row = [], [], [], 0
        for at in group:
            for number in askers[at]:
                rows += [row + index for index in range(len(encoded[at].masks))]
                tokens += [answers[number][index] for index in questions[number].missing]
                owners += [number] * len(encoded[at].masks)
            row += len(encoded[at].masks)
        for owner, value in zip(owners, _picked(backbone, features, rows, tokens), strict=True):
            found[owner].append(value)
    return found


def _picked(backbone: Backbone, features: torch.Tensor, rows: Sequence[int], tokens: Sequence[int]) -> list[float]:
    """Log-probabilities of `tokens` at the `rows` of features `[M, H]`."""
    values = torch.empty(len(rows))
    where, wanted = torch.tensor(rows), torch.tensor(tokens)
    for start in range(0, len(features), _PROJECTED_AT_ONCE):
        part = project(backbone, features[start : start + _PROJECTED_AT_ONCE]).log_softmax(-1)
        inside = (where >= start) & (where < start + _PROJECTED_AT_ONCE)
        values[inside] = part[where[inside] - start, wanted[inside]].cpu()
    return [float(value) for value in values]


def choice_losses(backbone: Backbone, encoded: Sequence[Encoded],
                  choices: Sequence[Sequence[Sequence[int]]]) -> torch.Tensor:
    """Negative log-likelihood of each choice from one look, `[B, C]`, with gradients; infinite where there is none.

    Args:
        encoded: questions with as many masks as their longest choice has tokens, or more.
        choices: for each question its choices' token ids; a choice is read at the first of the masks, and one without
            tokens is none.
    """
    batch = collate(encoded, backbone)
    log_probs = project(backbone, answer_features(backbone, batch)).log_softmax(-1)
    widest = max(len(each) for each in choices)
    starts, start = [], 0
    for each in encoded:
        starts.append(start)
        start += len(each.masks)
    losses = []
    for first, offered in zip(starts, choices, strict=True):
        row = [-log_probs[torch.arange(first, first + len(ids)), _where(backbone, ids)].sum() if len(ids)
               else log_probs.new_tensor(torch.inf) for ids in offered]
        losses.append(torch.stack([*row, *[log_probs.new_tensor(torch.inf)] * (widest - len(row))]))
    return torch.stack(losses)


def _where(backbone: Backbone, ids: Sequence[int]) -> torch.Tensor:
    """Token ids as columns of the output layer."""
    found = torch.tensor(list(ids), device=backbone.placement.device)
    return found if backbone.rows is None else backbone.rows[found]


def margin_loss(losses: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """The mean over the batch of how far wrong choices come within a margin of 1 of the right one (equation 5).

    Args:
        losses: negative log-likelihoods, `[B, C]`.
        gold: `[B]`.
    """
    right = losses.gather(1, gold[:, None])
    near = (1 + right - losses).clamp(min=0)
    return near.scatter(1, gold[:, None], 0.0).sum(1).mean()
