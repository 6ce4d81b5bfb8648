"""Short answers: exact match, SQuAD's match and F1, numbers; and evaluations of texts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from texts_to_measure import restaurants

from core.metrics.answers import TextAnswers
from core.metrics.evaluation import evaluate
from core.metrics.labels import wilson_interval
from core.metrics.metric import METRICS, metrics_of
from core.metrics.resampling import resamples
from core.metrics.texts import exact_matches, squad_f1, squad_matches

WORDS = ("rouge1", "rouge2", "rougeLsum", "bleu", "bleu_webnlg", "bleu_t5", "nist", "ter", "chrf",
         "rougeL_e2e", "cider", "bert_score")


@pytest.mark.parametrize(
    ("output", "references", "score"),
    [
        ("Alimentum is a pub.", ["It is a pub.", "Alimentum is a pub."], 1.0),
        (" a pub\n", ["a pub "], 1.0),
        ("a  pub", ["a pub"], 0.0),
        ("A pub", ["a pub"], 0.0),
        ("", ["a pub"], 0.0),
        ("", [" "], 1.0),
        ("a pub", [], 0.0),
    ],
)
def test_an_output_matches_any_of_its_references(
    output: str, references: list[str], score: float
) -> None:
    assert exact_matches(TextAnswers([output], [references])).tolist() == [score]


@pytest.mark.parametrize(("output", "references", "match", "f1"), [
    ("The Eiffel Tower!", ["eiffel tower"], 1, 1),
    ("a tower in Paris", ["the Eiffel Tower", "Paris"], 0, 1 / 2),  # tower in paris | paris
    ("in in Paris", ["in Paris in France"], 0, 6 / 7),
    ("the", ["a"], 1, 1),
    ("the", ["Paris"], 0, 0),
    ("Paris", [], 0, 0),
])
def test_squad_normalises_and_takes_the_best_reference(
    output: str, references: list[str], match: float, f1: float
) -> None:
    answers = TextAnswers([output], [references])
    assert squad_matches(answers).tolist() == [match]
    assert squad_f1(answers).tolist() == pytest.approx([f1])


def test_numbers_are_correlated_and_what_is_none_counts_as_minus_1() -> None:
    outputs = ["5.0", "3.2", "entailment", "nan", "0.4", " 3.2 ", ""]
    references = [["4.8"], ["3.0"], ["1.2"], ["2.6"], ["0"], ["2.6"], ["5"]]
    written = [5.0, 3.2, -1, -1, 0.4, 3.2, -1]
    right = [float(text) for [text] in references]
    found = evaluate(TextAnswers(outputs, references), "generation").metrics
    assert found["pearson"] == pytest.approx(stats.pearsonr(written, right).statistic)
    assert found["spearman"] == pytest.approx(stats.spearmanr(written, right).statistic)
    assert not found.keys() & set(WORDS)
    assert found["rougeL"] > 0


@pytest.mark.parametrize(("name", "correlate"), [
    ("pearson", stats.pearsonr), ("spearman", stats.spearmanr)])
def test_intervals_of_correlations_resample_examples(name: str, correlate: object) -> None:
    random = np.random.default_rng(3)
    right = random.integers(0, 6, size=40)
    written = right + random.normal(0, 1.5, size=40).round()
    answers = TextAnswers([str(x) for x in written], [[str(x)] for x in right])
    values = []
    for counts in resamples(answers)[:200]:
        rows = np.repeat(np.arange(40), counts)
        values.append(correlate(written[rows], right[rows]).statistic)  # type: ignore[operator]
    metric = METRICS[name]
    assert metric.interval is not None
    expected = np.quantile(values, [0.025, 0.975])
    assert metric.interval(answers) == pytest.approx(tuple(expected), abs=0.06)


@pytest.mark.parametrize("references", [[["3"], ["three"]], [["3"], []], [["3"], ["inf"]]])
def test_other_references_are_no_numbers(references: list[list[str]]) -> None:
    answers = TextAnswers(["3", "3"], references)
    assert math.isnan(METRICS["pearson"].measure(answers))


def test_an_evaluation_has_each_value_with_its_interval_and_no_confusion() -> None:
    found = evaluate(restaurants(), "generation")
    measured = {name for name, value in found.metrics.items() if math.isfinite(value)}
    numbers = {"pearson", "spearman", "invalid"}
    names = {metric.name for metric in metrics_of("generation")} - numbers
    assert measured == {*names, *(f"{name}_{end}" for name in names for end in ("low", "high")),
                        "n"}
    assert (found.metric.name, found.confusion, found.n) == ("rougeL", [], 5)
    assert found.value == pytest.approx(found.scores.mean())
    assert found.interval == (found.metrics["rougeL_low"], found.metrics["rougeL_high"])
    matches = (found.metrics["exact_match_low"], found.metrics["exact_match_high"])
    assert matches == wilson_interval(0, 5)


def test_a_quick_evaluation_asks_no_model() -> None:
    found = evaluate(restaurants(), "generation", quick=True).metrics
    whole = evaluate(restaurants(), "generation").metrics
    assert set(whole) - set(found) == {"bert_score", "bert_score_low", "bert_score_high"}


def test_sources_without_fields_have_none_covered() -> None:
    answers = TextAnswers(["A pub."], [["A pub."]], ["What is it?"])
    found = evaluate(answers, "generation", quick=True).metrics
    assert not {"slot_coverage", "invented_slots"} & found.keys()
    nowhere = evaluate(TextAnswers(["A."], [["A."]]), "generation", quick=True).metrics
    assert "slot_coverage" not in nowhere


def test_fields_covered_and_invented_are_means_over_examples() -> None:
    found = evaluate(restaurants(), "generation", quick=True).metrics
    shares = [1, 2 / 3, 1, 1 / 3, 2 / 3]
    assert found["slot_coverage"] == pytest.approx(np.mean(shares))
    assert found["invented_slots"] == pytest.approx(1 / 5)  # the pub in the city centre


def test_equal_questions_are_asked_once() -> None:
    answers = restaurants()
    squad_f1(answers)
    assert squad_f1(answers) is squad_f1(answers)
    assert squad_f1(restaurants()) is not squad_f1(answers)


@pytest.mark.parametrize(("outputs", "references", "share"), [
    (["4.4", "3,4", "abc", ""], ["4.4", "0", "1", "2"], 0.75),
    (["nan", "inf", "-1", "5"], ["1", "2", "3", "4"], 0.5), (["4.4", "x"], ["4.4", "high"], None),
])
def test_only_numbers_answer_where_all_references_are_numbers(
        outputs: list[str], references: list[str], share: float | None) -> None:
    answers = TextAnswers(outputs, [[reference] for reference in references])
    assert evaluate(answers, "generation").metrics.get("invalid") == share
