"""Pretrained language models: masked, seq2seq and causal ones all answer with logits `[M, V]`.

A loaded backbone is shared and read-only; what trains works on `trainable_copy()`, made in memory.
"""

from __future__ import annotations

import copy
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import DownloadError, ModelError
from core.models.placement import Placement

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Family = Literal["masked", "seq2seq", "causal"]
BUNDLED_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "models"

_MASKED = ("bert", "roberta", "xlm-roberta", "camembert", "albert", "deberta", "deberta-v2",
           "distilbert", "electra", "mpnet", "modernbert")
_SEQ2SEQ = ("t5", "mt5", "umt5", "bart", "mbart")
_CAUSAL = ("gpt2", "gpt_neo", "gptj", "gpt_neox", "opt", "llama", "qwen2", "qwen3")
FAMILIES: dict[str, Family] = {
    **dict.fromkeys(_MASKED, "masked"),
    **dict.fromkeys(_SEQ2SEQ, "seq2seq"),
    **dict.fromkeys(_CAUSAL, "causal"),
}
_RELATIVE_POSITIONS = ("t5", "mt5", "umt5")
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet")  # two of them are padding's
_NO_ANSWER = ("connect", "offline", "Connection", "resolve", "timed out", "cached files")


@dataclass(eq=False)
class Backbone:
    """A tokenizer and a model of a known family, on a device.

    Attributes:
        name: as the person gave it.
        family: how it answers.
        tokenizer: of transformers, a fast one.
        model: of transformers, in evaluation mode.
        placement: device and precision.
        max_length: the most tokens a prompt may have.
        pieces: token ids of strings seen before, kept by `core.models.pieces`.
        rows: each token's row in the vocabulary of the model, `[V]`, where only some rows are
            there (`core.models.compact`).
    """

    name: str
    family: Family
    tokenizer: PreTrainedTokenizerBase
    model: PreTrainedModel
    placement: Placement
    max_length: int
    pieces: dict[str, list[int]] = field(default_factory=dict, repr=False)
    rows: torch.Tensor | None = field(default=None, repr=False)

    @property
    def width(self) -> int:
        """H, the hidden width."""
        config: Any = self.model.config
        return int(getattr(config, "hidden_size", None) or config.d_model)

    @property
    def parameters(self) -> int:
        """How many parameters the model has."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def trainable_copy(self) -> Backbone:
        """A copy whose weights may change; made in memory, never by loading again."""
        return replace(self, model=copy.deepcopy(self.model).requires_grad_(True))


def bundled_names() -> list[str]:
    """Names of the models that ship with the project."""
    if not BUNDLED_FOLDER.is_dir():
        return []
    return sorted(path.parent.name for path in BUNDLED_FOLDER.glob("*/config.json"))


def weights_digest(name: str) -> str:
    """A short digest of a bundled or local model's weights; empty for hub ids.

    It is made of each file's ends and size, so that replaced weights are noticed at little cost.
    """
    folder = BUNDLED_FOLDER / name if name in bundled_names() else _folder(name)
    if folder is None:
        return ""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        with path.open("rb") as file:
            digest.update(file.read(1 << 16))
            file.seek(-min(1 << 20, size), os.SEEK_END)
            digest.update(file.read())
        digest.update(str(size).encode())
    return digest.hexdigest()[:16]


def default_model() -> str:
    """The model that is used where none is named."""
    return "mini-masked"


class BackboneCache:
    """The few backbones that a process keeps loaded, least recently used first out."""

    def __init__(self, placement: Placement, allowed: Sequence[str] = (), size: int = 2) -> None:
        """Begin with no model loaded.

        Args:
            placement: where models are loaded to.
            allowed: the hub ids or folders that may be loaded besides the bundled models; empty
                means any.
            size: how many models are kept.
        """
        self.placement = placement
        self.allowed = tuple(allowed)
        self.loads = 0
        self._size = size
        self._loaded: dict[str, Backbone] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Backbone:
        """Return the model, loading it if needed.

        Raises:
            ModelError: not allowed here, not found, without safetensors weights, or of an unknown
                family.
            DownloadError: the hub did not answer.
        """
        self.check_allowed(name)
        with self._lock:
            backbone = self._loaded.pop(name, None)
            if backbone is None:
                backbone = load_backbone(name, self.placement)
                self.loads += 1
                while len(self._loaded) >= self._size:
                    self._loaded.pop(next(iter(self._loaded)))
            self._loaded[name] = backbone
            return backbone

    def check_allowed(self, name: str) -> None:
        """Raise ModelError if this host does not permit the model."""
        if not self.allowed or name in self.allowed or name in bundled_names():
            return
        known = [*bundled_names(), *(model for model in self.allowed if model != "none")]
        raise ModelError("The model {name!r} is not offered here. Choose one of {known}.",
                         name=name, known=", ".join(known))


def load_backbone(name: str, placement: Placement, *, classifier: bool = False) -> Backbone:
    """Load a bundled model, a folder in the hub's layout, or a hub id; safetensors weights only.

    Args:
        name: the bundled name, folder or hub id.
        placement: the device that the model is moved to.
        classifier: the weights are those of a sequence classifier, not of a language model.

    Raises:
        ModelError: not found, not readable, of an unknown type, without safetensors weights, or
            incomplete: parts that the files lack (often the language-model head) would be random,
            and so would every answer.
        DownloadError: the hub did not answer.
    """
    from core.models.activations import fuse_gelu

    _silence_transformers()
    source = _source(name)
    config, family = _load_config(name, source)
    tokenizer = _load_tokenizer(name, source)
    model = _load_model(name, source, config, model_class(family, classifier))
    if family == "masked" and tokenizer.mask_token_id is None:
        raise ModelError(
            "The tokenizer of {name!r} has no mask token, so the model cannot answer.", name=name)
    model = model.to(placement.device).eval().requires_grad_(False)
    fuse_gelu(model)
    max_length = _max_length(config, tokenizer, family)
    return Backbone(name, family, tokenizer, model, placement, max_length)


def model_class(family: Family, classifier: bool = False) -> Any:
    """The class of transformers that loads models of a family."""
    import transformers

    if classifier:
        return transformers.AutoModelForSequenceClassification
    if family == "masked":
        return transformers.AutoModelForMaskedLM
    if family == "seq2seq":
        return transformers.AutoModelForSeq2SeqLM
    return transformers.AutoModelForCausalLM


def _silence_transformers() -> None:
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def _load_config(name: str, source: str) -> tuple[Any, Family]:
    from transformers import AutoConfig

    config = _loaded(name, lambda: AutoConfig.from_pretrained(source, trust_remote_code=False))
    family = FAMILIES.get(config.model_type)
    if family is None:
        raise ModelError(
            "The model {name!r} is of type {kind!r}, which is not supported. "
            "Supported types: {known}.",
            name=name, kind=config.model_type, known=", ".join(FAMILIES))
    return config, family


def _load_tokenizer(name: str, source: str) -> Any:
    from transformers import AutoTokenizer

    tokenizer = _loaded(name, lambda: AutoTokenizer.from_pretrained(
        source, trust_remote_code=False, use_fast=True))
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError("The tokenizer of {name!r} has no fast form (tokenizer.json). "
                         "Choose another model.", name=name)
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ModelError("The tokenizer of {name!r} is empty; "
                         "its files (tokenizer.json) are missing.", name=name)
    return tokenizer


def _load_model(name: str, source: str, config: Any, auto_class: Any) -> Any:
    """The model with all its weights, none of them left to chance."""
    import torch

    model, report = _loaded(name, lambda: auto_class.from_pretrained(
        source, config=config, trust_remote_code=False, use_safetensors=True, dtype=torch.float32,
        output_loading_info=True, ignore_mismatched_sizes=True))
    mismatched = (key for key, *_ in report["mismatched_keys"])
    lacking = sorted({*report["missing_keys"], *mismatched})
    if lacking:
        raise ModelError(
            "The weights of {name!r} lack {count} parts of the model, or have them in another "
            "shape, for instance {first}. Choose a model that was saved with its language-model "
            "head.", name=name, count=len(lacking), first=lacking[0])
    return model


def _source(name: str) -> str:
    """What transformers loads the model from: a folder, or the hub id as it is."""
    if not name or len(name) > 300 or "\0" in name:
        raise ModelError("{name!r} is no model name. Give a bundled name, a hub id or a folder.",
                         name=name[:80])
    if name in bundled_names():
        return str(BUNDLED_FOLDER / name)
    folder = _folder(name)
    if folder is not None:
        _check_folder(folder, name)
        return str(folder)
    if name.startswith(("/", "~", ".")) or "\\" in name:
        raise ModelError("There is no folder {name!r}.", name=name)
    return name


def _check_folder(folder: Path, name: str) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError("The folder {name!r} holds no config.json, so it is no model.", name=name)
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            "The folder {name!r} holds no safetensors weights. Other formats are not loaded, "
            "because they can run code; convert the model first.", name=name)


def _folder(name: str) -> Path | None:
    """The folder on this disk of that name; None if there is none or the name can be no path."""
    path = os.path.expanduser(name)
    return Path(path) if os.path.isdir(path) else None


def _loaded(name: str, load: Callable[[], Any]) -> Any:
    """What `load` returns; its errors become ones that say what to do."""
    try:
        return load()
    except MemoryError:
        raise
    except Exception as error:  # files from strangers fail in every way
        raise _load_error(name, error) from error


def _load_error(name: str, error: Exception) -> ModelError | DownloadError:
    text = str(error)
    if "safetensors" in text:
        return ModelError("The model {name!r} has no safetensors weights. Other formats are not "
                          "loaded, because they can run code.", name=name)
    if any(sign in text for sign in _NO_ANSWER):
        return DownloadError(
            "The model {name!r} is neither bundled nor on this disk, and the hub did not answer. "
            "Check the name and the network, or choose one of {known}.",
            name=name, known=", ".join(bundled_names()) or "none")
    why = text.strip().split("\n")[0][:300] or type(error).__name__
    return ModelError("The model {name!r} cannot be loaded: {why}", name=name, why=why)


def _max_length(config: Any, tokenizer: Any, family: Family) -> int:
    if config.model_type in _RELATIVE_POSITIONS:
        return 512
    named = (getattr(config, key, None) for key in ("max_position_embeddings", "n_positions"))
    positions = next(filter(None, named), 512)
    if config.model_type in _OFFSET_POSITIONS:
        positions -= 2
    most = 1024 if family == "causal" else 512
    return int(min(positions, tokenizer.model_max_length, most))
