"""Findings: a defect is found where there is one, and nowhere else, in a full sentence."""

import pytest

from core.data.checks import check_table, check_task, task_findings
from core.data.columns import ColumnMap
from core.data.files import make_table
from core.data.findings import Finding
from core.data.task import Example, Task, classification
from core.data.task_tables import task_from_tables

CLEAN = tuple(Example(f"text number {at}", label="ab"[at % 2]) for at in range(80))


def task(train=CLEAN[:64], test=CLEAN[64:], labels=("a", "b")):
    return Task("t", classification(*labels), tuple(train), tuple(test))


def sentences(findings, severity=None):
    return " ".join(str(finding) for finding in findings if severity in (None, finding.severity))


def table(*rows):
    return make_table("a.csv", ("text", "label"), rows)


def test_clean_task_gets_only_a_note():
    found = check_task(task())
    assert [finding.severity for finding in found] == ["note"]
    assert str(found[0]) == "Texts have 14 characters in the middle (median) and 14 at most."


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (
            (*CLEAN[:64], Example("Text, number 0!", label="a")),
            "1 row(s) of 'train' repeat the text and label",
        ),
        (
            (*CLEAN[:64], Example("TEXT number 0", label="b")),
            "1 text(s) of 'train' occur with different labels",
        ),
        (
            (*CLEAN[:64], Example("text number 79", label="b")),
            "1 of 16 test texts also occur in the training part",
        ),
        (
            CLEAN[:64] + tuple(Example(f"more {at}", label="a") for at in range(97)),
            "'a' has 129 rows, 'b' has 32",
        ),
    ],
)
def test_defects_of_a_task(train, message):
    assert message in sentences(check_task(task(train)), "warning")


@pytest.mark.parametrize(
    "train",
    [
        (*CLEAN[:64], Example("text number 0", "second text", "a")),
        (*CLEAN[:64], Example("C+", label="a"), Example("C++", label="b")),
        (*CLEAN[:64], Example(":-)", label="a"), Example(":-(", label="b")),
        (*CLEAN[:64], Example("great 😀", label="a"), Example("great 😡", label="b")),
        (*CLEAN[:64], Example("की", label="a"), Example("का", label="b")),
        CLEAN[:64] + tuple(Example(f"more {at}", label="a") for at in range(96)),
    ],
)
def test_what_is_no_defect(train):
    assert sentences(check_task(task(train)), "warning") == ""


def test_too_few_rows():
    train = CLEAN[:64] + tuple(Example(f"more {at}", label="a") for at in range(9))
    assert sentences(check_task(task(train), shots=16), "error") == ""
    assert sentences(check_task(task(train), shots=17), "error") == (
        "K = 17 needs 34 training rows of each label (17 to train, 17 for development), but "
        "'b' has 32. The largest "
        "possible K is 16."
    )


def test_label_without_training_rows():
    assert "'c' has 0. The largest possible K is 0." in sentences(
        check_task(task(labels=("a", "b", "c"))), "error"
    )


@pytest.mark.parametrize(
    ("lengths", "limit", "expected"),
    [
        ([3, 300, 129], 128, "2 of 3 texts are longer than 128 tokens and will be shortened."),
        ([3, 128], 128, ""),
        (None, 128, ""),
        ([3, 300], None, ""),
    ],
)
def test_lengths_in_tokens(lengths, limit, expected):
    assert sentences(check_task(task(), lengths=lengths, max_length=limit), "warning") == expected


@pytest.mark.parametrize(
    ("rows", "severity", "message"),
    [
        ([("x", "1"), ("y", ""), ("", "0")], "warning", "Column 'label' is empty in 1 of 3 rows."),
        ([("x", "1"), ("y", "0"), (" ", "0")], "warning", "Column 'text' is empty in 1 of 3 rows."),
        ([("x", ""), ("y", "")], "error", "Column 'label' is empty in 2 of 2 rows."),
        ([("x", "1"), ("y", "1")], "error", "Column 'label' holds only one label, '1'."),
        (
            [(f"x{at}", str(at)) for at in range(1_001)],
            "error",
            "holds 1001 different labels; 1000 are allowed",
        ),
        (
            [("x", "Good"), ("y", "good "), ("z", "bad")],
            "warning",
            "The labels 'Good' and 'good' differ only in case",
        ),
        ([("x", "1"), ("X.", "1"), ("y", "0")], "warning", "1 row(s) of 'a.csv' repeat"),
        ([("x", "1"), ("x", "0")], "warning", "1 text(s) of 'a.csv' occur with different labels"),
        ([(f"x{at}", "10"[at == 0]) for at in range(6)], "warning", "'1' has 5 rows, '0' has 1"),
        (
            [("x", "1"), ("yyy", "0")],
            "note",
            "Texts have 2 characters in the middle (median) and 3 at most.",
        ),
    ],
)
def test_defects_of_a_table(rows, severity, message):
    assert message in sentences(check_table(table(*rows), ColumnMap("text", "label")), severity)


def label_findings(*labels):
    rows = [(f"text {at}", label) for at, label in enumerate(labels)]
    return check_table(table(*rows), ColumnMap("text", "label"))


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (("pos", "pos\u200b", "neg"), r"'pos' and 'pos\u200b'"),
        (("pos", "po\u00ads", "neg"), r"'pos' and 'po\xads'"),
        (("pos", "pos\xa0", "neg"), r"'pos' and 'pos\xa0'"),
        (("pos", "\ufeffpos", "neg"), r"'pos' and '\ufeffpos'"),
        (("ｐｏｓ", "pos", "neg"), "'pos' and 'ｐｏｓ'"),
        (("不错", "不\u200c错", "差"), r"'不\u200c错' and '不错'"),
    ],
)
def test_labels_that_look_alike_are_shown_as_they_are(labels, shown):
    found = sentences(label_findings(*labels), "warning")
    assert found.startswith(f"The labels {shown} differ only in case, width, spaces, punctuation")


@pytest.mark.parametrize(
    "labels", [("-1", "1"), ("1", "10"), ("a", "b"), ("C+", "C++"), ("好", "坏")]
)
def test_labels_that_do_differ(labels):
    assert [finding.severity for finding in label_findings(*labels)] == ["note"]


def test_labels_of_two_tables_that_look_alike():
    task = task_from_tables("t", table(("x", "a"), ("y", "b")), ColumnMap("text", "label"),
                            test=table(("u", "a"), ("v", "B")))
    assert "The labels 'B' and 'b' differ only in case" in sentences(check_task(task), "warning")


def test_findings_of_a_task_are_those_of_its_tables_and_what_misleads():
    note = Finding("note", "It was read as {encoding}.", {"encoding": "cp1252"})
    rows = [("x", "1"), ("y", "0"), ("", "1")]
    train = make_table("a.csv", ("text", "label"), rows, notes=[note])
    made = task_from_tables("t", train, ColumnMap("text", "label"), test=table(("x", "1")))
    assert [str(finding)[:39] for finding in task_findings(made)] == [
        "It was read as cp1252.", "Column 'text' is empty in 1 of 3 rows.",
        "1 of 1 test texts also occur in the tra"]


def test_table_without_label_column():
    assert sentences(check_table(table(("x", "1"), ("y", "1")), ColumnMap("text", None))) == (
        "Texts have 1 characters in the middle (median) and 1 at most."
    )


def test_notes_of_reading_come_first():
    note = Finding("note", "It was read as {encoding}.", {"encoding": "cp1252"})
    read = make_table("a.csv", ("text", "label"), [("x", "1"), ("y", "0")], notes=[note])
    assert check_table(read, ColumnMap("text", "label"))[0] is note
