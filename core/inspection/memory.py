"""What was computed of recent prompts and patterns, features above all: each is computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

_MOST = 96
_T = TypeVar("_T")
_kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_lock = threading.Lock()


def remembered(key: tuple[object, ...], compute: Callable[[], _T]) -> _T:
    """What `compute` returns for this key, computed at most once while it is kept."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            known: _T = _kept[key]
            return known
    computed = compute()
    with _lock:
        _kept[key] = computed
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return computed


def forget() -> None:
    """Drop all that is kept."""
    with _lock:
        _kept.clear()
