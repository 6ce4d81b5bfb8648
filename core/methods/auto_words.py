"""LM-BFF with label words that the model finds itself (arXiv 2012.15723, section 5.1; "Auto L" in
its tables).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import SpecError
from core.learning.fine_tuning import check_demonstrations
from core.learning.method import Learned, Method, Problem, Progress, SearchFacts, Stage
from core.learning.options import option
from core.learning.prompting import vocabulary_logits
from core.learning.reranking import Candidate, Reranking, SearchOptions, finished
from core.models.pieces import single_ids
from core.models.vocabulary import stands_alone, whole_words, word_mask
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer
from core.search.label_words import (
    RankedCombinations,
    best_combinations,
    likely_words,
    nearest_words,
)

_LONGEST_DRAFT = 3  # times k, from which words that become other tokens in a prompt are taken out


@dataclass(frozen=True)
class AutoWordsOptions(SearchOptions):
    """How label words are searched."""

    k: int = option(50, "likeliest words of each label that are combined (the paper: 30 to 100)", 1,
                    500)
    combinations: int = option(100, "best combinations kept, before any training", 1, 1000)
    distinct: bool = option(True, "never give one word to two labels")
    neighbours: int = option(0,
                             "of the likeliest words keep this many that are nearest to the "
                             "pattern's own words; 0 keeps all", 0, 500)


class AutoWords(Method[AutoWordsOptions]):
    """Finds label words for the pattern by the model itself, fine-tunes the best and keeps the best
    of all.

    The pattern's own words serve as seeds only if `neighbours` is set.
    """

    name = "auto-words"
    title = "LM-BFF, automatic words"
    paper = "arXiv 2012.15723"
    reads_on = False
    options = AutoWordsOptions
    details = ("candidates",)
    search = SearchFacts("words", "Label words for the pattern in the Lab", "zero_shot",
                         {"n": "combinations", "rerank": "tried"}, finds="words")

    def stages(self, options: AutoWordsOptions,
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """Candidates that are fine-tuned; fewer steps where some are dropped."""
        return (Stage("", options.steps, options.tried),)

    def check(self, problem: Problem, options: AutoWordsOptions) -> None:
        """Also: enough examples for demonstrations, where they are asked for."""
        super().check(problem, options)
        check_demonstrations(problem, options)

    def learn(self, problem: Problem, options: AutoWordsOptions, progress: Progress) -> Learned:
        """Search without training, then fine-tune the best candidates."""
        candidates, found = word_candidates(problem, problem.pvps[0], options)
        reranking = Reranking(problem, options, options.halving, options.ensemble)
        ranked = reranking.rank(candidates, options.tried, progress)
        return finished(reranking, ranked, {"combinations_tried": float(found.tried)})


def word_candidates(
    problem: Problem, pvp: PVP, options: AutoWordsOptions
) -> tuple[list[Candidate], RankedCombinations]:
    """The best combinations of label words for a pattern, without training, ranked by training
    accuracy.

    Raises:
        SpecError: a label has no training example, or there is no combination.
    """
    train, gold, backbone = problem.split.train, problem.gold(problem.split.train), problem.backbone
    logits = vocabulary_logits(backbone, pvp.pattern, train)
    drafts = likely_words(logits, gold, len(problem.schema.labels), _LONGEST_DRAFT * options.k,
                          word_mask(backbone))
    words = [np.array([each for each in draft if stands_alone(int(each), backbone)][: options.k])
             for draft in drafts]
    if options.neighbours:
        seeds = single_ids([(label, pvp.verbalizer.first_word(label))
                            for label in problem.schema.labels], backbone)
        model: Any = backbone.model
        embedding = model.get_output_embeddings().weight.detach().float().cpu().numpy()
        words = [nearest_words(each, seed, embedding, options.neighbours)
                 for each, seed in zip(words, seeds, strict=True)]
    found = best_combinations(logits, gold, words, options.combinations, distinct=options.distinct)
    if not found.combinations:
        raise SpecError(
            "No combination of words is left for {count} labels: each chooses among its {k} "
            "likeliest, and others have taken them. Raise 'k', or let labels share words "
            "('distinct').", count=len(problem.schema.labels), k=options.k)
    spelled = whole_words(backbone)
    return [Candidate(PVP(pvp.pattern, Verbalizer(tuple(
        (label, (spelled[token],)) for label,
        token in zip(problem.schema.labels, each.tokens, strict=True)))), each.score)
        for each in found.combinations], found
