"""Candidates of a search, tried by fine-tuning each and ranked by development score (LM-BFF,
section 5).

Either each is trained to the end, as in the paper, or those that do not keep up are dropped
early: at each of a few rungs a candidate goes on only if it is among the better share of all that
have come so far (successive halving, arXiv 1502.07943, in its asynchronous form, arXiv 1810.05934,
where nothing waits and no weights are kept).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.learning.ensemble import EnsemblePredictor
from core.learning.fine_tuning import PromptFineTuningOptions, fine_tune
from core.learning.method import Learned, Problem, Progress
from core.learning.options import option
from core.learning.prompting import PromptPredictor
from core.metrics.metric import development
from core.prompts.pvp import PVP

RUNGS = (0.2, 0.4)  # shares of the steps at which candidates are compared
_GO_ON = 3  # one of so many is trained further


@dataclass(frozen=True)
class SearchOptions(PromptFineTuningOptions):
    """What all searches share: how many candidates are fine-tuned, and how."""

    tried: int = option(8,
                        "candidates that are fine-tuned and ranked by development accuracy (the "
                        "paper: 100)", 1,
                        1000)
    ensemble: int = option(1,
                           "how many of the best answer together, by the mean of their "
                           "log-probabilities (the paper: 20 patterns)", 1, 20)
    halving: bool = option(True,
                           "drop candidates that do not keep up at a fifth and two fifths of the "
                           "steps")


@dataclass(frozen=True)
class Candidate:
    """A pattern with its words, how it was found, and how it did.

    Attributes:
        score: by which the search ranked it: accuracy on the training examples without training, or
            log-probability.
        dev_score: after fine-tuning, or where it was dropped; None if it was not tried.
        trained: steps of fine-tuning; fewer than all mean that it was dropped.
    """

    pvp: PVP
    score: float
    dev_score: float | None = None
    trained: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {**self.pvp.as_dict(), "score": self.score, "dev_score": self.dev_score,
                "trained": self.trained}


@dataclass
class Reranking:
    """Fine-tuning of candidates in turn, with what has been seen at the rungs.

    Attributes:
        keep: how many of the best to remember what they learned.
        best: what they learned, best first.
    """

    problem: Problem
    options: PromptFineTuningOptions
    halving: bool
    keep: int = 1
    best: list[Learned] = field(default_factory=list)
    _seen: dict[int, list[float]] = field(default_factory=dict)

    def rank(self, candidates: Sequence[Candidate], tried: int,
             progress: Progress) -> list[Candidate]:
        """All candidates, the first `tried` of them trained and ranked.

        Progress hears of every step and of the whole ranking after each candidate.
        """
        ranked, total = list(candidates), min(tried, len(candidates)) * self.options.steps
        progress(0, total, found=[each.as_dict() for each in ranked])
        for number, candidate in enumerate(candidates[:tried]):
            done = self._try(candidate, number * self.options.steps, total, progress)
            ranked[ranked.index(candidate)] = done
            ranked.sort(key=self._order)
            progress((number + 1) * self.options.steps, total,
                     found=[each.as_dict() for each in ranked])
        return ranked

    def _try(self, candidate: Candidate, before: int, whole: int, progress: Progress) -> Candidate:
        reached = replace(candidate)

        def on_step(step: int, total: int, *, loss: float | None = None,
                    dev_score: float | None = None,
                    found: object = None) -> None:  # noqa: ARG001
            nonlocal reached
            progress(before + step, whole, loss=loss, dev_score=dev_score)
            if dev_score is not None:
                best = self._better_of(dev_score, reached.dev_score)
                reached = replace(reached, dev_score=best, trained=step)
                if self.halving and step < total and self.falls_behind(step, best):
                    raise _DroppedError

        try:
            learned = fine_tune(replace(self.problem, pvps=(candidate.pvp,)), self._with_rungs(),
                                on_step)
        except _DroppedError:
            return reached
        metric = development(self.problem.metric)
        self.best = sorted([*self.best, learned],
                           key=lambda each: metric.order(each.metrics[metric.name]))[: self.keep]
        return reached

    def falls_behind(self, step: int, score: float) -> bool:
        """Whether at this rung the candidate is not among the best third of all so far."""
        if step not in {max(1, round(share * self.options.steps)) for share in RUNGS}:
            return False
        seen = self._seen.setdefault(step, [])
        seen.append(score)
        place: int = sum(self.problem.metric.better(other, score) for other in seen)
        return place >= max(1, -(-len(seen) // _GO_ON))

    def _better_of(self, score: float, earlier: float | None) -> float:
        return score if earlier is None or self.problem.metric.better(score, earlier) else earlier

    def _order(self, candidate: Candidate) -> tuple[float, ...]:
        """Those trained longest first, then by development score, then by search score."""
        tried = 0.0 if candidate.dev_score is None else self.problem.metric.order(
            candidate.dev_score)
        return (-candidate.trained, tried, -candidate.score)

    def _with_rungs(self) -> PromptFineTuningOptions:
        """Evaluate at the rungs, of which the first divides the others."""
        if not self.halving:
            return self.options
        return replace(self.options, evaluate_every=max(1, round(RUNGS[0] * self.options.steps)))


def finished(reranking: Reranking, ranked: Sequence[Candidate], more: dict[str, float]) -> Learned:
    """What the best candidates have learned, and what the search found."""
    first, *others = reranking.best
    saved = sum(each.trained for each in ranked) / (reranking.options.steps * max(1, sum(
        each.trained > 0 for each in ranked)))
    metrics = {**first.metrics, **more, "steps_share": saved}
    if not others:
        return replace(first, metrics=metrics)
    members = [each.predictor for each in reranking.best]
    return Learned(EnsemblePredictor([each for each in members
                                      if isinstance(each, PromptPredictor)]), metrics)


class _DroppedError(Exception):
    """A candidate that does not go on."""
