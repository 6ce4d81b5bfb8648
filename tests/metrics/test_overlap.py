"""BLEU, chrF++ and TER equal sacrebleu's own; NIST equals its definition."""

from __future__ import annotations

import math
import random
import re
from collections import Counter

import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.lib_ter import translation_edit_rate
from sacrebleu.metrics.ter import TER as SACRE_TER
from texts_to_measure import OUTPUTS, REFERENCES, restaurants, streams

from core.metrics.answers import TextAnswers
from core.metrics.edit_rate import TER, edits_to
from core.metrics.metric import METRICS
from core.metrics.overlap import BLEU_E2E, BLEU_T5, BLEU_WEBNLG, CHRF_PLUS_PLUS, NIST

SETTINGS = {
    "bleu": (BLEU_E2E, BLEU(tokenize="13a", lowercase=True)),
    "bleu_t5": (BLEU_T5, BLEU(tokenize="intl", smooth_method="exp")),
    "ter": (TER, SACRE_TER()),
    "chrf": (CHRF_PLUS_PLUS, CHRF(word_order=2)),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_values_are_the_tools(name: str) -> None:
    ours, tool = SETTINGS[name]
    expected = tool.corpus_score(OUTPUTS, streams()).score
    assert 0 < expected < 100
    assert METRICS[name].measure(restaurants()) == pytest.approx(expected, abs=1e-10)
    assert ours.measure(restaurants()) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ["ter", "chrf"])
def test_scores_of_examples_are_the_tools(name: str) -> None:
    ours, tool = SETTINGS[name]
    expected = [tool.sentence_score(*pair).score for pair in zip(OUTPUTS, REFERENCES, strict=True)]
    assert list(ours.scores(restaurants())) == pytest.approx(expected, abs=1e-10)


def test_sentence_bleu_ends_at_the_longest_ngram_and_is_smoothed() -> None:
    tool = BLEU(tokenize="13a", lowercase=True, effective_order=True)
    expected = [tool.sentence_score(*pair).score for pair in zip(OUTPUTS, REFERENCES, strict=True)]
    assert list(BLEU_E2E.scores(restaurants())) == pytest.approx(expected, abs=1e-10)
    assert expected[3] > 0  # two words have no 4-grams


def test_webnlg_folds_letters_and_sets_marks_apart() -> None:
    def written(text: str) -> str:
        plain = text.lower().replace("é", "e").replace("£", "")
        return " ".join(re.split(r"(\W)", plain))

    tool = BLEU(tokenize="none", lowercase=True, smooth_method="none", force=True)
    references = [[text and written(text) for text in stream] for stream in streams()]
    expected = tool.corpus_score([written(text) for text in OUTPUTS], references).score
    assert BLEU_WEBNLG.measure(restaurants()) == pytest.approx(expected, abs=1e-10)
    answers = TextAnswers(["a b c d e"], [["x", "y", "z", "a b c d e"]])
    assert BLEU_WEBNLG.measure(answers) == 0  # the fourth reference is not read


def test_edits_are_the_tools_on_texts_of_any_length() -> None:
    random.seed(13)
    words = [["a", "b", "c", "d"], [f"w{at}" for at in range(40)]]
    for at in range(150):
        pair = [[random.choice(words[at % 2]) for _ in range(random.randrange(1 + at // 3))]
                for _ in range(2)]
        assert edits_to(*pair) == translation_edit_rate(*pair)[0], pair


def test_a_moved_phrase_is_one_edit() -> None:
    answers = TextAnswers(["c d a b"], [["a b c d"]])
    assert TER.measure(answers) == 25


def test_nist_of_a_case_computed_by_hand() -> None:
    # The references have 4 words: a twice, b and c once; the pairs a b and a c once each.
    answers = TextAnswers(["a b", "a a"], [["a b"], ["a c"]])
    words = math.log2(4 / 2) * 2 + math.log2(4 / 1)  # a in both outputs (clipped in the second), b
    pairs = math.log2(2 / 1)  # b after a
    assert NIST.measure(answers) == pytest.approx(words / 4 + pairs / 2, abs=1e-12)


def test_nist_halves_what_is_two_thirds_as_long() -> None:
    answers = TextAnswers(["a b", "x"], [["a b c"], ["x"]])
    whole = TextAnswers(["a b q", "x"], [["a b c"], ["x"]])
    ratio = 3 / 4  # words written of those that references have
    penalty = math.exp(math.log(0.5) / math.log(1.5) ** 2 * math.log(ratio) ** 2)
    words = 3 * math.log2(4)
    assert NIST.measure(answers) == pytest.approx((words / 3 + 0) * penalty, abs=1e-12)
    assert NIST.measure(whole) == pytest.approx(words / 4, abs=1e-12)
    assert math.exp(math.log(0.5) / math.log(1.5) ** 2 * math.log(2 / 3) ** 2) == pytest.approx(0.5)


def mteval_nist(outputs: list[list[str]], references: list[list[list[str]]]) -> float:
    """NIST by mteval's definition, order by order in loops."""
    def counts(words: list[str], n: int) -> Counter[tuple[str, ...]]:
        return Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))

    everything = [words for texts in references for words in texts]
    total = 0.0
    for n in range(1, 6):
        information, written = 0.0, 0
        for output, texts in zip(outputs, references, strict=True):
            for ngram, count in counts(output, n).items():
                written += count
                shared = min(count, max(counts(words, n)[ngram] for words in texts))
                if shared:
                    here = sum(counts(words, n)[ngram] for words in everything)
                    before = (sum(counts(words, n - 1)[ngram[:-1]] for words in everything)
                              if n > 1 else sum(map(len, everything)))
                    information += shared * math.log2(before / here)
        total += information / written if written else 0
    length = sum(sum(map(len, texts)) / len(texts) for texts in references)
    ratio = min(1.0, sum(map(len, outputs)) / length)
    return total * math.exp(math.log(0.5) / math.log(1.5) ** 2 * math.log(ratio) ** 2)


def test_nist_is_mtevals() -> None:
    tokenize = BLEU(tokenize="13a").tokenizer
    outputs = [tokenize(text.lower()).split() for text in OUTPUTS]
    references = [[tokenize(text.lower()).split() for text in texts] for texts in REFERENCES]
    expected = mteval_nist(outputs, references)
    assert expected > 3
    assert NIST.measure(restaurants()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("output", ["", "a pub"])
def test_texts_without_words_are_no_error(output: str) -> None:
    answers = TextAnswers([output, ""], [[], [""]])
    for name in ("bleu", "bleu_t5", "bleu_webnlg", "nist", "chrf"):
        assert METRICS[name].measure(answers) == 0
    assert METRICS["ter"].measure(answers) == (100 if output else 0)
