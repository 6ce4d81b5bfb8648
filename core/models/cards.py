"""Model cards: what a model is and was trained on, how good it is and what it cannot do, as its makers wrote it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.models.backbone import BUNDLED_FOLDER, bundled_names

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>", re.IGNORECASE)  # would be fetched from elsewhere
_MOST_CHARACTERS = 40_000


def model_card(name: str) -> str:
    """The card of a bundled model or of a model's folder, as Markdown without front matter and pictures, or nothing."""
    folder = BUNDLED_FOLDER / name if name in bundled_names() else Path(os.path.expanduser(name))
    try:
        if not (folder / "config.json").is_file():
            return ""
        with (folder / "README.md").open(encoding="utf-8") as file:
            return _IMAGE.sub("", _FRONT_MATTER.sub("", file.read(_MOST_CHARACTERS))).strip()
    except (OSError, ValueError):  # none, not readable, not text, or the name can be no path
        return ""
