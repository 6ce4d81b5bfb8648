"""Folders in the hub's layout, made here; errors when the hub cannot be reached or lacks data."""

import datasets
import pytest

from core.data import hub
from core.data.columns import ColumnMap
from core.data.files import DataLimits
from core.data.hub import load_hub_task
from core.errors import DataError, DownloadError

CSV = {
    "train.csv": "sentence,label\nfine,1\npoor,0\nNice,1\n",
    "test.csv": "sentence,label\ngood,1\nbad,0\n",
}
CONFIGS = """---
configs:
- config_name: one
  data_files: [{split: train, path: a.csv}, {split: test, path: b.csv}]
- config_name: two
  data_files: [{split: train, path: b.csv}]
---
"""
CLASS_LABELS = """---
dataset_info:
  features:
  - name: sentence
    dtype: string
  - name: label
    dtype:
      class_label:
        names: {'0': negative, '1': positive}
---
"""


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        (tmp_path / "mine").mkdir()
        for name, content in files.items():
            (tmp_path / "mine" / name).write_text(content, encoding="utf-8")
        return str(tmp_path / "mine")

    return write


@pytest.fixture
def parquet(tmp_path):
    """Write splits of (text, label) rows as the hub does; labels are numbers, named if `names`."""

    def write(names=None, **splits):
        label = datasets.ClassLabel(names=names) if names else datasets.Value("int64")
        features = datasets.Features({"text": datasets.Value("string"), "label": label})
        for split, rows in splits.items():
            texts, labels = zip(*rows, strict=True)
            made = datasets.Dataset.from_dict(
                {"text": list(texts), "label": list(labels)}, features=features
            )
            made.to_parquet(tmp_path / "mine" / "data" / f"{split}-00000-of-00001.parquet")
        return str(tmp_path / "mine")

    (tmp_path / "mine" / "data").mkdir(parents=True)
    return write


def rows(*labels):
    return [(f"text {at} of {len(labels)}", label) for at, label in enumerate(labels)]


def gold(examples):
    return [example.label for example in examples]


def test_csv_folder(folder):
    task = load_hub_task(folder(**CSV))
    assert (task.name, task.schema.labels) == ("mine", ("0", "1"))
    assert [example.text_a for example in task.train] == ["fine", "poor", "Nice"]
    assert gold(task.test) == ["1", "0"]


def test_class_labels_of_the_card_name_the_labels(folder):
    task = load_hub_task(folder(**CSV, **{"README.md": CLASS_LABELS}))
    assert task.schema.labels == ("negative", "positive")
    assert gold(task.test) == ["positive", "negative"]


@pytest.mark.parametrize(("config", "count"), [("one", 3), ("two", 2)])
def test_configurations(folder, config, count):
    path = folder(
        **{
            "README.md": CONFIGS,
            "a.csv": CSV["train.csv"],
            "b.csv": CSV["test.csv"] + "nice,1\nugly,0\n",
        }
    )
    assert len(load_hub_task(path, config=config).train) == count


@pytest.mark.parametrize(("config", "message"), [(None, r"\['one', 'two'\]"), ("three", "three")])
def test_configuration_must_be_known(folder, config, message):
    path = folder(**{"README.md": CONFIGS, "a.csv": CSV["train.csv"], "b.csv": CSV["test.csv"]})
    with pytest.raises(DataError, match=message):
        load_hub_task(path, config=config)


def test_parquet_with_class_labels(parquet):
    task = load_hub_task(parquet(["world", "sport", "never"], train=rows(1, 0, 1), test=rows(0, 1)))
    assert task.schema.labels == ("world", "sport")
    assert gold(task.train) == ["sport", "world", "sport"]


def test_parquet_without_class_labels(parquet):
    assert load_hub_task(parquet(train=rows(10, 9, -1), test=rows(9))).schema.labels == (
        "-1",
        "9",
        "10",
    )


def test_names_and_columns_can_be_given(parquet):
    task = load_hub_task(
        parquet(["w", "s"], train=rows(1, 0), test=rows(0)),
        columns=ColumnMap("text", "label"),
        label_names={"0": "world", "1": "sport"},
    )
    assert task.schema.labels == ("world", "sport")


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        ({"test": rows(-1, -1), "validation": rows(1, 0, 1)}, 3),
        ({"validation": rows(1, 0, 1)}, 3),
        ({"test": rows(1, 0), "validation": rows(1, 0, 1)}, 2),
        ({"test": rows(-1, -1)}, 4),
        ({}, 4),
    ],
)
@pytest.mark.parametrize("names", [["no", "yes"], None])
def test_what_is_measured_on(parquet, splits, expected, names):
    task = load_hub_task(parquet(names, train=rows(*[0, 1] * 4), **splits))
    assert len(task.test) == expected
    assert len(task.schema.labels) == 2


