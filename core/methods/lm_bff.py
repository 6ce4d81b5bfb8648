"""Prompt-based fine-tuning, the core of LM-BFF (arXiv 2012.15723, section 4)."""

from __future__ import annotations

from core.learning.fine_tuning import PromptFineTuningOptions, check_demonstrations, fine_tune
from core.learning.method import Learned, Method, Problem, Progress, Stage


class LmBff(Method[PromptFineTuningOptions]):
    """Fine-tunes the whole model through the pattern, so that the label words become the answers;
    no new weights.
    """

    name = "lm-bff"
    title = "LM-BFF fine-tuning"
    paper = "arXiv 2012.15723"
    options = PromptFineTuningOptions
    kinds = ("classification", "choice")
    preselected = True

    def stages(
            self, options: PromptFineTuningOptions,
            patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """One training."""
        return (Stage("", options.steps),)

    def check(self, problem: Problem, options: PromptFineTuningOptions) -> None:
        """Also: demonstrations need one example to ask about and one to show."""
        super().check(problem, options)
        check_demonstrations(problem, options)

    def learn(self, problem: Problem, options: PromptFineTuningOptions,
              progress: Progress) -> Learned:
        """Fine-tune a copy of the backbone; keep the checkpoint that was best on the development
        examples.
        """
        return fine_tune(problem, options, progress)
