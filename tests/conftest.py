"""What all tests share: no network, one thread, a small task, bundled and tiny random models."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    TOKENIZERS_PARALLELISM="false",
    GRADIO_ANALYTICS_ENABLED="False",
)
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("CLOZE_LAB_PRECISION", "float32")  # so that every machine gives the same

import pytest

from core.data.task import Example, Task, classification

if TYPE_CHECKING:
    from core.models.backbone import Backbone

PRAISED = ("film", "soup", "hotel", "singer", "book", "bread", "play", "beach", "museum", "bakery")
TELLING = {
    "bad": ("The {0} was a waste of an evening.", "Nobody should pay for this {0}, it was awful."),
    "good": (
        "What a lovely {0}, I smiled all the way home!",
        "I would come back for this {0}, simply the best.",
    ),
}


@pytest.fixture(scope="session")
def tiny_task() -> Task:
    """Two labels, 40 short texts: 28 to draw from and 12 to measure on."""
    rows = [
        Example(text.format(thing), label=label)
        for thing in PRAISED
        for label, texts in TELLING.items()
        for text in texts
    ]
    return Task("tiny", classification(*TELLING), tuple(rows[:28]), tuple(rows[28:]))


@pytest.fixture(scope="session")
def mini_masked() -> Backbone:
    """The bundled masked language model on the CPU; shared, so never to be changed."""
    from core.models.loading import load_backbone
    from core.models.placement import Placement

    return load_backbone("mini-masked", Placement("cpu", "float32"))


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`tiny_model_folder(kind, **changes)`: a tiny random model, saved as the hub keeps it."""
    from tiny_models import save_model

    return cache(lambda kind, **changes: save_model(kind, tmp_path_factory.mktemp(kind), **changes))


@pytest.fixture(scope="session")
def tiny(tiny_model_folder: Callable[..., Path]) -> Callable[..., Backbone]:
    """`tiny(kind, **changes)`: such a model, loaded once."""
    from core.models.loading import load_backbone
    from core.models.placement import Placement

    return cache(
        lambda kind, **changes: load_backbone(
            str(tiny_model_folder(kind, **changes)), Placement("cpu", "float32")
        )
    )


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Waits for a condition, for as long as a very slow machine may take."""

    def wait(
        condition: Callable[[], object], what: str = "the condition", seconds: float = 120
    ) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come about"
            time.sleep(0.05)

    return wait
