"""What whoever starts the app may decide: every setting, its default and its meaning, read from the environment."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
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


def _setting(variable: str, default: Any, explain: str, public: Any = None) -> Any:
    """A field with its variable, its meaning and, where it is stricter, its default on public hosts."""
    return field(default=default, metadata={"variable": variable, "explain": explain, "public": public})


@dataclass(frozen=True)
class Settings:
    """All settings; the fields explain themselves, so that the README's table is made of them."""

    data_folder: Path = _setting(  # noqa: RUF009 (a path never changes)
        "CLOZE_LAB_DATA", Path("~/.cache/cloze-lab"), "folder for runs, predictions, trained models and uploads")
    scheduler: str = _setting(
        "CLOZE_LAB_SCHEDULER", "",
        "address of a running Dask scheduler; empty starts workers on this machine; inline does runs inside the page's "
        "requests, for hosts that lend a GPU only there")
    model: str = _setting(
        "CLOZE_LAB_MODEL", "mini-masked", "the model that is loaded first: bundled name, hub id or folder")
    device: str = _setting("CLOZE_LAB_DEVICE", "auto", "auto, cpu, cuda, cuda:N or mps")
    precision: str = _setting("CLOZE_LAB_PRECISION", "auto", "auto, float32, bfloat16 or float16")
    max_rows: int = _setting("CLOZE_LAB_MAX_ROWS", 1_000_000, "most rows of a data file that are read", public=50_000)
    max_file_mb: int = _setting("CLOZE_LAB_MAX_FILE_MB", 500, "largest data file, in megabytes", public=20)
    max_steps: int = _setting("CLOZE_LAB_MAX_STEPS", 100_000, "most training steps of one run", public=1_000)
    max_runs_per_visitor: int = _setting(
        "CLOZE_LAB_MAX_RUNS_PER_VISITOR", 5_000, "most runs of one visitor that wait or run at a time", public=60)
    hub_models: tuple[str, ...] = _setting(
        "CLOZE_LAB_HUB_MODELS", (),
        "hub ids or folders that may be loaded as models, by commas; any, or none for bundled ones only",
        public=("google-bert/bert-base-uncased", "FacebookAI/roberta-large", "openai-community/gpt2"))
    hub_data: tuple[str, ...] = _setting(
        "CLOZE_LAB_HUB_DATA", (),
        "hub ids that may be loaded as data, by commas; any, or none for bundled and own data only",
        public=NONE_ALLOWED)
    keep_models_gb: float = _setting(
        "CLOZE_LAB_KEEP_MODELS_GB", 10.0,
        "room for trained models, in gigabytes, and as much for checkpoints of runs that stopped; the oldest go first, "
        "0 keeps none", public=2.0)
    public: bool = _setting(
        "CLOZE_LAB_PUBLIC", False, "1 where strangers visit: stricter defaults, no folders of the server (1 on Spaces)")
    temporary: bool = False  # whether a restart of the host empties the data folder

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
        given = {name: _read(each, environ[each.metadata["variable"]]) for name, each in _VARIABLES.items()
                 if environ.get(each.metadata["variable"], "").strip()}
        public = given.setdefault("public", on_spaces)
        for name, each in _VARIABLES.items():
            if public and each.metadata["public"] is not None:
                given.setdefault(name, each.metadata["public"])
        temporary = on_spaces and "data_folder" not in given
        folder = Path(given.pop("data_folder", Settings.data_folder)).expanduser().resolve()
        return Settings(data_folder=folder, temporary=temporary, **given)


_VARIABLES = {each.name: each for each in fields(Settings) if each.metadata}
_TYPES = get_type_hints(Settings)


def settings_table() -> str:
    """All settings as a Markdown table: variable, default, default on public hosts, meaning."""
    rows = ["| variable | default | on public hosts | meaning |", "|---|---|---|---|"]
    for each in _VARIABLES.values():
        public = each.metadata["public"]
        rows.append(f"| `{each.metadata['variable']}` | {_shown(each.default)} | "
                    f"{_shown(public) if public is not None else ''} | {each.metadata['explain']} |")
    return "\n".join(rows)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "any"
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _read(each: dataclasses.Field[Any], text: str) -> Any:
    text, kind, variable = text.strip(), _TYPES[each.name], each.metadata["variable"]
    if kind is bool:
        if text.lower() in ("0", "1", "false", "true", "no", "yes"):
            return text.lower() in ("1", "true", "yes")
        raise _wrong(variable, text, "0 or 1")
    if kind in (int, float):
        return _number(kind, text, variable)
    if kind == tuple[str, ...]:
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        return () if names == ("any",) else names
    pattern, wanted = _FORMS.get(each.name, (r".*", ""))
    if not re.fullmatch(pattern, text):
        raise _wrong(variable, text, wanted)
    return Path(text) if kind is Path else text


def _number(kind: type[int] | type[float], text: str, variable: str) -> int | float:
    least = 1 if kind is int else 0
    try:
        value = kind(text)
    except ValueError:
        value = kind(-1)
    if not least <= value < 1e12:
        raise _wrong(variable, text, "a whole number above 0" if kind is int else "a number, 0 or more")
    return value


def _wrong(variable: str, text: str, wanted: str) -> SpecError:
    return SpecError("{variable} is {value!r}; it must be {wanted}.", variable=variable, value=text[:80], wanted=wanted)
