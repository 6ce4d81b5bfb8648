"""Pretrained language models behind one face: masked, seq2seq and causal families all answer with `[M, V]` logits.

A loaded backbone is shared and read-only; what trains works on `trainable_copy()`, made in memory.
"""

from __future__ import annotations

import copy
import hashlib
import os
import threading
from collections.abc import Sequence
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

FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "camembert", "albert", "deberta", "deberta-v2", "distilbert",
                     "electra", "mpnet", "modernbert"), "masked"),
    **dict.fromkeys(("t5", "mt5", "umt5", "bart", "mbart"), "seq2seq"),
    **dict.fromkeys(("gpt2", "gpt_neo", "gptj", "gpt_neox", "opt", "llama", "qwen2", "qwen3"), "causal"),
}


@dataclass(eq=False)
class Backbone:
    """A tokenizer and a model of a known family, on a device.

    Attributes:
        name: as the person gave it.
        family: how it answers.
        tokenizer, model: of transformers; the model is in evaluation mode.
        placement: device and precision.
        max_length: the most tokens a prompt may have.
        pieces: token ids of strings seen before, kept by `core.models.encoding`.
        rows: where each token's row of the vocabulary is, if only some are there (`core.models.compact`).
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
    """A short digest of a bundled or local model's weights, so that replaced weights are noticed; empty for hub ids."""
    folder = BUNDLED_FOLDER / name if name in bundled_names() else _folder(name)
    if folder is None:
        return ""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(file.read(1 << 16))
            file.seek(-min(1 << 20, path.stat().st_size), 2)
            digest.update(file.read())
        digest.update(str(path.stat().st_size).encode())
    return digest.hexdigest()[:16]


def default_model() -> str:
    """The model that is used where none is named."""
    return "mini-masked"


class BackboneCache:
    """The few backbones that a process keeps loaded, least recently used first out."""

    def __init__(self, placement: Placement, allowed: Sequence[str] = (), size: int = 2) -> None:
        """`allowed` names the hub ids or folders that may be loaded besides the bundled ones; empty means any."""
        self.placement = placement
        self.allowed = tuple(allowed)
        self.loads = 0
        self._size = size
        self._loaded: dict[str, Backbone] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Backbone:
        """Return the model, loading it if needed.

        Raises:
            ModelError: not allowed here, not found, without safetensors weights, or of an unknown family.
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
        if self.allowed and name not in self.allowed and name not in bundled_names():
            raise ModelError("The model {name!r} is not offered here. Choose one of {known}.", name=name,
                             known=", ".join([*bundled_names(), *(each for each in self.allowed if each != "none")]))


def load_backbone(name: str, placement: Placement, *, classifier: bool = False) -> Backbone:
    """Load a bundled model, a folder in the hub's layout, or a hub id. Weights come from safetensors only.

    Args:
        classifier: the weights are those of a sequence classifier, not of a language model.

    Raises:
        ModelError: not found, not readable, of an unknown type, without safetensors weights, or incomplete: parts that
            the files lack (often the language-model head) would be random, and so would every answer.
        DownloadError: the hub did not answer.
    """
    import torch
    from transformers import AutoConfig, AutoTokenizer
    from transformers.utils import logging

    from core.models.activations import fuse_gelu

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    source = _source(name)
    config = _loaded(name, lambda: AutoConfig.from_pretrained(source, trust_remote_code=False))
    family = FAMILIES.get(config.model_type)
    if family is None:
        raise ModelError("The model {name!r} is of type {kind!r}, which is not supported. Supported types: {known}.",
                         name=name, kind=config.model_type, known=", ".join(FAMILIES))
    tokenizer = _loaded(name, lambda: AutoTokenizer.from_pretrained(source, trust_remote_code=False, use_fast=True))
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError("The tokenizer of {name!r} has no fast form (tokenizer.json). Choose another model.",
                         name=name)
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ModelError("The tokenizer of {name!r} is empty; its files (tokenizer.json) are missing.", name=name)
    model, report = _loaded(name, lambda: model_class(family, classifier).from_pretrained(
        source, config=config, trust_remote_code=False, use_safetensors=True, dtype=torch.float32,
        output_loading_info=True, ignore_mismatched_sizes=True))
    lacking = sorted({*report["missing_keys"], *(each[0] for each in report["mismatched_keys"])})
    if lacking:
        raise ModelError("The weights of {name!r} lack {count} parts of the model, or have them in another shape, for "
                         "instance {first}. Choose a model that was saved with its language-model head.", name=name,
                         count=len(lacking), first=lacking[0])
    if family == "masked" and tokenizer.mask_token_id is None:
        raise ModelError("The tokenizer of {name!r} has no mask token, so the model cannot answer.", name=name)
    model = model.to(placement.device).eval().requires_grad_(False)
    fuse_gelu(model)
    return Backbone(name, family, tokenizer, model, placement, _max_length(config, tokenizer, family))


def model_class(family: Family, classifier: bool = False) -> Any:
    """The class of transformers that loads models of a family."""
    import transformers

    if classifier:
        return transformers.AutoModelForSequenceClassification
    return {"masked": transformers.AutoModelForMaskedLM, "seq2seq": transformers.AutoModelForSeq2SeqLM,
            "causal": transformers.AutoModelForCausalLM}[family]


def _source(name: str) -> str:
    if not name or len(name) > 300 or "\0" in name:
        raise ModelError("{name!r} is no model name. Give a bundled name, a hub id or a folder.", name=name[:80])
    bundled = BUNDLED_FOLDER / name
    if name in bundled_names():
        return str(bundled)
    folder = _folder(name)
    if folder is not None:
        if not (folder / "config.json").is_file():
            raise ModelError("The folder {name!r} holds no config.json, so it is no model.", name=name)
        if not any(folder.glob("*.safetensors")):
            raise ModelError("The folder {name!r} holds no safetensors weights. Other formats are not loaded, because "
                             "they can run code; convert the model first.", name=name)
        return str(folder)
    if name.startswith(("/", "~", ".")) or "\\" in name:
        raise ModelError("There is no folder {name!r}.", name=name)
    return name


def _folder(name: str) -> Path | None:
    """The folder on this disk that is meant, if there is one; a name that can be no path names none."""
    path = os.path.expanduser(name)
    return Path(path) if os.path.isdir(path) else None


def _loaded(name: str, load: Any) -> Any:
    try:
        return load()
    except MemoryError:
        raise
    except Exception as error:  # files from strangers fail in every way
        text = str(error)
        if "safetensors" in text:
            raise ModelError("The model {name!r} has no safetensors weights. Other formats are not loaded, because "
                             "they can run code.", name=name) from error
        if any(sign in text for sign in ("connect", "offline", "Connection", "resolve", "timed out", "cached files")):
            raise DownloadError(
                "The model {name!r} is neither bundled nor on this disk, and the hub did not answer. Check the name "
                "and the network, or choose one of {known}.", name=name, known=", ".join(bundled_names()) or "none",
            ) from error
        raise ModelError("The model {name!r} cannot be loaded: {why}", name=name,
                         why=text.strip().split("\n")[0][:300] or type(error).__name__) from error


def _max_length(config: Any, tokenizer: Any, family: Family) -> int:
    if config.model_type in ("t5", "mt5", "umt5"):
        return 512
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 512
    offset = 2 if config.model_type in ("roberta", "xlm-roberta", "camembert", "mpnet") else 0
    return int(min(positions - offset, tokenizer.model_max_length, 1024 if family == "causal" else 512))
