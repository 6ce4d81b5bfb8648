"""Files for a person's browser, each in a folder of its own whose name cannot be guessed."""

from __future__ import annotations

import secrets
from pathlib import Path

from gradio.utils import get_upload_folder

from core.runs.downloads import Download


def saved(file: Download) -> str:
    """Write a file into Gradio's folder of files, from which old ones are removed; its path."""
    folder = Path(get_upload_folder()) / secrets.token_hex(16)
    folder.mkdir(parents=True)
    path = folder / file.name
    path.write_bytes(file.data)
    return str(path)
