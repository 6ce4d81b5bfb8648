"""The models of an ensemble: one for each pattern and repetition, trained alike from the same
weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from core.data.task import Example
from core.learning.checkpoints import MODEL, digest, trained_once
from core.learning.method import LogProbs, Problem, Progress
from core.learning.multi_mask import MultiMaskPredictor
from core.learning.options import option
from core.learning.predictors import prompt_predictor
from core.learning.prompting import PromptPredictor
from core.learning.training import FineTuningOptions, train
from core.learning.whole_prompt import WholePromptPredictor
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.compact import compact, expand
from core.models.encoding import encode
from core.models.masking import hide_tokens, masked_loss
from core.prompts.pvp import PVP
from core.randomness import rng

SEEDS_APART = 1000  # a run's members have the seeds from this times its own on


@dataclass(frozen=True)
class MemberOptions(FineTuningOptions):
    """How each model of an ensemble is trained."""

    evaluate_every: int = option(20,
                                 "steps between looks at the development examples, which choose "
                                 "nothing", 1,
                                 100_000)
    repetitions: int = option(3, "models for each pattern, which differ by their seeds", 1, 20)
    alpha: float = option(0.0, "weight of the auxiliary language modelling on unlabelled texts, "
                               "(1 − alpha) · answers + alpha · language (the paper: 0.0001); 0 "
                               "leaves it out", 0.0,
                          1.0)
    unlabelled_batch: int = option(12,
                                   "unlabelled examples in each update of the auxiliary language "
                                   "modelling", 1,
                                   256)


@dataclass(frozen=True)
class Plan:
    """One model to be trained; `repetition` counts from 1, and `seed` decides everything random
    about it.
    """

    pvp: PVP
    repetition: int
    seed: int


@dataclass(frozen=True)
class Member:
    """One trained model.

    Attributes:
        predictor: answers through the model; its vocabulary may hold only what the run's own texts
            use.
        dev_score: after training; None without development examples.
    """

    plan: Plan
    predictor: PromptPredictor = field(repr=False)
    dev_score: float | None

    def log_probs(self, examples: Sequence[Example], original: Backbone) -> LogProbs:
        """Answers about any examples, `[N, C]`; `original` lends what training left as it was."""
        backbone = self.predictor.backbone
        whole = backbone if backbone.rows is None else expand(backbone, original)
        return prompt_predictor(whole, self.plan.pvp).log_probs(examples)


def plans(problem: Problem, repetitions: int) -> list[Plan]:
    """All models of an ensemble, pattern by pattern, each with a seed of its own."""
    wanted = [(pvp, repetition) for pvp in problem.pvps for repetition in range(1, repetitions + 1)]
    return [Plan(pvp, repetition, SEEDS_APART * problem.seed + number)
            for number, (pvp, repetition) in enumerate(wanted)]


def untrained(problem: Problem, plan: Plan) -> Member:
    """A member that is the pretrained model itself."""
    asked = prompt_predictor(problem.backbone, plan.pvp)
    return Member(plan, asked, problem.score(asked, problem.split.dev))


def train_member(problem: Problem, plan: Plan, options: MemberOptions, examples: Sequence[Example],
                 pool: Sequence[Example], progress: Progress) -> Member:
    """Train a copy of the backbone on labelled examples, and if wanted on the language of the
    unlabelled pool.

    The last step's weights are kept: PET does not choose by development examples, which are only
    looked at.
    """
    asked, dev = prompt_predictor(problem.backbone, plan.pvp), problem.split.dev
    whole = options.alpha > 0 or options.weight_decay > 0 or isinstance(
        asked, (MultiMaskPredictor, WholePromptPredictor))
    backbone = problem.backbone.trainable_copy() if whole else compact(
        problem.backbone, asked.tokens([*examples, *dev, *pool]))
    predictor = prompt_predictor(backbone, plan.pvp)
    gold = torch.tensor(problem.gold(examples))
    language = _language(predictor, pool, options, plan.seed) if options.alpha else None

    def loss(batch: list[int]) -> torch.Tensor:
        answers = predictor.loss([examples[index] for index in batch], gold[batch])
        return answers if language is None else combined(answers, next(language), options.alpha)

    trained = trained_once(
        problem.checkpoints, f"{MODEL}-{plan.seed}-{digest(examples)}", backbone.model,
        progress if dev else _without_dev(progress),
        lambda report: train(backbone.model, loss, len(examples), options.schedule(problem),
                           plan.seed,
                           lambda: problem.score(predictor, dev) or 0.0, report, keep_best=False,
                           metric=problem.metric))
    return Member(plan, predictor, trained.dev_score if dev else None)


def combined(answers: torch.Tensor, language: torch.Tensor, alpha: float) -> torch.Tensor:
    """L = (1 − α) · L_CE + α · L_MLM (arXiv 2001.07676, section 3.5); PET's code calls 1 − α by
    this name.
    """
    return (1 - alpha) * answers + alpha * language


def _language(predictor: PromptPredictor, pool: Sequence[Example], options: MemberOptions,
              seed: int) -> Iterator[torch.Tensor]:
    """Losses of masked language modelling on endless batches of the pool in the pattern."""
    dice, backbone = rng(seed, "auxiliary"), predictor.backbone
    encoded = encode([predictor.prompt(each) for each in pool], backbone)
    while True:
        order = dice.permutation(len(encoded))
        for start in range(0, len(encoded), options.unlabelled_batch):
            hidden, answers = hide_tokens([encoded[at]
                                           for at in order[start : start
                                                           + options.unlabelled_batch]],
                                          backbone, dice)
            yield masked_loss(backbone, collate(hidden, backbone),
                              torch.tensor(answers, dtype=torch.long))


def _without_dev(progress: Progress) -> Progress:
    def report(step: int, total: int, *, loss: float | None = None, **_: object) -> None:
        progress(step, total, loss=loss)

    return report
