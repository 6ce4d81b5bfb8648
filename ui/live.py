"""Handlers that follow what a person does: the last of many events counts, and none is left unanswered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

QUIET: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": [],
                         "api_visibility": "private"}
"""For handlers that show no progress. Without the empty list the page looks up all outputs of all handlers, one by one
among all components, at every step of every event."""


def follow(triggers: Sequence[Any], fn: Callable[..., Any], inputs: Any, outputs: Any,
           **more: Any) -> Any:
    """Run a handler after any of the events; while it runs, further ones are remembered as one.

    The events only count up a number that is not shown, in the browser, and the handler listens to that number alone.
    Listening to the events themselves it would, when it has run and is run once more, set off all other handlers of the
    same event too, and two such handlers keep each other running for ever.
    """
    count = gr.Number(0, visible=False)
    gr.on(triggers, None, count, count, js="count => count + 1", trigger_mode="multiple", **QUIET)
    return count.change(fn, inputs, outputs, trigger_mode="always_last", **{**QUIET, **more})
