"""What was found for recent prompts, patterns and texts, which is computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

_MOST = 96
_T = TypeVar("_T")
_kept: OrderedDict[Hashable, object] = OrderedDict()
_lock = threading.Lock()


def remembered(key: Hashable, compute: Callable[[], _T]) -> _T:
    """What `compute` returns for this key, computed at most once while it is kept."""
    known = recall(key)
    if known is None:
        known = compute()
        keep(key, known)
    return cast(_T, known)


def recall(key: Hashable) -> object | None:
    """What is kept for this key; None if nothing is."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def keep(key: Hashable, found: object) -> None:
    """Keep what was found for a key, until others have been asked for since."""
    with _lock:
        _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > _MOST:
            _kept.popitem(last=False)


def forget() -> None:
    """Drop all that is kept."""
    with _lock:
        _kept.clear()
