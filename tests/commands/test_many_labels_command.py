"""150 labels: looked at, and learned by a classification head."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.models.loading import BackboneCache
from core.models.placement import Placement

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def labels() -> list[str]:
    """150 words, each of one token of the bundled model."""
    backbone = BackboneCache(Placement("cpu", "float32")).get("mini-masked")
    words = (word for word in backbone.tokenizer.get_vocab() if word.isascii() and word.isalpha())
    return sorted(word for word in words if word.islower() and len(word) > 3)[:150]


@pytest.fixture
def items(tmp_path: Path, labels: list[str]) -> str:
    """A file with four rows of each label."""
    rows = (f"Item {at} is a {label}.,{label}\n" for at in range(4) for label in labels)
    (tmp_path / "items.csv").write_text("text,label\n" + "".join(rows), encoding="utf-8")
    return str(tmp_path / "items.csv")


def test_they_are_looked_at(items: str, labels: list[str], run: Run) -> None:
    words = ";".join(f"{label}={label}" for label in labels)
    status, out, err = run("look", "--task", items, "--pattern", "{text_a} It was {mask}.",
                           "--words", words, "--model", "mini-masked", "--limit", "20", "--json")
    assert status == 0, err
    found = json.loads(out)
    assert (found["n"], len(found["confusion"])) == (20, 150)
    assert "warning: 150 labels are many." in err


def test_a_head_learns_them(items: str, write_study: Callable[..., Path], run: Run,
                            tmp_path: Path) -> None:
    few = {"steps": 2, "evaluate_every": 2, "batch_size": 8}
    study = write_study(task={"train": items}, methods=["head"], shots=[1], seeds=[1], patterns=[],
                        options={"head": few})
    status, out, err = run("run", study, "--json", "--data-dir", tmp_path / "data")
    assert (status, json.loads(out)["runs"][0]["status"]) == (0, "done"), err
