"""Published results of LM-BFF's search become patterns with words; useless lines are named."""

import json

import pytest

from core.data.task import classification
from core.errors import DataError, PatternError, VerbalizerError
from core.prompts.dialects.lm_bff_results import read_results, read_results_for

LABELS = ("negative", "positive")
SCHEMA = classification(*LABELS)
TYPES = ("abbreviation", "entity", "description", "human", "location", "number")
TEMPLATES = [
    json.dumps(entry)
    for entry in (
        {
            "task": "SST-2",
            "seed": 13,
            "rank": 1,
            "dev_score": 0.75,
            "template": "*cls**sent_0*_How*mask*!*sep+*",
        },
        {
            "task": "SST-2",
            "seed": 21,
            "rank": 1,
            "dev_score": 0.9,
            "template": "*cls**sent_0*_A*mask*_one.*sep+*",
        },
        {
            "task": "SST-2",
            "seed": 21,
            "rank": 2,
            "dev_score": 0.8,
            "template": "*cls**sent_0*_How*mask*!*sep+*",
        },
        {
            "task": "trec",
            "seed": 13,
            "rank": 1,
            "dev_score": 0.5,
            "template": "*cls*_On*mask*:*+sent_0**sep+*",
        },
    )
]


def test_templates_take_the_words_of_table_1_and_come_best_first() -> None:
    results = read_results(TEMPLATES, "sst2", SCHEMA)
    assert [
        (str(result.pvp.pattern), result.dev_score, result.seed) for result in results.found
    ] == [("{text_a} A {mask} one.", 0.9, 21), ("{text_a} How {mask}!", 0.8, 21)]
    assert results.found[0].pvp.verbalizer.as_dict() == {
        "negative": ["terrible"],
        "positive": ["great"],
    }
    assert results.refused == []
    assert [
        str(result.pvp.pattern) for result in read_results(TEMPLATES, "sst2", SCHEMA, seed=13).found
    ] == ["{text_a} How {mask}!"]


def test_numbered_labels_get_their_names() -> None:
    mapping = dict(enumerate(("Why", "What", "Short", "Who", "Where", "Many")))
    line = json.dumps({"task": "trec", "seed": 42, "dev_score": 0.9, "mapping": mapping})
    found = read_results([line], "trec", classification(*TYPES)).found[0].pvp
    assert found.verbalizer.as_dict() == {
        "abbreviation": ["Short"],
        "entity": ["What"],
        "description": ["Why"],
        "human": ["Who"],
        "location": ["Where"],
        "number": ["Many"],
    }
    assert str(found.pattern) == "{mask}: {text_a}"


def test_plain_lines_may_bring_their_score() -> None:
    results = read_results(
        [
            "*cls**sent_0*_Quite*mask*.*sep+*\t0.5",
            "",
            "{'0':'dull','1':'fine'}\t0.75",
            "{'0':'sad','1':'glad'}",
        ],
        "mr",
        SCHEMA,
    )
    assert [result.dev_score for result in results.found] == [0.75, 0.5, None]
    assert results.found[0].pvp.verbalizer.as_dict() == {"negative": ["dull"], "positive": ["fine"]}


@pytest.mark.parametrize("line", [
    "0.90625 *cls**sent_0*_In_short*mask*.*sep+*", "0.90625\t*cls**sent_0*_In_short*mask*.*sep+*",
    "*cls**sent_0*_In_short*mask*.*sep+*\t0.90625",
])
def test_a_score_may_stand_before_its_template_or_after_it(line: str) -> None:
    results = read_results([line, "0.5 {'0':'dull','1':'fine'}", "1 {'0':'sad','1':'glad'}"], "mr",
                           SCHEMA)
    assert [result.dev_score for result in results.found] == [1.0, 0.90625, 0.5]
    assert str(results.found[1].pvp.pattern) == "{text_a} In short {mask}."
    assert results.found[2].pvp.verbalizer.as_dict() == {"negative": ["dull"], "positive": ["fine"]}
    assert not results.refused


def test_a_task_of_the_same_labels_takes_them() -> None:
    assert len(read_results_for(TEMPLATES, "reviews", SCHEMA).found) == 2
    with pytest.raises(DataError, match="nor for another with the labels up, down"):
        read_results_for(TEMPLATES, "moves", classification("up", "down"))


@pytest.mark.parametrize(("line", "kind", "message"), [
    ('{"task": "SST-2", "template": ', DataError, "not valid JSON"),
    ("*cls**sent_0*_It_was.*sep+*", PatternError, "has no"),
    ("*cls**mask**sent_0**mask**sep+*", PatternError, "2 masks"),
    ("*cls**sent_0**mask**sent_1**sep+*", PatternError, "one text only"),
    ("{'0':'bad','7':'good'}", VerbalizerError, "'7' is no label"),
    ("{'0':'same','1':'same'}", VerbalizerError, "same words"),
    ("*cls**sent_0*_A*mask*.*sep+*\tmuch", DataError, "'much' is not a number"),
])
def test_lines_of_no_use_are_named(line: str, kind: type[Exception], message: str) -> None:
    results = read_results([TEMPLATES[0], line], "sst2", SCHEMA)
    assert len(results.found) == 1
    assert [number for number, _ in results.refused] == [2]
    assert isinstance(results.refused[0][1], kind)
    assert message in str(results.refused[0][1])
    with pytest.raises(kind):
        read_results([line], "sst2", SCHEMA)


def test_other_tasks_have_none() -> None:
    with pytest.raises(DataError, match="published no results for the task 'yahoo'"):
        read_results(TEMPLATES, "yahoo", SCHEMA)
    with pytest.raises(DataError, match="no results for the task 'cr'"):
        read_results(TEMPLATES, "cr", SCHEMA)
