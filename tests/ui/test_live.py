"""Events and those who listen: no two handlers of the same event may keep each other running."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.folder import DataFolder
from core.settings import Settings
from ui.services import Services
from ui.shell import build_app


@pytest.fixture(scope="module")
def handlers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("data")
    data = DataFolder(folder)
    services = Services(Settings(data_folder=folder, device="cpu"),
                        BackboneCache(Placement("cpu", "float32")), data.store)
    yield build_app(services).config["dependencies"]
    data.close()


def test_who_waits_for_the_last_of_many_events_listens_alone(
    handlers: list[dict[str, Any]]) -> None:
    listeners = defaultdict(list)
    for handler in handlers:
        for target, event in handler["targets"]:
            if target is not None and event != "load":
                listeners[target, event].append(handler)
    assert sum(len(found) > 1 for found in listeners.values()) > 10
    crowded = {key: [handler["api_name"] for handler in found] for key, found in listeners.items()
               if len(found) > 1
               and any(handler["trigger_mode"] == "always_last" for handler in found)}
    assert crowded == {}


def test_handlers_that_show_no_progress_name_no_component_for_it(
    handlers: list[dict[str, Any]]) -> None:
    hidden = [handler for handler in handlers
              if handler["show_progress"] == "hidden" and handler["api_visibility"] == "private"]
    assert len(hidden) > 40
    assert [handler["api_name"] for handler in hidden if handler["show_progress_on"] != []] == []
