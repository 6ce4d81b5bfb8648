"""LM-BFF with patterns that a language model writes (arXiv 2012.15723, section 5.2; "Auto T" and
"Auto T + L").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest

from core.errors import InputError, SpecError
from core.learning.fine_tuning import check_demonstrations
from core.learning.method import Learned, Method, Problem, Progress, SearchFacts, Stage
from core.learning.options import option
from core.learning.reranking import Candidate, Reranking, finished
from core.methods.auto_words import AutoWordsOptions, word_candidates
from core.models.carried import CARRIED_MODELS
from core.models.encoding import encode
from core.models.scorers import scorer_for
from core.prompts.pvp import PVP
from core.search.patterns import check_writer, write_patterns

_CAUSAL = "smollm2-135m"  # the writer where it is installed


@dataclass(frozen=True)
class AutoPatternsOptions(AutoWordsOptions):
    """How patterns are searched; words are searched too only where `words` says so."""

    beam: int = option(100, "texts that the writing model keeps at each step (the paper: 100)", 1,
                       500)
    writer: str = option("auto",
                         "the model that writes the patterns: auto (smollm2-135m where it is "
                         "installed, else mini-seq2seq), or a bundled name, a hub id or a folder, "
                         "of the T5 family or causal")
    averaged: bool = option(False,
                            "rank by the mean of the logits over the examples, as LM-BFF's code, "
                            "not by log-probabilities, as the paper; with T5 only")
    words: str = option("given",
                        "the label words: those given; searched for each pattern that is tried; "
                        "or searched first, with the given pattern, and patterns written around "
                        "each of the best",
                        choices=("given", "for each pattern", "first"))
    word_sets: int = option(3,
                            "with words searched first, how many of the best sets patterns are "
                            "written around", 1,
                            20)


def _writer_of(options: AutoPatternsOptions) -> str:
    """The writing model that the options name."""
    if options.writer != "auto":
        return options.writer
    return _CAUSAL if CARRIED_MODELS[_CAUSAL].file else "mini-seq2seq"


class AutoPatterns(Method[AutoPatternsOptions]):
    """Lets a language model write patterns around the label words, fine-tunes the best and keeps
    the best of all.

    The given pattern lends its label words; its text is not used.
    """

    name = "auto-patterns"
    title = "LM-BFF, automatic patterns"
    paper = "arXiv 2012.15723"
    options = AutoPatternsOptions
    details = ("candidates",)
    search = SearchFacts("patterns", "Patterns for the words in the Lab", "log_probability",
                         {"n": "combinations", "rerank": "tried"}, finds="patterns")

    def stages(self, options: AutoPatternsOptions,
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """Candidates that are fine-tuned; fewer steps where some are dropped."""
        return (Stage("", options.steps, options.tried),)

    def other_models(self, options: AutoPatternsOptions) -> tuple[str, ...]:
        """The writing model."""
        return (_writer_of(options),)

    def check(self, problem: Problem, options: AutoPatternsOptions) -> None:
        """Also: the writing model can be loaded, and writes."""
        super().check(problem, options)
        check_demonstrations(problem, options)
        assert problem.other_model is not None
        check_writer(problem.other_model(_writer_of(options)), averaged=options.averaged)

    def learn(self, problem: Problem, options: AutoPatternsOptions, progress: Progress) -> Learned:
        """Write patterns, then fine-tune the likeliest."""
        candidates = _around_found_words(problem, options,
                                         progress) if options.words == "first" else \
            pattern_candidates(problem, options, progress)
        if options.words == "for each pattern":
            candidates = [_with_best_words(problem, each, options)
                          for each in candidates[: options.tried]]
        reranking = Reranking(problem, options, options.halving, options.ensemble)
        ranked = reranking.rank(candidates, options.tried, progress)
        return finished(reranking, ranked, {"patterns_written": float(len(candidates))})


def pattern_candidates(problem: Problem, options: AutoPatternsOptions,
                       progress: Progress) -> list[Candidate]:
    """Patterns for the problem's label words, likeliest first; scores are log-probabilities per
    example.

    Raises:
        SpecError: nothing usable was written.
        ModelError: the writer cannot write.
    """
    assert problem.other_model is not None
    verbalizer, train = problem.pvps[0].verbalizer, problem.split.train
    words = {label: verbalizer.first_word(label) for label in problem.schema.labels}
    writer = problem.other_model(_writer_of(options))
    total = options.tried * options.steps
    written = write_patterns(writer, train, words, beam=options.beam, averaged=options.averaged,
                             progress=lambda *_: progress(0, total))
    examples = 1 if options.averaged else len(train)
    found = [Candidate(PVP(each.pattern, verbalizer), each.score / examples) for each in written
             if _can_be_asked(problem, PVP(each.pattern, verbalizer))]
    if not found:
        raise SpecError(
            "{writer!r} wrote no pattern that can be used. Choose another writing model, more "
            "examples or a wider beam ({beam}).", writer=writer.name, beam=options.beam)
    return found


def _around_found_words(problem: Problem, options: AutoPatternsOptions,
                        progress: Progress) -> list[Candidate]:
    """Patterns around each of the best sets of words in turn, so that the first hold all."""
    sets = word_candidates(problem, problem.pvps[0], options)[0][: options.word_sets]
    written = [pattern_candidates(replace(problem, pvps=(each.pvp,)), options, progress)
               for each in sets]
    return [each for turn in zip_longest(*written) for each in turn if each is not None]


def _with_best_words(problem: Problem, candidate: Candidate,
                     options: AutoPatternsOptions) -> Candidate:
    """The candidate with words of its own; with the given ones where the model reads on after the
    mask, which the search of words does not.
    """
    pattern, words = candidate.pvp.pattern, candidate.pvp.verbalizer
    if scorer_for(words, problem.backbone, pattern) == "whole prompt":
        return candidate
    best = word_candidates(problem, candidate.pvp, options)[0]
    return replace(candidate, pvp=best[0].pvp) if best else candidate


def _can_be_asked(problem: Problem, pvp: PVP) -> bool:
    """Whether the model can read the pattern."""
    try:
        encode([pvp.pattern.render(problem.split.train[0])], problem.backbone)
    except InputError:
        return False
    return True
