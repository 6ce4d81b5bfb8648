"""Searches of the command line: from a search file to the document of candidates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.__main__ import main
from core.errors import SpecError
from core.runs.search_study import study_of_search
from core.runs.spec import StudySpec

PATTERN = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}
VOCABULARY = {
    "the",
    "a",
    "film",
    "food",
    "was",
    "it",
    "so",
    "very",
    "and",
    "great",
    "terrible",
    "good",
    "bad",
    "movie",
    "plot",
    "meal",
    "we",
    "they",
    "i",
}


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


def test_a_search_from_file_to_document(
    task_source: dict[str, Any],
    tiny_model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOZE_LAB_DEVICE", "cpu")
    path = tmp_path / "search.yaml"
    path.write_text(yaml.safe_dump(asked(task_source, tiny_model)), encoding="utf-8")
    assert main(["search", "words", str(path), "--data-dir", str(tmp_path / "data"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [each["seed"] for each in document["searches"]] == [1, 2]
    assert document["candidates"] == document["searches"][0]["candidates"]
    assert len(document["candidates"]) == 12
    ranked = [each for each in document["candidates"] if each["dev"] is not None]
    assert len(ranked) == 2
    assert [each["rank"] for each in document["candidates"]] == list(range(1, 13))
    for each in document["candidates"]:
        assert each["pattern"] == PATTERN["pattern"]
        assert {word for words in each["words"].values() for word in words} <= VOCABULARY
        assert 0 <= each["zero_shot"] <= 1
    assert document["searches"][0]["metrics"]["accuracy"] >= 0
    assert document["seconds"] > 0


def test_a_search_of_several_words_a_label(
    task_source: dict[str, Any],
    tiny_model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOZE_LAB_DEVICE", "cpu")
    path = tmp_path / "search.yaml"
    search = {
        "seeds": [1],
        "search": {"petal": {"n": 3, "rerank": 2, "steps": 5, "evaluate_every": 5}},
    }
    path.write_text(yaml.safe_dump({**asked(task_source, tiny_model), **search}), encoding="utf-8")
    assert main(["search", "petal", str(path), "--data-dir", str(tmp_path / "data"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert sorted(len(each["words"]["bad"]) for each in document["candidates"]) == [1, 2, 3]
    assert [each["steps"] for each in document["candidates"]] == [5, 5, 0]
    for each in document["candidates"]:
        words = [word for mine in each["words"].values() for word in mine]
        assert set(words) <= VOCABULARY
        assert len(set(words)) == len(words)
        assert 0 <= each["zero_shot"] <= 1
    assert document["searches"][0]["metrics"]["accuracy"] >= 0


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
