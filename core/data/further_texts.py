"""Further texts of an example as people read and type them: `name: text`, each on its own line."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import InputError

Texts = tuple[tuple[str, str], ...]


def format_texts(texts: Texts) -> str:
    """Each text on a line; empty ones are left out."""
    return "\n".join(f"{name}: {' '.join(text.split())}" for name, text in texts if text)


def parse_texts(typed: str, names: Sequence[str]) -> Texts:
    """The texts of these names, in their order; those that are not typed are empty.

    Raises:
        InputError: a line has another form, or its name is not among them.
    """
    texts = dict.fromkeys(names, "")
    for line in filter(str.strip, typed.splitlines()):
        name, colon, text = (part.strip() for part in line.partition(":"))
        if not colon or name not in texts:
            raise InputError(
                "The line {line!r} is no further text of this task. Write {form}; the names are "
                "{names}.",
                line=line.strip()[:60], form="name: text", names=", ".join(names[:12]))
        texts[name] = text
    return tuple(texts.items())
