"""Texts that a left-to-right model writes between many examples and their label words, and after.

LM-BFF's search of patterns (arXiv 2012.15723, section 5.2) with a causal model in T5's place: one
text is sought that is likely after all examples together, then each example's own label word, then
one text that ends the sentence. By the chain rule the sum is log P(before, word, after | example).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch

from core.models.backbone import Backbone
from core.models.pieces import plain_ids
from core.models.scoring import project
from core.models.shared_tree import NOTHING, SharedTree

Ids = tuple[int, ...]
MOST_BEFORE, MOST_AFTER = 7, 3  # tokens
_WRITABLE = re.compile(r" ?(?:[^\W\d_]|')+|[,.;:!?，。；：！？、-]")
_CLOSING = (".", "!", "?", "。", "！", "？")
_COLONS = (":", "：")
_PROJECTED_AT_ONCE = 512  # rows of logits


class Continuation(NamedTuple):
    """What stands between the texts and the label words, what after them, and log P of all."""

    before: str
    after: str
    score: float


@dataclass(frozen=True)
class _Path:
    """A hypothesis of the beam.

    Attributes:
        before, after: its tokens.
        word: how many tokens of the label words have been read.
        score: summed over the examples.
        row: of the tree's features that it ends in.
        token: to be read next; None reads each example's own label word.
    """

    before: Ids = ()
    after: Ids = ()
    word: int = 0
    score: float = 0.0
    row: int = 0
    token: int | None = field(default=None, compare=False)


class _Scores(NamedTuple):
    """Log-probabilities of what may come next, summed over the examples."""

    tokens: torch.Tensor  # [L, V]
    words: torch.Tensor  # [L, K], of the k-th token of each example's label word
    end: torch.Tensor  # [L], of a line break or the end of the text


@torch.inference_mode()
def continue_texts(backbone: Backbone, texts: Sequence[Sequence[int]],
                   words: Sequence[Sequence[int]], beam: int,
                   progress: Callable[[int], None] = lambda _: None) -> list[Continuation]:
    """The likeliest continuations of all texts together, each once, likeliest first.

    Args:
        backbone: a causal model that `can_grow`.
        texts, words: the token ids of N texts and of their label words.
        beam: how many hypotheses are kept at each step, before the words and after them.
        progress: called with the steps done, of `most_steps(words)`.
    """
    search = _Search(backbone, texts, words, beam)
    for step in range(most_steps(words)):
        if not search.extend():
            break
        progress(step + 1)
    return search.found()


def most_steps(words: Sequence[Sequence[int]]) -> int:
    """The most steps that a search takes."""
    return MOST_BEFORE + MOST_AFTER + max(map(len, words))


class _Search:
    def __init__(self, backbone: Backbone, texts: Sequence[Sequence[int]],
                 words: Sequence[Sequence[int]], beam: int) -> None:
        self._backbone, self._beam = backbone, beam
        self._tree = SharedTree(backbone, texts)
        longest = max(map(len, words))
        self._words = torch.tensor(
            [[*ids, *[NOTHING] * (longest - len(ids))] for ids in words]).T  # [K, N]
        self._letter = plain_ids(["a"], backbone)[0]
        known = range(min(len(backbone.tokenizer), backbone.vocabulary_size))
        spelled = self._spelled = [self._text([token]) for token in known]
        special = set(backbone.tokenizer.all_special_ids)
        self._writable = [token for token, text in enumerate(spelled)
                          if token not in special and _WRITABLE.fullmatch(text)]
        self._ends = [token for token, text in enumerate(spelled)
                      if token in special or text.startswith("\n")]
        self._paths = [_Path()]
        self._done: list[_Path] = []

    def extend(self) -> bool:
        """Make each hypothesis a token longer; False once none is left."""
        scores = self._scores(self._tree.features)
        longer = [new for path, row in zip(self._paths, range(len(self._paths)), strict=True)
                  for new in self._longer(path, row, scores)]
        self._done = sorted(self._done, key=lambda path: -path.score)[: 2 * self._beam]
        floor = self._done[-1].score if len(self._done) == 2 * self._beam else -math.inf
        longer = sorted((path for path in longer if path.score > floor),
                        key=lambda path: -path.score)
        self._paths = [
            *[path for path in longer if not path.word][: self._beam],
            *[path for path in longer if path.word][: self._beam]]
        if self._paths:
            self._tree.step([path.row for path in self._paths],
                            torch.stack([self._next_token(path) for path in self._paths]))
        return bool(self._paths)

    def found(self) -> list[Continuation]:
        """The finished hypotheses as texts; of those that differ in case alone, the likeliest."""
        best: dict[tuple[str, str], Continuation] = {}
        for path in sorted(self._done, key=lambda path: -path.score):
            before, after = self._text(path.before), self._text(path.after)
            best.setdefault((before.casefold(), after.casefold()),
                            Continuation(before, after, path.score))
        return list(best.values())[: self._beam]

    def _longer(self, path: _Path, row: int, scores: _Scores) -> Iterator[_Path]:
        """What a hypothesis may become; those that end go to the finished ones."""
        here = replace(path, row=row)
        if 0 < path.word < len(self._words):
            yield self._with_word(here, scores)
        elif path.word:
            yield from self._longer_after(here, scores)
        else:
            if path.before and not self._spelled[path.before[-1]].endswith(_CLOSING):
                yield self._with_word(here, scores)
            if len(path.before) < MOST_BEFORE:
                for score, token in self._next(row, scores):
                    yield replace(here, before=(*path.before, token), token=token,
                                  score=path.score + score)

    def _longer_after(self, path: _Path, scores: _Scores) -> Iterator[_Path]:
        """What stands after the words ends a sentence; after a colon before them, nothing may."""
        if not path.after and self._spelled[path.before[-1]] in _COLONS:
            self._done.append(replace(path, score=path.score + float(scores.end[path.row])))
        if len(path.after) == MOST_AFTER:
            return
        for score, token in self._next(path.row, scores):
            new = replace(path, after=(*path.after, token), token=token, score=path.score + score)
            if self._spelled[token] in _CLOSING:
                self._done.append(new)
            else:
                yield new

    def _with_word(self, path: _Path, scores: _Scores) -> _Path:
        return replace(path, word=path.word + 1, token=None,
                       score=path.score + float(scores.words[path.row, path.word]))

    def _next(self, row: int, scores: _Scores) -> Iterator[tuple[float, int]]:
        values, places = scores.tokens[row].topk(min(self._beam, len(self._writable)))
        for value, place in zip(values.tolist(), places.tolist(), strict=True):
            yield value, self._writable[place]

    def _next_token(self, path: _Path) -> torch.Tensor:
        """What a hypothesis reads next after each text, `[N]`."""
        if path.token is None:
            return self._words[path.word - 1]
        return torch.full_like(self._words[0], path.token)

    def _scores(self, features: torch.Tensor) -> _Scores:
        """Of features `[L, N, H]`."""
        at_once = max(1, _PROJECTED_AT_ONCE // features.shape[1])
        parts = [self._scores_of(features[start : start + at_once])
                 for start in range(0, len(features), at_once)]
        return _Scores(*map(torch.cat, zip(*parts, strict=True)))

    def _scores_of(self, features: torch.Tensor) -> _Scores:
        logits = project(self._backbone, features)  # [L, N, V]
        whole = logits.logsumexp(-1)  # [L, N]
        words = self._words.to(logits.device).T.expand(len(logits), -1, -1)  # [L, N, K]
        of_words = logits.gather(-1, words.clamp(min=0)) - whole[..., None]
        ends = logits[..., self._ends].logsumexp(-1) - whole  # [L, N]
        tokens = logits.sum(1)[:, self._writable] - whole.sum(1, keepdim=True)
        return _Scores(tokens, of_words.masked_fill(words == NOTHING, 0).sum(1), ends.sum(1))

    def _text(self, ids: Sequence[int]) -> str:
        """The tokens as text; after a letter, for some tokenizers drop a text's first space."""
        alone, together = (
            str(self._backbone.tokenizer.decode(part, clean_up_tokenization_spaces=False))
            for part in (self._letter, [*self._letter, *ids]))
        return together.removeprefix(alone)
