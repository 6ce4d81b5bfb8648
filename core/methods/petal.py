"""PETAL: label words by their likelihood ratio (arXiv 2010.13641); then LM-BFF's fine-tuning, with
few and many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from core.errors import SpecError
from core.learning.fine_tuning import check_demonstrations
from core.learning.method import Learned, Method, Problem, Progress, SearchFacts, Stage
from core.learning.options import option
from core.learning.prompting import vocabulary_logits
from core.learning.reranking import Candidate, Reranking, SearchOptions, finished
from core.models.scoring import label_log_probs
from core.models.vocabulary import stands_alone, token_counts, whole_words, word_mask
from core.prompts.pvp import PVP
from core.prompts.verbalizer import MAX_WORDS_PER_LABEL, Verbalizer
from core.search.likelihood_ratio import RankedWords, best_words, frequent_words

_SIZES = (1, 2, 3, 5, 10, 20)  # words per label that are tried, up to as many as are wanted
_TEXTS_AT_ONCE = 1000


@dataclass(frozen=True)
class PetalOptions(SearchOptions):
    """How label words are searched."""

    words_per_label: int = option(10,
                                  "most words of a label; fewer are tried too: 1, 2, 3, 5 … (the "
                                  "authors' code: 10)", 1, MAX_WORDS_PER_LABEL)
    score: str = option("llr",
                        "what words are ranked by: llr, the likelihood ratio, or ce, the "
                        "cross-entropy of each label against the others", choices=("llr", "ce"))
    balanced: bool = option(True,
                            "let a label's own examples count as much as those of all other labels "
                            "together")
    frequent: int = option(10_000,
                           "only so many words may be label words, those most frequent in the "
                           "unlabelled and training texts (the paper: 10,000)", 1, 1_000_000)
    candidates: int = option(1000,
                             "of these, each label chooses from so many that the model finds "
                             "likeliest for its examples (the paper: 1,000)", 1, 1_000_000)
    distinct: bool = option(True, "never give one word to two labels")


class Petal(Method[PetalOptions]):
    """Finds several words for each label by their likelihood ratio, fine-tunes with few and many,
    and keeps the best.

    The pattern's own words are not used.
    """

    name = "petal"
    title = "PETAL, automatic words"
    paper = "arXiv 2010.13641"
    reads_on = False
    options = PetalOptions
    details = ("candidates",)
    search = SearchFacts("petal", "Label words by likelihood ratio (PETAL)", "zero_shot",
                         {"n": "words_per_label", "rerank": "tried"}, finds="words")

    def stages(self, options: PetalOptions, patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """Candidates that are fine-tuned; fewer steps where some are dropped."""
        return (Stage("", options.steps, min(options.tried, len(sizes(options.words_per_label)))),)

    def check(self, problem: Problem, options: PetalOptions) -> None:
        """Also: enough examples for demonstrations, where they are asked for."""
        super().check(problem, options)
        check_demonstrations(problem, options)

    def learn(self, problem: Problem, options: PetalOptions, progress: Progress) -> Learned:
        """Search without training, then fine-tune with few and many of the words found."""
        words = admissible_words(problem, options.frequent,
                                 lambda: progress(0, self.steps(options)))
        candidates = ratio_candidates(problem, words, options)
        reranking = Reranking(problem, options, options.halving, options.ensemble)
        ranked = reranking.rank(candidates, options.tried, progress)
        return finished(reranking, ranked, {"words_scored": float(len(words))})


def sizes(most: int) -> list[int]:
    """How many words per label are tried, where `most` are wanted."""
    return [*(size for size in _SIZES if size < most), most]


def admissible_words(problem: Problem, most: int,
                     report: Callable[[], None]) -> npt.NDArray[np.int64]:
    """The whole words, `[W]`, that are most frequent in the unlabelled and training texts, most
    frequent first.

    Words that never occur come last. `report` is called between texts.
    """
    backbone, examples = problem.backbone, (*problem.split.unlabelled, *problem.split.train)
    texts = [text for each in examples for text in (each.text_a, each.text_b) if text]
    counts = np.zeros(backbone.vocabulary_size, dtype=np.int64)
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        report()
        counts += token_counts(texts[start : start + _TEXTS_AT_ONCE], backbone)
    words = frequent_words(counts, word_mask(backbone))
    alone = (token for token in words.tolist() if stands_alone(token, backbone))
    return np.fromiter(islice(alone, most), dtype=np.int64)


def ratio_candidates(problem: Problem, words: npt.NDArray[np.int64],
                     options: PetalOptions) -> list[Candidate]:
    """Verbalizers of the best words, few and many per label, ranked by training accuracy without
    training.

    With several words a label's logit is the mean of theirs. Equal accuracies: more words first.

    Raises:
        SpecError: a label has no training example or no word of its own.
    """
    train, gold, pattern = problem.split.train, problem.gold(
        problem.split.train), problem.pvps[0].pattern
    logits = vocabulary_logits(problem.backbone, pattern, train)
    found = best_words([logits], gold, len(problem.schema.labels), words, options.words_per_label,
                       candidates=options.candidates,
                       score="ce" if options.score == "ce" else "llr",
                       balanced=options.balanced, distinct=options.distinct)
    candidates = []
    for tokens, verbalizer in _verbalizers(problem, found, options.words_per_label):
        owners = [label for label, mine in enumerate(tokens) for _ in mine]
        answers = label_log_probs(torch.from_numpy(logits[:, np.concatenate(tokens)]), owners,
                                  len(tokens)).argmax(1)
        candidates.append(Candidate(PVP(pattern, verbalizer),
                                    float((answers.numpy() == gold).mean())))
    if not candidates:
        raise SpecError(
            "The labels share all their best words, so none can be told apart. Raise "
            "'words_per_label', or switch 'distinct' on.")
    return sorted(candidates, key=lambda each: -each.score)


def _verbalizers(problem: Problem, found: Sequence[RankedWords],
                 most: int) -> Iterator[tuple[list[npt.NDArray[np.int64]], Verbalizer]]:
    """Each verbalizer with its tokens, label by label, most words first.

    None comes twice, and none in which two labels have the same words.
    """
    spelled, seen = whole_words(problem.backbone), set()
    for size in reversed(sizes(most)):
        tokens = [each.tokens[:size] for each in found]
        verbalizer = Verbalizer(tuple((label, tuple(spelled[token] for token in mine.tolist()))
                                      for label,
                                      mine in zip(problem.schema.labels, tokens, strict=True)))
        told_apart = len({frozenset(mine.tolist()) for mine in tokens}) == len(tokens)
        if told_apart and verbalizer not in seen:
            seen.add(verbalizer)
            yield tokens, verbalizer
