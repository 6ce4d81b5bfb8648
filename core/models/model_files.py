"""Where a model's files are, and whether they are whole before transformers reads them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.models.carried import CARRIED_MODELS
from core.models.conversion import convert_once

BUNDLED_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "models"
_POINTER = b"version https://git-lfs"
_POINTED_AT = ("*.safetensors", "*.json", "*.model", "*.gguf")
_WHOLE = re.compile(r"model(?:\.(?P<variant>[^.]+))?\.safetensors")
_INDEX = re.compile(r"model\.safetensors\.index(?:\.(?P<variant>[^.]+))?\.json")
_ADAPTER_WEIGHTS = "adapter_model.safetensors"
_SHARD = re.compile(r".*-\d+-of-\d+\.safetensors")


@dataclass(frozen=True)
class ModelFiles:
    """What transformers loads a model from.

    Attributes:
        name: as the person gave it.
        place: a folder, or the hub id.
        options: further arguments of `from_pretrained` for configuration, tokenizer and model.
        variant: of the weights' file name, as `fp16` in `model.fp16.safetensors`.
        adapter_of: the model that a PEFT adapter was trained on; empty if this is no adapter.
    """

    name: str
    place: str
    options: dict[str, Any] = field(default_factory=dict)
    variant: str | None = None
    adapter_of: str = ""


def bundled_names() -> list[str]:
    """Names of the models that ship with the project."""
    if not BUNDLED_FOLDER.is_dir():
        return []
    return sorted(path.parent.name for path in BUNDLED_FOLDER.glob("*/config.json"))


def offered_names() -> list[str]:
    """Names of the models that need no network: bundled, or carried by installed packages."""
    carried = (name for name, model in CARRIED_MODELS.items() if model.file)
    return [*bundled_names(), *carried]


def default_model() -> str:
    """The model that is used where none is named."""
    return "mini-masked"


def weights_digest(name: str) -> str:
    """A short digest of a bundled, carried or local model's weights; empty for hub ids.

    It is made of each file's ends and size, so that replaced weights are noticed at little cost.
    """
    paths = _weights(name)
    digest = hashlib.sha256()
    for path in paths:
        size = path.stat().st_size
        with path.open("rb") as file:
            digest.update(file.read(1 << 16))
            file.seek(-min(1 << 20, size), os.SEEK_END)
            digest.update(file.read())
        digest.update(str(size).encode())
    return digest.hexdigest()[:16] if paths else ""


def _weights(name: str) -> list[Path]:
    """The files of a model's weights, as far as they are on this disk."""
    if name in CARRIED_MODELS:
        file = CARRIED_MODELS[name].file
        return [] if file is None else [file]
    folder = BUNDLED_FOLDER / name if name in bundled_names() else _folder(name)
    return sorted([*folder.glob("*.safetensors"), *folder.glob("*.gguf")]) if folder else []


def find_model(name: str, converted: Path | None = None) -> ModelFiles:
    """A bundled model, one that a package carries, a folder in the hub's layout, or a hub id.

    Args:
        name: the name, folder or hub id.
        converted: where converted models are kept; None converts none.

    Raises:
        ModelError: the name can be none of these, or files of the folder are missing, damaged or
            of a kind that is not loaded; the message names the file and says what to do.
    """
    if not name or len(name) > 300 or "\0" in name:
        raise ModelError("{name!r} is no model name. Give a bundled name, a hub id or a folder.",
                         name=name[:80])
    if name in bundled_names():
        return ModelFiles(name, str(BUNDLED_FOLDER / name))
    if name in CARRIED_MODELS:
        return _carried(name, converted)
    folder = _folder(name)
    if folder is not None:
        return _files_of(folder, name)
    if name.startswith(("/", "~", ".")) or "\\" in name:
        raise ModelError("There is no folder {name!r}.", name=name)
    return ModelFiles(name, name)


def _carried(name: str, converted: Path | None) -> ModelFiles:
    """A model that a package carries; from the hub where the package is not installed."""
    carried = CARRIED_MODELS[name]
    file = carried.file
    if file is None:
        return ModelFiles(name, carried.hub_id)
    if converted is None:
        return ModelFiles(name, str(file.parent), {"gguf_file": file.name})
    folder = converted / f"{name}-{weights_digest(name)}"
    convert_once(file, folder, name, carried.package)
    return ModelFiles(name, str(folder))


def _folder(name: str) -> Path | None:
    """The folder on this disk of that name; None if there is none or the name can be no path."""
    path = os.path.expanduser(name)
    return Path(path) if os.path.isdir(path) else None


