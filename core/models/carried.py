"""Models that installed packages carry, so that they are there without a network."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path


def model_folder(name: str) -> str:
    """The folder of a model that an installed package carries under `model`; any other name is left as it is."""
    module = name.replace("-", "_")
    spec = importlib.util.find_spec(module) if re.fullmatch(r"[A-Za-z_]\w*", module) else None
    carried = Path(spec.origin).parent / "model" if spec is not None and spec.origin else None
    return str(carried) if carried is not None and (carried / "config.json").is_file() else name
