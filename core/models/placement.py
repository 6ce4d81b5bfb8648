"""Where a model runs and in which precision."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from core.errors import SpecError

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Placement:
    """A device and the precision of the matrix products on it; weights stay in float32."""

    device: str
    precision: str

    @staticmethod
    def choose(device: str = "auto", precision: str = "auto") -> Placement:
        """Choose what is there: CUDA with bfloat16, else Apple's MPS, else the CPU in float32.

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
        if precision == "auto":
            fast = name == "cuda" and torch.cuda.is_bf16_supported()
            precision = "bfloat16" if fast else "float32"
        return Placement(f"{name}:{index}" if index else name, precision)

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which forward passes run."""
        if self.precision == "float32":
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


def _is_available(name: str) -> bool:
    if name == "cuda":
        return torch.cuda.is_available()
    return name != "mps" or torch.backends.mps.is_available()
