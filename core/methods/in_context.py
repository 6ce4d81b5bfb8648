"""In-context learning: labelled examples written before the question, nothing trained (GPT-3, arXiv
2005.14165).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.data.task import Example
from core.learning.method import Learned, LogProbs, Method, Problem, Progress, Stage
from core.learning.options import Options, option
from core.learning.prompting import PromptPredictor
from core.prompts.demonstrations import with_demonstrations
from core.randomness import rng


@dataclass(frozen=True)
class InContextOptions(Options):
    """Options of in-context learning."""

    demonstrations: int = option(8,
                                 "how many labelled examples stand before the question, spread "
                                 "evenly over the labels", 1, 64)
    contexts: int = option(1, "average over this many random choices and orders of demonstrations",
                           1, 16)


class InContext(Method[InContextOptions]):
    """Writes labelled examples before the question, as GPT-3 does, and trains nothing."""

    name = "in-context"
    title = "In-context"
    paper = "arXiv 2005.14165"
    options = InContextOptions
    trains = False
    families = ("masked", "causal")

    def stages(self, options: InContextOptions,  # noqa: ARG002
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """Nothing is trained."""
        return ()

    def learn(self, problem: Problem, options: InContextOptions, progress: Progress) -> Learned:
        """Draw the demonstrations of each context."""
        progress(0, 0)
        contexts = [_draw(problem, options.demonstrations, context)
                    for context in range(options.contexts)]
        return Learned(_Averaged([_asked(problem, context) for context in contexts]))


class _Averaged:
    """What several contexts say together."""

    def __init__(self, predictors: Sequence[PromptPredictor]) -> None:
        self._predictors = predictors

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Mean of the log-probabilities, `[N, C]`, scaled so that the probabilities of each row sum
        to 1 again.
        """
        mean = np.mean([predictor.log_probs(examples) for predictor in self._predictors], axis=0)
        return torch.from_numpy(mean).log_softmax(-1).numpy()

    def save(self, folder: Path) -> None:
        self._predictors[0].save(folder)


def _asked(problem: Problem, demonstrations: Sequence[Example]) -> PromptPredictor:
    pvp = problem.pvps[0]
    return PromptPredictor(problem.backbone, pvp, lambda example: with_demonstrations(
        pvp.pattern, example, demonstrations, pvp.verbalizer, before=True))


def _draw(problem: Problem, wanted: int, context: int) -> list[Example]:
    """Examples from each label in turn, in random order, at most `wanted`."""
    random = rng(problem.seed, "demonstrations", context)
    order = random.permutation(len(problem.split.train))
    by_label = [[problem.split.train[i] for i in order if problem.split.train[i].label == label]
                for label in random.permutation(list(problem.schema.labels))]
    rounds = [group[turn] for turn in range(wanted) for group in by_label if turn < len(group)]
    chosen = rounds[:wanted]
    return [chosen[index] for index in random.permutation(len(chosen))]
