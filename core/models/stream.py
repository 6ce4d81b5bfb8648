"""A text while it is being written: its tokens as soon as the model has chosen them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue

from core.errors import Cancelled
from core.models.backbone import Backbone
from core.models.decoding import Decoding, Written
from core.models.prefix import Prefix
from core.models.writing import write

_News = tuple[int, ...] | Written | BaseException


def stream(backbone: Backbone, source: Sequence[int], decoding: Decoding,
           prefix: Prefix | None = None, *,
           begun: Sequence[int] = ()) -> Iterator[tuple[int, ...] | Written]:
    """The token ids written so far, whenever there are more, and at last the text.

    Tokens that come while the caller is busy are given together. Writing ends at the next token
    when the caller closes the iterator.

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
        news.put(tuple(texts[0]))

    def run() -> None:
        try:
            news.put(write(backbone, [source], decoding, prefix, begun=[begun], watch=watch)[0])
        except BaseException as error:  # the caller's thread raises it
            news.put(error)

    threading.Thread(target=run, daemon=True, name="writing").start()
    try:
        yield from _until_written(news)
    finally:
        left.set()


def _until_written(news: SimpleQueue[_News]) -> Iterator[tuple[int, ...] | Written]:
    while True:
        newest = _newest(news)
        if isinstance(newest, BaseException):
            raise newest
        yield newest
        if isinstance(newest, Written):
            return


def _newest(news: SimpleQueue[_News]) -> _News:
    """The last of what has come; waits for the first."""
    newest = news.get()
    while True:
        try:
            newest = news.get_nowait()
        except Empty:
            return newest
