"""What each page asked last, so that answers to older questions can stop early."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

_PAGES = 10_000


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
