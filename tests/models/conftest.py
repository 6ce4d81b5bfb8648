"""Tiny models on disk, each test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import save_model


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str], Path]:
    """`saved(kind)`: the folder of a tiny model, to be damaged."""
    return lambda kind: save_model(kind, tmp_path / kind)
