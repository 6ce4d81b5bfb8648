"""A secret that is made once and stays the same over restarts."""

from __future__ import annotations

from pathlib import Path


def kept_secret(path: Path, new: str) -> str:
    """The secret in a file that only its owner may read; `new` if there is no such file yet."""
    if not path.is_file():
        path.write_text(new, encoding="utf-8")
        path.chmod(0o600)
    return path.read_text(encoding="utf-8")
