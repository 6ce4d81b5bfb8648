"""Tables become a task while their columns are chosen, and what is wrong is found."""

from collections.abc import Mapping, Sequence

import pytest

from core.data.columns import ColumnMap
from core.data.files import DataLimits, Table, make_table
from core.data.task_draft import TaskDraft

COLUMNS = ColumnMap("text", "label")


def table(rows: Sequence[tuple[str, str]], name: str = "shops.csv") -> Table:
    return make_table(name, ["text", "label"], rows)


def many(count: int, labels: Sequence[str] = ("0", "1")) -> Table:
    return table(
        [(f"Text number {at} about {label}.", label) for at in range(count) for label in labels]
    )


def draft(
    train: Table,
    columns: ColumnMap = COLUMNS,
    names: Mapping[str, str] | None = None,
    **more: Table,
) -> TaskDraft:
    return TaskDraft({"train": train, **more}, columns, label_names=names)


def sentences(made: TaskDraft, **more: object) -> list[tuple[str, str]]:
    findings = made.check(**more).findings  # type: ignore[arg-type]
    return [(finding.severity, str(finding)) for finding in findings]


def test_a_sound_table_becomes_a_task() -> None:
    view = draft(many(80)).check()
    assert view.task is not None
    assert (view.task.name, view.task.schema.labels) == ("shops", ("0", "1"))
    assert (len(view.task.train), len(view.task.test)) == (80, 80)
    assert {finding.severity for finding in view.findings} == {"note"}
    assert view.balance() == {"0": 40, "1": 40}


def test_labels_are_called_as_wanted() -> None:
    made = draft(many(4), names={"0": "bad", "1": "good"})
    assert made.labels() == ["0", "1"]
    assert made.task().schema.labels == ("bad", "good")


def test_labels_of_one_name_become_one() -> None:
    made = draft(many(6, ("1", "2", "5")), names={"1": "bad", "2": "bad"})
    assert made.task().schema.labels == ("bad", "5")


@pytest.mark.parametrize(
    ("made", "severity", "part"),
    [
        (draft(many(4), ColumnMap("text", None)), "error", "no column that looks like labels"),
        (draft(many(4), ColumnMap("words", "label")), "error", "has no column 'words'"),
        (draft(many(4), ColumnMap("text", "text")), "error", "cannot hold both texts and labels"),
        (draft(many(4, ("1",))), "error", "holds only one label"),
        (draft(table([("", "1"), ("", "0")])), "error", "Column 'text' is empty in 2 of 2 rows"),
        (
            draft(many(4), test=make_table("t.csv", ["sentence"], [("Alas.",), ("Hooray!",)])),
            "error",
            "no column 'text'",
        ),
        (
            draft(many(4), test=make_table("t.csv", ["words", "gold"], [("a", "0")])),
            "note",
            "'words' was taken for it",
        ),
        (draft(many(10)), "warning", "The largest possible K is 2"),
        (draft(many(40), test=many(2)), "warning", "also occur in the training part"),
        (
            draft(
                table(
                    [
                        ("Same text.", "0"),
                        *((f"Text {at}", str(at % 2)) for at in range(9)),
                        ("Same text.", "1"),
                    ]
                )
            ),
            "warning",
            "occur with different labels",
        ),
    ],
)
def test_what_is_wrong_is_found(made: TaskDraft, severity: str, part: str) -> None:
    found = [(kind, text) for kind, text in sentences(made) if part in text]
    assert [kind for kind, _ in found] == [severity]


def test_other_column_names_are_understood() -> None:
    test = make_table("t.csv", ["gold", "sentence"], [("1", "One."), ("0", "Nought.")])
    more = make_table("more.jsonl", ["review"], [("A text.",)])
    task = draft(many(4), test=test, unlabelled=more).task()
    assert [(example.text_a, example.label) for example in task.test] == [
        ("One.", "1"),
        ("Nought.", "0"),
    ]
    assert [example.text_a for example in task.unlabelled] == ["A text."]


def test_errors_come_first_and_stop_the_task() -> None:
    view = draft(many(4), ColumnMap("text", None)).check()
    assert view.task is None
    assert view.balance() == {}
    assert view.findings[0].severity == "error"


def test_nothing_is_found_twice() -> None:
    unbalanced = table([(f"Text {at}", "rare" if at < 8 else "often") for at in range(200)])
    templates = [finding.template for finding in draft(unbalanced).check().findings]
    assert len(templates) == len(set(templates))
    assert any("unbalanced" in template for template in templates)


def test_lengths_in_tokens_are_noted() -> None:
    found = sentences(
        draft(many(40)),
        count_tokens=lambda texts: [len(text.split()) for text in texts],
        max_length=4,
    )
    assert (
        "note",
        "Texts have 5 tokens in the middle (median) and 5 at most; 4 fit into the model.",
    ) in found
    assert ("warning", "80 of 80 texts are longer than 4 tokens and will be shortened.") in found


def test_of_many_texts_a_part_is_counted() -> None:
    counted: list[int] = []
    draft(many(4_000)).check(
        count_tokens=lambda texts: counted.append(len(texts)) or [1] * len(texts), max_length=9
    )
    assert 1_000 <= counted[0] <= 2_000


def test_limits_hold() -> None:
    found = sentences(draft(many(40)), limits=DataLimits(rows=10))
    assert found[0] == ("error", "'shops.csv' has 80 rows; 10 are allowed. Use a part of it.")
