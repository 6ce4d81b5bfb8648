"""Model cards: what a model was trained on, how good it is and where it fails, by its makers."""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.models.carried import CARRIED_MODELS
from core.models.model_files import BUNDLED_FOLDER, bundled_names

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_IMAGE = re.compile(  # a browser would fetch it from elsewhere
    r"!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>", re.IGNORECASE)
_MOST_CHARACTERS = 40_000


def model_card(name: str) -> str:
    """The card of a bundled, carried or local model, as Markdown; empty if there is none.

    Front matter and pictures are left out.
    """
    ours = name in (*bundled_names(), *CARRIED_MODELS)
    folder = BUNDLED_FOLDER / name if ours else Path(os.path.expanduser(name))
    try:
        if not ours and not (folder / "config.json").is_file():
            return ""
        with (folder / "README.md").open(encoding="utf-8") as file:
            text = file.read(_MOST_CHARACTERS)
    except (OSError, ValueError):  # none, not readable, not text, or the name can be no path
        return ""
    return _IMAGE.sub("", _FRONT_MATTER.sub("", text)).strip()
