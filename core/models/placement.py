"""Where a model runs and in which precision."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import torch

from core.errors import SpecError

DEVICES = ("auto", "cpu", "cuda", "mps")
AUTO, EXACT = "auto", "float32"
PRECISIONS = (AUTO, EXACT, "bfloat16", "float16")
_FAST_ENOUGH = 0.75  # of the time that the same product takes in float32


@dataclass(frozen=True)
class Placement:
    """A device and the precision of the matrix products on it.

    Weights that are trained stay in float32, whatever the precision.
    """

    device: str
    precision: str

    @staticmethod
    def choose(device: str = "auto", precision: str = "auto") -> Placement:
        """Choose what is there: CUDA, else Apple's MPS, else the CPU.

        By itself the precision is bfloat16 where CUDA has it, and on CPUs that multiply clearly
        faster in it, which is measured; else float32.

        Raises:
            SpecError: an unknown name, or a device that this machine lacks.
        """
        name, _, index = device.partition(":")
        _check_names(device, name, precision)
        if name == "auto":
            name = next(known for known in ("cuda", "mps", "cpu") if _is_available(known))
        elif not _is_available(name):
            raise SpecError("This machine has no {device!r} device. Choose 'auto' or 'cpu'.",
                            device=device)
        if precision == AUTO:
            precision = "bfloat16" if _is_faster_in_bfloat16(name) else EXACT
        return Placement(f"{name}:{index}" if index else name, precision)

    def in_precision(self, precision: str) -> Placement:
        """The same device in another precision; an empty one changes nothing."""
        return replace(self, precision=precision) if precision else self

    @property
    def holds_bfloat16(self) -> bool:
        """Whether models that only answer hold their weights in bfloat16: on CPUs, if used."""
        return self.device == "cpu" and self.precision == "bfloat16"

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which forward passes run."""
        if self.precision == EXACT:
            return contextlib.nullcontext()
        return torch.autocast(self.device.split(":")[0], dtype=getattr(torch, self.precision))

    def __str__(self) -> str:
        name = self.device.upper()
        if self.device.startswith("cuda") and torch.cuda.is_available():
            name = torch.cuda.get_device_name()
        return f"{name} · {self.precision}"


def _check_names(device: str, name: str, precision: str) -> None:
    if name not in DEVICES:
        raise SpecError("There is no device {device!r}. Choose one of {known}.",
                        device=device, known=", ".join(DEVICES))
    if precision not in PRECISIONS:
        raise SpecError("There is no precision {precision!r}. Choose one of {known}.",
                        precision=precision, known=", ".join(PRECISIONS))


def _is_faster_in_bfloat16(name: str) -> bool:
    if name == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return name == "cpu" and _cpu_is_faster_in_bfloat16()


@functools.cache
def _cpu_is_faster_in_bfloat16() -> bool:
    """Whether a product of usual size is clearly faster in bfloat16 than in float32 here.

    That a CPU can compute in bfloat16 does not tell: many do it in steps of float32.
    """
    wide = torch.ones(256, 768), torch.ones(768, 768)
    narrow = tuple(matrix.to(torch.bfloat16) for matrix in wide)
    rounds = [(_seconds(lambda: wide[0] @ wide[1]), _seconds(lambda: narrow[0] @ narrow[1]))
              for _ in range(8)]
    exact, rounded = (min(times) for times in zip(*rounds, strict=True))
    return bool(rounded < _FAST_ENOUGH * exact)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _is_available(name: str) -> bool:
    if name == "cuda":
        return torch.cuda.is_available()
    return name != "mps" or torch.backends.mps.is_available()
