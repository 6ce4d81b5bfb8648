"""Models that take long: a page is told so, loaded ones answer meanwhile, and it hears of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import ModelError, ModelLoading
from core.models import conversion, loading
from core.models.loading import BackboneCache
from core.models.placement import Placement
from ui import arrivals
from ui.arrivals import Arrivals

CPU = Placement("cpu", "float32")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, threading.Event]]:
    """Models whose names are keys here only load once their event is set."""
    events: dict[str, threading.Event] = {}
    plain = loading.load_backbone

    def load(name, *values, **named):  # type: ignore[no-untyped-def]
        if name in events:
            assert events[name].wait(60)
        return plain(name, *values, **named)

    monkeypatch.setattr(loading, "load_backbone", load)
    monkeypatch.setattr(arrivals, "_PATIENCE_SECONDS", 0.1)
    yield events
    for event in events.values():
        event.set()


@pytest.fixture
def names(tiny_model_folder: Callable[..., Path]) -> list[str]:
    return [str(tiny_model_folder(kind)) for kind in ("bert", "gpt2", "llama")]


def test_who_waits_for_one_model_keeps_nobody_from_a_loaded_one(
    held: dict[str, threading.Event], names: list[str], until: Callable[..., None]
) -> None:
    slow, quick, third = names
    held[slow] = threading.Event()
    coming = Arrivals(BackboneCache(CPU))
    assert coming.get(quick).name == quick
    before = coming.news()
    for _ in range(2):
        with pytest.raises(ModelLoading, match=r"is being loaded\. The page goes on by itself"):
            coming.get(slow)
    assert coming.get(quick) is coming.get(quick)
    with pytest.raises(ModelLoading):
        coming.get(third)
    assert coming.get(quick).name == quick
    waiting = coming.news()
    held[slow].set()
    until(lambda: coming.news() not in (before, waiting), "the news of a model")
    assert coming.get(slow).name == slow
    until(lambda: coming._backbones.has(third), "the model whose turn came after")


def test_nobody_hears_of_what_came_at_once(names: list[str]) -> None:
    coming = Arrivals(BackboneCache(CPU))
    before = coming.news()
    coming.get(names[0])
    assert coming.news() == before


def test_a_failure_is_told_and_the_next_try_is_a_new_one(
    held: dict[str, threading.Event], tmp_path: Path, names: list[str], until: Callable[..., None]
) -> None:
    missing = str(tmp_path / "model")
    held[missing] = threading.Event()
    coming = Arrivals(BackboneCache(CPU))
    with pytest.raises(ModelLoading):
        coming.get(missing)
    waiting = coming.news()
    held[missing].set()
    until(lambda: coming.news() != waiting, "the news of a failure")
    with pytest.raises(ModelError, match="There is no folder"):
        coming.get(missing)
    tmp_path.joinpath("model").symlink_to(names[0])
    assert coming.get(missing).name == missing


def test_the_step_of_a_conversion_is_told(
    held: dict[str, threading.Event], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = names[0]
    held[slow] = threading.Event()
    monkeypatch.setitem(conversion._steps, slow, 2)
    monkeypatch.setattr(arrivals, "_PATIENCE_SECONDS", 60)
    coming = Arrivals(BackboneCache(CPU))
    with pytest.raises(ModelLoading, match="prepared from its package, once: step 2 of 3"):
        coming.get(slow)
    at_two = coming.news()
    monkeypatch.setitem(conversion._steps, slow, 3)
    assert coming.news() != at_two


def test_what_is_not_allowed_is_never_loaded(names: list[str]) -> None:
    coming = Arrivals(BackboneCache(CPU, allowed=["some/model"]))
    with pytest.raises(ModelError, match="is not offered here"):
        coming.get(names[0])


def test_a_cache_loads_a_model_once_for_all_who_ask_together(
    held: dict[str, threading.Event], names: list[str]
) -> None:
    held[names[0]] = threading.Event()
    cache, found = BackboneCache(CPU), []
    asking = [threading.Thread(target=lambda: found.append(cache.get(names[0]))) for _ in range(4)]
    for thread in asking:
        thread.start()
    held[names[0]].set()
    for thread in asking:
        thread.join(60)
    assert cache.loads == 1
    assert len(found) == 4
    assert len(set(map(id, found))) == 1
