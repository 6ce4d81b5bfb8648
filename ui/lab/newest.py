"""What each page asked last, so that answers to older questions can stop early."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable

_PAGES = 10_000
_LOOK_SECONDS = 0.02
_STEP_SECONDS = 2.0  # longer than a step takes


class NewestQuestion:
    """The newest question of each open page; those of the pages asked longest ago are forgotten."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, Hashable] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, page: str | None, question: Hashable) -> None:
        """Remember what a page asks now; `page` is Gradio's session hash."""
        if page is None:
            return
        with self._lock:
            self._asked[page] = question
            self._asked.move_to_end(page)
            while len(self._asked) > _PAGES:
                self._asked.popitem(last=False)

    def is_newest(self, page: str | None, question: Hashable) -> bool:
        """Whether the page has asked nothing else since."""
        with self._lock:
            return page is None or self._asked.get(page, question) == question


class Precedence:
    """What a page is shown first goes before what it is shown later, on the same processor."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # by the page; nobody has to take it back
        self._lock = threading.Lock()

    def claim(self, page: str | None) -> None:
        """Go first for a short time; to be said again at every step."""
        now = time.monotonic()
        with self._lock:
            self._until[page or ""] = now + _STEP_SECONDS
            if len(self._until) > _PAGES:
                self._until = {name: end for name, end in self._until.items() if end > now}

    def release(self, page: str | None) -> None:
        """Let the page's other work go on."""
        with self._lock:
            self._until.pop(page or "", None)

    def give_way(self, page: str | None) -> None:
        """Wait while other work of the page goes first."""
        while time.monotonic() < self._until.get(page or "", 0.0):
            time.sleep(_LOOK_SECONDS)
