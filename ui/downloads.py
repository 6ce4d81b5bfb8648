"""Files for a person's browser, each in a folder of its own whose name cannot be guessed."""

from __future__ import annotations

import secrets
from pathlib import Path

from gradio.utils import get_upload_folder

from core.runs.downloads import Download


def place_for(name: str) -> Path:
    """A new path in Gradio's folder of files, from which old ones are removed."""
    path = Path(get_upload_folder()) / secrets.token_hex(16) / name
    path.parent.mkdir(parents=True)
    return path


def saved(file: Download) -> str:
    """Write a file into Gradio's folder of files; its path."""
    path = place_for(file.name)
    path.write_bytes(file.data)
    return str(path)