def _files_of(folder: Path, name: str) -> ModelFiles:
    """The model of a folder, its files checked."""
    _check_no_pointers(folder, name)
    if (folder / "adapter_config.json").is_file():
        return _adapter(folder, name)
    if not any(folder.glob("*.safetensors")) and (packed := sorted(folder.glob("*.gguf"))):
        return _gguf(packed, name)
    if not (folder / "config.json").is_file():
        raise ModelError("The folder {name!r} holds no config.json, so it is no model.", name=name)
    variant = _variant(folder, name)
    _check_shards(folder, variant, name)
    for path in sorted(folder.glob("*.safetensors")):
        _check_readable(path, name)
    return ModelFiles(name, str(folder), variant=variant)


def _check_no_pointers(folder: Path, name: str) -> None:
    """Raise if Git has fetched a file's pointer in the place of the file."""
    for path in (path for pattern in _POINTED_AT for path in sorted(folder.glob(pattern))):
        with path.open("rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise ModelError(
                    "In the folder {name!r} the file {file!r} is a Git LFS pointer, not the file "
                    "itself. Run 'git lfs pull' there, or download the file again.",
                    name=name, file=path.name)


def _adapter(folder: Path, name: str) -> ModelFiles:
    """A PEFT adapter, which is loaded onto its base where PEFT is installed."""
    try:
        settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        base = str(settings["base_model_name_or_path"] or "")
    except (ValueError, KeyError, TypeError):
        base = ""
    if not base or find_spec("peft") is None:
        raise ModelError(
            "The folder {name!r} holds a PEFT adapter of the model {base!r}, not a whole model. "
            "Install the package 'peft', or merge the adapter into its model (merge_and_unload) "
            "and give that folder.", name=name, base=base or "?")
    if not (folder / _ADAPTER_WEIGHTS).is_file():
        raise ModelError(
            "The adapter in the folder {name!r} has no {file!r}. Other formats are not loaded, "
            "because they can run code; save it again as safetensors.",
            name=name, file=_ADAPTER_WEIGHTS)
    _check_readable(folder / _ADAPTER_WEIGHTS, name)
    return ModelFiles(name, str(folder), adapter_of=base)


def _gguf(packed: list[Path], name: str) -> ModelFiles:
    """A model in one GGUF file, which transformers reads where the package of that name is."""
    if len(packed) > 1 or find_spec("gguf") is None:
        raise ModelError(
            "The folder {name!r} holds GGUF weights ({files}). One such file is loaded where the "
            "package 'gguf' is installed. Otherwise convert it: load it with transformers "
            "(from_pretrained with gguf_file) and save it with save_pretrained.",
            name=name, files=", ".join(path.name for path in packed[:3]))
    return ModelFiles(name, str(packed[0].parent), {"gguf_file": packed[0].name})


def _variant(folder: Path, name: str) -> str | None:
    """The variant of the weights; None for `model.safetensors`.

    Raises:
        ModelError: there are no safetensors weights, or under names that transformers ignores.
    """
    names = sorted(path.name for path in folder.glob("*.safetensors*"))
    shards = [file for file in names if _SHARD.fullmatch(file)]
    heads = (_WHOLE.fullmatch(file) or _INDEX.fullmatch(file)
             for file in names if file not in shards)
    variants = [head["variant"] for head in heads if head]
    if not variants:
        raise _no_weights([file for file in names if file.endswith(".safetensors")], name)
    return None if None in variants else variants[0]


def _no_weights(names: list[str], name: str) -> ModelError:
    if not names:
        return ModelError(
            "The folder {name!r} holds no safetensors weights. Other formats are not loaded, "
            "because they can run code; convert the model first.", name=name)
    if any(map(_SHARD.fullmatch, names)):
        return ModelError(
            "The folder {name!r} lacks the file {file!r}, which says what is in {files}. Download "
            "it too.", name=name, file="model.safetensors.index.json", files=", ".join(names[:3]))
    return ModelError(
        "The weights of {name!r} are in {files}, and transformers reads {expected!r} only. Rename "
        "the file if it holds the whole model in transformers' layout.",
        name=name, files=", ".join(names[:3]), expected="model.safetensors")


def _check_shards(folder: Path, variant: str | None, name: str) -> None:
    """Raise if the weights are in several files and some are missing."""
    ending = f".{variant}" if variant else ""
    index = folder / f"model.safetensors.index{ending}.json"
    if (folder / f"model{ending}.safetensors").is_file() or not index.is_file():
        return
    missing = [shard for shard in _shards(index, name) if not (folder / shard).is_file()]
    if missing:
        raise ModelError(
            "The folder {name!r} lacks {count} of the files of its weights: {files}. Download "
            "them too.", name=name, count=len(missing), files=", ".join(missing[:5]))


def _shards(index: Path, name: str) -> Iterator[str]:
    try:
        yield from sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError("The file {file!r} of {name!r} is damaged. Download it again.",
                         file=index.name, name=name) from error


def _check_readable(path: Path, name: str) -> None:
    """Raise if a file of weights is cut off or no safetensors file; only its head is read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "The file {file!r} of {name!r} is damaged or cut off ({size} bytes). Download it "
            "again.", file=path.name, name=name, size=path.stat().st_size) from error
