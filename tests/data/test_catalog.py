"""The catalogue: bundled tasks are sound, hub tasks are as on their cards, all sources load."""

import dataclasses
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data import catalog
from core.data.catalog import BUNDLED_FOLDER, load_task, task_card, task_cards
from core.data.files import DataLimits
from core.data.hub import load_hub_task
from core.data.task import Example, Task
from core.errors import DataError, LimitError, SpecError

BUNDLED = [card for card in task_cards() if card.source == "bundled"]
LABELLED = [card for card in BUNDLED if card.schema.labels]
WRITTEN = [card for card in BUNDLED if card.schema.kind == "generation"]
HUB = [card for card in task_cards() if card.source == "hub"]
MAPPED = [card for card in HUB if card.hub.columns and card.schema.labels]


def plain(example: Example) -> str:
    """A text without case, punctuation and spaces."""
    return re.sub(r"[\W_]", "", f"{example.text_a}|{example.text_b}".casefold())


def premises(task: Task, part: str) -> set[str]:
    return {plain(Example(example.text_a)) for example in getattr(task, part)}


def test_what_ships_is_catalogued_first():
    assert [card.name for card in task_cards()[:6]] == [
        "reviews",
        "headlines",
        "questions",
        "entailment",
        "restaurants",
        "digests",
    ]


@pytest.mark.parametrize("card", BUNDLED, ids=lambda card: card.name)
def test_bundled_task_is_as_on_its_card(card):
    task = load_task(card.name)
    assert (task.name, task.schema) == (card.name, card.schema)
    assert all(
        example.text_a and bool(example.text_b) == card.schema.pairs
        for example in (*task.train, *task.test)
    )


@pytest.mark.parametrize("card", LABELLED, ids=lambda card: card.name)
def test_bundled_task_is_large_balanced_and_halved(card):
    task = load_task(card.name)
    assert len(task.train) + len(task.test) >= 480
    assert len(task.train) == len(task.test)
    for part in (task.train, task.test):
        assert set(Counter(example.label for example in part).values()) == {
            len(part) // len(card.schema.labels)
        }


@pytest.mark.parametrize("card", WRITTEN, ids=lambda card: card.name)
def test_bundled_task_of_texts_is_large_and_has_references(card):
    task = load_task(card.name)
    assert len(task.train) + len(task.test) >= 480
    texts = [text for example in (*task.train, *task.test) for text in example.references]
    assert len(set(texts)) == len(texts)
    assert all(example.references for example in (*task.train, *task.test))


@pytest.mark.parametrize("card", BUNDLED, ids=lambda card: card.name)
def test_bundled_task_has_no_duplicates_and_no_leaks(card):
    task = load_task(card.name)
    assert max(Counter(plain(example) for example in (*task.train, *task.test)).values()) == 1
    assert not premises(task, "train") & premises(task, "test")


@pytest.mark.parametrize("card", BUNDLED, ids=lambda card: card.name)
def test_bundled_task_has_a_card_that_tells_its_origin_and_labels(card):
    text = (BUNDLED_FOLDER / card.name / "README.md").read_text(encoding="utf-8")
    assert "written for Cloze Lab" in " ".join(text.split())
    assert card.licence in text
    assert all(f"`{label}`" in text for label in card.schema.labels)


@pytest.mark.parametrize("card", task_cards(), ids=lambda card: card.name)
def test_card_is_complete(card):
    assert card.name == card.name.lower()
    assert card.summary.endswith((".", "?", "one."))
    assert card.paper
    assert len(set(card.schema.labels)) == len(card.schema.labels)
    if card.schema.kind != "generation":
        assert len(card.schema.labels) >= 2 or card.hub.columns is None  # then the data decide
    assert (card.hub is None) == (card.source == "bundled")


@pytest.mark.parametrize("card", MAPPED, ids=lambda card: card.name)
def test_hub_source_names_every_label_and_a_second_text_for_pairs(card):
    assert not card.hub.values or set(card.hub.values.values()) == set(card.schema.labels)
    assert (card.hub.columns.text_b is not None) == card.schema.pairs


def hub_layout(folder: Path, card) -> None:
    """Write a tiny data set in the layout and with the raw label values of the hub's copy."""
    raw = list(card.hub.values) or list(range(len(card.schema.labels)))
    values = [value == "true" for value in raw] if set(raw) == {"true", "false"} else raw
    columns = card.hub.columns
    (folder / "data").mkdir(parents=True)
    for split in (card.hub.train, card.hub.test):
        table = {columns.text_a: [f"{split} {value}" for value in raw], columns.label: values}
        if columns.text_b:
            table[columns.text_b] = ["second"] * len(raw)
        table |= {name: [f"the {name}"] * len(raw) for name in card.schema.columns}
        pq.write_table(pa.table(table), folder / "data" / f"{split}-00000-of-00001.parquet")


@pytest.mark.parametrize("card", MAPPED, ids=lambda card: card.name)
def test_hub_task_is_read_as_its_card_says(card, tmp_path, monkeypatch):
    hub_layout(tmp_path / card.name, card)
    source = dataclasses.replace(card.hub, repo=str(tmp_path / card.name), config=None)
    monkeypatch.setitem(catalog._CARDS, card.name, dataclasses.replace(card, hub=source))
    catalog._task_of_card.cache_clear()
    task = load_task(card.name)
    assert (task.name, task.schema) == (card.name, card.schema)
    assert (
        {example.label for example in task.train}
        == {example.label for example in task.test}
        == set(card.schema.labels)
    )
    values = card.hub.values or {str(at): label for at, label in enumerate(card.schema.labels)}
    assert all(
        values[example.text_a.removeprefix(f"{card.hub.train} ")] == example.label
        for example in task.train
    )


