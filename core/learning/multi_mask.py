"""Answers of several tokens, with a mask for each: PET with multiple masks (arXiv 2009.07118,
section 3.1).

The answers are label words or, in multiple choice, the texts that each example brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import torch

from core.data.task import Example
from core.learning.method import LogProbs
from core.learning.prompting import PromptPredictor
from core.models.encoding import encode
from core.models.multi_mask import (
    answer_ids,
    choice_log_probs,
    choice_losses,
    margin_loss,
    text_ids,
    widened,
)
from core.prompts.pattern import Prompt


class MultiMaskPredictor(PromptPredictor):
    """A masked model asked through a PVP with one word of one or more tokens for each label.

    Label probabilities are those of the words, each filled into as many masks as it has tokens,
    over the labels.
    """

    @cached_property
    def answers(self) -> list[list[int]]:
        """The tokens of each label's word."""
        return answer_ids(self.pvp.verbalizer, self.backbone)

    def log_probs_of(self, prompts: Sequence[Prompt]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""
        if not prompts:
            return torch.empty(0, len(self.answers)).numpy()
        choices = [self.answers] * len(prompts)
        return self._calibrated(choice_log_probs(self.backbone, prompts, choices, self.limits))

    def tokens(self, examples: Sequence[Example]) -> set[int]:  # noqa: ARG002
        """The whole vocabulary, over which the words' probabilities are."""
        return set(range(self.backbone.vocabulary_size))

    def loss_of(self, prompts: Sequence[Prompt], gold: torch.Tensor) -> torch.Tensor:
        """The margin between the gold label's word and the others, with gradients."""
        most = max(len(answer) for answer in self.answers)
        encoded = encode([widened(prompt, most) for prompt in prompts], self.backbone, self.limits)
        losses = choice_losses(self.backbone, encoded, [self.answers] * len(prompts))
        return margin_loss(losses, gold.to(losses.device))


class MultipleChoicePredictor(MultiMaskPredictor):
    """The same in multiple choice, where the answers are the example's texts named by the labels.

    An example with fewer answers than there are labels gives the others no probability.
    """

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of each example's answers, `[N, C]`; very low for an empty place."""
        if not examples:
            return torch.empty(0, len(self.pvp.verbalizer.labels)).numpy()
        prompts = [self.prompt(each) for each in examples]
        return choice_log_probs(self.backbone, prompts, self._choices(examples),
                                self.limits).numpy()

    def loss(self, examples: Sequence[Example], gold: torch.Tensor) -> torch.Tensor:
        """The margin between the right answer and the others, with gradients.

        Two answers are learned from in either order, as PET does.
        """
        shown, right = list(examples), gold
        if len(self.pvp.verbalizer.labels) == 2:
            shown, right = [*shown,
                            *(self._swapped(each) for each in shown)], torch.cat([gold, 1 - gold])
        choices = self._choices(shown)
        prompts = [widened(self.prompt(each), max(map(len, offered)))
                   for each, offered in zip(shown, choices, strict=True)]
        losses = choice_losses(self.backbone, encode(prompts, self.backbone, self.limits), choices)
        return margin_loss(losses, right.to(losses.device))

    def _choices(self, examples: Sequence[Example]) -> list[list[list[int]]]:
        return [[text_ids(each.text(label), self.backbone) for label in self.pvp.verbalizer.labels]
                for each in examples]

    def _swapped(self, example: Example) -> Example:
        one, other = self.pvp.verbalizer.labels
        names = {one: other, other: one}
        return replace(example, more=tuple((name, example.text(names.get(name, name))) for name,
                                           _ in example.more))
