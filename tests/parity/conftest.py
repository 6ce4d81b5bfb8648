"""Fixtures of published reference results.

They are in one folder, `PARITY_FIXTURES`, or this project's copy of one set. A test that takes
`parity` runs once for each file of its kind found in the folder; the kind is the fixture's name in
the test's own name (`test_lmbff_kshot` reads `lmbff_kshot.json`).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.placement import Placement

FOLDER = Path(os.environ.get("PARITY_FIXTURES") or Path(__file__).parents[1] / "fixtures")
KINDS = (
    "ipet_draw",
    "lmbff_demo_filter",
    "lmbff_kshot",
    "lmbff_label_search",
    "lmbff_prompt_model",
    "lmbff_prompt_render",
    "lmbff_template_search",
    "pet_merge",
    "pet_mlm_loss",
    "pet_multimask_inference",
    "pet_multimask_training",
    "pet_truncation",
    "prefix_encdec",
    "prefix_gpt2",
    "t5_prefixes",
    "template_syntax",
)


@dataclass(frozen=True)
class Parity:
    """One fixture file."""

    path: Path
    inputs: Any
    expected: Any

    def backbone(self, model: str) -> Backbone:
        """A model of the fixture's set, loaded once."""
        return _backbone(self.path.parent / "models" / model)

    def pairs(self, inputs: str, expected: str = "") -> list[tuple[dict[str, Any], Any]]:
        """Inputs and results with the same id, at these dotted places.

        Of split results the correct one is taken.
        """
        results = {
            case["id"]: case.get("correct_value", case)
            for case in _at(self.expected, expected or inputs)
        }
        pairs = [(case, results[case["id"]]) for case in _at(self.inputs, inputs)]
        assert pairs
        return pairs


def _at(data: Any, place: str) -> Any:
    for key in place.split("."):
        data = data[key]
    return data


@cache
def _backbone(folder: Path) -> Backbone:
    return load_backbone(str(folder), Placement("cpu", "float32"))


def _read(path: Path) -> Parity:
    data = json.loads(path.read_text(encoding="utf-8"))
    return Parity(path, data["inputs"], data["expected"])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each parity test the files of its kind, or skip it if the folder has none."""
    if "parity" not in metafunc.fixturenames:
        return
    kind = next(kind for kind in KINDS if kind in metafunc.function.__name__)
    paths = sorted(FOLDER.rglob(f"{kind}.json"))
    found = [pytest.param(_read(path), id=str(path.relative_to(FOLDER))) for path in paths]
    absent = pytest.param(None, marks=pytest.mark.skip(reason=f"{FOLDER} has no {kind}.json"))
    metafunc.parametrize("parity", found or [absent])


@pytest.fixture
def parity_files() -> list[Path]:
    """Every fixture file in the folder."""
    return [path for kind in KINDS for path in FOLDER.rglob(f"{kind}.json")]
