"""BLEU and chrF++ as sacrebleu computes them, and NIST as mteval defines it.

A paper's BLEU is BLEU under its own tokenisation; each variant here names whose. sacrebleu is
imported where it is first asked. Post, A Call for Clarity in Reporting BLEU Scores (2018).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.metrics.answers import Floats, TextAnswers, once
from core.metrics.resampling import TextScore
from core.metrics.texts import are_words, references_of

if TYPE_CHECKING:
    from sacrebleu.metrics.chrf import CHRF

ORDERS = 4  # of BLEU's n-grams
NIST_ORDERS = 5
_WEBNLG_REFERENCES = 3
_NIST_PENALTY = math.log(0.5) / math.log(1.5) ** 2  # an output of 2/3 the length is halved
Ngrams = Counter[tuple[str, ...]]


# BLEU


def bleu(tokenize: str, *, lowercase: bool = False, smooth_method: str = "exp",
         prepare: Callable[[str], str] = str, most_references: int | None = None) -> TextScore:
    """BLEU (Papineni et al., 2002), from 0 to 100, under sacrebleu's settings of these names.

    Args:
        prepare: what is done to outputs and references before.
        most_references: how many references of an example are read; None reads all.

    Scores of single examples end at the longest n-gram that an output has and are smoothed.
    """
    @once
    def statistics(answers: TextAnswers) -> Floats:
        """The lengths of output and reference, and the n-grams shared and written, `[N, 10]`."""
        from sacrebleu.metrics.bleu import BLEU

        counting = BLEU(tokenize=tokenize, lowercase=lowercase, force=True, effective_order=True)
        pairs = zip(answers.outputs, references_of(answers), strict=True)
        found = [counting.sentence_score(prepare(output),
                                         [prepare(text) for text in references[:most_references]])
                 for output, references in pairs]
        rows = [[score.sys_len, score.ref_len, *score.counts, *score.totals] for score in found]
        return np.array(rows, dtype=np.float64)

    return TextScore(statistics, lambda sums: _bleu(sums, smooth_method),
                     lambda row: _bleu(row, "exp", effective_order=True), are_words)


def _bleu(sums: Floats, smooth_method: str, effective_order: bool = False) -> float:
    from sacrebleu.metrics.bleu import BLEU

    written, right, *ngrams = sums.tolist()
    return float(BLEU.compute_bleu(
        ngrams[:ORDERS], ngrams[ORDERS:], int(written), int(right), smooth_method=smooth_method,
        effective_order=effective_order).score)


def split_at_marks(text: str) -> str:
    """A text as the WebNLG challenge scores it: lower case, no accents, marks set apart."""
    letters = unicodedata.normalize("NFKD", text.lower())
    plain = letters.encode("ascii", "ignore").decode()
    return " ".join(re.split(r"(\W)", plain))


BLEU_E2E = bleu("13a", lowercase=True)
BLEU_T5 = bleu("intl")
BLEU_WEBNLG = bleu("none", lowercase=True, smooth_method="none", prepare=split_at_marks,
                   most_references=_WEBNLG_REFERENCES)


# chrF++


@cache
def _chrf() -> CHRF:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(word_order=2)


@once
def _character_ngrams(answers: TextAnswers) -> Floats:
    """For each order the n-grams written, right and shared, against the closest reference, `[N, S]`.

    sacrebleu has no public name for these counts.
    """
    pairs = zip(answers.outputs, references_of(answers), strict=True)
    rows = [_chrf()._extract_corpus_statistics([output], [[text] for text in references])[0]
            for output, references in pairs]
    return np.array(rows, dtype=np.float64)


def _chrf_score(sums: Floats) -> float:
    return float(_chrf()._compute_f_score(sums.tolist()))


CHRF_PLUS_PLUS = TextScore(_character_ngrams, _chrf_score, applies=are_words)


# NIST


@cache
def _tokenizer() -> Any:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    return Tokenizer13a()


def tokens(text: str) -> list[str]:
    """Lower-cased tokens as mteval-v13a finds them."""
    found: str = _tokenizer()(text.lower().rstrip())
    return found.split()


def ngrams(words: Sequence[str], longest: int) -> Ngrams:
    """How often each sequence of 1 to `longest` words occurs."""
    return Counter(_sequences(words, longest))


def _sequences(words: Sequence[str], longest: int) -> Iterator[tuple[str, ...]]:
    for n in range(1, longest + 1):
        yield from zip(*(words[start:] for start in range(n)), strict=False)


@once
def _information(answers: TextAnswers) -> Floats:
    """Of each example, per order, the information of shared n-grams and the n-grams written; then
    the lengths of output and (on average) references: `[N, 12]`.

    The information of an n-gram is how many bits its last word adds to those before it, counted in
    the references of all examples. Doddington, Automatic Evaluation of Machine Translation Quality
    Using N-gram Co-Occurrence Statistics (2002); n-grams are clipped as in mteval-v13a.
    """
    right = [[tokens(text) for text in references] for references in references_of(answers)]
    counted = [[ngrams(words, NIST_ORDERS) for words in texts] for texts in right]
    everywhere: Ngrams = Counter()
    for texts in counted:
        for ngram_counts in texts:
            everywhere.update(ngram_counts)
    everywhere[()] = sum(len(words) for texts in right for words in texts)
    rows = []
    for output, texts, lengths in zip(answers.outputs, counted, right, strict=True):
        written = tokens(output)
        length = np.mean([len(words) for words in lengths])
        rows.append([*_shared(ngrams(written, NIST_ORDERS), texts, everywhere), len(written), length])
    return np.array(rows, dtype=np.float64)


def _shared(written: Ngrams, references: Sequence[Ngrams], everywhere: Ngrams) -> Floats:
    """Per order the information shared, then per order the n-grams written, `[10]`."""
    found = np.zeros((2, NIST_ORDERS))
    for ngram, count in written.items():
        shared = min(count, max(texts[ngram] for texts in references))
        order = len(ngram) - 1
        found[1, order] += count
        if shared:
            found[0, order] += shared * math.log2(everywhere[ngram[:-1]] / everywhere[ngram])
    return found.ravel()


def _nist(sums: Floats) -> float:
    """The information per n-gram written, summed over orders, less for outputs that are short."""
    shared, written = sums[:NIST_ORDERS], sums[NIST_ORDERS:-2]
    length, right = sums[-2:]
    if not length or not right:
        return 0.0
    per_ngram = np.divide(shared, written, out=np.zeros(NIST_ORDERS), where=written > 0)
    return float(per_ngram.sum() * math.exp(_NIST_PENALTY * math.log(min(1, length / right)) ** 2))


NIST = TextScore(_information, _nist, applies=are_words)
