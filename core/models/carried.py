"""Models that installed packages carry, so that they are there without a network."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path


def model_folder(name: str) -> str:
    """The folder `model` of the installed package `name`; `name` itself if it carries no model."""
    module = name.replace("-", "_")
    if not re.fullmatch(r"[A-Za-z_]\w*", module):
        return name
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.origin:
        return name
    folder = Path(spec.origin).parent / "model"
    return str(folder) if (folder / "config.json").is_file() else name
