"""Two languages: English strings are the keys, Chinese ones the values (`ui/chinese.py`)."""

from __future__ import annotations

import gradio as gr

from ui.chinese import CHINESE

I18N = gr.I18n(en={key: key for key in CHINESE}, zh=dict(CHINESE))


def label(text: str) -> gr.I18n:
    """A label, button or heading that the browser shows in its own language."""
    return I18N(text) if text in CHINESE else text  # type: ignore[return-value]


def translate(text: str, language: str) -> str:
    """Fixed English text in `language` ("en" or "zh"); English where there is no translation."""
    return CHINESE.get(text, text) if language == "zh" else text
