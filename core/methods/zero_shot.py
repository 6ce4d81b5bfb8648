"""Zero-shot: ask the pretrained model, training nothing (PET's "unsupervised", LM-BFF's
"prompt-based zero-shot").
"""

from __future__ import annotations

from dataclasses import dataclass

from core.data.task import LABELLED
from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.options import option
from core.learning.predictors import check_channel, prompt_predictor
from core.learning.text_predictor import DecodingOptions, TextPredictor, check_can_write
from core.randomness import rng

_CALIBRATION_TEXTS = 200


@dataclass(frozen=True)
class ZeroShotOptions(DecodingOptions):
    """Options of zero-shot prompting."""

    calibrate: bool = option(False,
                             "take away each label's mean log-probability over up to 200 "
                             "unlabelled texts, which removes the model's preference for some "
                             "words", kinds=LABELLED)
    channel: bool = option(False,
                           "ask how probable the text is after each label's word, not the word "
                           "after the text (arXiv 2108.04106); for causal models and patterns "
                           "whose text follows the mask", kinds=LABELLED)


class ZeroShot(Method[ZeroShotOptions]):
    """Asks the pretrained model through the pattern and trains nothing."""

    name = "zero-shot"
    title = "Zero-shot"
    paper = "arXiv 2001.07676, 2012.15723"
    options = ZeroShotOptions
    trains = False
    multi_mask = True
    preselected = True
    kinds = ("classification", "choice", "generation")
    uses_shots = False
    uses_seed = False

    def stages(self, options: ZeroShotOptions,  # noqa: ARG002
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """Nothing is trained."""
        return ()

    def check(self, problem: Problem, options: ZeroShotOptions) -> None:
        """Check also that the noisy channel can be asked, if it is wanted."""
        super().check(problem, options)
        if problem.schema.kind == "generation":
            check_can_write(problem, self.name)
        else:
            check_channel(problem, options.channel)

    def learn(self, problem: Problem, options: ZeroShotOptions, progress: Progress) -> Learned:
        """The backbone asked through the pattern, calibrated on the pool if wanted."""
        progress(0, 0)
        if problem.schema.kind == "generation":
            return Learned(TextPredictor(problem.backbone, problem.pvps[0].pattern,
                                         options.decoding(one_line=True)))
        predictor = prompt_predictor(problem.backbone, problem.pvps[0],
                                     channel=options.channel)
        pool = problem.split.unlabelled
        if options.calibrate and pool:
            chosen = rng(0, "calibration").permutation(len(pool))[:_CALIBRATION_TEXTS]
            predictor.calibrate([pool[index] for index in chosen])
        return Learned(predictor)
