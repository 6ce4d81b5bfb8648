"""In-context learning: labelled examples written before the question, nothing trained (GPT-3, arXiv
2005.14165).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data.task import LABELLED, Example
from core.errors import PatternError, SpecError
from core.learning.in_context import (
    AveragedPredictor,
    best_order,
    draw_evenly,
    even_limits,
    in_context_predictor,
    most_alike,
    try_order,
)
from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.options import option
from core.learning.predictors import check_channel
from core.learning.prompting import PromptPredictor
from core.learning.text_predictor import DecodingOptions, TextPredictor, check_can_write
from core.models.encoding import Limits
from core.models.source_target import shortened
from core.prompts.demonstrations import with_written
from core.randomness import rng

_PROBING_TEXTS = 32
_CALIBRATION_TEXTS = 200


@dataclass(frozen=True)
class InContextOptions(DecodingOptions):
    """Options of in-context learning."""

    demonstrations: int = option(8,
                                 "how many labelled examples stand before the question, spread "
                                 "evenly over the labels", 1, 64)
    contexts: int = option(1, "average over this many random choices and orders of demonstrations",
                           1, 16, kinds=LABELLED)
    selection: str = option("random",
                            "random: the same examples for all questions; nearest: for each "
                            "question those most like it by Sentence-BERT, the likest last "
                            "(arXiv 2101.06804)", choices=("random", "nearest"))
    orders: int = option(1,
                         "try this many orders of the demonstrations and keep the one with which "
                         "the model spreads its answers to unlabelled texts most evenly over the "
                         "labels (arXiv 2104.08786; the paper tries 24)", 1, 24, kinds=LABELLED)
    calibration: str = option("off",
                              "content-free: divide by what the model answers to N/A, an empty "
                              "text and [MASK] (arXiv 2102.09690); unlabelled: take away each "
                              "label's mean log-probability over up to 200 unlabelled texts",
                              choices=("off", "content-free", "unlabelled"), kinds=LABELLED)
    channel: bool = option(False,
                           "ask how probable the text is after each label's word, not the word "
                           "after the text (arXiv 2108.04106); for causal models and patterns "
                           "whose text follows the mask", kinds=LABELLED)


class InContext(Method[InContextOptions]):
    """Writes labelled examples before the question, as GPT-3 does, and trains nothing."""

    name = "in-context"
    title = "In-context"
    paper = "arXiv 2005.14165"
    options = InContextOptions
    trains = False
    kinds = ("classification", "generation")
    families = ("masked", "causal")
    multi_mask = True

    def stages(self, options: InContextOptions,
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """Nothing is trained; orders are tried one after the other."""
        if options.orders == 1:
            return ()
        return (Stage("Orders", options.orders, options.contexts),)

    def check(self, problem: Problem, options: InContextOptions) -> None:
        """Check also that the options go together, and that there is what they need.

        Raises:
            InputError: they do not, or there is not.
        """
        super().check(problem, options)
        if problem.schema.kind == "generation":
            check_can_write(problem, self.name)
        else:
            check_channel(problem, options.channel)
        if options.selection == "nearest" and (options.orders > 1 or options.contexts > 1):
            raise SpecError(
                "With 'selection' at 'nearest' each question has its own demonstrations, in the "
                "order of their similarity: 'orders' and 'contexts' must be 1.")
        if options.calibration == "unlabelled" and not problem.split.unlabelled:
            raise SpecError(
                "The task has no unlabelled texts to calibrate with: all its training rows are "
                "among the K examples. Choose 'content-free', or a smaller K.")
        if problem.pvps and not problem.split.train:
            raise SpecError("The method {method!r} shows labelled examples, and K is 0. Choose "
                            "K ≥ 1.", method=self.name)

    def learn(self, problem: Problem, options: InContextOptions, progress: Progress) -> Learned:
        """Draw the demonstrations of each context, order them, and calibrate the answers."""
        progress(0, self.steps(options))
        if problem.schema.kind == "generation":
            return Learned(_writing(problem, options))
        if options.selection == "nearest":
            contexts, metrics = _similar(problem, options)
        else:
            contexts, metrics = _random(problem, options, progress)
        for predictor in contexts:
            _calibrate(predictor, problem, options)
        return Learned(AveragedPredictor(contexts), metrics)


def _writing(problem: Problem, options: InContextOptions) -> TextPredictor:
    """Sources with their texts before the question: the same ones, or those most like it.

    Where the model is too short for all of them, fewer are shown.
    """
    train = problem.split.train
    longest = max(train, key=lambda example: len(example.text_a))
    for count in range(options.demonstrations, 0, -1):
        predictor = _written_context(problem, options, count)
        try:
            if not shortened(predictor.sources([longest])):
                return predictor
        except PatternError:  # even with the question's text cut away it is too long
            continue
    return _written_context(problem, options, 1)


def _written_context(problem: Problem, options: InContextOptions, count: int) -> TextPredictor:
    train, pattern = problem.split.train, problem.pvps[0].pattern
    if options.selection == "nearest":
        chosen = most_alike(train, count, problem.backbone)
    else:
        order = rng(problem.seed, "demonstrations").permutation(len(train))[:count]
        drawn = [train[index] for index in order]

        def chosen(_question: Example) -> list[Example]:
            return drawn

    return TextPredictor(
        problem.backbone, pattern, options.decoding(one_line=True),
        render=lambda example: with_written(pattern, example, chosen(example)))


def _similar(problem: Problem,
             options: InContextOptions) -> tuple[list[PromptPredictor], dict[str, float]]:
    """Ask with the examples most like each question; there are no numbers to keep."""
    chosen = most_alike(problem.split.train, options.demonstrations, problem.backbone)
    return [in_context_predictor(problem.backbone, problem.pvps[0], chosen,
                                 channel=options.channel)], {}


def _random(problem: Problem, options: InContextOptions,
            progress: Progress) -> tuple[list[PromptPredictor], dict[str, float]]:
    """Ask with random examples, in the best of the orders tried; and how far these lay apart."""
    contexts: list[PromptPredictor] = []
    metrics: dict[str, float] = {}
    for context in range(options.contexts):
        drawn = draw_evenly(problem.split.train, problem.schema.labels, options.demonstrations,
                            problem.seed, context)
        limits = even_limits(problem.pvps[0], drawn, problem.split.train, problem.backbone)
        if options.orders > 1:
            drawn, found = _ordered(problem, options, context, drawn, limits, progress)
            metrics = metrics or found
        contexts.append(_fixed(problem, options, drawn, limits))
    return contexts, metrics


def _fixed(problem: Problem, options: InContextOptions, demonstrations: Sequence[Example],
           limits: Limits) -> PromptPredictor:
    """Ask with the same demonstrations before every question."""
    return in_context_predictor(problem.backbone, problem.pvps[0], lambda _: demonstrations, limits,
                                channel=options.channel)


def _ordered(problem: Problem, options: InContextOptions, context: int, drawn: list[Example],
             limits: Limits, progress: Progress) -> tuple[list[Example], dict[str, float]]:
    """The best of the orders tried, of which the drawn one is the first; development scores."""
    random = rng(problem.seed, "orders", context)
    trials, scores, probing = [], [], _probing(problem)
    for number in range(options.orders):
        order = [drawn[index] for index in random.permutation(len(drawn))] if number else drawn
        predictor = _fixed(problem, options, order, limits)
        trials.append(try_order(predictor, order, probing))
        scores.append(problem.score(predictor, problem.split.dev))
        progress(context * options.orders + number + 1, options.orders * options.contexts)
    best = best_order(trials)
    return list(best.demonstrations), _spread(problem, scores, scores[trials.index(best)])


def _probing(problem: Problem) -> list[Example]:
    """Texts whose labels are not looked at: unlabelled ones, else those of the development part.

    The paper lets the model write them, so that not even texts are needed.
    """
    pool = problem.split.unlabelled or problem.split.dev
    chosen = rng(problem.seed, "probing texts").permutation(len(pool))[:_PROBING_TEXTS]
    return [pool[index] for index in chosen]


def _spread(problem: Problem, scores: Sequence[float | None],
            chosen: float | None) -> dict[str, float]:
    """The development scores of the chosen, the worst and the best order, if there are any."""
    known = [score for score in scores if score is not None]
    if not known:
        return {}
    return {**problem.dev_metrics(chosen), "lowest_order": min(known), "highest_order": max(known)}


def _calibrate(predictor: PromptPredictor, problem: Problem, options: InContextOptions) -> None:
    if options.calibration == "content-free":
        predictor.calibrate_content_free()
    elif options.calibration == "unlabelled":
        pool = problem.split.unlabelled
        chosen = rng(problem.seed, "calibration").permutation(len(pool))[:_CALIBRATION_TEXTS]
        predictor.calibrate([pool[index] for index in chosen])
