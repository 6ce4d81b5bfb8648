"""What the tabs need: services on an empty store, and a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.folder import DataFolder
from core.settings import Settings
from ui.services import Services
from ui.session import Session

Page = tuple[Services, Session]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Services and a session; components made meanwhile belong to one page."""
    folder = tmp_path_factory.mktemp("data")
    data = DataFolder(folder)
    services = Services(Settings(data_folder=folder, device="cpu"),
                        BackboneCache(Placement("cpu", "float32")), data.store)
    with gr.Blocks():
        states = [gr.BrowserState("", storage_key=key) for key in ("v", "a", "o")]
        chosen = (gr.Dropdown(), gr.Dropdown(), gr.Textbox())
        yield services, Session(states[0], *chosen, *states[1:])
    data.close()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataFolder]:
    """A data folder without studies."""
    opened = DataFolder(tmp_path)
    yield opened
    opened.close()
