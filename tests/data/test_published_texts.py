"""Data whose answers are texts, as their authors publish them: files become sources and targets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import published_files as published
import pytest
from published_files import write

from core.data.catalog import is_file_path, load_task
from core.data.files import DataLimits, Table, read_table
from core.data.forms import in_one_form
from core.data.task import Task
from core.data.task_files import task_from_files
from core.errors import DataError, LimitError
from core.runs.study_file import read_study_file

PLUMS = {"source": "| Plum_cake : ingredient : Plum", "category": "Food"}


def formed(folder: Path, name: str, content: object) -> Table:
    return in_one_form(read_table(write(folder, name, content)))


def notes(table: Table) -> str:
    return " ".join(map(str, table.notes))


@pytest.mark.parametrize(("content", "name"), [
    (published.E2E, "devset.csv"),
    (published.E2E.replace("mr,ref", "meaning_representation,human_reference"), "e2e.txt"),
    (published.E2E.replace("mr,ref", "MR,ref"), "no-suffix"),
])
def test_e2e(content: str, name: str, tmp_path: Path) -> None:
    table = formed(tmp_path, name, content)
    assert table.columns == ("source", "target")
    assert [row["source"] for row in table.rows] == [
        *["name : The Oak | Type : pub | near : Hill Inn"] * 2,
        "name : Lime | food : Thai | price : cheap",
    ]
    assert table.rows[1]["target"] == "Near Hill Inn stands a pub, The Oak."
    assert "was read as E2E" in notes(table)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_webnlg_xml(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "train"  # told by its content
    path.write_bytes(published.WEBNLG.encode(encoding))
    table = in_one_form(read_table(path))
    source = '| Oak_Hall : yearBuilt : 1880 | Oak_Hall : town : "Rye & Winchelsea"'
    assert table.rows == [
        {"source": source, "target": text, "category": "Building"}
        for text in ("Oak Hall in Rye & Winchelsea dates from 1880.",
                     "Built in 1880, Oak Hall stands in Rye & Winchelsea.")
    ] + [{**PLUMS, "target": "There are plums in plum cake."}]
    assert "1 text(s) of 'train' were left out" in notes(table)


@pytest.mark.parametrize("content", [published.WEBNLG_3, published.WEBNLG_ENRICHED])
def test_later_webnlg_xml(content: str, tmp_path: Path) -> None:
    table = formed(tmp_path, "en.xml", content)
    assert table.rows == [{**PLUMS, "target": "Plum cake has plums in it."}]


def test_webnlg_in_another_language_only(tmp_path: Path) -> None:
    lines = published.WEBNLG_3.splitlines()
    table = formed(tmp_path, "ru.xml", "\n".join(line for line in lines if '"en"' not in line))
    assert [row["target"] for row in table.rows] == ["В сливовом пироге есть сливы."]


def test_webnlg_json(tmp_path: Path) -> None:
    entries = [{str(number): {
        "category": "Food", "size": "1",
        "modifiedtripleset": [{"subject": f"Cake_{number}", "property": "has", "object": "Plum"}],
        "lexicalisations": [{"comment": "good", "lex": f"Cake {number} has plums.", "lang": ""}],
    }} for number in range(1, 4)]
    table = formed(tmp_path, "webnlg.json", {"entries": entries})
    assert table.rows[2] == {"source": "| Cake_3 : has : Plum", "target": "Cake 3 has plums.",
                             "category": "Food"}


@pytest.mark.parametrize("as_lines", [False, True])
def test_dart_json(as_lines: bool, tmp_path: Path) -> None:
    lines = "\n".join(map(json.dumps, published.DART))
    table = formed(tmp_path, "dart.json", lines if as_lines else published.DART)
    assert table.columns == ("source", "target", "category")
    source = "Oak Hall : year_built : 1880 | Oak Hall : town : Rye"
    assert [row["source"] for row in table.rows] == [source, source,
                                                     "Plum cake : ingredient : plum"]
    assert [row["category"] for row in table.rows] == ["WikiSQL_lily", "WikiSQL_lily", "webnlg"]


def test_dart_xml(tmp_path: Path) -> None:
    assert formed(tmp_path, "test.xml", published.DART_XML).rows == [{
        "source": "Rye : town_hall : Oak Hall", "target": "Oak Hall is the town hall of Rye.",
        "category": "WikiTableQuestions_lily"}]


def test_texts_of_one_source_have_one_category(tmp_path: Path) -> None:
    again = {**published.DART[1], "annotations": [{"source": "e2e", "text": "It has plums."}]}
    table = formed(tmp_path, "dart.json", [*published.DART, again])
    assert [row["category"] for row in table.rows][2:] == ["webnlg", "webnlg"]


def task_of(folder: Path, name: str, content: object, **more: str) -> Task:
    path = str(write(folder, name, content))
    return task_from_files({"train": path, "test": path, **more})


@pytest.mark.parametrize(("name", "content", "sources", "references", "columns"), [
    ("e2e.csv", published.E2E, 2, 3, ()),
    ("webnlg.xml", published.WEBNLG, 2, 3, ("category",)),
    ("dart.json", published.DART, 2, 3, ("category",)),
    ("xsum.json", published.XSUM, 2, 2, ()),
    ("xsum.csv", pd.DataFrame(published.XSUM).to_csv(index=False), 2, 2, ()),
    ("squad.json", published.SQUAD, 3, 4, ("question", "context")),
    ("stsb.tsv", published.STSB, 3, 3, ("sentence1", "sentence2")),
])
def test_a_study_names_published_files(name: str, content: object, sources: int, references: int,
                                       columns: tuple[str, ...], tmp_path: Path) -> None:
    task = task_of(tmp_path, name, content)
    assert (task.schema.kind, task.schema.columns) == ("generation", columns)
    assert len(task.train) == len(task.test) == sources
    assert sum(len(example.references) for example in task.train) == references


def test_files_of_a_study_are_found_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "webnlg.xml", published.WEBNLG)
    write(tmp_path, "dart.json", published.DART)
    study = write(tmp_path, "study.yaml",
                  "name: halls\ntask: {train: webnlg.xml, test: dart.json}\nmodel: mini-causal\n")
    task = load_task(read_study_file(study)["task"])
    assert [example.more for example in task.train] == [(("category", "Building"),),
                                                        (("category", "Food"),)]
    assert task.test[1].references == ("Plum cake is made of plums.",)


def test_given_columns_are_taken_as_they_are(tmp_path: Path) -> None:
    task = task_of(tmp_path, "e2e.csv", published.E2E, source="mr", target="ref")
    assert task.train[1].text_a == "name[Lime], food[Thai], priceRange[cheap]"
    formed_ones = task_of(tmp_path, "e2e.csv", published.E2E, source="source", target="target")
    assert formed_ones.train[1].text_a == "name : Lime | food : Thai | price : cheap"


def test_the_path_of_an_xml_file_is_a_task(tmp_path: Path) -> None:
    path = str(write(tmp_path, "webnlg.xml", published.WEBNLG))
    assert is_file_path(path)
    task = load_task(path)
    assert (task.name, len(task.train), len(task.test)) == ("webnlg", 1, 1)


def test_numbered_targets_are_references(tmp_path: Path) -> None:
    content = "source,target,target_2,target_3\nOak,A tree.,Some tree.,\nElm,Another tree.,,\n"
    task = task_of(tmp_path, "trees.csv", content)
    assert [example.references for example in task.train] == [("A tree.", "Some tree."),
                                                              ("Another tree.",)]


@pytest.mark.parametrize(("name", "content", "message"), [
    ("a.csv", published.E2E + "a pub called The Oak,The Oak is a pub.\n",
     "Row 4 of 'a.csv' cannot be read: column 'mr' holds 'a pub called The Oak'"),
    ("a.json", [*published.DART, {"tripleset": [["Rye", "TOWN"]], "annotations": []}],
     "Row 3 of 'a.json' cannot be read: column 'tripleset'"),
    ("a.json", [*published.DART, {"tripleset": [["Rye", "TOWN", None]], "annotations": []}],
     "Row 3 of 'a.json' cannot be read: column 'tripleset'"),
    ("a.json", [{**published.DART[0], "annotations": [{"source": "webnlg"}]}],
     "Row 1 of 'a.json' cannot be read: column 'annotations'"),
    ("a.xml", published.WEBNLG.replace("Plum_cake | ingredient | Plum", "Plum_cake, Plum"),
     "Row 2 of 'a.xml' cannot be read: column 'modifiedtripleset'"),
])
def test_a_row_of_another_form_is_named(name: str, content: object, message: str,
                                        tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        formed(tmp_path, name, content)


def without(entries: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in entry.items() if name != key} for entry in entries]


@pytest.mark.parametrize(("name", "content"), [
    ("a.json", without(published.DART, "annotations")),
    ("a.xml", "\n".join(line for line in published.WEBNLG.splitlines() if "lex" not in line
                        and "stands in" not in line)),
    ("a.csv", "mr\n" + '"name[The Oak], eatType[pub]"\n' * 2),
])
def test_tables_without_texts_are_told(name: str, content: object, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Column 'target' of 'a\.\w+' is empty in all \d rows"):
        task_of(tmp_path, name, content)


def test_empty_texts_are_left_out_and_told(tmp_path: Path) -> None:
    content = published.WEBNLG.replace("There are plums in plum cake.", " ")
    task = task_of(tmp_path, "a.xml", content)
    assert len(task.train) == 1
    assert any("1 of 3 rows of 'a.xml' have a source but no text" in str(finding)
               for finding in task.findings)


def test_other_tables_stay_as_they_are(tmp_path: Path) -> None:
    for content in ("input,output\nadd,sum\ntake,rest\n", "mr,ref\nMr Hill,a\nMr Oak,b\n",
                    "sentence1,sentence2,label\na,b,1\nc,d,0\n"):
        table = read_table(write(tmp_path, "a.csv", content))
        assert in_one_form(table) is table


def test_limits_hold(tmp_path: Path) -> None:
    path = write(tmp_path, "a.xml", published.WEBNLG)
    with pytest.raises(LimitError, match="more than 1 rows"):
        read_table(path, DataLimits(rows=1))
    with pytest.raises(LimitError, match="MB"):
        read_table(path, DataLimits(file_bytes=100))
    with pytest.raises(LimitError, match="more than 3 rows"):
        read_table(write(tmp_path, "a.json", published.SQUAD), DataLimits(rows=3))
