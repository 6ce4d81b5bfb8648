"""Messages that report what happened, under the boxes they belong to, in the visitor's language."""

from __future__ import annotations

import logging
from collections.abc import Callable
from html import escape

import gradio as gr

from core.errors import ClozeLabError, fill
from ui.languages import LANGUAGES

Translate = Callable[[str], str]
_log = logging.getLogger("cloze_lab")


def translator(request: gr.Request | None) -> Translate:
    """A function that translates fixed English text into the language of the visitor's browser."""
    accepted = (request.headers.get("accept-language") or "") if request is not None else ""
    language = LANGUAGES.best(accepted)
    return lambda text: LANGUAGES.translate(text, language)


def explain(error: BaseException, translate: Translate) -> str:
    """One or two sentences for a person; an error that is not the project's own is logged."""
    if isinstance(error, ClozeLabError):
        return fill(translate(error.template), error.values)
    _log.exception("unexpected error", exc_info=error)
    return translate("Something went wrong in the app itself. The details are in its log; nothing "
                     "you entered is lost.")


def message(text: str, kind: str = "problem") -> str:
    """HTML of a message under a box; kinds: problem, note, good. Empty text makes no message."""
    return f'<div class="cl-message cl-{kind}" role="status">{escape(text)}</div>' if text else ""


def problem(error: BaseException | None, translate: Translate) -> str:
    """HTML of what is wrong, or nothing."""
    return message(explain(error, translate)) if error is not None else ""


def waiting_panel(title: str, text: str) -> str:
    """A card that says why there is no answer yet."""
    return (f'<div class="cl-card cl-waiting"><h3>{escape(title)}</h3>'
            f'<p class="cl-hint">{escape(text)}</p></div>')
