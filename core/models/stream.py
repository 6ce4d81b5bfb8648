"""A text while it is being written: its tokens as soon as the model has chosen them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue

import torch

from core.errors import Cancelled
from core.models.backbone import Backbone
from core.models.beams import BeamSearch, search
from core.models.decoding import Decoding, Watch, Written
from core.models.prefix import Prefix
from core.models.writing import write

_Found = Written | BeamSearch
_News = tuple[int, ...] | _Found | BaseException


def stream(backbone: Backbone, source: Sequence[int], decoding: Decoding,
           prefix: Prefix | None = None, *,
           begun: Sequence[int] = ()) -> Iterator[tuple[int, ...] | _Found]:
    """The token ids written so far, whenever there are more, and at last the text.

    With several beams the ids are those of the best hypothesis so far, and the whole search comes
    at last. Tokens that come while the caller is busy are given together. Writing ends at the next
    token when the caller closes the iterator.

    Args:
        begun: tokens that the text begins with.

    Raises:
        ModelError: the model answers with NaN.
    """
    news: SimpleQueue[_News] = SimpleQueue()
    left = threading.Event()

    def watch(_: Sequence[int], texts: Sequence[Sequence[int]]) -> None:
        if left.is_set():
            raise Cancelled
        if texts:
            news.put(tuple(texts[0]))

    def run() -> None:
        try:
            news.put(_write(backbone, source, decoding, prefix, begun, watch))
        except BaseException as error:  # the caller's thread raises it
            news.put(error)

    threading.Thread(target=run, daemon=True, name="writing").start()
    try:
        yield from _until_written(news)
    finally:
        left.set()


def _write(backbone: Backbone, source: Sequence[int], decoding: Decoding, prefix: Prefix | None,
           begun: Sequence[int], watch: Watch) -> _Found:
    if decoding.beams == 1:
        return write(backbone, [source], decoding, prefix, begun=[begun], watch=watch)[0]
    with torch.inference_mode():
        return search(backbone, [source], decoding, prefix, [begun], watch)[0]


def _until_written(news: SimpleQueue[_News]) -> Iterator[tuple[int, ...] | _Found]:
    while True:
        newest = _newest(news)
        if isinstance(newest, BaseException):
            raise newest
        yield newest
        if isinstance(newest, _Found):
            return


def _newest(news: SimpleQueue[_News]) -> _News:
    """The last of what has come; waits for the first."""
    newest = news.get()
    while True:
        try:
            newest = news.get_nowait()
        except Empty:
            return newest
