"""Files for the official scripts, read as those scripts read them."""

from __future__ import annotations

from pathlib import Path

from core.metrics.answers import TextAnswers
from core.metrics.official_files import e2e_files, webnlg_files, write_files

ANSWERS = TextAnswers(
    ["one\noutput", "", "third", "Café"],
    [["a first", " a  second\nline ", "", "a third", "a fourth"], ["b"], [], ["c"]])


def test_e2e_counts_instances_by_blank_lines(tmp_path: Path) -> None:
    system, references = write_files(e2e_files(ANSWERS), tmp_path / "e2e")
    assert system.read_text(encoding="utf-8") == "one output\n\nCafé\n"
    blocks = references.read_text(encoding="utf-8").split("\n\n")
    assert [block.split() for block in blocks] == [
        ["a", "first", "a", "second", "line", "a", "third", "a", "fourth"], ["b"], ["c"]]
    assert blocks[0].splitlines() == ["a first", "a second line", "a third", "a fourth"]


def test_webnlg_has_a_line_for_each_example_in_every_file(tmp_path: Path) -> None:
    paths = write_files(webnlg_files(ANSWERS), tmp_path)
    lines = {path.name: path.read_bytes().decode().split("\n") for path in paths}
    assert lines == {
        "hypothesis": ["one output", "", "third", "Café", ""],
        "reference0": ["a first", "b", "", "c", ""],
        "reference1": ["a second line", "", "", "", ""],
        "reference2": ["a third", "", "", "", ""],
    }
