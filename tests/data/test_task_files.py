"""Tasks of the files that a study names: columns, clear errors, and files written from a task."""

import pandas as pd
import pytest

from core.data.task import Example
from core.data.task_files import task_from_files
from core.errors import DataError, SpecError


@pytest.fixture
def files(tmp_path):
    """Three files with the columns of pairs, as the keys of a study name them."""
    rows = [
        {"premise": f"p {at}", "hypothesis": f"h {at}", "label": str(at % 2), "note": "x"}
        for at in range(8)
    ]
    parts = {"train": rows, "test": rows[:2], "unlabelled": rows[2:4]}
    for part, chosen in parts.items():
        pd.DataFrame(chosen).to_csv(tmp_path / f"{part}.csv", index=False)
    return {part: str(tmp_path / f"{part}.csv") for part in parts}


def test_task_from_files(files):
    task = task_from_files(files)
    assert (task.name, task.schema.pairs, task.schema.labels) == ("train", True, ("0", "1"))
    assert [len(part) for part in (task.train, task.test, task.unlabelled)] == [8, 2, 2]
    assert task.train[1] == Example("p 1", "h 1", "1", (("note", "x"),))
    assert task.schema.columns == ("note",)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"text_a": "hypothesis"}, Example("h 1", "", "1", (("premise", "p 1"), ("note", "x")))),
        (
            {"text_a": "hypothesis", "text_b": "premise"},
            Example("h 1", "p 1", "1", (("note", "x"),)),
        ),
        ({"text_b": "note"}, Example("p 1", "x", "1", (("hypothesis", "h 1"),))),
        ({"label": "label", "name": "mine"}, Example("p 1", "h 1", "1", (("note", "x"),))),
    ],
)
def test_columns_of_files(files, keys, expected):
    task = task_from_files({"train": files["train"], "test": files["test"], **keys})
    assert task.train[1] == expected
    assert task.name == keys.get("name", "train")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"train": "a.csv", "texta": "x"},
            "no key 'texta'. Its keys are train, test, unlabelled, text_a",
        ),
        ({"test": "a.csv"}, "needs the key 'train'"),
        ({"train": ["a.csv"]}, "'train' is .* it must be a text"),
        ({}, "needs the key 'train'"),
    ],
)
def test_ill_formed_specs(spec, message):
    with pytest.raises(SpecError, match=message):
        task_from_files(spec)


def test_missing_files_are_named_without_their_folder(tmp_path):
    with pytest.raises(DataError, match=r"There is no file 'gone.csv'") as caught:
        task_from_files({"train": str(tmp_path / "gone.csv")})
    assert str(tmp_path) not in str(caught.value)


def test_a_file_written_from_a_task_gives_the_same_task(files, tmp_path):
    task = task_from_files(files)
    for part in ("train", "test", "unlabelled"):
        rows = [
            {"text_a": e.text_a, "text_b": e.text_b, "label": e.label or "", **dict(e.more)}
            for e in getattr(task, part)
        ]
        pd.DataFrame(rows).to_csv(tmp_path / f"{part}.csv", index=False)
    assert (
        task_from_files({**files, "text_a": "text_a", "text_b": "text_b"}).content_hash
        == task.content_hash
    )
