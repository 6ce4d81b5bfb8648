"""Patterns with their label words, written as promptsource's files."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from copy import deepcopy

from core.errors import PatternError, VerbalizerError
from core.prompts.dialects.promptsource import SEPARATOR
from core.prompts.dialects.promptsource_yaml import write_entries
from core.prompts.pattern import Pattern, Segment
from core.prompts.verbalizer import Verbalizer

_METADATA = {
    "choices_in_prompt": False,
    "languages": [],
    "metrics": ["Accuracy"],
    "original_task": True,
}


def write_promptsource(pattern: Pattern, verbalizer: Verbalizer, name: str = "pattern") -> str:
    """Write the pattern and its label words as a promptsource file with one template.

    The columns are called `text_a`, `text_b` and `label` (a number). Blanks at both ends of the
    prompt are not kept.

    Raises:
        PatternError: the mask is not the last thing, or there are separators or modifiers.
        VerbalizerError: a label has several words, or a word holds the separator.
    """
    return write_promptsource_file(name, [(name, pattern, verbalizer)])


def write_promptsource_file(
    dataset: str, templates: Iterable[tuple[str, Pattern, Verbalizer]]
) -> str:
    """Write several patterns, each with its name and label words, as one promptsource file.

    Raises:
        PatternError, VerbalizerError: as `write_promptsource`.
    """
    return write_entries(dataset, dict(_entry(*template) for template in templates))


def _entry(name: str, pattern: Pattern, verbalizer: Verbalizer) -> tuple[str, dict[str, object]]:
    """A template as a file holds it, under the id that its content gives."""
    jinja = "".join(_written(pattern)) + f" {SEPARATOR} {{{{ answer_choices[label] }}}}"
    choices = f" {SEPARATOR} ".join(_choices(verbalizer))
    key = str(uuid.uuid5(uuid.NAMESPACE_URL, jinja + choices))
    return key, {
        "answer_choices": choices,
        "id": key,
        "jinja": jinja,
        "metadata": deepcopy(_METADATA),  # YAML writes an alias where templates share a value
        "name": name,
        "reference": "",
    }


def _written(pattern: Pattern) -> Iterator[str]:
    *shown, mask = pattern.segments
    if mask.kind != "mask" or pattern.masks > 1:
        raise PatternError("promptsource asks for the end of a text: {field} must stand at the end "
                           "of the pattern, and only there.",
                           field="{mask}", position=str(pattern).find("{mask"))
    position = 0
    for segment in shown:
        yield " " * segment.space + _as_jinja(segment, position)
        position += len(segment.written())


def _as_jinja(segment: Segment, position: int) -> str:
    changed = {*segment.modifiers} - {"tight"}
    if segment.kind == "sep" or changed or SEPARATOR in segment.text:
        raise PatternError("promptsource's templates cannot say {text!r} (character {place}).",
                           text=segment.written().strip(), place=position + 1, position=position)
    return _quoted(segment.text) if segment.kind == "literal" else f"{{{{{segment.field}}}}}"


def _choices(verbalizer: Verbalizer) -> Iterator[str]:
    for label, words in verbalizer.words:
        if len(words) > 1 or SEPARATOR in words[0]:
            raise VerbalizerError("promptsource takes one word for each label, without "
                                  "{separator}; {label!r} has {words}.",
                                  label=label, separator=SEPARATOR, words=", ".join(words))
        yield _quoted(words[0])


def _quoted(text: str) -> str:
    """Text as Jinja writes it: braces would open a tag, so they stand in a string."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if "{" in text else text
