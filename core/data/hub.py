"""Tasks from the Hugging Face hub, or from a local folder in the hub's layout, through the `datasets` library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.data.arrow_rows import text_columns
from core.data.choice_forms import in_one_form
from core.data.columns import ColumnMap, guess_columns, with_further_columns
from core.data.files import DataLimits, Table, make_table
from core.data.task import Task
from core.data.task_tables import task_from_tables
from core.errors import ClozeLabError, DataError, DownloadError

__all__ = ["ColumnMap", "HubTables", "load_hub_tables", "load_hub_task"]

_REPO = re.compile(r"[^\W_][\w.-]{0,95}/[^\W_][\w.-]{0,95}", re.ASCII)  # without owner, the library looks around here
_TEST_SPLITS = ("test", "validation", "valid", "val", "dev", "validation_matched")
_FORMATS = ("Csv", "Json", "Parquet", "Arrow", "Text", "Cache")  # builders that only ever read tables
_NETWORK = ("httpx", "httpx2", "httpcore", "requests", "urllib3")
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: multiples of it are spread evenly


def load_hub_task(repo: str, *, config: str | None = None, train_split: str = "train", test_split: str | None = None,
                  columns: ColumnMap | None = None, label_names: Mapping[str, str] | None = None,
                  limits: DataLimits = DataLimits()) -> Task:
    """Load a data set of the hub, or a folder of data files, as a task.

    Rows beyond the limit are left out, always the same ones, evenly over the split. Where there is no test split, or
    its labels are hidden, the validation split is measured on; failing that, half of the training part is.

    Args:
        repo: `owner/name`, or the path of a folder.
        config: which of several data sets in one repository.
        columns: guessed when missing.
        label_names: what labels are called, by what the column holds; by default as its `ClassLabel` says.

    Raises:
        DataError: there is no such data set, configuration, split or column, or it cannot be read as a table.
        DownloadError: the hub cannot be reached.
    """
    folder = _folder(repo)
    name = folder.name if folder else repo
    with _clear_errors(name):
        splits = _load_splits(folder, repo, config)
    train = _table(splits, train_split, name, limits)
    guess = columns or guess_columns(train)
    test = _test_table(splits, test_split, train_split, guess.label or guess.target, name, limits)
    columns = columns or with_further_columns([each for each in (train, test) if each is not None], guess, limits)
    names = label_names if label_names is not None else _class_names(splits[train_split], columns.label)
    return task_from_tables(name, train, columns, test=test, title=name, label_names=names, limits=limits)


@dataclass(frozen=True)
class HubTables:
    """A data set as tables, before its columns are chosen.

    Attributes:
        train, test: as `load_hub_task` takes them; test may be None.
        names: for each column whose values are numbered labels, what they are called.
    """

    train: Table
    test: Table | None
    names: Mapping[str, Mapping[str, str]]


def load_hub_tables(repo: str, *, config: str | None = None, limits: DataLimits = DataLimits()) -> HubTables:
    """Load the splits that `load_hub_task` would use, with all their columns; the errors are the same."""
    folder = _folder(repo)
    name = folder.name if folder else repo
    with _clear_errors(name):
        splits = _load_splits(folder, repo, config)
    train = _table(splits, "train", name, limits)
    guess = guess_columns(train)
    test = _test_table(splits, None, "train", guess.label or guess.target, name, limits)
    return HubTables(train, test, {column: names for column in train.columns
                                   if (names := _class_names(splits["train"], column))})


def _folder(repo: str) -> Path | None:
    """The folder that `repo` means; None if it is a hub id. What looks like neither is refused."""
    try:
        folder = Path(repo).expanduser().resolve()
        if repo and folder.is_dir():
            return folder
    except (OSError, ValueError, RuntimeError):  # a name too long, a NUL in it, no such home
        pass
    if not _REPO.fullmatch(repo):
        raise DataError("{name!r} is neither a folder here nor a data set's name on the hub, such as {example}.",
                        name=Path(repo).name.replace("\0", "")[:80], example="'stanfordnlp/sst2'")
    return None


def _load_splits(folder: Path | None, repo: str, config: str | None) -> Mapping[str, Any]:
    import datasets
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    disable_progress_bars()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    if not folder and not datasets.config.HF_HUB_OFFLINE:
        _reach(repo)
    builder = datasets.load_dataset_builder(str(folder) if folder else f"hf://datasets/{repo}", config)
    if not any(kind.__name__ in _FORMATS for kind in type(builder).__mro__):
        raise DataError("The data set {name!r} holds {kind} files. Choose one of CSV, JSON or Parquet files.",
                        name=folder.name if folder else repo, kind=type(builder).__name__)
    builder.download_and_prepare(verification_mode="no_checks")
    splits: Mapping[str, Any] = builder.as_dataset()
    return splits


def _reach(repo: str) -> None:
    """Ask the hub for the data set once: where there is no network, the library itself would try for half a minute."""
    from huggingface_hub import HfApi

    HfApi().dataset_info(repo, timeout=10)


@contextmanager
def _clear_errors(name: str) -> Iterator[None]:
    """Turn whatever the library raises, and for bad files that is nearly everything, into an error of ours."""
    try:
        yield
    except ClozeLabError:
        raise
    except Exception as error:
        raise _explained(error, name) from error


def _explained(error: Exception, name: str) -> ClozeLabError:
    from datasets.exceptions import DatasetNotFoundError
    from huggingface_hub.errors import RepositoryNotFoundError

    if isinstance(error, (DatasetNotFoundError, RepositoryNotFoundError)):
        return DataError("The hub has no data set {name!r} that may be read from here. Check the name; a gated one "
                         "needs an account with access.", name=name)
    if _is_network(error) or _is_network(error.__cause__):
        return DownloadError("The data set {name!r} could not be fetched, since the hub cannot be reached. Check the "
                             "network, or use a bundled task or your own file. With {setting} the library uses what it "
                             "fetched before.", name=name, setting="HF_HUB_OFFLINE=1")
    return DataError("The data set {name!r} cannot be read: {reason}", name=name, reason=_reason(error))


def _is_network(error: BaseException | None) -> bool:
    """Whether the network is to blame; the hub's client has used several libraries, each with errors of its own."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    known = (ConnectionError, TimeoutError, HfHubHTTPError, LocalEntryNotFoundError)
    libraries = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, known) or not libraries.isdisjoint(_NETWORK)


