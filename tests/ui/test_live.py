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
from ui.languages import LANGUAGES
from ui.services import Services
from ui.shell import build_app


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a browser is told of the whole page."""
    folder = tmp_path_factory.mktemp("data")
    data = DataFolder(folder)
    services = Services(Settings(data_folder=folder, device="cpu"),
                        BackboneCache(Placement("cpu", "float32")), data.store)
    yield build_app(services).config
    data.close()


@pytest.fixture(scope="module")
def handlers(page: dict[str, Any]) -> list[dict[str, Any]]:
    return page["dependencies"]  # type: ignore[no-any-return]


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


def test_no_value_is_a_text_that_the_browser_would_translate(page: dict[str, Any]) -> None:
    texts = {text for language in LANGUAGES.texts.values() for text in language}
    values = {value for part in page["components"] for value in values_of(part["props"])}
    assert "by-pattern" in values
    assert values & texts == set()


def values_of(props: dict[str, Any]) -> Iterator[str]:
    """The values of a control that come back to the app: its own and those to choose from."""
    chosen = props.get("value")
    choices = [value for _, value in props.get("choices") or ()]
    for value in (*choices, *(chosen if isinstance(chosen, list) else [chosen])):
        if choices and isinstance(value, str):
            yield value
