"""Models that take long to load do so in the background; pages ask again when they are there."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

from core.errors import ModelLoading
from core.models.backbone import Backbone
from core.models.conversion import STEPS, step_of
from core.models.loading import BackboneCache

_PATIENCE_SECONDS = 10.0  # enough for what is on this disk
_LOOK_SECONDS = 0.05


class Arrivals:
    """Loads models in the background, each once, whoever asks for them."""

    def __init__(self, backbones: BackboneCache) -> None:
        self._backbones = backbones
        self._loading: dict[str, Future[Backbone]] = {}
        self._waited_for: set[str] = set()  # names that somebody was told to wait for
        self._came = 0
        self._lock = threading.Lock()

    def get(self, name: str) -> Backbone:
        """Return the model if it is loaded, or soon will be.

        Raises:
            ModelLoading: it takes longer, or is converted; `news` changes when it gets further.
            ModelError, DownloadError: as `BackboneCache.get`.
        """
        if self._backbones.has(name):
            return self._backbones.get(name)
        self._backbones.check_allowed(name)
        loading = self._started(name)
        until = time.monotonic() + _PATIENCE_SECONDS
        while not loading.done():
            if step_of(name) or time.monotonic() > until:
                with self._lock:
                    self._waited_for.add(name)
                raise _on_its_way(name)
            time.sleep(_LOOK_SECONDS)
        with self._lock:
            self._loading.pop(name, None)
        return loading.result()

    def news(self) -> str:
        """A text that changes whenever a model that somebody waits for gets further."""
        with self._lock:
            steps = [step_of(name) for name in self._waited_for]
            return f"{self._came} {steps}"

    def _started(self, name: str) -> Future[Backbone]:
        """The loading of the model, begun unless it has been."""
        with self._lock:
            if name in self._loading:
                return self._loading[name]
            loading: Future[Backbone] = Future()
            self._loading[name] = loading
        threading.Thread(target=self._load, args=(name, loading), daemon=True,
                         name=f"loading {name[:40]}").start()
        return loading

    def _load(self, name: str, loading: Future[Backbone]) -> None:
        try:
            backbone = self._backbones.get(name)
        except Exception as error:  # whoever asks next is told
            self._settle(name)
            loading.set_exception(error)
        else:
            self._settle(name, came=True)
            loading.set_result(backbone)

    def _settle(self, name: str, came: bool = False) -> None:
        with self._lock:
            if came:  # the cache has it; a failure is kept until somebody is told
                self._loading.pop(name, None)
            if name in self._waited_for:
                self._waited_for.remove(name)
                self._came += 1


def _on_its_way(name: str) -> ModelLoading:
    if step := step_of(name):
        return ModelLoading(
            "The model {model!r} is prepared from its package, once: step {step} of {steps}. The "
            "page goes on by itself.", model=name, step=step, steps=STEPS)
    return ModelLoading("The model {model!r} is being loaded. The page goes on by itself.",
                        model=name)
