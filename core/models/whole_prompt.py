"""Labels scored by whole prompts, for models that read from left to right.

Such a model does not see what follows the mask when it fills it. But it can say how probable each
label's word is *and* what follows it: the sum of the log-probabilities of these tokens, given
those before. What follows, given the word, alone is the noisy channel (arXiv 2108.04106).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from core.models.backbone import Backbone
from core.models.batches import collate, length_buckets
from core.models.encoding import Encoded, Limits, encode, start_token
from core.models.scoring import answer_features, project, tokens_at_once
from core.models.shared_start import SharedStart
from core.prompts.pattern import Pattern, Prompt, Segment

_PROJECTED_AT_ONCE = 1024  # positions


@dataclass(frozen=True)
class _Filled:
    """A prompt with an answer in its mask's place.

    Attributes:
        encoded: read at the token before each of its scored tokens.
        scored: the tokens whose log-probabilities count, `[S]`.
    """

    encoded: Encoded
    scored: list[int]


def text_follows(prompt: Prompt | Pattern) -> bool:
    """Whether a text of the example stands after the first mask."""
    kinds = [segment.kind for segment in prompt.segments]
    return "mask" in kinds and "text" in kinds[kinds.index("mask") :]


def answer_scores(backbone: Backbone, prompts: Sequence[Prompt], answers: Sequence[Sequence[str]],
                  limits: Limits = Limits(), *, channel: bool = False) -> torch.Tensor:
    """Log-probability of each answer and of what follows it, `[N, A]`; gradients flow.

    Args:
        prompts: N, each with one mask.
        answers: for each prompt A texts to stand in the mask's place.
        channel: only what follows the answer counts.
    """
    filled = [each for prompt, texts in zip(prompts, answers, strict=True)
              for each in _fill(prompt, texts, backbone, limits, channel)]
    encoded = [each.encoded for each in filled]
    start = None if torch.is_grad_enabled() else SharedStart.of(backbone, encoded)
    sums: dict[int, torch.Tensor] = {}
    tokens = tokens_at_once(backbone)
    for group in length_buckets(encoded, tokens, shared=start.length if start else 0):
        found = _sums([filled[index] for index in group], backbone, start)
        sums.update(zip(group, found, strict=True))
    scores = torch.stack([sums[index] for index in range(len(filled))])
    return scores.reshape(len(prompts), -1)


def _sums(filled: Sequence[_Filled], backbone: Backbone,
          start: SharedStart | None) -> Iterator[torch.Tensor]:
    """The sum of the scored tokens' log-probabilities of each prompt."""
    encoded = [each.encoded for each in filled]
    if start is not None and start.begins(encoded):
        features = start.answer_features(encoded)  # [S of all, H]
    else:
        features = answer_features(backbone, collate(encoded, backbone))
    targets = torch.tensor([token for each in filled for token in each.scored],
                           device=features.device)
    targets = targets if backbone.rows is None else backbone.rows[targets]
    found = torch.cat([
        project(backbone, features[at : at + _PROJECTED_AT_ONCE]).log_softmax(-1).gather(
            1, targets[at : at + _PROJECTED_AT_ONCE, None])[:, 0]
        for at in range(0, len(targets), _PROJECTED_AT_ONCE)])
    for part in torch.split(found, [len(each.scored) for each in filled]):
        yield part.sum()


def _fill(prompt: Prompt, texts: Sequence[str], backbone: Backbone, limits: Limits,
          channel: bool) -> list[_Filled]:
    """The prompt with each of the texts; what is cut off is cut off alike in all."""
    place = [segment.kind for segment in prompt.segments].index("mask")
    prompts = [_with_word(prompt, place, text) for text in texts]
    encoded = encode(prompts, backbone, limits)
    if any(each.shortened for each in encoded):
        longest = max(each.origins.count(place) for each in encoded)
        most = min(limits.length or backbone.max_length, backbone.max_length)
        encoded = [encode([each], backbone, replace(limits, length=most - longest + words))[0]
                   for each, words in zip(prompts, (found.origins.count(place)
                                                    for found in encoded), strict=True)]
    return [_read(each, place + channel, backbone) for each in encoded]


def without_mask(prompt: Prompt) -> Prompt:
    """The prompt with nothing in its mask's place, and without the separator that ends it."""
    return _with(prompt, Segment("text"))


def _with_word(prompt: Prompt, place: int, text: str) -> Prompt:
    return _with(prompt, Segment("word", text, space=prompt.segments[place].space))


def _with(prompt: Prompt, segment: Segment) -> Prompt:
    """The prompt with the segment in its mask's place; the separator that ends it goes."""
    place = [each.kind for each in prompt.segments].index("mask")
    *_, last = prompt.segments
    rest = prompt.segments[place + 1 : -1] if last.kind == "sep" else prompt.segments[place + 1 :]
    return Prompt((*prompt.segments[:place], segment, *rest))


def _read(encoded: Encoded, first: int, backbone: Backbone) -> _Filled:
    """Read the tokens from segment `first` on; a start token comes before them if nothing does."""
    at = next((index for index, origin in enumerate(encoded.origins) if origin >= first),
              len(encoded.ids))
    if at == 0:
        encoded, at = _started(encoded, backbone)
    places = range(max(1, at), len(encoded.ids))
    asked = replace(encoded, masks=[place - 1 for place in places])
    return _Filled(asked, [encoded.ids[place] for place in places])


def _started(encoded: Encoded, backbone: Backbone) -> tuple[Encoded, int]:
    """The tokens after the one with which texts begin, where the model has one."""
    token = start_token(backbone)
    if token is None:
        return encoded, 0  # the first token stays unscored
    return replace(encoded, ids=[token, *encoded.ids], origins=[0, *encoded.origins],
                   type_ids=[0, *encoded.type_ids]), 1
