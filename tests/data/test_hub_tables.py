"""A data set of the hub, or a folder like one, as tables whose columns can still be chosen."""

from pathlib import Path

import datasets
import pytest

from core.data.files import DataLimits
from core.data.hub import load_hub_tables, load_hub_task
from core.errors import DataError, DownloadError


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No network, and nothing is left in the person's own cache."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Two splits with a numbered label, and another column that might be one."""
    label = datasets.ClassLabel(names=["bad", "good"])
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": label, "stars": datasets.Value("int64")}
    )
    for split, count in (("train", 12), ("test", 4)):
        rows = {
            "text": [f"{split} {at}" for at in range(count)],
            "label": [at % 2 for at in range(count)],
            "stars": [at % 3 for at in range(count)],
        }
        datasets.Dataset.from_dict(rows, features=features).to_parquet(
            tmp_path / "films" / f"{split}.parquet"
        )
    return str(tmp_path / "films")


def test_all_columns_and_label_names_are_there(folder: str) -> None:
    found = load_hub_tables(folder)
    assert found.train.columns == ("text", "label", "stars")
    assert found.train.rows[1] == {"text": "train 1", "label": "1", "stars": "1"}
    assert found.test is not None
    assert len(found.test.rows) == 4
    assert found.train.names == {"label": {"0": "bad", "1": "good"}}


def test_the_tables_are_those_of_the_task(folder: str) -> None:
    found, task = (
        load_hub_tables(folder, limits=DataLimits(rows=6)),
        load_hub_task(folder, limits=DataLimits(rows=6)),
    )
    assert [row["text"] for row in found.train.rows] == [example.text_a for example in task.train]


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("owner/nothing", DownloadError, "the hub cannot be reached"),
        ("a b", DataError, "neither a folder"),
    ],
)
def test_what_cannot_be_loaded_is_explained(name: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        load_hub_tables(name)
