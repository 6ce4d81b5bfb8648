"""Beam search over many sources at once, with the length rules of three systems.

The rules differ in what a hypothesis' log-probability is divided by, and in when a search stops:
see `Normalisation` in `core.models.decoding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from core.models.backbone import Backbone
from core.models.decoding import Decoding, Rules, Watch, Written
from core.models.next_tokens import NextTokens
from core.models.prefix import Prefix


@dataclass(frozen=True)
class Hypothesis:
    """A text that may go on: its tokens, and the sum of their log-probabilities."""

    ids: tuple[int, ...] = ()
    total: float = 0.0


@dataclass(frozen=True)
class Branch:
    """A hypothesis in the tree of a search.

    Attributes:
        parent: its place among the hypotheses of the step before.
        token: what it adds.
        total: the sum of its log-probabilities.
        ended: whether its token ends the text.
    """

    parent: int
    token: int
    total: float
    ended: bool = False


@dataclass
class BeamSearch:
    """The search for one source.

    Attributes:
        source: how many tokens the source has.
        running: the hypotheses that go on, the best first.
        finished: those that have ended, the best first.
        steps: of each step the branches, the running ones first, in their order.
    """

    source: int
    decoding: Decoding
    running: list[Hypothesis] = field(default_factory=lambda: [Hypothesis()])
    finished: list[Written] = field(default_factory=list)
    steps: list[list[Branch]] = field(default_factory=list)
    done: bool = False

    def advance(self, ended: Sequence[Branch], running: Sequence[Branch],
                kept: Sequence[Sequence[int]], best: float) -> None:
        """Take the best candidates of a step.

        Args:
            ended: among the best candidates those whose token ends the text.
            running: the best others.
            kept: what the token of each that ended adds to its text.
            best: the log-probability of the best candidate of all.
        """
        last = len(self.running[0].ids) + 1 >= self.decoding.max_tokens
        before = self.running
        for branch, more in zip(ended, kept, strict=True):
            ids = (*before[branch.parent].ids, *more)
            self._finish(ids, branch.total, len(before[branch.parent].ids) + 1, ended=True)
        self.running = [Hypothesis((*before[branch.parent].ids, branch.token), branch.total)
                        for branch in running]
        self.steps.append([*running, *ended])
        self.done = last or self._cannot_improve(best)
        if last:
            for hypothesis in self.running:
                self._finish(hypothesis.ids, hypothesis.total, len(hypothesis.ids), ended=False)

    def _finish(self, ids: tuple[int, ...], total: float, length: int, *, ended: bool) -> None:
        """Keep a text of `length` tokens, its end included, if it is among the best."""
        score = total / self._divisor(length - (ended and self._whole))
        self.finished.append(Written(ids, score, ended))
        self.finished.sort(key=lambda written: -written.score)
        del self.finished[self.decoding.beams:]

    @property
    def _whole(self) -> bool:
        return self.decoding.normalisation == "whole"

    def _divisor(self, length: int) -> float:
        alpha = self.decoding.length_penalty
        if self.decoding.normalisation == "gnmt":
            return float(((5 + length) / 6) ** alpha)
        return float(max(1, length + self.source if self._whole else length) ** alpha)

    def _cannot_improve(self, best: float) -> bool:
        """Whether no running hypothesis would be among the finished ones.

        GNMT's divisor grows with the length, so that the most that a text may have counts.
        """
        if len(self.finished) < self.decoding.beams:
            return False
        length = len(self.running[0].ids) if self.running else 1
        if self.decoding.normalisation == "gnmt":
            length = self.decoding.max_tokens
        reached = best if self._whole else max(each.total for each in self.running)
        return self.finished[-1].score >= reached / self._divisor(length - self._whole)


def write_with_beams(backbone: Backbone, sources: Sequence[Sequence[int]], decoding: Decoding,
                     prefix: Prefix | None, begun: Sequence[Sequence[int]],
                     watch: Watch) -> list[Written]:
    """Beam search for B texts; see `core.models.decoding.write`."""
    searches = search(backbone, sources, decoding, prefix, begun, watch)
    return [each.finished[0] for each in searches]


def search(backbone: Backbone, sources: Sequence[Sequence[int]], decoding: Decoding,
           prefix: Prefix | None, begun: Sequence[Sequence[int]],
           watch: Watch) -> list[BeamSearch]:
    """Search for B sources together; each is over when none of its hypotheses can win any more."""
    rules = Rules(backbone, decoding)
    searches = [BeamSearch(len(source), decoding) for source in sources]
    model = NextTokens(backbone, sources, prefix)
    active = list(range(len(sources)))
    while active:
        starts = _starts([len(searches[index].running) for index in active])
        log_probs = _forced(model.logits.log_softmax(-1), active, starts, searches, begun)
        written = len(searches[active[0]].running[0].ids)
        allowed = rules.allowed(log_probs, written)
        for place, index in enumerate(active):
            rows = allowed[starts[place]:starts[place + 1]]
            _advance(searches[index], rows, rules)
        watch(active, [searches[index].running[0].ids for index in active
                       if searches[index].running])
        parents, tokens, still = [], [], []
        for place, index in enumerate(active):
            if searches[index].done or not searches[index].running:
                continue
            still.append(index)
            going = searches[index].steps[-1][:len(searches[index].running)]
            parents += [starts[place] + branch.parent for branch in going]
            tokens += [branch.token for branch in going]
        active = still
        if active:
            device = allowed.device
            model.step(torch.tensor(tokens, device=device), torch.tensor(parents, device=device))
    return searches


def _advance(beam: BeamSearch, log_probs: torch.Tensor, rules: Rules) -> None:
    """One step of a search, given the log-probabilities after its K hypotheses, `[K, V]`."""
    totals = log_probs.new_tensor([each.total for each in beam.running])
    sums = log_probs + totals[:, None]  # [K, V]
    candidates = _best(sums, beam.decoding.beams)
    ended = [Branch(branch.parent, branch.token, branch.total, ended=True)
             for branch in candidates if branch.token in rules.ends]
    running = _best(rules.open(sums), beam.decoding.beams)
    best = candidates[0].total if candidates else -torch.inf
    beam.advance(ended, running, [rules.kept(branch.token) for branch in ended], best)


def _best(sums: torch.Tensor, count: int) -> list[Branch]:
    """The best continuations of K hypotheses, `[K, V]`, best first; impossible ones are none."""
    width = sums.shape[1]
    values, places = sums.flatten().topk(min(count, sums.numel()))
    return [Branch(place // width, place % width, value)
            for value, place in zip(values.tolist(), places.tolist(), strict=True)
            if value > -torch.inf]


def _starts(counts: Sequence[int]) -> list[int]:
    """Where the rows of each search begin, and where the last ends."""
    starts = [0]
    for count in counts:
        starts.append(starts[-1] + count)
    return starts


def _forced(log_probs: torch.Tensor, active: Sequence[int], starts: Sequence[int],
            searches: Sequence[BeamSearch], begun: Sequence[Sequence[int]]) -> torch.Tensor:
    """The same `[R, V]` with -inf for all but the token that a text must go on with."""
    for place, index in enumerate(active):
        written = len(searches[index].running[0].ids)
        if written < len(begun[index]):
            rows = log_probs[starts[place]:starts[place + 1]]
            token = begun[index][written]
            kept = rows[:, token].clone()
            rows[:] = -torch.inf
            rows[:, token] = kept
    return log_probs
