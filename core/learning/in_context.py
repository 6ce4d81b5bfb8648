"""Answered examples before the question, nothing trained: calibration, order, selection, length.

In-context learning is GPT-3's (arXiv 2005.14165); what its answers depend on beside the question,
and what can be done about it, is in arXiv 2102.09690, 2104.08786 and 2101.06804.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.data.task import Example
from core.errors import PatternError
from core.learning.method import LogProbs
from core.learning.predictors import prompt_predictor
from core.learning.prompting import PromptPredictor
from core.models.backbone import Backbone
from core.models.encoding import Limits, encode
from core.models.sentences import SENTENCE_MODEL, sentence_encoder
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Prompt
from core.prompts.pvp import PVP
from core.randomness import rng

_QUESTION_SHARE = 4  # one part in so many of a prompt is kept for a long question
Chosen = Callable[[Example], Sequence[Example]]  # a question's demonstrations, in their order


def draw_evenly(support: Sequence[Example], labels: Sequence[str], wanted: int, seed: int,
                context: int = 0) -> list[Example]:
    """Examples from each label in turn, in random order, at most `wanted`."""
    random = rng(seed, "demonstrations", context)
    order = random.permutation(len(support))
    by_label = [[support[i] for i in order if support[i].label == label]
                for label in random.permutation(list(labels))]
    rounds = [group[turn] for turn in range(wanted) for group in by_label if turn < len(group)]
    chosen = rounds[:wanted]
    return [chosen[index] for index in random.permutation(len(chosen))]


def in_context_predictor(backbone: Backbone, pvp: PVP, chosen: Chosen,
                         limits: Limits = Limits(), *, channel: bool = False) -> PromptPredictor:
    """A backbone asked through a PVP with answered examples before every question."""

    def render(example: Example) -> Prompt:
        return with_demonstrations(pvp.pattern, example, chosen(example), pvp.verbalizer,
                                   before=True)

    return prompt_predictor(backbone, pvp, render, limits, channel=channel)


class AveragedPredictor:
    """What several sets of demonstrations say together."""

    def __init__(self, predictors: Sequence[PromptPredictor]) -> None:
        self._predictors = predictors

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Mean of the log-probabilities, `[N, C]`, each row normalised again."""
        mean = np.mean([predictor.log_probs(examples) for predictor in self._predictors], axis=0)
        return torch.from_numpy(mean).log_softmax(-1).numpy()

    def save(self, folder: Path) -> None:
        """Write the model and the first prompt's pattern; nothing was learned."""
        self._predictors[0].save(folder)


@dataclass(frozen=True)
class OrderTrial:
    """How evenly the model answers with the demonstrations in one order (arXiv 2104.08786).

    Attributes:
        demonstrations: in this order.
        global_entropy: of the predicted labels' shares over the probing texts, in nats (GlobalE):
            low where most texts get the same label.
        local_entropy: mean entropy of the label probabilities, in nats (LocalE): low where the
            model is sure of everything.
    """

    demonstrations: tuple[Example, ...]
    global_entropy: float
    local_entropy: float


def try_order(predictor: PromptPredictor, demonstrations: Sequence[Example],
              probing: Sequence[Example]) -> OrderTrial:
    """Ask about the probing texts, whose labels are not looked at."""
    log_probs = predictor.log_probs(probing)  # [P, C]
    shares = np.bincount(log_probs.argmax(1), minlength=log_probs.shape[1]) / len(probing)  # [C]
    local = -(np.exp(log_probs) * log_probs).sum(1).mean()
    return OrderTrial(tuple(demonstrations), _entropy(shares), float(local))


def best_order(trials: Sequence[OrderTrial]) -> OrderTrial:
    """The order with the highest GlobalE; of equal ones that with the highest LocalE."""
    return max(trials, key=lambda trial: (round(trial.global_entropy, 9), trial.local_entropy))


def most_alike(support: Sequence[Example], count: int, backbone: Backbone) -> Chosen:
    """Choose for a question the `count` examples most like it, the likest last (2101.06804)."""
    encoder = sentence_encoder(SENTENCE_MODEL, backbone.placement)
    vectors = encoder.embed([_words_of(example) for example in support])  # [S, D]

    def chosen(question: Example) -> list[Example]:
        similarities = vectors @ encoder.embed([_words_of(question)])[0]  # [S]
        nearest = np.argsort(-similarities, kind="stable")[:count]
        return [support[index] for index in reversed(nearest)]

    return chosen


def even_limits(pvp: PVP, demonstrations: Sequence[Example], questions: Sequence[Example],
                backbone: Backbone) -> Limits:
    """Limits under which the demonstrations' texts are cut alike, whatever the question.

    They are cut as little as the longest of `questions` permits, of whose texts each counts at
    most a quarter of the prompt; a longer question is cut itself. What all prompts begin with
    stays the same, so that it is read once.
    """
    longest = max(questions, key=lambda example: len(" ".join(_texts_of(example))))
    prompt = with_demonstrations(pvp.pattern, longest, demonstrations, pvp.verbalizer, before=True)
    room = backbone.max_length // _QUESTION_SHARE

    def fits(tokens: int) -> bool:
        limits = Limits(first=room, other=room, demonstration=tokens)
        try:
            return encode([prompt], backbone, limits)[0].shortened == 0
        except PatternError:  # even without the question's texts it is too long
            return False

    low, high = 1, backbone.max_length
    while low < high and not fits(high):  # low fits, as far as anything does
        middle = (low + high) // 2
        low, high = (middle, high - 1) if fits(middle) else (low, max(low, middle - 1))
    return Limits(demonstration=high)


def _entropy(shares: np.ndarray) -> float:
    """Of shares that sum to 1, `[C]`, in nats."""
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum()) + 0.0


def _texts_of(example: Example) -> list[str]:
    return [example.text_a, example.text_b, *(text for _, text in example.more)]


def _words_of(example: Example) -> str:
    """The texts that similarity is measured by."""
    return " ".join(filter(None, (example.text_a, example.text_b)))
