"""Demonstrations beside the question: one answered example a label, drawn anew each time (LM-BFF,
section 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from core.data.task import Example
from core.errors import SpecError
from core.learning.method import LogProbs
from core.learning.prompting import PromptPredictor
from core.models.backbone import Backbone
from core.models.encoding import Limits
from core.models.sentences import SENTENCE_MODEL, Vectors, most_similar, sentence_encoder
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Prompt
from core.prompts.pvp import PVP
from core.randomness import rng

Draw = list[npt.NDArray[np.int64]]  # for each label, indices of the examples that may be shown


@dataclass(frozen=True)
class Demonstrations:
    """Answered examples that may stand beside a question, and how they are chosen.

    Attributes:
        support: labelled examples, each of its label's words shown by the first.
        contexts: how many draws an answer is averaged over.
        similar: the share of each label's examples, those most like the question, that are drawn
            from; 1 takes all.
        tokens: of each demonstration's text at most.
        seed: decides what is drawn for a text.
    """

    support: tuple[Example, ...]
    contexts: int = 4
    similar: float = 0.5
    tokens: int = 50
    seed: int = 0
    sentence_model: str = SENTENCE_MODEL

    def as_dict(self) -> dict[str, Any]:
        """As `cloze.json` keeps it."""
        return {**{key: getattr(self, key)
                   for key in ("contexts", "similar", "tokens", "seed", "sentence_model")},
                "support": [[each.text_a, each.text_b, each.label, each.more]
                            for each in self.support]}

    @staticmethod
    def of(values: Mapping[str, Any]) -> Demonstrations:
        """Read what `as_dict` wrote."""
        support = tuple(  # notes of earlier versions hold no further texts
            Example(text_a, text_b, label, tuple((name, text) for name, text in chain(*more)))
            for text_a, text_b, label, *more in values["support"])
        return Demonstrations(**{**values, "support": support})


class DemonstratedPredictor(PromptPredictor):
    """A backbone asked through a PVP with demonstrations: after the question, and before it for a
    causal model, which reads from left to right.
    """

    def __init__(self, backbone: Backbone, pvp: PVP, demonstrations: Demonstrations) -> None:
        """Find the similarities of the support examples.

        Raises:
            SpecError: a label has fewer than two examples, so that one may have no demonstration
                but itself.
        """
        super().__init__(backbone, pvp, limits=Limits(other=demonstrations.tokens))
        self.demonstrations = demonstrations
        self._labels = [pvp.verbalizer.labels.index(str(each.label))
                        for each in demonstrations.support]
        for at, label in enumerate(pvp.verbalizer.labels):
            if self._labels.count(at) < 2:
                raise SpecError(
                    "The label {label!r} has fewer than 2 examples; demonstrations need K ≥ 2, "
                    "one to ask about and one to show.", label=label)
        self._training = rng(demonstrations.seed, "demonstrations", "training")

    @cached_property
    def _support(self) -> Vectors:
        return self._vectors(self.demonstrations.support)

    @cached_property
    def _for_support(self) -> dict[int, Draw]:
        """What may be shown beside each support example, by its identity; never itself."""
        if self.demonstrations.similar < 1:
            kept = most_similar(self._support, self._support, self._labels,
                                self.demonstrations.similar, same=True)
        else:
            everything = np.arange(len(self._labels))
            kept = [everything[everything != at] for at in range(len(everything))]
        return {id(example): self._by_label(each)
                for example, each in zip(self.demonstrations.support, kept, strict=True)}

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Mean of the contexts' log-probabilities, `[N, C]`, each row normalised again."""
        if not examples:
            return super().log_probs(examples)
        draws = self._draws(examples)
        found = [self.log_probs_of([self._drawn(example, draw, context)
                                    for example, draw in zip(examples, draws, strict=True)])
                 for context in range(self.demonstrations.contexts)]
        return torch.from_numpy(np.mean(found, axis=0)).log_softmax(-1).numpy()

    def tokens(self, examples: Sequence[Example]) -> set[int]:
        """Every token that these examples' prompts use, with any of the demonstrations."""
        alone = PromptPredictor(self.backbone, self.pvp).tokens(examples)
        by_label = self._by_label(np.arange(len(self._labels)))
        numbers = range(max(len(examples), len(self._labels)))
        prompts = [self._with(examples[number % len(examples)],
                              [int(places[number % len(places)]) for places in by_label])
                   for number in numbers]
        return alone | self._tokens_of(prompts)

    def prompt(self, example: Example) -> Prompt:
        """The question with the demonstrations of its first context."""
        return self._drawn(example, self._draws([example])[0], 0)

    def shown(self, example: Example) -> list[tuple[Example, float]]:
        """The first context's demonstrations in the labels' order, with their similarities."""
        draw = self._draws([example])[0]
        chosen = [draw[label][at] for label, at in enumerate(self._places(example, draw, 0))]
        similarities = self._vectors([example])[0] @ self._support[chosen].T
        return [(self.demonstrations.support[at], float(each)) for at,
                each in zip(chosen, similarities, strict=True)]

    def drawn_from(self, example: Example) -> list[int]:
        """For each label, how many examples the demonstrations are drawn from."""
        return [len(each) for each in self._draws([example])[0]]

    def loss(self, examples: Sequence[Example], gold: torch.Tensor) -> torch.Tensor:
        """As without demonstrations; they are drawn anew at each call."""
        draws = [self._for_support.get(id(example)) or self._draws([example])[0]
                 for example in examples]
        return self.loss_of([self._with(example, [int(self._training.choice(each))
                                                  for each in draw])
                             for example, draw in zip(examples, draws, strict=True)], gold)

    def _draws(self, examples: Sequence[Example]) -> list[Draw]:
        if self.demonstrations.similar >= 1:
            return [self._by_label(np.arange(len(self._labels)))] * len(examples)
        kept = most_similar(self._vectors(examples), self._support, self._labels,
                            self.demonstrations.similar)
        return [self._by_label(each) for each in kept]

    def _by_label(self, kept: npt.NDArray[np.int64]) -> Draw:
        answers = np.array(self._labels)[kept]
        return [kept[answers == label] for label in range(len(self.pvp.verbalizer.labels))]

    def _places(self, example: Example, draw: Draw, context: int) -> list[int]:
        random = rng(self.demonstrations.seed, "demonstrations", context, example.text_a,
                     example.text_b)
        return [int(random.integers(len(each))) for each in draw]

    def _drawn(self, example: Example, draw: Draw, context: int) -> Prompt:
        return self._with(example, [int(each[at]) for each,
                                    at in zip(draw, self._places(example, draw, context),
                                                                      strict=True)])

    def _with(self, example: Example, chosen: Sequence[int]) -> Prompt:
        return with_demonstrations(self.pvp.pattern,
                                   example, [self.demonstrations.support[at] for at in chosen],
                                   self.pvp.verbalizer, before=self.backbone.family == "causal")

    def _vectors(self, examples: Sequence[Example]) -> Vectors:
        encoder = sentence_encoder(self.demonstrations.sentence_model, self.backbone.placement)
        return encoder.embed([" ".join(filter(None, (each.text_a, each.text_b)))
                              for each in examples])

    def note(self) -> dict[str, Any]:
        return {**super().note(), "demonstrations": self.demonstrations.as_dict()}