def test_changed_hub_copy_is_refused(tmp_path, monkeypatch):
    card = task_card("trec")
    changed = dataclasses.replace(card.hub, values={**card.hub.values, "OTHER": "other"})
    hub_layout(tmp_path / "trec", dataclasses.replace(card, hub=changed))
    source = dataclasses.replace(card.hub, repo=str(tmp_path / "trec"))
    monkeypatch.setitem(catalog._CARDS, "trec", dataclasses.replace(card, hub=source))
    catalog._task_of_card.cache_clear()
    with pytest.raises(DataError, match="'OTHER'"):
        load_task("trec")


REFUSED = [
    ("review", "Did you mean 'reviews'"),
    ("sst-2", "Did you mean 'sst2'"),
    ("Reviewz", "reviews, headlines, quest"),
    ("", "no task ''"),
    ("core", "no task 'core'"),
    ("zzz", r"'zzz'\. Tasks"),
    ("\0", "no task"),
    ("/no/such/folder", "'folder'"),
    ("~nobody/x", "neither a folder"),
    ("reviews.csv", r"no file 'reviews\.csv'"),
    ("data/none.TSV", r"no file 'none\.TSV'"),
    ("Makefile", "no task 'Makefile'"),
]


@pytest.mark.parametrize(("source", "message"), REFUSED)
def test_unknown_sources_are_explained(source: str, message: str):
    with pytest.raises(DataError, match=message):
        load_task(source)


@pytest.mark.parametrize("source", [
    "sst2", "stanfordnlp/sst2", "nyu-mll/glue:cola", "some/thing", "./assets",
    "examples/tickets.csv", "none.csv", "./README.md",
])
def test_sources_that_are_not_allowed_are_refused(source: str):
    with pytest.raises(DataError, match="may not be used here"):
        load_task(source, allowed_hub=("none",))


@pytest.mark.parametrize("allowed", ["cola", "nyu-mll/glue", "nyu-mll/glue:cola"])
def test_a_task_is_allowed_by_name_repository_or_hub_id(allowed: str, tmp_path, monkeypatch):
    def from_folder(repo: str, **given):
        return load_hub_task(str(tmp_path / repo), **{**given, "config": None})

    hub_layout(tmp_path / "nyu-mll/glue", task_card("cola"))
    monkeypatch.setattr(catalog, "load_hub_task", from_folder)
    catalog._task_of_card.cache_clear()
    assert load_task("nyu-mll/glue:cola", allowed_hub=(allowed,)).name == "cola"


def test_bundled_tasks_are_always_allowed_and_never_too_large():
    task = load_task("reviews", limits=DataLimits(rows=1, file_bytes=1), allowed_hub=("none",))
    assert len(task.train) == 252


@pytest.mark.parametrize("name", ["reviews", "entailment"])
def test_second_load_is_the_same_object(name: str):
    assert load_task(name) is load_task(name)


def test_folder_in_the_layout_of_the_hub_is_a_task(tmp_path):
    hub_layout(tmp_path / "films", task_card("sst2"))
    task = load_task(f"{tmp_path}/films")
    assert (task.name, len(task.train), len(task.test)) == ("films", 2, 2)


@pytest.fixture
def reviews_csv(tmp_path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(
        "text,label\n" + "".join(f"text {at},{'ab'[at % 2]}\n" for at in range(8)), encoding="utf-8"
    )
    return path


def test_files_are_a_task(reviews_csv):
    task = load_task({"train": str(reviews_csv), "name": "mine"})
    assert (task.name, task.schema.labels, len(task.train)) == ("mine", ("a", "b"), 4)


@pytest.mark.parametrize("limits", [DataLimits(), DataLimits(rows=50)])
def test_the_path_of_a_file_is_a_task(reviews_csv, limits: DataLimits):
    task = load_task(f" {reviews_csv} ", limits=limits)
    assert (task.name, task.schema.labels, len(task.train)) == ("mine", ("a", "b"), 4)
    assert task.content_hash == load_task({"train": str(reviews_csv)}).content_hash


def test_a_path_may_be_relative_and_its_name_like_a_task(reviews_csv, monkeypatch):
    monkeypatch.chdir(reviews_csv.parent)
    assert load_task("mine.csv").schema.labels == ("a", "b")
    reviews_csv.rename("reviews")
    assert load_task("reviews").schema.labels == ("negative", "positive")
    assert load_task("./reviews").schema.labels == ("a", "b")


def test_a_path_is_allowed_by_itself_and_within_the_limits(reviews_csv):
    assert load_task(str(reviews_csv), allowed_hub=(str(reviews_csv),)).name == "mine"
    with pytest.raises(LimitError):
        load_task(str(reviews_csv), limits=DataLimits(rows=3))


def test_a_changed_path_is_read_again(reviews_csv):
    before = load_task(str(reviews_csv))
    assert load_task(str(reviews_csv)) is before
    with reviews_csv.open("a", encoding="utf-8") as file:
        file.write("one more,a\nand more,b\n")
    after = load_task(str(reviews_csv))
    assert len(after.train) + len(after.test) == 10


def test_a_changed_file_is_read_again(reviews_csv):
    before = load_task({"train": str(reviews_csv)})
    assert load_task({"train": str(reviews_csv)}) is before
    with reviews_csv.open("a", encoding="utf-8") as file:
        file.write("one more,a\nand more,b\n")
    after = load_task({"train": str(reviews_csv)})
    assert len(after.train) + len(after.test) == 10


def test_files_that_cannot_be_read_are_explained(tmp_path):
    with pytest.raises(DataError, match=r"no file 'none\.csv'"):
        load_task({"train": str(tmp_path / "none.csv")})
    with pytest.raises(SpecError, match="no key 'trian'"):
        load_task({"trian": "x.csv", ("a", 1): 2.5})
