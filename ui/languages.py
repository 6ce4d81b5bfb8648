"""The languages of the interface: for each but English a file of `assets/languages` (`zh.json`).

A file is named by the language's tag. It maps the English texts, as they are written in the code,
to their translations; placeholders in braces stay as they are. A further language needs nothing
but its file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "languages"
ENGLISH = "en"
_WANTED = re.compile(
    r"([A-Za-z0-9-]+)(?:\s*;\s*q\s*=\s*([01](?:\.\d{0,3})?))?")  # RFC 9110, section 12.5.4


@dataclass(frozen=True)
class Languages:
    """All translations.

    Attributes:
        texts: by the language's tag, the English text → the translation.
    """

    texts: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, folder: Path) -> Languages:
        """Every language that has a file in the folder."""
        return cls({path.stem: json.loads(path.read_text(encoding="utf-8"))
                    for path in sorted(folder.glob("*.json"))})

    def best(self, accepted: str) -> str:
        """The tag of the language that an Accept-Language header prefers; English if none is known.

        Where a regional variant (`zh-TW`) has no file, the language itself (`zh`) stands for it.
        """
        tags = {tag.lower(): tag for tag in (ENGLISH, *self.texts)}
        for wanted in _by_weight(accepted):
            parts = wanted.lower().split("-")
            for length in range(len(parts), 0, -1):
                if (tag := "-".join(parts[:length])) in tags:
                    return tags[tag]
        return ENGLISH

    def translate(self, text: str, language: str) -> str:
        """The text in a language; in English where there is no translation."""
        return self.texts.get(language, {}).get(text, text)

    def for_browser(self) -> gr.I18n:
        """Labels in a browser's language if Gradio has it, in English otherwise (`it`, `zh-HK`)."""
        english = {text: text for translations in self.texts.values() for text in translations}
        return gr.I18n(
            **{ENGLISH: english, **{tag: dict(texts) for tag, texts in self.texts.items()}})


def _by_weight(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first, without those of weight 0."""
    found = [match for part in accepted.split(",") if (match := _WANTED.fullmatch(part.strip()))]
    weights = [(match[1], float(match[2] or 1)) for match in found]
    return [tag for tag, weight in sorted(weights, key=lambda each: -each[1]) if weight]


LANGUAGES = Languages.read(FOLDER)
I18N = LANGUAGES.for_browser()


def label(text: str) -> gr.I18n:
    """A label, button or heading that the browser shows in its own language."""
    return I18N(text) if text in I18N.translations[ENGLISH] else text  # type: ignore[return-value]
