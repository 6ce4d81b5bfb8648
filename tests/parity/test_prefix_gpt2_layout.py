"""The text layout of E2E, WebNLG and DART in the published code of Prefix-Tuning.

The formats' files become examples as an upload does. A model reads a source, then the separator,
then a target.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.data import linearise
from core.data.files import read_table
from core.data.forms import in_one_form
from core.data.written_cells import read_texts, read_triples

END = "<|endoftext|>"


def layout(source: str, target: str) -> str:
    return f" {source} {END} {target} {END}"


def meaning(line: str) -> str:
    """A linearised table of the E2E challenge as the challenge publishes it."""
    names = {"type": "eatType", "Type": "eatType", "price": "priceRange"}
    fields = (field.split(" : ") for field in line.split(" | "))
    return ", ".join(f"{names.get(name, name)}[{value}]" for name, value in fields)


@pytest.mark.parametrize("form", ["webnlg", "dart"])
def test_prefix_gpt2_layout_of_triples(parity: Any, form: str) -> None:
    for given, expected in parity.pairs("formatting"):
        if given["id"] == form:
            assert list(laid_out(form, given["data"])) == expected["texts"]


def laid_out(form: str, data: Any) -> Any:
    entries = data if form == "dart" else [e for each in data["entries"] for e in each.values()]
    keys = {"dart": ("tripleset", "annotations"),
            "webnlg": ("modifiedtripleset", "lexicalisations")}
    triples, texts = keys[form]
    for entry in entries:
        source = getattr(linearise, form)(read_triples(json.dumps(entry[triples])))
        for text in read_texts(json.dumps(entry[texts])):
            if form == "dart" or text.comment == "good":
                yield layout(source, text.text)


def test_prefix_gpt2_layout_of_fields(parity: Any) -> None:
    given = next(given for given, _ in parity.pairs("formatting") if given["id"] == "e2e")
    expected = next(wanted for _, wanted in parity.pairs("formatting") if wanted["id"] == "e2e")
    pairs = [line.split("||") for line in given["data"]]
    found = [layout(linearise.e2e(meaning(source)), target) for source, target in pairs]
    wanted = [text.replace("type :", "Type :") for text in expected["texts"]]
    assert found == wanted


@pytest.mark.parametrize("form", ["webnlg", "dart"])
def test_prefix_gpt2_layout_of_files(parity: Any, form: str, tmp_path: Path) -> None:
    """A file's sources are these texts without the space around them, which examples never have."""
    for given, expected in parity.pairs("formatting"):
        if given["id"] == form:
            path = tmp_path / "published.json"
            path.write_text(json.dumps(given["data"]), encoding="utf-8")
            rows = in_one_form(read_table(path)).rows
            found = [layout(row["source"], row["target"]).split() for row in rows]
            assert found == [text.split() for text in expected["texts"]]
