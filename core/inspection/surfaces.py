"""Tokens as they stand in a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.models.backbone import Backbone

_UNKNOWN_SIGN = "\ufffd"  # of bytes that are no whole character yet


def surfaces(ids: Sequence[int], backbone: Backbone, *, whole: bool = True) -> list[str]:
    """What each token adds to a text: a character of several tokens comes with its last.

    Args:
        whole: whether the text is over; if not, the last character may be without its end.
    """
    texts = _decode([list(ids[:count]) for count in range(1, len(ids) + 1)], backbone)
    found, before = [], ""
    for at, text in enumerate(texts):
        last = whole and at == len(texts) - 1
        shown = last or not text.endswith(_UNKNOWN_SIGN)
        found.append(text[len(before):] if shown else "")
        before = text if shown else before
    return found


def added(starts: Sequence[Sequence[int]], wholes: Sequence[Sequence[int]],
           backbone: Backbone) -> list[str]:
    """What the last token of each adds to the text of those before it."""
    lasts = _decode([whole[-1:] for whole in wholes], backbone)
    return [whole.removeprefix(start) if whole.startswith(start) else last
            for start, whole, last in zip(_decode(starts, backbone), _decode(wholes, backbone),
                                          lasts, strict=True)]


def _decode(rows: Sequence[Sequence[int]], backbone: Backbone) -> list[str]:
    tokenizer: Any = backbone.tokenizer
    texts: list[str] = tokenizer.batch_decode([list(row) for row in rows],
                                              skip_special_tokens=True,
                                              clean_up_tokenization_spaces=False)
    return texts
