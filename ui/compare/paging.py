"""Pages of a long list: the buttons, and which part is shown."""

from __future__ import annotations

import gradio as gr

from ui.feedback import Translate
from ui.languages import label

PAGE = 10  # examples at a time


def page_boxes(name: str) -> tuple[gr.Button, gr.HTML, gr.Button]:
    """The buttons back and on, and the place between them; `name` is of the list."""
    with gr.Row(elem_classes="cl-actions"):
        back = gr.Button(label("Previous page"), size="sm", min_width=110, elem_id=f"{name}-back")
        place = gr.HTML(elem_id=f"{name}-place", min_width=110)
        on = gr.Button(label("Next page"), size="sm", min_width=110, elem_id=f"{name}-on")
    return back, place, on


def place_line(start: int, end: int, n: int, translate: Translate) -> str:
    """Which of n rows are shown; nothing if there are none."""
    place = translate("{start}–{end} of {n}").format(start=start + 1, end=end, n=n) if n else ""
    return f'<p class="cl-hint cl-place">{place}</p>'
