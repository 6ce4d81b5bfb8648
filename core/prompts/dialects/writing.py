"""Patterns with their label words, written in another project's dialect."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import VerbalizerError
from core.prompts.dialects.label_words import write_label_words
from core.prompts.dialects.lm_bff import write_lm_bff, write_mapping
from core.prompts.dialects.openprompt import write_openprompt
from core.prompts.dialects.promptsource_writing import write_promptsource_file
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

Named = tuple[str, Pattern, Verbalizer | None]


def write_template(
    dialect: str, pattern: Pattern, verbalizer: Verbalizer | None, name: str = "pattern"
) -> str:
    """Write a pattern in a dialect: a template and, on the next line, its label words, if any.

    Reading it back gives the same pattern with the same words.

    Raises:
        PatternError: the dialect cannot express the pattern.
        VerbalizerError: it cannot express the words, or needs some.
    """
    if dialect == "promptsource":
        return write_templates(dialect, [(name, pattern, verbalizer)])
    template = write_lm_bff(pattern) if dialect == "lm-bff" else write_openprompt(pattern)
    if verbalizer is None:
        return template
    words = write_mapping(verbalizer) if dialect == "lm-bff" else write_label_words(verbalizer)
    return f"{template}\n{words}"


def write_templates(dialect: str, patterns: Sequence[Named]) -> str:
    """Write several patterns, each with its name: one file of promptsource's, else line by line.

    Raises:
        PatternError, VerbalizerError: as `write_template`.
    """
    if dialect != "promptsource":
        return "\n".join(write_template(dialect, pattern, words) for _, pattern, words in patterns)
    complete = [(name, pattern, _needed(words)) for name, pattern, words in patterns]
    return write_promptsource_file("patterns", complete).rstrip("\n")


def _needed(verbalizer: Verbalizer | None) -> Verbalizer:
    if verbalizer is None:
        raise VerbalizerError("A promptsource template needs label words: its answer choices. "
                              "Give one word for each label.")
    return verbalizer
