"""Data whose answers are texts: known by their columns, one example for each source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.data.catalog import load_task
from core.data.columns import ColumnMap, guess_columns
from core.data.files import make_table
from core.data.references import merge_references, source_and_target
from core.data.split import draw_split
from core.data.task import Example, Task, generation
from core.data.task_draft import TaskDraft
from core.data.task_files import task_from_files
from core.errors import ClozeLabError, DataError, SpecError

ROWS = [
    ("name: The Mill | food: Indian", "The Mill serves Indian food."),
    ("name: The Mill | food: Indian", "Come to The Mill for curry."),
    ("name: Blue Door | food: fish", "Blue Door is a fish restaurant."),
    ("name: Aroma | area: riverside", "Aroma lies by the river."),
    ("name: Olive Tree", "There is a place called Olive Tree."),
]


def write(
    folder: Path,
    rows: list[tuple[str, ...]],
    columns: tuple[str, ...] = ("source", "target"),
    name: str = "venues.jsonl",
) -> str:
    path = folder / name
    path.write_text(
        "\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows),
        encoding="utf-8",
    )
    return str(path)


@pytest.fixture
def venues(tmp_path: Path) -> Task:
    return task_from_files(
        {"train": write(tmp_path, ROWS), "test": write(tmp_path, ROWS[:2], name="test.jsonl")}
    )


def test_rows_of_one_source_are_one_example(venues: Task) -> None:
    assert venues.schema.kind == "generation"
    assert venues.schema.labels == ()
    assert [len(example.references) for example in venues.train] == [2, 1, 1, 1]
    assert venues.test == (Example(ROWS[0][0], references=(ROWS[0][1], ROWS[1][1])),)
    assert all(example.label is None for example in venues.train)


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        (("source", "target"), ROWS, ("source", "target")),
        (("Target", " Source"), [(b, a) for a, b in ROWS], ("Source", "Target")),
        (
            ("id", "source", "target"),
            [(str(at), *row) for at, row in enumerate(ROWS)],
            ("source", "target"),
        ),
        # Few short targets are labels.
        (("source", "target"), [(a, "ny"[at % 2]) for at, (a, _) in enumerate(ROWS * 2)], None),
        # This source is where a text comes from.
        (("source", "text", "target"), [("web", b, a) for a, b in ROWS], None),
        (("source", "label"), ROWS, None),
    ],
)
def test_columns_say_whether_answers_are_texts(columns, rows, expected) -> None:
    assert source_and_target(make_table("t.csv", columns, rows)) == expected


def test_given_columns_decide(tmp_path: Path) -> None:
    rows = [(f"text {at}", "ny"[at % 2]) for at in range(12)]
    path = write(tmp_path, rows, ("question", "answer"))
    generated = {"train": path, "source": "question", "target": "answer"}
    assert task_from_files(generated).schema.kind == "generation"
    labelled = {"train": write(tmp_path, rows), "text_a": "source", "label": "target"}
    assert task_from_files(labelled).schema.kind == "classification"
    table = make_table("t.csv", ("source", "target"), ROWS)
    assert guess_columns(table, text_a="source").target is None


@pytest.mark.parametrize(
    "spec",
    [
        {"source": "question"},
        {"target": "answer"},
        {"source": "question", "target": "answer", "label": "answer"},
        {"source": "question", "target": "answer", "text_a": "question"},
    ],
)
def test_half_given_or_mixed_columns_are_refused(spec: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="both 'source' and 'target'"):
        task_from_files({"train": write(tmp_path, ROWS, ("question", "answer")), **spec})


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (
            [("a source", ""), ("", "a target")],
            ColumnMap("source", None, target="target"),
            "both a source",
        ),
        (
            ROWS,
            ColumnMap("source", None, target="source"),
            "cannot hold both the source and the target",
        ),
        (ROWS, ColumnMap("source", None, target="reference"), "no column 'reference'"),
    ],
)
def test_unusable_columns_are_named(rows, columns, message: str) -> None:
    table = make_table("t.csv", ("source", "target"), rows)
    with pytest.raises(ClozeLabError, match=message):
        TaskDraft({"train": table}, columns).task()


def test_without_a_test_file_no_source_is_on_both_sides(tmp_path: Path) -> None:
    rows = [(f"source {at // 3}", f"target {at}") for at in range(60)]
    task = task_from_files({"train": write(tmp_path, rows)})
    trained, tested = ({example.text_a for example in part} for part in (task.train, task.test))
    assert (len(trained), len(tested), trained & tested) == (10, 10, set())


def test_shots_count_examples_and_the_pool_has_no_answers(tmp_path: Path) -> None:
    rows = [(f"source {at}", f"target {at}") for at in range(20)]
    task = task_from_files(
        {"train": write(tmp_path, rows), "test": write(tmp_path, rows[:1], name="t.jsonl")}
    )
    split = draw_split(task, 4, 13)
    assert (len(split.train), len(split.dev), len(split.unlabelled)) == (4, 4, 12)
    assert all(example.references for example in (*split.train, *split.dev))
    assert not any(example.references for example in split.unlabelled)
    with pytest.raises(DataError, match="Choose K ≤ 10"):
        draw_split(task, 11, 13)


def test_content_counts_and_merging_is_stable() -> None:
    examples = merge_references(
        [
            Example("a", references=("x",)),
            Example("b", references=("y",)),
            Example("a", references=("z", "x")),
        ]
    )
    assert [(example.text_a, example.references) for example in examples] == [
        ("a", ("x", "z")),
        ("b", ("y",)),
    ]


def test_the_content_hash_sees_references(tmp_path: Path) -> None:
    hashes = {
        task_from_files(
            {"train": write(tmp_path, [*ROWS, ("one more", answer)]), "name": "t"}
        ).content_hash
        for answer in ("yes", "no")
    }
    assert len(hashes) == 2


def test_findings_say_how_many_references_there_are() -> None:
    table = make_table("t.csv", ("source", "target"), [*ROWS * 2, ("lost", "")])
    view = TaskDraft({"train": table}, guess_columns(table)).check()
    found = [str(finding) for finding in view.findings]
    assert "'t.csv' holds 4 examples with 1.2 references on average and 2 at most." in found
    assert "1 of 11 rows of 't.csv' have a source but no text for it. They are left out." in found
    assert view.balance() == {}


def test_a_folder_in_the_hub_layout_is_read(tmp_path: Path) -> None:
    write(tmp_path, ROWS, name="train.jsonl")
    write(tmp_path, ROWS[2:], name="test.jsonl")
    task = load_task(str(tmp_path))
    assert (task.schema.kind, len(task.train), len(task.test)) == ("generation", 4, 3)


def test_one_source_alone_cannot_be_halved(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it has one source only"):
        task_from_files({"train": write(tmp_path, ROWS[:2])})


def test_a_source_may_have_two_texts(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("one,two,score\na,b,2.5\na,c,3.0\na,b,4.0\n", encoding="utf-8")
    task = task_from_files({"train": str(path), "test": str(path), "source": "one",
                            "text_b": "two", "target": "score"})
    assert task.schema == generation(pairs=True)
    assert [(row.text_a, row.text_b, row.references) for row in task.train] == [
        ("a", "b", ("2.5", "4.0")), ("a", "c", ("3.0",))]
