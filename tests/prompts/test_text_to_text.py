"""T5's formats in both directions: rows as source and target, and written texts as answers."""

from __future__ import annotations

import pytest

from core.prompts.text_to_text import FORMS, unspaced

ROWS = {  # form: cells, source, target
    "sst2": (("a", "positive"), "sst2 sentence: a", "positive"),
    "cola": (("a", "not acceptable"), "cola sentence: a", "unacceptable"),
    "boolq": (("a", "b", "yes"), "boolq passage: a question: b", "True"),
    "mnli": (("a", "b", "neutral"), "mnli hypothesis: b premise: a", "neutral"),
    "mrpc": (("a", "b", "equivalent"), "mrpc sentence1: a sentence2: b", "equivalent"),
    "qqp": (("a", "b", "duplicate"), "qqp question1: a question2: b", "duplicate"),
    "qnli": (("a", "b", "entailment"), "qnli question: a sentence: b", "entailment"),
    "rte": (("a", "b", "entailment"), "rte sentence1: a sentence2: b", "entailment"),
    "stsb": (("a", "b", "4.3"), "stsb sentence1: a sentence2: b", "4.4"),
    "question": (("a?", "b.", "b"), "question: a ? context: b . ", "b"),
    "summarize": (("a", "b"), "summarize: a", "b"),
    "describe": (("a", "b"), "describe: a", "b"),
}


def test_every_form_is_shown() -> None:
    assert ROWS.keys() == FORMS.keys()


@pytest.mark.parametrize("name", ROWS)
def test_a_row_becomes_source_and_target(name: str) -> None:
    cells, source, target = ROWS[name]
    assert len(FORMS[name].columns) == len(cells)
    assert FORMS[name].pair(*cells) == (source, target)


@pytest.mark.parametrize("name", [name for name in ROWS if name != "stsb"])
def test_what_is_written_is_read_back(name: str) -> None:
    cells, _, target = ROWS[name]
    assert FORMS[name].answer(target) == cells[-1]


@pytest.mark.parametrize(
    ("form", "written", "answer"),
    [
        ("stsb", "4.4", "4.4"),
        ("stsb", "much", "-1.0"),
        ("boolq", "False", "no"),
        ("boolq", "maybe", "maybe"),
        ("cola", "acceptable", "acceptable"),
        ("sst2", "Positive", "Positive"),
    ],
)
def test_anything_else_stays_what_it_is(form: str, written: str, answer: str) -> None:
    assert FORMS[form].answer(written) == answer


@pytest.mark.parametrize(("written", "context", "answer"), [
    ("$ 3 . 50", "It cost $3.50  in 1999.", "$3.50"),
    ("Rome , the capital", "Rome, the capital (of Italy)", "Rome, the capital"),
    ("$3.50  in", "It cost $3.50  in 1999.", "$3.50  in"), ("Paris", "Rome", "Paris"),
    ("", "Rome", ""), ("Rome", "", "Rome"),
])
def test_a_span_is_read_as_its_context_has_it(written: str, context: str, answer: str) -> None:
    assert unspaced(written, context) == answer


def test_a_score_must_be_a_number() -> None:
    with pytest.raises(ValueError, match="high"):
        FORMS["stsb"].pair("a", "b", "high")
