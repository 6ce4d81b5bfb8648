"""A beam search for one text that fills the two gaps of all examples.

The gaps are T5's: the text begins with the first sentinel, the second ends the first gap and begins
the second, and the third or the end of the text ends it. (LM-BFF, arXiv 2012.15723, section 5.2.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from core.errors import SpecError
from core.models.backbone import Backbone
from core.models.pieces import sentinel_id
from core.models.scoring import project
from core.models.shared_decoder import SharedDecoder

Ids = tuple[int, ...]
_SPARE = 3  # next tokens beyond the beam's width, as some are refused
_REFUSED = ("\N{LOWER ONE EIGHTH BLOCK}", "....", "..........")
_PROJECTED_AT_ONCE = 2048  # rows of logits


@dataclass(frozen=True)
class Hypothesis:
    """Tokens that T5 may write, their score, and whether both gaps are filled."""

    tokens: Ids
    score: float
    finished: bool


@dataclass(frozen=True)
class _Path:
    """A hypothesis of the beam.

    Attributes:
        row: of the decoder's states that it ends in.
        gap: the gap that its next token is in: 1 or 2; 3 if it is finished.
    """

    hypothesis: Hypothesis
    row: int
    gap: int

    @property
    def finished(self) -> bool:
        return self.hypothesis.finished


class GapBeam:
    """The state of a search; `extend` makes each hypothesis a token longer."""

    def __init__(self, backbone: Backbone, ids: Sequence[Sequence[int]], beam: int, *,
                 averaged: bool, strict: bool) -> None:
        """Run the encoder over the token ids of N examples; for the rest see `fill_gaps`.

        Raises:
            ModelError: the model is not of the T5 family.
            SpecError: its tokenizer has no sentinels.
        """
        self._backbone, self._width = backbone, beam
        self._averaged, self._strict = averaged, strict
        self._sentinels, self._end = sentinels(backbone), backbone.tokenizer.eos_token_id
        self._refused, self._stop = _refused(backbone), full_stop(backbone)
        self._decoder = SharedDecoder(backbone, ids)
        self._paths = [_Path(Hypothesis((), 0.0, False), row=0, gap=1)]

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """The hypotheses, best first."""
        return [path.hypothesis for path in self._paths]

    @property
    def finished(self) -> bool:
        """Whether all hypotheses are finished."""
        return not self._unfinished

    @property
    def _unfinished(self) -> list[_Path]:
        return [path for path in self._paths if not path.finished]

    def extend(self) -> None:
        """Make each unfinished hypothesis a token longer and keep the best of all."""
        next_tokens = iter(self._next_tokens(self._unfinished))
        extended: list[_Path] = []
        for path in self._paths:
            extended += [path] if path.finished else self._longer(path, *next(next_tokens))
        extended.sort(key=lambda path: -path.hypothesis.score)
        self._paths = extended[: self._width]

    def _next_tokens(self, paths: Sequence[_Path]) -> list[tuple[int, list[float], list[int]]]:
        """For each path its row of states, and the likeliest next tokens with their scores."""
        last = [self._last_token(path.hypothesis) for path in paths]
        features = self._decoder.step([path.row for path in paths], last)  # [L, N, H]
        scores = _token_scores(self._backbone, features, self._averaged)  # [L, V]
        for path, row in zip(paths, scores, strict=True):
            self._forbid(path, row)
        best = scores.topk(min(self._width + _SPARE, scores.shape[1]), dim=-1)
        rows = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        return [(row, values, tokens) for row, (values, tokens) in enumerate(rows)]

    def _last_token(self, hypothesis: Hypothesis) -> int:
        if hypothesis.tokens:
            return hypothesis.tokens[-1]
        start: int = self._backbone.model.config.decoder_start_token_id
        return start

    def _forbid(self, path: _Path, scores: torch.Tensor) -> None:
        """Where the search is strict, give -inf to tokens, `[V]`, that would make it malformed."""
        if self._strict and path.hypothesis.tokens:
            scores[self._malformed(path.gap)] = -torch.inf
        elif self._strict:
            _keep_only(self._sentinels[0], scores)

    def _malformed(self, gap: int) -> list[int]:
        """The first sentinel again, and the tokens that close the other gap only."""
        first, second, third = self._sentinels
        return [first, third, self._end] if gap == 1 else [first, second]

    def _longer(
        self, path: _Path, row: int, scores: Sequence[float], tokens: Sequence[int]
    ) -> Iterator[_Path]:
        written = path.hypothesis
        for score, token in zip(scores, tokens, strict=True):
            if score == -math.inf or self._is_refused(token, written.tokens):
                continue
            gap = path.gap + (token in (self._sentinels[path.gap], self._end))
            longer = Hypothesis((*written.tokens, token), written.score + score, gap > 2)
            yield _Path(longer, row, gap)

    def _is_refused(self, token: int, before: Ids) -> bool:
        """Whether the token is never written, or would be a second full stop in a row."""
        doubled = token == self._stop and before[-1:] == (token,)
        return token in self._refused or doubled


def sentinels(backbone: Backbone) -> Ids:
    """The token ids of the first three sentinels.

    Raises:
        SpecError: the tokenizer lacks one.
    """
    found: list[int] = []
    for number in range(3):
        sentinel = sentinel_id(number, backbone)
        if sentinel is None:
            raise SpecError("The tokenizer of {model!r} has no {token!r}; patterns are written by "
                            "models of the T5 family.",
                            model=backbone.name, token=f"<extra_id_{number}>")
        found.append(sentinel)
    return tuple(found)


def full_stop(backbone: Backbone) -> int | None:
    """The full stop without the mark of a word's start, if there is one."""
    known = backbone.tokenizer.get_vocab()
    return known.get(".", known.get("\N{LOWER ONE EIGHTH BLOCK}."))


def _token_scores(backbone: Backbone, features: torch.Tensor, averaged: bool) -> torch.Tensor:
    """The score that each next token adds to a hypothesis over all examples, `[L, V]`.

    Features are `[L, N, H]`, for L hypotheses and N examples.
    """
    if averaged:
        return project(backbone, features.mean(1)).log_softmax(-1)
    at_once = max(1, _PROJECTED_AT_ONCE // features.shape[1])
    starts = range(0, len(features), at_once)
    logits = (project(backbone, features[start : start + at_once]) for start in starts)
    return torch.cat([part.log_softmax(-1).sum(1) for part in logits])


def _keep_only(token: int, scores: torch.Tensor) -> None:
    """Give -inf to all other tokens, `[V]`."""
    kept = scores[token].clone()
    scores.fill_(-torch.inf)
    scores[token] = kept


def _refused(backbone: Backbone) -> set[int]:
    known = backbone.tokenizer.get_vocab()
    return {known[token] for token in _REFUSED if token in known}
