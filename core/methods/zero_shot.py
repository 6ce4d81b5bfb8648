"""Zero-shot: ask the pretrained model, training nothing (PET's "unsupervised", LM-BFF's "prompt-based zero-shot")."""

from __future__ import annotations

from dataclasses import dataclass

from core.methods.method import Learned, Method, Problem, Progress
from core.methods.options import Options, option
from core.methods.several import asking, check_words
from core.randomness import rng

_CALIBRATION_TEXTS = 200


@dataclass(frozen=True)
class ZeroShotOptions(Options):
    """Options of zero-shot prompting."""

    calibrate: bool = option(False, "take away each label's mean log-probability over up to 200 unlabelled texts, "
                                    "which removes the model's preference for some words")


class ZeroShot(Method):
    """Asks the pretrained model through the pattern and trains nothing."""

    name = "zero-shot"
    title = "Zero-shot"
    paper = "arXiv 2001.07676, 2012.15723"
    options = ZeroShotOptions
    trains = False
    several_tokens = True
    kinds = ("classification", "choice")
    uses_shots = False
    uses_seed = False

    def steps(self, options: Options, patterns: int = 1) -> int:  # noqa: ARG002
        """Nothing is trained."""
        return 0

    def check(self, problem: Problem, options: Options) -> None:
        """Also: words of several tokens can be asked for."""
        super().check(problem, options)
        check_words(problem)

    def learn(self, problem: Problem, options: Options, progress: Progress) -> Learned:
        """Return the backbone asked through the pattern, calibrated on the unlabelled pool if wanted."""
        assert isinstance(options, ZeroShotOptions)
        predictor = asking(problem.backbone, problem.pvps[0])
        pool = problem.split.unlabelled
        if options.calibrate and pool:
            chosen = rng(0, "calibration").permutation(len(pool))[:_CALIBRATION_TEXTS]
            predictor.calibrate([pool[index] for index in chosen])
        progress(0, 0)
        return Learned(predictor)
