"""All settings of the app with their defaults and meanings, read from environment variables."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from core.errors import SpecError

INLINE = "inline"  # for scheduler: no workers
NONE_ALLOWED = ("none",)  # for hub_models and hub_data: nothing from the hub

_FORMS = {
    "scheduler": (r"|inline|\w+://\S+", "inline, or an address such as tcp://host:8786"),
    "device": (r"auto|cpu|mps|cuda(:\d+)?", "auto, cpu, mps, cuda or cuda:N"),
    "precision": (r"auto|float32|bfloat16|float16", "auto, float32, bfloat16 or float16"),
}
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no")
_TOO_LARGE = 1e12


def _setting(variable: str, default: Any, explain: str, public: Any = None) -> Any:
    """A field with its variable, its meaning and, if stricter, its default on public hosts."""
    metadata = {"variable": variable, "explain": explain, "public": public}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """All settings; each field holds its own explanation, from which the README's table is made."""

    data_folder: Path = _setting(  # noqa: RUF009 (a path never changes)
        "CLOZE_LAB_DATA",
        Path("~/.cache/cloze-lab"),
        "folder for runs, predictions, trained models and uploads",
    )
    scheduler: str = _setting(
        "CLOZE_LAB_SCHEDULER",
        "",
        "address of a running Dask scheduler; empty starts workers on this machine; inline does "
        "runs inside the page's requests, for hosts that lend a GPU only there",
    )
    model: str = _setting(
        "CLOZE_LAB_MODEL",
        "mini-masked",
        "the model that is loaded first: bundled name, hub id or folder",
    )
    device: str = _setting("CLOZE_LAB_DEVICE", "auto", "auto, cpu, cuda, cuda:N or mps")
    precision: str = _setting(
        "CLOZE_LAB_PRECISION",
        "auto",
        "auto, float32, bfloat16 or float16; auto is bfloat16 where the machine is faster in it, "
        "else float32",
    )
    max_rows: int = _setting(
        "CLOZE_LAB_MAX_ROWS", 1_000_000, "most rows of a data file that are read", public=50_000
    )
    max_file_mb: int = _setting(
        "CLOZE_LAB_MAX_FILE_MB", 500, "largest data file, in megabytes", public=20
    )
    max_steps: int = _setting(
        "CLOZE_LAB_MAX_STEPS", 100_000, "most training steps of one run", public=1_000
    )
    max_runs_per_visitor: int = _setting(
        "CLOZE_LAB_MAX_RUNS_PER_VISITOR",
        5_000,
        "most runs of one visitor that wait or run at a time",
        public=60,
    )
    hub_models: tuple[str, ...] = _setting(
        "CLOZE_LAB_HUB_MODELS",
        (),
        "hub ids or folders that may be loaded as models, by commas; any, or none for bundled "
        "ones only",
        public=(
            "google-bert/bert-base-uncased", "FacebookAI/roberta-large", "openai-community/gpt2",
        ),
    )
    hub_data: tuple[str, ...] = _setting(
        "CLOZE_LAB_HUB_DATA",
        (),
        "hub ids that may be loaded as data, by commas; any, or none for bundled and own data only",
        public=NONE_ALLOWED,
    )
    keep_models_gb: float = _setting(
        "CLOZE_LAB_KEEP_MODELS_GB",
        10.0,
        "room for trained models, in gigabytes, and as much for checkpoints of runs that stopped; "
        "the oldest go first, 0 keeps none",
        public=2.0,
    )
    public: bool = _setting(
        "CLOZE_LAB_PUBLIC",
        False,
        "1 where strangers visit: stricter defaults, no folders of the server (1 on Spaces)",
    )
    temporary: bool = False  # whether a restart of the host empties the data folder

    @property
    def converted_models(self) -> Path:
        """The folder of models that packages carry, in the form in which they load at once."""
        return self.data_folder / "converted"

    @property
    def inline(self) -> bool:
        """Whether runs are done inside requests, not by workers."""
        return self.scheduler == INLINE

    @property
    def address(self) -> str:
        """The address of a running scheduler; empty if there is none."""
        return "" if self.inline else self.scheduler

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> Settings:
        """Read all settings; an empty variable counts as not set.

        Raises:
            SpecError: a value is not of its kind; the variable is named.
        """
        on_spaces = bool(environ.get("SPACE_ID"))
        values = dict(_given(environ))
        if values.setdefault("public", on_spaces):
            values = {**_PUBLIC_DEFAULTS, **values}
        temporary = on_spaces and "data_folder" not in values
        folder = Path(values.pop("data_folder", Settings.data_folder)).expanduser().resolve()
        return Settings(data_folder=folder, temporary=temporary, **values)


_SETTINGS = {setting.name: setting for setting in fields(Settings) if setting.metadata}
_TYPES = get_type_hints(Settings)
_PUBLIC_DEFAULTS = {
    name: setting.metadata["public"]
    for name, setting in _SETTINGS.items()
    if setting.metadata["public"] is not None
}


def settings_table() -> str:
    """All settings as a Markdown table: variable, default, default on public hosts, meaning."""
    header = ["| variable | default | on public hosts | meaning |", "|---|---|---|---|"]
    return "\n".join([*header, *map(_table_row, _SETTINGS.values())])


def _table_row(setting: dataclasses.Field[Any]) -> str:
    public = setting.metadata["public"]
    cells = (f"`{setting.metadata['variable']}`", _as_text(setting.default),
             _as_text(public) if public is not None else "", setting.metadata["explain"])
    return f"| {' | '.join(cells)} |"


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "any"
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _given(environ: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Name and value of each setting whose variable is set."""
    for name, setting in _SETTINGS.items():
        text = environ.get(setting.metadata["variable"], "").strip()
        if text:
            yield name, _value(setting, text)


def _value(setting: dataclasses.Field[Any], text: str) -> Any:
    """The value of a setting that `text` writes, in the setting's type."""
    kind, variable = _TYPES[setting.name], setting.metadata["variable"]
    if kind is bool:
        return _truth(text, variable)
    if kind in (int, float):
        return _number(kind, text, variable)
    if kind == tuple[str, ...]:
        return _names(text)
    form, wanted = _FORMS.get(setting.name, (r".*", ""))
    if not re.fullmatch(form, text):
        raise _invalid(variable, text, wanted)
    return Path(text) if kind is Path else text


def _truth(text: str, variable: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise _invalid(variable, text, "0 or 1")
    return text.lower() in _TRUE


def _names(text: str) -> tuple[str, ...]:
    """Names that commas separate; `any` stands for no restriction, as an empty tuple does."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return () if names == ("any",) else names


def _number(kind: type[int] | type[float], text: str, variable: str) -> int | float:
    least = 1 if kind is int else 0
    wanted = "a whole number above 0" if kind is int else "a number, 0 or more"
    try:
        value = kind(text)
    except ValueError as error:
        raise _invalid(variable, text, wanted) from error
    if not least <= value < _TOO_LARGE:
        raise _invalid(variable, text, wanted)
    return value


def _invalid(variable: str, text: str, wanted: str) -> SpecError:
    return SpecError(
        "{variable} is {value!r}; it must be {wanted}.",
        variable=variable, value=text[:80], wanted=wanted,
    )
