"""Published data whose answers are texts, in the hub's layout, as the cards say."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data import catalog
from core.data.arrow_rows import CELL_CHARACTERS
from core.data.catalog import load_task, task_card, task_cards
from core.data.files import read_table
from core.data.forms import in_one_form
from core.errors import LimitError

MEANING = "name[The Oak], eatType[pub]"
TRIPLES = [["Oak Hall", "TOWN", "Rye"], ["Oak Hall", "BUILT", "1880"]]
BARRED = [" | ".join(triple) for triple in TRIPLES]
DART_SOURCE = "Oak Hall : town : Rye | Oak Hall : built : 1880"
WEBNLG_SOURCE = "| Oak Hall : TOWN : Rye | Oak Hall : BUILT : 1880"
CONTEXT = "Oak Hall was built in 1880 by Ada Hill."
Rows = list[dict[str, Any]]

# rows of the hub's copy, then the source, references and further texts of the only example
LAYOUTS: dict[str, tuple[Rows, str, tuple[str, ...], dict[str, str]]] = {
    "e2e": (
        [{"meaning_representation": MEANING, "human_reference": text}
         for text in ("The Oak is a pub.", "A pub is called The Oak.")],
        "name : The Oak | Type : pub", ("The Oak is a pub.", "A pub is called The Oak."), {}),
    "webnlg": (
        [{"category": "Building", "size": 2, "eid": "1", "2017_test_category": "",
          "original_triple_sets": {"otriple_set": [BARRED]},
          "modified_triple_sets": {"mtriple_set": [BARRED]},
          "lex": {"comment": ["good", "toFix", "good"], "lid": ["a", "b", "c"],
                  "text": ["Oak Hall is in Rye.", "Hall.", "Rye has Oak Hall."],
                  "lang": ["en", "en", "en"]}}],
        WEBNLG_SOURCE, ("Oak Hall is in Rye.", "Rye has Oak Hall."), {"category": "Building"}),
    "dart": (
        [{"tripleset": TRIPLES, "subtree_was_extended": False,
          "annotations": {"source": ["e2e", "e2e"],
                          "text": ["Oak Hall is in Rye.", "Rye has Oak Hall."]}}],
        DART_SOURCE, ("Oak Hall is in Rye.", "Rye has Oak Hall."), {"category": "e2e"}),
    "xsum": (
        [{"document": "A fox ran through the market at noon.", "summary": "A fox ran.",
          "id": "1"}],
        "A fox ran through the market at noon.", ("A fox ran.",), {}),
    "squad": (
        [{"id": "a", "title": "Rye", "context": CONTEXT, "question": "Who built Oak Hall?",
          "answers": {"text": ["Ada Hill", "by Ada Hill", "Ada Hill"],
                      "answer_start": [30, 27, 30]}}],
        f"question: Who built Oak Hall? context: {CONTEXT}", ("Ada Hill", "by Ada Hill"),
        {"question": "Who built Oak Hall?", "context": CONTEXT}),
    "stsb": (
        [{"sentence1": "A fox ran.", "sentence2": "A fox ran off.", "label": 3.8, "idx": 0}],
        "sentence1: A fox ran. sentence2: A fox ran off.", ("3.8",),
        {"sentence1": "A fox ran.", "sentence2": "A fox ran off."}),
}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("hub")))


@pytest.fixture
def on_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Rows], None]:
    """Write rows as the hub's copy of a catalogued task, and have its card point there."""

    def write(name: str, rows: Rows) -> None:
        card = task_card(name)
        assert card.hub is not None
        folder = tmp_path / name / "data"
        folder.mkdir(parents=True)
        for split in (card.hub.train, card.hub.test):
            pq.write_table(pa.Table.from_pylist(rows), folder / f"{split}-00000-of-00001.parquet")
        hub = dataclasses.replace(card.hub, repo=str(tmp_path / name), config=None)
        monkeypatch.setitem(catalog._CARDS, name, dataclasses.replace(card, hub=hub))
        catalog._task_of_card.cache_clear()

    return write


def test_every_card_has_its_layout_here() -> None:
    written = [card.name for card in task_cards()
               if card.source == "hub" and card.schema.kind == "generation"]
    assert written == list(LAYOUTS)
    assert all(task_card(name).licence for name in ("e2e", "webnlg", "dart", "squad"))


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_hub_copy_is_read_as_its_card_says(name: str,
                                               on_hub: Callable[[str, Rows], None]) -> None:
    rows, source, references, more = LAYOUTS[name]
    on_hub(name, rows)
    task = load_task(name)
    assert (task.name, task.schema, task.title) == (
        name, task_card(name).schema, task_card(name).title)
    (example,) = task.train
    assert (example.text_a, example.references, dict(example.more)) == (source, references, more)
    assert task.test == task.train


GEM_DART = {"dart_id": 0, "tripleset": TRIPLES, "target": "Oak Hall is in Rye.", "references": []}
GEM_WEBNLG = {"webnlg_id": "1", "input": BARRED, "category": "Building",
              "target": "Rye has a hall.",
              "references": ["Rye has Oak Hall.", "Oak Hall is in Rye."]}


@pytest.mark.parametrize(("row", "source", "targets"), [
    (GEM_DART, DART_SOURCE, ["Oak Hall is in Rye."]),
    (GEM_WEBNLG, WEBNLG_SOURCE, GEM_WEBNLG["references"]),
    ({**LAYOUTS["dart"][0][0], "annotations": [{"source": "e2e", "text": "Rye has Oak Hall."}]},
     DART_SOURCE, ["Rye has Oak Hall."]),
])
def test_other_layouts_of_the_hub(row: dict[str, Any], source: str, targets: list[str],
                                  tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    rows = in_one_form(read_table(path)).rows
    assert [(each["source"], each["target"]) for each in rows] == [
        (source, target) for target in targets]


def test_structures_of_other_data_are_still_left_out(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pq.write_table(pa.Table.from_pylist([{"text": "a", "place": {"town": "Rye"}}]), path)
    table = read_table(path)
    assert (table.columns, list(table.left_out)) == (("text",), ["place"])


def test_texts_in_structures_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    answers = {"text": ["plum " * CELL_CHARACTERS], "answer_start": [0]}
    pq.write_table(pa.Table.from_pylist([{"question": "a", "context": "b", "answers": answers}]),
                   path)
    with pytest.raises(LimitError, match="holds a text of more than"):
        read_table(path)
