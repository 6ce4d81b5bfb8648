"""Events that follow what a person does: the last of many counts, and none is left unanswered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

QUIET: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": [],
                         "api_visibility": "private"}
"""For events that show no progress. Without the empty list the page looks up the outputs of all
events, one by one among all components, at every step of every event."""
_PULSE_SECONDS = 5


def follow(triggers: Sequence[Any], fn: Callable[..., Any], inputs: Any, outputs: Any, *,
           only_if: gr.Checkbox | None = None, **more: Any) -> Any:
    """Run `fn` after any of the events; while it runs, further ones are remembered as one.

    Where `only_if` is not ticked, nothing is sent to the server.

    The events only count up a hidden number, in the browser, and `fn` listens to that number
    alone. If it listened to the events themselves, its second run would set off all others that
    listen to the same event, and two of them would keep each other running for ever.
    """
    count = gr.Number(0, visible=False)
    counted, js = [count], "count => count + 1"
    if only_if is not None:
        counted, js = [count, only_if], "(count, ticked) => ticked ? count + 1 : count"
    gr.on(triggers, None, counted, count, js=js, trigger_mode="multiple", **QUIET)
    return count.change(fn, inputs, outputs, trigger_mode="always_last", **{**QUIET, **more})


def keep_answers_coming(demo: gr.Blocks, news: Callable[[], str], arrived: gr.Textbox) -> None:
    """Send an event every few seconds while the page is visible.

    The server ends the stream of answers when none is due. An event that a browser sends before
    it reads of that end gets its answer into a stream that nobody reads, until another event
    opens a new one. A page that a person only watches would send none: a timer waits for its
    last answer.

    Args:
        news: changes when something comes that a page may be waiting for.
        arrived: the page's part that then changes, and that those listen to who wait.
    """
    known = gr.State("")

    def pulse(before: str) -> list[Any]:
        now = news()
        changed = before not in ("", now)
        return [gr.skip() if now == before else now, now if changed else gr.skip()]

    demo.load(news, None, known, **QUIET)
    gr.Timer(_PULSE_SECONDS).tick(pulse, known, [known, arrived], trigger_mode="multiple",
                                  concurrency_limit=None, **QUIET)