def _reason(error: Exception) -> str:
    """What the library says, in one line and without folders of this machine."""
    text = " ".join(str(error.__cause__ or error).split("Example of usage")[0].split())
    return re.sub(r"(?<![\w:/])/[^\s'\"]*/", "", text)[:300] or type(error).__name__


def _table(splits: Mapping[str, Any], split: str, name: str, limits: DataLimits) -> Table:
    if split not in splits:
        raise DataError("The data set {name!r} has no split {split!r}. It has {splits}.", name=name, split=split[:80],
                        splits=", ".join(map(repr, splits)))
    rows = splits[split].select(_chosen_rows(len(splits[split]), limits.rows))
    columns = text_columns(rows.with_format("arrow")[:])
    for column in columns:
        if hasattr(rows.features[column], "names"):  # a ClassLabel: -1 means that the label is hidden
            columns[column] = ["" if cell == "-1" else cell for cell in columns[column]]
    return in_one_form(make_table(name, list(columns), zip(*columns.values(), strict=True)))


def _chosen_rows(count: int, most: int) -> Sequence[int]:
    """Up to `most` row numbers, in order and spread so that no period or sorting of the rows can matter."""
    if count <= most:
        return range(count)
    order = np.argsort(np.arange(count, dtype=np.uint64) * _SPREAD, kind="stable")
    return sorted(order[:most].tolist())


def _test_table(splits: Mapping[str, Any], split: str | None, train_split: str, label: str | None, name: str,
                limits: DataLimits) -> Table | None:
    for each in (split,) if split is not None else _TEST_SPLITS:
        if split is not None or (each in splits and each != train_split and len(splits[each])):
            table = _table(splits, each, name, limits)
            if split is not None or any(row.get(label or "", "") not in ("", "-1") for row in table.rows):
                return table
    return None


def _class_names(rows: Any, label: str | None) -> dict[str, str]:
    names = getattr(rows.features.get(label), "names", None) or ()
    return {str(number): name for number, name in enumerate(names)}
