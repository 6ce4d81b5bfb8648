"""A small corpus and a tiny encoder to start from."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tiny_models import save_model

from core.models.placement import Placement

SUBJECTS, VERBS = (
    ("The dog", "The film", "A story", "The park"),
    ("is great", "is in the park", "was terrible"),
)


def sentences(count: int, seed: int) -> str:
    draws = random.Random(seed)
    return "".join(
        f"{draws.choice(SUBJECTS)} {draws.choice(VERBS)} and "
        f"{draws.choice(SUBJECTS)} {draws.choice(VERBS)} "
        f"{number}\n"
        for number in range(count)
    )


@pytest.fixture(scope="session")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two files, one of them compressed."""
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "plain.txt").write_text(sentences(600, 0), encoding="utf-8")
    with pa.output_stream(str(folder / "packed.txt.zst"), compression="zstd") as stream:
        stream.write(sentences(400, 1).encode())
    return folder


@pytest.fixture(scope="session")
def recipe_values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A recipe of some dozen steps on a tiny encoder."""
    encoder = save_model("bert", tmp_path_factory.mktemp("start"))
    return {
        "name": "tiny",
        "objective": "masked",
        "start": str(encoder),
        "length": 32,
        "batch_tokens": 512,
        "tokens": 512 * 40,
        "learning_rate": 3e-3,
        "head_learning_rate": 3e-3,
        "held_out": 0.1,
        "evaluate_every": 30,
        "checkpoint_every": 10,
        "corpora": [{"file": "plain.txt", "weight": 2}, "packed.txt.zst"],
    }


@pytest.fixture
def cpu() -> Placement:
    return Placement("cpu", "float32")
