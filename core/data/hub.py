"""Tasks from the Hugging Face hub, or from a folder in its layout, through `datasets`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.data.arrow_rows import text_columns
from core.data.columns import ColumnMap, guess_columns, with_further_columns
from core.data.files import HIDDEN_LABEL, DataLimits, Table, arrow_table
from core.data.forms import in_one_form
from core.data.task import Task
from core.data.task_tables import task_from_tables
from core.errors import ClozeLabError, DataError, DownloadError

# A name without an owner is refused: the library would look for a folder or script of that name.
_REPO = re.compile(r"[^\W_][\w.-]{0,95}/[^\W_][\w.-]{0,95}", re.ASCII)
_TEST_SPLITS = ("test", "validation", "valid", "val", "dev", "validation_matched")
_TABLE_BUILDERS = ("Csv", "Json", "Parquet", "Arrow", "Text", "Cache")  # they only read tables
_NETWORK = ("httpx", "httpx2", "httpcore", "requests", "urllib3")
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: its multiples spread evenly


def load_hub_task(
    repo: str,
    *,
    config: str | None = None,
    train_split: str = "train",
    test_split: str | None = None,
    columns: ColumnMap | None = None,
    label_names: Mapping[str, str] | None = None,
    limits: DataLimits = DataLimits(),
) -> Task:
    """Load a data set of the hub, or a folder of data files, as a task.

    Rows beyond the limit are left out, always the same ones, evenly over the split. Where there is
    no test split, or its labels are hidden, the validation split is measured on; failing that, half
    of the training part is.

    Args:
        repo: `owner/name`, or the path of a folder.
        config: which of several data sets in one repository.
        columns: guessed when missing.
        label_names: what labels are called, by what the column holds; by default as its
            `ClassLabel` names them.

    Raises:
        DataError: there is no such data set, configuration, split or column, or it cannot be read
            as a table.
        DownloadError: the hub cannot be reached.
    """
    splits = _open_splits(repo, config, limits)
    train, test = splits.train_and_test(train_split, test_split, columns)
    if columns is None:
        tables = [train] if test is None else [train, test]
        columns = with_further_columns(tables, guess_columns(train), limits)
    if label_names is None:
        label_names = train.names.get(columns.label or "")
    return task_from_tables(
        splits.name, train, columns,
        test=test, title=splits.name, label_names=label_names, limits=limits,
    )


@dataclass(frozen=True)
class HubTables:
    """A data set as tables, before its columns are chosen.

    Attributes:
        train, test: as `load_hub_task` takes them; test may be None.
    """

    train: Table
    test: Table | None


def load_hub_tables(
    repo: str, *, config: str | None = None, limits: DataLimits = DataLimits()
) -> HubTables:
    """Load the splits that `load_hub_task` would use, with all their columns.

    Raises:
        DataError, DownloadError: as `load_hub_task`.
    """
    return HubTables(*_open_splits(repo, config, limits).train_and_test("train", None, None))


@dataclass(frozen=True)
class _Splits:
    """The splits of a data set, each a `datasets.Dataset`, and the name that messages use."""

    name: str
    by_name: Mapping[str, Any]
    limits: DataLimits

    def train_and_test(
        self, train_split: str, test_split: str | None, columns: ColumnMap | None
    ) -> tuple[Table, Table | None]:
        """The tables to draw from and to measure on; None where no split can be measured on."""
        train = self._table(train_split)
        if test_split is not None:
            return train, self._table(test_split)
        columns = columns or guess_columns(train)
        return train, self._measurable_table(train_split, columns.label or columns.target or "")

    def _measurable_table(self, train_split: str, answers: str) -> Table | None:
        """The first of the usual test splits whose answers are not hidden."""
        for split in _TEST_SPLITS:
            if split in self.by_name and split != train_split and len(self.by_name[split]):
                table = self._table(split)
                if any(row.get(answers, "") not in ("", HIDDEN_LABEL) for row in table.rows):
                    return table
        return None

    def _table(self, split: str) -> Table:
        if split not in self.by_name:
            raise DataError(
                "The data set {name!r} has no split {split!r}. It has {splits}.",
                name=self.name, split=split[:80], splits=", ".join(map(repr, self.by_name)))
        rows = self.by_name[split]
        rows = rows.select(_chosen_rows(len(rows), self.limits.rows))
        described = rows.features.arrow_schema.metadata  # with the names of numbered labels
        table = rows.with_format("arrow")[:].replace_schema_metadata(described)
        return in_one_form(arrow_table(self.name, text_columns(table)))


def _open_splits(repo: str, config: str | None, limits: DataLimits) -> _Splits:
    folder = _folder(repo)
    name = folder.name if folder else repo
    with _translated_errors(name):
        return _Splits(name, _load_splits(folder, repo, config), limits)


def _folder(repo: str) -> Path | None:
    """The folder that `repo` means; None if it is a hub id. What looks like neither is refused."""
    try:
        folder = Path(repo).expanduser().resolve()
        if repo and folder.is_dir():
            return folder
    except (OSError, ValueError, RuntimeError):  # a name too long, a NUL in it, no such home
        pass
    if not _REPO.fullmatch(repo):
        raise DataError(
            "{name!r} is neither a folder here nor a data set's name on the hub, such as "
            "{example}.",
            name=Path(repo).name.replace("\0", "")[:80], example="'stanfordnlp/sst2'")
    return None


def _load_splits(folder: Path | None, repo: str, config: str | None) -> Mapping[str, Any]:
    import datasets

    _silence_library()
    if not folder and not datasets.config.HF_HUB_OFFLINE:
        _check_connection(repo)
    source = str(folder) if folder else f"hf://datasets/{repo}"
    builder = datasets.load_dataset_builder(source, config)
    if not any(kind.__name__ in _TABLE_BUILDERS for kind in type(builder).__mro__):
        raise DataError(
            "The data set {name!r} holds {kind} files. Choose one of CSV, JSON or Parquet files.",
            name=folder.name if folder else repo, kind=type(builder).__name__)
    builder.download_and_prepare(verification_mode="no_checks")
    splits: Mapping[str, Any] = builder.as_dataset()
    return splits


def _silence_library() -> None:
    import datasets
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    disable_progress_bars()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)


def _check_connection(repo: str) -> None:
    """Ask the hub once: without a network the library would try for half a minute."""
    from huggingface_hub import HfApi

    HfApi().dataset_info(repo, timeout=10)


@contextmanager
def _translated_errors(name: str) -> Iterator[None]:
    """Turn whatever the library raises into an error of ours; a bad file may raise anything."""
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
        return DataError(
            "The hub has no data set {name!r} that may be read from here. Check the name; a gated "
            "one needs an account with access.",
            name=name)
    if _is_network(error) or _is_network(error.__cause__):
        return _unreachable(name)
    return DataError(
        "The data set {name!r} cannot be read: {reason}", name=name, reason=_reason(error))


def _unreachable(name: str) -> DownloadError:
    return DownloadError(
        "The data set {name!r} could not be fetched, since the hub cannot be reached. Check the "
        "network, or use a bundled task or your own file. With {setting} the library uses what it "
        "fetched before.",
        name=name, setting="HF_HUB_OFFLINE=1")


def _is_network(error: BaseException | None) -> bool:
    """Whether the network is to blame.

    The hub's client has used several libraries, each with errors of its own.
    """
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    known = (ConnectionError, TimeoutError, HfHubHTTPError, LocalEntryNotFoundError)
    libraries = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, known) or not libraries.isdisjoint(_NETWORK)


def _reason(error: Exception) -> str:
    """The library's message, in one line and without folders of this machine."""
    text = " ".join(str(error.__cause__ or error).split("Example of usage")[0].split())
    return re.sub(r"(?<![\w:/])/[^\s'\"]*/", "", text)[:300] or type(error).__name__


def _chosen_rows(count: int, most: int) -> Sequence[int]:
    """Up to `most` row numbers, in order, spread so that periods or sorting cannot matter."""
    if count <= most:
        return range(count)
    order = np.argsort(np.arange(count, dtype=np.uint64) * _SPREAD, kind="stable")
    return sorted(order[:most].tolist())
