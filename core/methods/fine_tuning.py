"""Fine-tuning of a model that writes: the baseline of Prefix-Tuning (arXiv 2101.00190)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.options import option
from core.learning.text_predictor import DecodingOptions, TextPredictor, check_can_write
from core.learning.text_training import train_to_write
from core.learning.training import FineTuningOptions
from core.models.top_layers import freeze_below


@dataclass(frozen=True)
class TextFineTuningOptions(DecodingOptions, FineTuningOptions):
    """How long and how fast to train, and how texts are written."""

    separator: bool = option(True, "causal models read their end token between source and text, "
                                   "as Prefix-Tuning's do; T5 and BART need none")


class FineTuning(Method[TextFineTuningOptions]):
    """Trains all weights of the model, or those of its top layers, to write the references."""

    name = "fine-tuning"
    title = "Fine-tuning"
    paper = "arXiv 2101.00190, 1910.10683"
    options = TextFineTuningOptions
    kinds = ("generation",)
    families = ("causal", "seq2seq")
    preselected = True

    def stages(self, options: TextFineTuningOptions,
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """One training."""
        return (Stage("", options.steps),)

    def check(self, problem: Problem, options: TextFineTuningOptions) -> None:
        """Check also that nothing follows the place where the text is written."""
        super().check(problem, options)
        check_can_write(problem, self.name)

    def learn(self, problem: Problem, options: TextFineTuningOptions,
              progress: Progress) -> Learned:
        """Train a copy of the backbone; keep the checkpoint that was best on development data."""
        backbone = problem.backbone.trainable_copy()
        predictor = TextPredictor(backbone, problem.pvps[0].pattern, options.decoding(),
                                  separator=options.separator)
        trained = train_to_write(backbone.model, predictor, problem, options.schedule(problem),
                                 progress)
        size = trained_size(backbone.model, options.top_layers)
        return Learned(predictor, {**trained.metrics(), "trained_parameters": float(size),
                                   "stored_parameters": float(size)})


def trained_size(model: Any, top_layers: int) -> int:
    """How many weights of a model fine-tuning trains."""
    model.requires_grad_(True)
    if top_layers:
        freeze_below(model, top_layers)
    size = sum(int(weight.numel()) for weight in model.parameters() if weight.requires_grad)
    model.requires_grad_(False)
    return size
