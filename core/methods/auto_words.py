"""LM-BFF with label words that the model finds itself (arXiv 2012.15723, section 5.1; "Auto L" in its tables)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.task import Example
from core.methods.ensembling import EnsemblePredictor
from core.methods.lm_bff import LmBffOptions, check_demonstrations
from core.methods.method import Learned, Method, Problem, Progress
from core.methods.options import Options, option
from core.methods.prompting import PromptPredictor
from core.methods.reranking import Candidate, Reranking
from core.models.backbone import Backbone
from core.models.encoding import encode, single_ids
from core.models.scoring import all_answer_features, project
from core.models.vocabulary import stands_alone, whole_words, word_mask
from core.prompts.pattern import Pattern
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer
from core.search.label_words import Found, best_combinations, likely_words, nearest_words

_LONGEST_DRAFT = 3  # times k, from which words that become other tokens in a prompt are taken out


@dataclass(frozen=True)
class SearchOptions(LmBffOptions):
    """What all searches share: how many candidates are fine-tuned, and how."""

    tried: int = option(8, "candidates that are fine-tuned and ranked by development accuracy (the paper: 100)", 1,
                        1000)
    ensemble: int = option(1, "how many of the best answer together, by the mean of their log-probabilities (the "
                              "paper: 20 patterns)", 1, 20)
    halving: bool = option(True, "drop candidates that do not keep up at a fifth and two fifths of the steps")


@dataclass(frozen=True)
class AutoWordsOptions(SearchOptions):
    """How label words are searched."""

    k: int = option(50, "likeliest words of each label that are combined (the paper: 30 to 100)", 1, 500)
    combinations: int = option(100, "best combinations kept, before any training", 1, 1000)
    distinct: bool = option(True, "never give one word to two labels")
    neighbours: int = option(0, "of the likeliest words keep this many that are nearest to the pattern's own words; 0 "
                                "keeps all", 0, 500)


class AutoWords(Method):
    """Finds label words for the pattern by the model itself, fine-tunes the best and keeps the best of all.

    The pattern's own words serve as seeds only if `neighbours` is set.
    """

    name = "auto-words"
    title = "LM-BFF, automatic words"
    paper = "arXiv 2012.15723"
    options = AutoWordsOptions

    def steps(self, options: Options, patterns: int = 1) -> int:  # noqa: ARG002
        """All steps of all candidates; fewer where some are dropped."""
        assert isinstance(options, AutoWordsOptions)
        return options.tried * options.steps

    def check(self, problem: Problem, options: Options) -> None:
        """Also: enough examples for demonstrations, where they are asked for."""
        super().check(problem, options)
        check_demonstrations(problem, options)

    def learn(self, problem: Problem, options: Options, progress: Progress) -> Learned:
        """Search without training, then fine-tune the best candidates."""
        assert isinstance(options, AutoWordsOptions)
        candidates, found = word_candidates(problem, problem.pvps[0], options)
        reranking = Reranking(problem, options, options.halving, options.ensemble)
        ranked = reranking.rank(candidates, options.tried, progress)
        return finished(reranking, ranked, {"combinations_tried": float(found.tried)})


def finished(reranking: Reranking, ranked: Sequence[Candidate], more: dict[str, float]) -> Learned:
    """What the best candidates have learned, and what the search found on the way."""
    first, *others = reranking.best
    saved = sum(each.trained for each in ranked) / (reranking.options.steps * max(1, sum(
        each.trained > 0 for each in ranked)))
    metrics = {**first.metrics, **more, "steps_share": saved}
    if not others:
        return replace(first, metrics=metrics)
    members = [each.predictor for each in reranking.best]
    return Learned(EnsemblePredictor([each for each in members if isinstance(each, PromptPredictor)]), metrics)


def word_candidates(problem: Problem, pvp: PVP, options: AutoWordsOptions) -> tuple[list[Candidate], Found]:
    """The best combinations of label words for a pattern, without training, ranked by training accuracy.

    Raises:
        SpecError: a label has no training example.
    """
    train, gold, backbone = problem.split.train, problem.gold(problem.split.train), problem.backbone
    logits = answer_log_odds(backbone, pvp.pattern, train)
    drafts = likely_words(logits, gold, len(problem.schema.labels), _LONGEST_DRAFT * options.k, word_mask(backbone))
    words = [np.array([each for each in draft if stands_alone(int(each), backbone)][: options.k]) for draft in drafts]
    if options.neighbours:
        seeds = single_ids([(label, pvp.verbalizer.first_word(label)) for label in problem.schema.labels], backbone)
        model: Any = backbone.model
        embedding = model.get_output_embeddings().weight.detach().float().cpu().numpy()
        words = [nearest_words(each, seed, embedding, options.neighbours)
                 for each, seed in zip(words, seeds, strict=True)]
    found = best_combinations(logits, gold, words, options.combinations, distinct=options.distinct)
    spelled = whole_words(backbone)
    return [Candidate(PVP(pvp.pattern, Verbalizer(tuple(
        (label, (spelled[token],)) for label, token in zip(problem.schema.labels, each.tokens, strict=True)))), each.score)
        for each in found.combinations], found


def answer_log_odds(backbone: Backbone, pattern: Pattern, examples: Sequence[Example]) -> npt.NDArray[np.float32]:
    """Logits at the mask of each example over the whole vocabulary, `[N, V]`."""
    features = all_answer_features(backbone, encode([pattern.render(each) for each in examples], backbone))
    return project(backbone, features).cpu().numpy()
