"""ROUGE equals rouge-score's own, E2E's ROUGE-L and CIDEr their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer
from texts_to_measure import OUTPUTS, REFERENCES, restaurants

from core.metrics.answers import TextAnswers
from core.metrics.consensus import CIDER
from core.metrics.metric import METRICS
from core.metrics.rouge import ROUGE_L_E2E, caption_tokens


@pytest.mark.parametrize(("name", "stemmed"), [
    ("rouge1", True), ("rouge2", True), ("rougeL", True), ("rougeLsum", False)])
def test_values_and_scores_are_the_tools(name: str, stemmed: bool) -> None:
    tool = RougeScorer([name], use_stemmer=stemmed)
    expected = [tool.score_multi(references, output)[name].fmeasure
                for output, references in zip(OUTPUTS, REFERENCES, strict=True)]
    scores = METRICS[name].scores
    assert scores is not None
    assert list(scores(restaurants())) == pytest.approx(expected, abs=1e-12)
    assert METRICS[name].measure(restaurants()) == pytest.approx(np.mean(expected), abs=1e-12)


def test_summaries_are_split_into_sentences_as_t5_does() -> None:
    reference, output = "he left . she stayed .", "she stayed . he left ."
    tool = RougeScorer(["rougeLsum"], use_stemmer=False)
    expected = tool.score("he left .\nshe stayed .", "she stayed .\nhe left .")["rougeLsum"]
    answers = TextAnswers([output], [[reference]])
    assert METRICS["rougeLsum"].measure(answers) == expected.fmeasure == 1
    assert METRICS["rougeL"].measure(answers) < 1


@pytest.mark.parametrize(("output", "reference", "score"), [
    ("蓝色香料是咖啡馆", "蓝色香料是一家咖啡馆", 2 * 8 / (8 + 10)),
    ("Синяя мельница", "синяя башня", 1 / 2),
    ("", "a pub", 0),
    ("a pub", "", 0),
])
def test_other_scripts_are_not_lost(output: str, reference: str, score: float) -> None:
    assert METRICS["rougeL"].measure(TextAnswers([output], [[reference]])) == pytest.approx(score)


def test_e2e_takes_the_best_precision_and_the_best_recall() -> None:
    answers = TextAnswers(["a b c d."], [["a b", "a b c x y z"]])
    precision, recall = 3 / 4, 2 / 2  # of different references
    expected = (1 + 1.44) * precision * recall / (recall + 1.44 * precision)
    assert ROUGE_L_E2E.measure(answers) == pytest.approx(expected, abs=1e-12)


def test_tokens_of_captions_have_no_punctuation() -> None:
    found = caption_tokens("It isn't Green Man's, costs £20!")
    assert found == ["it", "is", "n't", "green", "man", "'s", "costs", "£20"]


def test_cider_of_a_case_computed_by_hand() -> None:
    # Of two examples; `a` is in the references of both, so it weighs nothing, and others log 2.
    answers = TextAnswers(["a b", "q"], [["a b"], ["a c d"]])
    same = 10 * (1 + 1) / 4  # orders 1 and 2 agree, the outputs have no 3- and 4-grams
    assert list(CIDER.scores(answers)) == pytest.approx([same, 0])
    longer = TextAnswers(["b b a b", "q"], [["a b"], ["a c d"]])
    weight = math.log(2)
    unigrams = weight * weight / (3 * weight * weight)  # b counts once, as in the reference
    bigrams = weight * weight / (math.sqrt(3) * weight * weight)  # b b, b a, a b
    expected = 10 * math.exp(-(2**2) / (2 * 6**2)) * (unigrams + bigrams) / 4
    assert CIDER.scores(longer)[0] == pytest.approx(expected, abs=1e-12)


def test_cider_needs_other_examples() -> None:
    assert math.isnan(CIDER.measure(TextAnswers(["a b"], [["a b"]])))
