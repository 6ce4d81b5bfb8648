"""`python -m core run` and `search`: from a study file to a document, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_models import LETTERS, PUNCTUATION, WORDS

from core.runs.attempt import execute
from core.runs.spec import RunSpec

Run = Callable[..., tuple[int, str, str]]
WriteStudy = Callable[..., Path]

VOCABULARY = {*WORDS, *LETTERS, *PUNCTUATION}
FEW_STEPS = {"steps": 5, "evaluate_every": 5, "batch_size": 2}
STUDY = {"methods": ["lm-bff"], "shots": 4, "seeds": [1, 2], "options": {"lm-bff": FEW_STEPS}}


@pytest.fixture
def failing_seeds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`failing_seeds(*seeds)`: runs of these seeds fail."""
    def fail(*seeds: int) -> None:
        def execute_or_fail(spec: RunSpec, *given: Any) -> object:
            if spec.seed in seeds:
                raise RuntimeError("The disk is on fire.")
            return execute(spec, *given)
        monkeypatch.setattr("core.runs.attempt.execute", execute_or_fail)
    return fail


@pytest.fixture
def do(run: Run, tmp_path: Path) -> Run:
    """Runs a command with a data folder of its own."""
    return lambda *arguments: run(*arguments, "--data-dir", tmp_path / "data")


def test_a_study_from_file_to_document(write_study: WriteStudy, do: Run) -> None:
    status, out, err = do("run", write_study(**STUDY), "--set", "name=renamed", "--json")
    assert (status, out.count("\n")) == (0, 1)
    assert [line[:5] for line in err.splitlines()] == ["[1/2]", "[2/2]"]
    document = json.loads(out)
    assert document["study"] == "renamed"
    assert [(run["seed"], run["status"]) for run in document["runs"]] == [(1, "done"), (2, "done")]
    (row,) = document["summary"]
    assert (row["method"], row["n"], row["metric"]) == ("lm-bff", 2, "accuracy")


def test_a_study_is_summed_up_in_tables(write_study: WriteStudy, do: Run) -> None:
    methods = ["zero-shot", "lm-bff"]
    status, out, _ = do("run", write_study(**{**STUDY, "methods": methods}))
    means, differences = (table.splitlines() for table in out.split("\n\n"))
    assert status == 0
    assert means[0].split() == ["method", "pattern", "K", "n", "mean", "sd", "95", "%"]
    assert sorted(line.split()[0] for line in means[1:]) == ["lm-bff", "zero-shot"]
    assert differences[0].startswith("paired difference")
    assert len(differences) == 2


def test_the_task_of_a_study_may_be_the_path_of_a_file(
    write_study: WriteStudy, do: Run, task_source: dict[str, Any], tmp_path: Path
) -> None:
    train = Path(task_source["train"]).read_text(encoding="utf-8")
    (tmp_path / "beside.csv").write_text(train, encoding="utf-8")
    zero_shot = {"methods": ["zero-shot"], "shots": 4}
    status, out, _ = do("run", write_study(**zero_shot, task="beside.csv"), "--json")
    assert status == 0
    of_path = json.loads(out)["runs"]
    mapping = {"train": "beside.csv"}
    of_mapping = json.loads(do("run", write_study(**zero_shot, task=mapping), "--json")[1])["runs"]
    assert [run["metrics"] for run in of_path] == [run["metrics"] for run in of_mapping]


@pytest.mark.parametrize(("seeds", "expected"), [((), 0), ((1,), 0), ((1, 2), 1)])
def test_a_study_whose_runs_all_failed_is_status_1(
    seeds: tuple[int, ...], expected: int, write_study: WriteStudy, do: Run,
    failing_seeds: Callable[..., None],
) -> None:
    failing_seeds(*seeds)
    status, out, _ = do("run", write_study(**STUDY))
    assert status == expected
    assert out.count("The disk is on fire.") == len(seeds)
    status, out, _ = do("run", write_study(**STUDY), "--json")
    failed = [run for run in json.loads(out)["runs"] if run["status"] == "failed"]
    assert (status, len(failed)) == (expected, len(seeds))


@pytest.mark.parametrize(("change", "message"), [
    ("methods=[magic]", "There is no method 'magic'"), ("seeds", "must have the form"),
    ("task=review", "Did you mean 'reviews'"),
    ("options.lm-bff.steps=2000000", "'steps' of 'lm-bff' is '2000000'"),
    ("shots=500", "500"),
])
def test_what_is_wrong_with_a_study_is_one_line_and_status_2(
    change: str, message: str, write_study: WriteStudy, do: Run, tmp_path: Path
) -> None:
    status, out, err = do("run", write_study(**STUDY), "--set", change)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "data").exists()


def words_search(**options: object) -> dict[str, Any]:
    """The keys of a search for label words: 12 candidates, of which 2 are trained."""
    few = {"k": 6, "n": 12, "rerank": 2, "steps": 5, "evaluate_every": 5, **options}
    return {"shots": 4, "seeds": [1, 2], "search": {"words": few}}


def test_a_search_from_file_to_document(write_study: WriteStudy, do: Run) -> None:
    status, out, _ = do("search", "words", write_study(**words_search()), "--json")
    assert status == 0
    document = json.loads(out)
    candidates = document["candidates"]
    assert [search["seed"] for search in document["searches"]] == [1, 2]
    assert candidates == document["searches"][0]["candidates"]
    assert len(candidates) == 12
    assert len([candidate for candidate in candidates if candidate["dev"] is not None]) == 2
    assert [candidate["rank"] for candidate in candidates] == list(range(1, 13))
    for candidate in candidates:
        assert candidate["pattern"] == "{text_a} It was {mask}."
        assert {word for words in candidate["words"].values() for word in words} <= VOCABULARY
        assert 0 <= candidate["zero_shot"] <= 1
    assert document["searches"][0]["metrics"]["accuracy"] >= 0
    assert document["seconds"] > 0


def test_a_search_of_several_words_a_label(write_study: WriteStudy, do: Run) -> None:
    few = {"n": 3, "rerank": 2, "steps": 5, "evaluate_every": 5}
    path = write_study(shots=4, seeds=[1], search={"petal": few})
    status, out, _ = do("search", "petal", path, "--json")
    assert status == 0
    document = json.loads(out)
    candidates = document["candidates"]
    assert sorted(len(candidate["words"]["bad"]) for candidate in candidates) == [1, 2, 3]
    assert [candidate["steps"] for candidate in candidates] == [5, 5, 0]
    for candidate in candidates:
        words = [word for label_words in candidate["words"].values() for word in label_words]
        assert set(words) <= VOCABULARY
        assert len(set(words)) == len(words)
        assert 0 <= candidate["zero_shot"] <= 1
    assert document["searches"][0]["metrics"]["accuracy"] >= 0


def test_a_search_is_shown_to_people(write_study: WriteStudy, do: Run) -> None:
    status, out, _ = do("search", "words", write_study(**{**words_search(), "seeds": [3]}))
    lines = out.splitlines()
    assert (status, lines[0], len(lines)) == (0, "seed 3: done", 13)
    assert "{text_a} It was {mask}." in lines[1]


@pytest.mark.parametrize(("seeds", "expected"), [((1,), 0), ((1, 2), 1)])
def test_a_search_whose_runs_all_failed_is_status_1(
    seeds: tuple[int, ...], expected: int, write_study: WriteStudy, do: Run,
    failing_seeds: Callable[..., None],
) -> None:
    failing_seeds(*seeds)
    status, out, _ = do("search", "words", write_study(**words_search()))
    assert status == expected
    assert out.count("The disk is on fire.") == len(seeds)
