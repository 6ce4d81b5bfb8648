"""What one visitor carries from tab to tab; it lives in their browser and survives reloads."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any

import gradio as gr


@dataclass
class Session:
    """Components that several tabs read.

    Attributes:
        visitor: a random id kept in the browser; runs belong to it.
        task, model: what the workspace bar shows.
        arrived: changes when a model gets further that a page may be waiting for.
        variants: patterns kept for comparison, `[{task, pattern, words}, …]`.
        own_tasks: the visitor's own data sets, `[[name, choice], …]`.
    """

    visitor: gr.BrowserState
    task: gr.Dropdown
    model: gr.Dropdown
    arrived: gr.Textbox
    variants: gr.BrowserState
    own_tasks: gr.BrowserState


def pack(state: dict[str, Any]) -> str:
    """A state small enough for a link."""
    data = zlib.compress(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpack(text: str) -> dict[str, Any] | None:
    """The inverse of `pack`; None for anything else."""
    try:
        data = zlib.decompressobj().decompress(
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), 100_000)
        state = json.loads(data)
    except (ValueError, zlib.error):
        return None
    return state if isinstance(state, dict) else None
