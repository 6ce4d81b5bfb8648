"""A causal model asked through patterns that go on after their mask, or with words of several
tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from core.data.task import Example
from core.learning.demonstrations import DemonstratedPredictor
from core.learning.method import LogProbs
from core.learning.prompting import PromptPredictor
from core.models.whole_prompt import answer_scores
from core.prompts.pattern import Prompt


class WholePromptPredictor(PromptPredictor):
    """A causal model asked how probable each label's word is, and what follows it.

    Label probabilities are those over the labels of the mean of their words' scores.
    """

    channel = False

    def log_probs_of(self, prompts: Sequence[Prompt]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""
        if not prompts:
            return torch.empty(0, len(self.pvp.verbalizer.labels)).numpy()
        with torch.inference_mode():
            return self._calibrated(self._labelled(self._scores(prompts)).cpu())

    def loss_of(self, prompts: Sequence[Prompt], gold: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of the gold labels, `[B]`, with gradients."""
        answers = self._labelled(self._scores(prompts))
        return torch.nn.functional.nll_loss(answers, gold.to(answers.device))

    def tokens(self, examples: Sequence[Example]) -> set[int]:  # noqa: ARG002
        """The whole vocabulary, over which the tokens' probabilities are."""
        return set(range(self.backbone.vocabulary_size))

    def _scores(self, prompts: Sequence[Prompt]) -> torch.Tensor:
        """Of the W label words, `[N, W]`."""
        words = [word for _, word in self.pvp.verbalizer.all_words()]
        return answer_scores(self.backbone, prompts, [words] * len(prompts), self.limits,
                             channel=self.channel)


class ChannelPredictor(WholePromptPredictor):
    """The same where only what follows a word counts: the noisy channel (arXiv 2108.04106)."""

    channel = True


class DemonstratedWholePromptPredictor(WholePromptPredictor, DemonstratedPredictor):
    """The same with demonstrations before the question."""

    def tokens(self, examples: Sequence[Example]) -> set[int]:
        """The whole vocabulary."""
        return WholePromptPredictor.tokens(self, examples)
