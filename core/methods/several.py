"""Label words of any length, a mask for each token: PET with multiple masks (arXiv 2009.07118, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch

from core.data.task import Example
from core.methods.method import LogProbs, Problem
from core.methods.prompting import PromptPredictor
from core.models.backbone import Backbone
from core.models.encoding import encode, word_ids
from core.models.several_masks import answer_ids, choice_losses, fill_words, margin_loss, widened
from core.prompts.pattern import Prompt
from core.prompts.pvp import PVP


class SeveralMasksPredictor(PromptPredictor):
    """A masked model asked through a PVP with one word of one or more tokens for each label.

    Label probabilities are those of the words, each filled into as many masks as it has tokens, over the labels.
    """

    @cached_property
    def answers(self) -> list[list[int]]:
        """The tokens of each label's word."""
        return answer_ids(self.pvp.verbalizer, self.backbone)

    def log_probs_of(self, prompts: Sequence[Prompt]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""
        if not prompts:
            return torch.empty(0, len(self.answers)).numpy()
        filled = fill_words(self.backbone, prompts, self.answers, limits=self._limits)
        scores = torch.tensor([[each.score for each in row] for row in filled]).log_softmax(-1)
        return (scores if self.shift is None else (scores - self.shift).log_softmax(-1)).numpy()

    def tokens(self, examples: Sequence[Example]) -> set[int]:  # noqa: ARG002
        """The whole vocabulary, over which the words' probabilities are."""
        return set(range(len(self.backbone.tokenizer)))

    def loss_of(self, prompts: Sequence[Prompt], gold: torch.Tensor) -> torch.Tensor:
        """The margin between the gold label's word and the others, all read from one look, with gradients."""
        most = max(len(answer) for answer in self.answers)
        encoded = encode([widened(prompt, most) for prompt in prompts], self.backbone, self._limits)
        losses = choice_losses(self.backbone, encoded, [self.answers] * len(prompts))
        return margin_loss(losses, gold.to(losses.device))


def asking(backbone: Backbone, pvp: PVP) -> PromptPredictor:
    """The predictor for a PVP: with several masks where a word has several tokens."""
    words = pvp.verbalizer.all_words()
    one = backbone.family != "masked" or all(len(word_ids(word, backbone)) == 1 for _, word in words)
    return PromptPredictor(backbone, pvp) if one else SeveralMasksPredictor(backbone, pvp)


def check_words(problem: Problem) -> None:
    """Raise a VerbalizerError if words of several tokens cannot be asked for."""
    for pvp in problem.pvps:
        if isinstance(asking(problem.backbone, pvp), SeveralMasksPredictor):
            answer_ids(pvp.verbalizer, problem.backbone)
