"""What is told of sources and references: gaps, equal texts, how many there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.checks import check_task, task_findings
from core.data.columns import ColumnMap, guess_columns
from core.data.files import make_table
from core.data.reference_checks import reference_findings
from core.data.split import draw_split
from core.data.task_draft import TaskDraft
from core.data.task_files import task_from_files
from core.data.task_tables import task_from_tables
from core.errors import DataError

COLUMNS = ColumnMap("source", None, target="target")


def found(*rows: tuple[str, ...], columns: ColumnMap = COLUMNS) -> list[tuple[str, str]]:
    names = ("source", "target", *columns.more)
    findings = reference_findings(make_table("t.csv", names, rows), columns)
    return [(finding.severity, str(finding)) for finding in findings]


@pytest.mark.parametrize(("rows", "expected"), [
    ([("a", "x"), ("b", "y")], []),
    ([("a", "x"), ("", "y"), ("b", ""), ("", ""), ("c", "z")], [
        ("warning", "2 of 5 rows of 't.csv' have no source. They are left out."),
        ("warning", "1 of 5 rows of 't.csv' have a source but no text for it. They are left out."),
    ]),
    ([("", "x"), ("", "y")],
     [("error", "2 of 2 rows of 't.csv' have no source. They are left out.")]),
    ([("a", ""), ("b", " ")],
     [("error", "2 of 2 rows of 't.csv' have a source but no text for it. They are left out.")]),
    ([("a", "x"), ("b", "x"), ("c", "x")],
     [("warning", "All 3 texts in column 'target' are the same, 'x'. Is it the right column?")]),
    ([("a", "x"), ("a", "y"), ("a", "z"), ("b", "w")],
     [("note", "'t.csv' holds 2 examples with 2.0 references on average and 3 at most.")]),
])
def test_findings(rows: list[tuple[str, ...]], expected: list[tuple[str, str]]) -> None:
    assert found(*rows) == expected


def test_columns_that_part_references_are_named() -> None:
    columns = ColumnMap("source", None, target="target", more=("writer", "topic"))
    rows = [("a", "x", "Ada", "art"), ("a", "y", "Bo", "art"), ("b", "z", "Bo", "art")]
    (told,) = found(*rows, columns=columns)
    assert told[0] == "note"
    assert told[1].startswith("1 source(s) of 't.csv' are several examples each, since other "
                              "columns differ (writer).")


def test_sources_that_are_nearly_equal_are_told() -> None:
    train = make_table("t.csv", ("source", "target"),
                       [("name : Oak", "x"), ("Name: Oak", "y"), ("name : Elm", "z")])
    task = task_from_tables("t", train, COLUMNS, test=train)
    told = [str(finding) for finding in check_task(task, shots=1)]
    assert any(text.startswith("1 source(s) of 'train' differ from an earlier") for text in told)
    assert not any("text and label" in text for text in told)


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


TRAIN = "source,target\n" + "".join(f"source {at // 2},Text {at}.\n" for at in range(80))


@pytest.mark.parametrize(("test", "message"), [
    ("source,target\nsource a,\nsource b,\n",
     "Column 'target' of 'test.csv' is empty in all 2 rows. Without texts"),
    ("source,text\nsource a,b\n", "'test.csv' has no column 'target' with the texts to be written"),
    (",target\n,Text.\n", "'test.csv' has no column 'source'"),
])
def test_a_test_part_without_references(test: str, message: str, tmp_path: Path) -> None:
    train, tested = write(tmp_path, "train.csv", TRAIN), write(tmp_path, "test.csv", test)
    with pytest.raises(DataError, match=message):
        task_from_files({"train": train, "test": tested})


def test_sources_without_a_column_of_targets(tmp_path: Path) -> None:
    sources = write(tmp_path, "s.csv", "source\na fox ran off\nplums are ripe\n")
    with pytest.raises(DataError, match=r"'s.csv' has sources \(column 'source'\) but no column"):
        task_from_files({"train": sources})


def test_a_draft_says_each_thing_once(tmp_path: Path) -> None:
    table = make_table("t.csv", ("source", "target"),
                       [*(("a", "x") for _ in range(3)), ("b", "x"), ("", "x")])
    view = TaskDraft({"train": table}, guess_columns(table)).check()
    told = [str(finding) for finding in view.findings]
    assert len(set(told)) == len(told)
    assert "1 of 5 rows of 't.csv' have no source. They are left out." in told


def test_findings_come_with_the_task(tmp_path: Path) -> None:
    task = task_from_files({"train": write(tmp_path, "t.csv", TRAIN)})
    assert [str(finding) for finding in task_findings(task)] == [
        "'t.csv' holds 40 examples with 2.0 references on average and 2 at most."]


def test_shots_count_sources(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", TRAIN)
    task = task_from_files({"train": path, "test": path})
    split = draw_split(task, 20, 13)
    assert len({example.text_a for example in (*split.train, *split.dev)}) == 40
    assert {len(example.references) for example in (*split.train, *split.dev)} == {2}
    with pytest.raises(DataError, match=r"K = 21 needs 42 training rows .* and there are 40"):
        draw_split(task, 21, 13)
