"""Searches of the command line: from a search file to a study."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import SpecError
from core.runs.search_study import study_of_search
from core.runs.spec import StudySpec

PATTERN = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}


def asked(task_source: dict[str, Any], tiny_model: str, **search: Any) -> dict[str, Any]:
    return {
        "task": task_source,
        "model": tiny_model,
        "patterns": [PATTERN],
        "shots": 4,
        "seeds": [1, 2],
        "search": {
            "words": {"k": 6, "n": 12, "rerank": 2, "steps": 5, "evaluate_every": 5, **search}
        },
    }


def test_short_names_of_options_are_understood(
    task_source: dict[str, Any], tiny_model: str
) -> None:
    study = study_of_search(asked(task_source, tiny_model), "words")
    assert study.methods == ("auto-words",)
    assert study.options["auto-words"] == {
        "k": 6,
        "combinations": 12,
        "tried": 2,
        "steps": 5,
        "evaluate_every": 5,
    }
    assert study_of_search({"task": "reviews", "patterns": [PATTERN]}, "patterns").methods == (
        "auto-patterns",
    )
    petal = {"task": "reviews", "patterns": [PATTERN], "search": {"petal": {"n": 5, "rerank": 3}}}
    assert study_of_search(petal, "petal").options == {"petal": {"words_per_label": 5, "tried": 3}}


@pytest.mark.parametrize(("changes", "told"), [
    ({"search": {"words": {}, "patterns": {}}}, "it must be"),
    ({"search": "words"}, "it must be"),
    ({"search": {"patterns": {}}}, "it must be"),
    ({"search": {"words": {"depth": 3}}}, "depth"),
    ({"methods": ["lm-bff"]}, "no 'methods'"),
])
def test_other_forms_are_refused(changes: dict[str, Any], told: str, task_source: dict[str, Any],
                                 tiny_model: str) -> None:
    with pytest.raises(SpecError, match=told):
        study_of_search({**asked(task_source, tiny_model), **changes}, "words")


@pytest.mark.parametrize(("kind", "option", "message"), [
    ("words", {"rerank": "few"}, "The option 'rerank' of 'words' is 'few'"),
    ("words", {"n": 0}, "The option 'n' of 'words' is '0'"),
    ("words", {"tried": -1}, "The option 'tried' of 'words' is '-1'"),
    ("petal", {"n": 0}, "The option 'n' of 'petal' is '0'"),
    ("words", {"steps": "x"}, "The option 'steps' of 'words' is 'x'"),
    ("words", {"depth": 3}, r"'words' has no option 'depth'. Its options are .*\brerank, .*\bn, "),
])
def test_options_are_refused_under_the_names_of_the_file(kind: str, option: dict[str, Any],
                                                         message: str) -> None:
    data = {"task": "reviews", "patterns": [PATTERN], "search": {kind: option}}
    with pytest.raises(SpecError, match=message):
        study_of_search(data, kind)


def test_runs_notice_replaced_weights_of_the_writer(
    tiny_model: str, runs_of: Any, task_source: dict[str, Any]
) -> None:
    study = {
        "task": task_source,
        "model": tiny_model,
        "methods": ["auto-patterns"],
        "patterns": [PATTERN],
    }
    one, other = (
        runs_of(StudySpec.from_dict({**study, "options": {"auto-patterns": {"writer": writer}}}))[0]
        for writer in (tiny_model, "some/hub-model")
    )
    assert one.other_digests == (one.model_digest,)
    assert other.other_digests == ("",)
    assert one.fingerprint != other.fingerprint
