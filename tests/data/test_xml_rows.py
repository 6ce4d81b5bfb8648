"""XML is read without any risk: truncated, hostile and foreign documents are refused in words."""

from __future__ import annotations

from pathlib import Path

import published_files as published
import pytest
from published_files import write

from core.data.files import read_table
from core.data.xml_rows import looks_like_xml
from core.errors import DataError

BOMB = """<?xml version="1.0"?>
<!DOCTYPE benchmark [<!ENTITY a "plum"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<benchmark><entries><entry category="&c;"></entry></entries></benchmark>
"""
FOREIGN = """<?xml version="1.0"?>
<!DOCTYPE benchmark [<!ENTITY secret SYSTEM "{path}">]>
<benchmark><entries><entry><lex>&secret;</lex></entry></entries></benchmark>
"""


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_truncated(cut: float, tmp_path: Path) -> None:
    text = published.WEBNLG
    with pytest.raises(DataError, match=r"Line \d+ of 'a.xml' is not valid XML \(column \d+: "):
        read_table(write(tmp_path, "a.xml", text[: int(len(text) * cut)]))


def test_the_line_of_a_fault_is_named(tmp_path: Path) -> None:
    text = published.WEBNLG.replace("</otriple>", "</otripple>")
    with pytest.raises(DataError, match=r"Line 6 of 'a.xml' .*mismatched tag"):
        read_table(write(tmp_path, "a.xml", text))
    with pytest.raises(DataError, match=r"Line 2 of 'a.xml'"):
        read_table(write(tmp_path, "a.xml", "\n<benchmark><entries></benchmark>"))


@pytest.mark.parametrize("name", ["a.xml", "a.csv"])
def test_entities_are_never_declared(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"'{name}' declares a document type"):
        read_table(write(tmp_path, name, BOMB))


def test_other_files_are_never_named(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.txt", "the key is under the mat")
    with pytest.raises(DataError, match="declares a document type") as caught:
        read_table(write(tmp_path, "a.xml", FOREIGN.format(path=secret.as_uri())))
    assert "mat" not in str(caught.value)


def test_undeclared_entities_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="undefined entity"):
        read_table(write(tmp_path, "a.xml", published.WEBNLG.replace("&amp;", "&secret;")))


@pytest.mark.parametrize("text", [
    "<?xml version='1.0'?><notes><note>Buy plums.</note></notes>",
    "<benchmark><entries></entries></benchmark>",
    "<?xml version='1.0'?>" + "<a>" * 5000 + "</a>" * 5000,
])
def test_other_documents_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="XML without entries as WebNLG has them"):
        read_table(write(tmp_path, "a.xml", text))


def test_web_pages_are_refused_as_such(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a web page"):
        read_table(write(tmp_path, "a.xml", "<!DOCTYPE html><html><body>Plums</body></html>"))


@pytest.mark.parametrize(("text", "expected"), [
    ("<?xml version='1.0'?><a/>", True), ("\n <benchmark>", True), ("<b>bold</b>,1", False),
    ("text,label\n<?xml ?>,1", False), ("<benchmarks>", False),
])
def test_what_looks_like_xml(text: str, expected: bool) -> None:
    assert looks_like_xml(text) is expected