def test_splits_can_be_chosen(parquet):
    path = parquet(train=rows(0, 1), validation=rows(0, 1, 0), test=rows(1, 0))
    task = load_hub_task(path, train_split="validation", test_split="train")
    assert (len(task.train), len(task.test)) == (3, 2)


@pytest.mark.parametrize("given", [{"train_split": "trian"}, {"test_split": "trian"}])
def test_missing_splits_are_named(parquet, given):
    with pytest.raises(DataError, match=r"no split 'trian'. It has 'train', 'test'"):
        load_hub_task(parquet(train=rows(0, 1), test=rows(1)), **given)


def test_rows_beyond_the_limit_are_left_out_evenly(parquet):
    labels = [0, 1] * 100 + [2] * 200  # a period and a sorted half
    path = parquet(train=rows(*labels), test=rows(0, 1, 2))
    task = load_hub_task(path, limits=DataLimits(rows=100))
    assert task == load_hub_task(path, limits=DataLimits(rows=100))
    assert [gold(task.train).count(label) for label in "012"] == pytest.approx([25, 25, 50], abs=2)


def test_small_splits_are_kept_whole():
    assert list(hub._chosen_rows(3, 3)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "doesn't contain any data files"),
        ({"README.md": "# Nothing else"}, "cannot be read"),
        ({"train.parquet": "rubbish"}, "Parquet"),
        ({"train.jsonl": '{"text": "a", "label": 1}\n{"text":\n'}, "JSON"),
        ({"train.csv": "text,label\na,1\nb,0,5,6\n"}, "Expected 2 fields in line 3"),
        (
            {"train.csv": "text,label\na,1\n", "test.csv": "txt,label\na,1\n"},
            "column names don't match",
        ),
        ({"mine.py": "import os\n"}, "scripts are no longer supported"),
        ({"train.xml": "<a>b</a>"}, "mine"),
        ({"train.csv": "text\na\nb\n"}, "no column that looks like labels"),
        ({"train.csv": "text,label\na,1\nb,1\n"}, "1 different label"),
    ],
)
def test_unusable_folders(folder, tmp_path, files, message):
    with pytest.raises(DataError, match=message) as caught:
        load_hub_task(folder(**files))
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("repo", ["stanfordnlp/sst2", "nobody/nothing"])
def test_without_a_network(repo):
    with pytest.raises(DownloadError, match=r"use a bundled task or your own file"):
        load_hub_task(repo)


@pytest.mark.parametrize(
    "repo", ["a/b/c", "https://x.y/z", "../gone", "", "~nobody/x", "nul\0", "x" * 5000, "csv"]
)
def test_what_is_no_data_set(repo):
    with pytest.raises(DataError, match="neither a folder here nor"):
        load_hub_task(repo)


def failing(error):
    def fail(*_, **__):
        raise error

    return fail


def of_library(name):
    """An error as one of the hub's HTTP libraries would raise."""
    return type("ConnectError", (Exception,), {"__module__": name})(
        "[Errno -2] Name or service not known"
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (of_library("httpx._exceptions"), DownloadError),
        (of_library("requests.exceptions"), DownloadError),
        (TimeoutError(), DownloadError),
        (
            datasets.exceptions.DatasetNotFoundError("Dataset 'a/b' doesn't exist on the Hub."),
            DataError,
        ),
        (ValueError("something at /home/me/secret/file.csv"), DataError),
    ],
)
def test_errors_of_the_library(monkeypatch, error, expected):
    monkeypatch.setattr(datasets, "load_dataset_builder", failing(error))
    with pytest.raises(expected) as caught:
        load_hub_task("a/b")
    assert "'a/b'" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_hub_is_asked_once_before_the_library_tries_for_long(monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", failing(ConnectionError()))
    monkeypatch.setattr(
        datasets, "load_dataset_builder", failing(AssertionError("tried all the same"))
    )
    with pytest.raises(DownloadError):
        load_hub_task("a/b")
