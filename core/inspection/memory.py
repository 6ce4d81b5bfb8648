"""The features of recent prompts and patterns, which are computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import torch

_MOST = 96
_kept: OrderedDict[tuple[object, ...], torch.Tensor] = OrderedDict()
_lock = threading.Lock()


def remembered(key: tuple[object, ...], compute: Callable[[], torch.Tensor]) -> torch.Tensor:
    """What `compute` returns for this key, computed at most once while it is kept."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
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
