"""Runs inside requests: on hosts without workers, the request after a submission does the runs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.live import QUIET
from ui.services import Services

_MOST_VISITORS = 8  # whose requests take turns; others wait in Gradio's queue


def do_inline(event: Any, services: Services, visitor: gr.BrowserState) -> None:
    """After an event that may leave runs waiting, do them; where there are workers, they do."""
    if services.inline is not None:
        event.then(services.inline.do_waiting, visitor, None, concurrency_id="inline",
                   concurrency_limit=_MOST_VISITORS, **QUIET)
