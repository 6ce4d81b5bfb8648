"""SQuAD and STS-B as sources and targets."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import published_files as published
import pytest
from published_files import write

from core.data.files import Table, make_table, read_table
from core.data.forms import in_one_form
from core.data.task_files import task_from_files
from core.errors import DataError


def squad(folder: Path, content: Any = published.SQUAD, name: str = "squad.json") -> Table:
    return in_one_form(read_table(write(folder, name, content)))


def test_questions_have_their_different_answers(tmp_path: Path) -> None:
    rows = squad(tmp_path).rows
    assert [row["target"] for row in rows] == ["Ada Hill", "by Ada Hill", "1880", "in autumn", ""]
    assert rows[2] == {
        "source": "question: When was it built? context: Oak Hall was built in 1880 by Ada Hill.",
        "target": "1880", "question": "When was it built?",
        "context": "Oak Hall was built in 1880 by Ada Hill."}


def test_questions_without_answers_are_left_out_and_told(tmp_path: Path) -> None:
    path = str(write(tmp_path, "squad.json", published.SQUAD))
    task = task_from_files({"train": path, "test": path})
    assert [example.references for example in task.test] == [
        ("Ada Hill", "by Ada Hill"), ("1880",), ("in autumn",)]
    told = " ".join(map(str, task.findings))
    assert "1 of 5 rows of 'squad.json' have a source but no text for it" in told
    assert "3 examples with 1.3 references on average and 2 at most" in told


def test_few_short_answers_are_still_texts(tmp_path: Path) -> None:
    questions = [{"question": f"Is hall {at} old?", "answers": [{"text": "ny"[at % 2]}]}
                 for at in range(20)]
    article = {"paragraphs": [{"context": "Some halls are old.", "qas": questions}]}
    path = write(tmp_path, "squad.json", {"data": [article], "version": "x"})
    task = task_from_files({"train": str(path)})
    assert (task.schema.kind, len(task.train), len(task.test)) == ("generation", 10, 10)


@pytest.mark.parametrize("paragraph", [{"context": "Plums."}, {"qas": []}, "Plums.", None,
                                       {"context": "Plums.", "qas": ["Who?"]}])
def test_articles_of_another_form_are_named(paragraph: Any, tmp_path: Path) -> None:
    broken = copy.deepcopy(published.SQUAD)
    broken["data"][1]["paragraphs"].append(paragraph)
    with pytest.raises(DataError, match=r"Article 2 of 'squad.json' has no paragraphs"):
        squad(tmp_path, broken)


def test_answers_of_another_form_are_named(tmp_path: Path) -> None:
    broken = copy.deepcopy(published.SQUAD)
    broken["data"][0]["paragraphs"][0]["qas"][1]["answers"] = [{"answer": "1880"}]
    with pytest.raises(DataError, match=r"Row 2 of 'squad.json' cannot be read: column 'answers'"):
        squad(tmp_path, broken)


def test_similarities_are_texts_of_one_form(tmp_path: Path) -> None:
    table = in_one_form(read_table(write(tmp_path, "train.tsv", published.STSB)))
    assert [row["target"] for row in table.rows] == ["5.0", "0.4", "2.0"]
    assert table.rows[0] == {
        "source": 'sentence1: A fox ran off. sentence2: A fox "ran away".', "target": "5.0",
        "sentence1": "A fox ran off.", "sentence2": 'A fox "ran away".'}


def pairs(*scores: str, column: str = "score") -> Table:
    rows = [(f"Sentence {at}.", f"Another {at}.", score) for at, score in enumerate(scores)]
    return make_table("s.csv", ("text_a", "text_b", column), rows)


@pytest.mark.parametrize("score", ["5.2", "-0.5", "high", "6", "nan"])
def test_scores_that_are_none_are_named(score: str) -> None:
    with pytest.raises(DataError, match=rf"Row 3 of 's.csv' .* 'score' holds '{score}'"):
        in_one_form(pairs("4.5", "2.0", score, "1.25"))


def test_hidden_scores_are_no_targets() -> None:
    table = in_one_form(pairs("4.5", "-1", "", column="label"))
    assert [row["target"] for row in table.rows] == ["4.5", "", ""]


@pytest.mark.parametrize("scores", [("0", "1", "1"), ("0.0", "1.0"), ("yes", "no", "3.5"),
                                    ("7.5", "90.1")])
def test_other_numbers_are_no_similarities(scores: tuple[str, ...]) -> None:
    table = pairs(*scores)
    assert in_one_form(table) is table


def test_repeated_scores_are_still_texts(tmp_path: Path) -> None:
    rows = "".join(f"Hall {at} is old.\tHall {at} is new.\t{at % 3}.5\n" for at in range(30))
    path = write(tmp_path, "s.tsv", f"sentence1\tsentence2\tscore\n{rows}")
    task = task_from_files({"train": str(path)})
    assert task.schema.kind == "generation"
    assert task.train[0].references[0] in ("0.5", "1.5", "2.5")
