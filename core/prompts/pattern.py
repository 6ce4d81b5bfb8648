"""Patterns: text with `{text_a}`, `{text_b}`, `{mask}` and `{sep}`, parsed once into segments.

Further columns of the examples are fields of their own names: `{word}` shows the column `word`.

A field may carry modifiers, `{text_a|lower_first|not_shortenable}`; a literal brace is doubled.
One space before a field belongs to the field, because byte-level vocabularies keep it inside the
word (" great" is one token, " " and "great" are two); `|tight` leaves it with the pattern's text.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

from core.data.task import Example
from core.errors import PatternError

SegmentKind = Literal["cls", "sep", "literal", "text", "mask", "word"]

MODIFIERS: dict[str, str] = {
    "strip_punctuation": "remove all punctuation at the end (PET for pairs)",
    "drop_last": "remove the last character (LM-BFF's `sent-`)",
    "lower_first": "lower-case the first letter",
    "upper_first": "upper-case the first letter",
    "not_shortenable": "never shorten this text",
    "tight": "leave the space before the field with the pattern's own text",
}
FIELDS = ("text_a", "text_b", "mask", "sep")
MAX_PATTERN_LENGTH = 2000
MAX_MASKS = 10
_NAMED = 12  # fields that a message names

_CHANGES: dict[str, Callable[[str], str]] = {
    "strip_punctuation": lambda text: text.rstrip(string.punctuation + "。，！？；：、… "),
    "drop_last": lambda text: text[:-1],
    "lower_first": lambda text: text[:1].lower() + text[1:],
    "upper_first": lambda text: text[:1].upper() + text[1:],
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a pattern or of a rendered prompt.

    Attributes:
        kind: `cls` and `sep` stand for the model's own special tokens; `literal` is the pattern's
            text, `text` the example's, `mask` the place of the answer, `word` a label word written
            out (in a demonstration).
        text: the text that stands there; in a pattern, empty for fields.
        space: whether a space stands before it that belongs to it.
        shortenable: whether truncation may shorten it.
        field: for kind `text`, the name of the example's text.
        modifiers: of the field, in order.
        label: in a demonstration, whose word or text it is.
    """

    kind: SegmentKind
    text: str = ""
    space: bool = False
    shortenable: bool = False
    field: str = ""
    modifiers: tuple[str, ...] = ()
    label: str = ""

    def surface(self, mask: str = "____") -> str:
        """The segment as a person reads it."""
        shown = {"cls": "", "sep": " ", "mask": mask}.get(self.kind, self.text)
        return f" {shown}" if self.space and shown else shown

    def written(self) -> str:
        """The segment as a pattern writes it."""
        if self.kind == "literal":
            return self.text.replace("{", "{{").replace("}", "}}")
        name = self.field or self.kind
        return (" " if self.space else "") + "{" + "|".join((name, *self.modifiers)) + "}"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered pattern: what the model is shown, with the places of the answers."""

    segments: tuple[Segment, ...]

    @property
    def masks(self) -> int:
        """How many answers are asked for."""
        return sum(segment.kind == "mask" for segment in self.segments)

    def text(self, mask: str = "____") -> str:
        """The prompt as a person reads it."""
        return "".join(segment.surface(mask) for segment in self.segments).strip()


@dataclass(frozen=True)
class Pattern:
    """A parsed pattern. Use `Pattern.parse`; `str(pattern)` writes it back."""

    segments: tuple[Segment, ...]

    @staticmethod
    def parse(text: str, columns: Iterable[str] = ()) -> Pattern:
        """Read a pattern; `columns` are the names of the examples' further columns.

        Raises:
            PatternError: a brace is not closed, a field or modifier is unknown, there is no
                `{mask}`, or the text is empty or longer than 2,000 characters. `position` is the
                place.
        """
        return _parse(text, tuple(columns))

    @staticmethod
    def of(segments: Iterable[Segment]) -> Pattern:
        """The pattern of these segments.

        Fields become `tight` where a literal's last space would be read as theirs.

        Raises:
            PatternError: as for `parse`.
        """
        text, columns = "", []
        for segment in segments:
            if segment.field and segment.field not in FIELDS:
                columns.append(segment.field)
            text += _written_after(text, segment)
        return _parse(text, tuple(columns))

    @property
    def masks(self) -> int:
        """How many `{mask}` it has."""
        return sum(segment.kind == "mask" for segment in self.segments)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The example's texts that it shows."""
        return frozenset(segment.field for segment in self.segments if segment.kind == "text")

    def check(self, pairs: bool) -> None:
        """Raise PatternError if the pattern does not fit a task of pairs or of single texts."""
        if "text_b" in self.fields and not pairs:
            raise PatternError("The pattern uses {field}, but the examples of this task have one "
                               "text only. Remove it.",
                               field="{text_b}", position=str(self).find("{text_b"))
        if not self.fields:
            raise PatternError("The pattern shows no text of the example, so every example would "
                               "get the same answer. Put {field} where the text belongs.",
                               field="{text_a}", position=0)

    def render(self, example: Example) -> Prompt:
        """Fill in the example's texts: [cls], the pattern, [sep]."""
        return Prompt((Segment("cls"), *self._filled(example), Segment("sep")))

    def render_answered(self, example: Example, word: str) -> Prompt:
        """Render a demonstration: the label word in the mask's place, ending in [sep]."""
        label = example.label or ""
        shown = (_answered(segment, word, label) for segment in self._filled(example))
        return Prompt((*shown, Segment("sep")))

    def _filled(self, example: Example) -> Iterator[Segment]:
        for segment in self.segments:
            if segment.kind != "text":
                yield segment
                continue
            yield replace(segment, text=changed(example.text(segment.field), segment.modifiers))

    def __str__(self) -> str:
        return "".join(segment.written() for segment in self.segments)


def changed(text: str, modifiers: Iterable[str]) -> str:
    """The text after the modifiers that change texts, in their order."""
    for modifier in modifiers:
        text = _CHANGES[modifier](text) if modifier in _CHANGES else text
    return text


def check_mask_last(pattern: Pattern) -> None:
    """Raise PatternError if something other than space comes after `{mask}`."""
    kinds = [segment.kind for segment in pattern.segments]
    after = pattern.segments[kinds.index("mask") + 1:]
    if any(segment.kind != "literal" or segment.text.strip() for segment in after):
        raise PatternError(
            "Where answers are texts, {field} is where the model begins to write, so nothing may "
            "come after it. Move it to the end of {pattern!r}.",
            field="{mask}", pattern=str(pattern))


def _answered(segment: Segment, word: str, label: str) -> Segment:
    """The segment as a demonstration with this label word shows it."""
    if segment.kind == "mask":
        return replace(segment, kind="word", text=word, label=label)
    return replace(segment, label=label) if segment.kind == "text" else segment


def _written_after(text: str, segment: Segment) -> str:
    """The segment as a pattern writes it after `text`, without taking that text's last space."""
    if segment.kind != "literal" and text.endswith(" ") and not segment.space:
        segment = replace(segment, modifiers=(*segment.modifiers, "tight"))
    return segment.written()


@lru_cache(maxsize=4096)
def _parse(text: str, columns: tuple[str, ...]) -> Pattern:
    _check_length(text)
    segments: list[Segment] = []
    for piece, position in _pieces(text):
        if position is None:
            segments.append(Segment("literal", piece))
        else:
            _append_field(segments, piece, position, columns)
    pattern = Pattern(tuple(segments))
    _check_masks(pattern.masks, text)
    return pattern


def _check_length(text: str) -> None:
    if not text.strip():
        raise PatternError("The pattern is empty. Write something like: {example}",
                           example="{text_a} It was {mask}.", position=0)
    if len(text) > MAX_PATTERN_LENGTH:
        raise PatternError("The pattern has {length} characters; {limit} are allowed. Shorten it.",
                           length=len(text), limit=MAX_PATTERN_LENGTH, position=MAX_PATTERN_LENGTH)


def _check_masks(masks: int, text: str) -> None:
    if masks == 0:
        raise PatternError("The pattern has no {field}: nothing is asked of the model. Put {field} "
                           "where the answer belongs.", field="{mask}", position=len(text))
    if masks > MAX_MASKS:
        raise PatternError("The pattern has {count} masks; {limit} are allowed.",
                           count=masks, limit=MAX_MASKS, position=text.rfind("{mask"))


def _pieces(text: str) -> Iterator[tuple[str, int | None]]:
    """Yield literal text with position None, and the inside of each field with its position."""
    literal, at = "", 0
    while at < len(text):
        if text[at : at + 2] in ("{{", "}}"):
            literal, at = literal + text[at], at + 2
        elif text[at] not in "{}":
            literal, at = literal + text[at], at + 1
        else:
            end = _field_end(text, at)
            if literal:
                yield literal, None
            yield text[at + 1 : end], at
            literal, at = "", end + 1
    if literal:
        yield literal, None


def _field_end(text: str, start: int) -> int:
    """The place of the brace that closes the one at `start`."""
    if text[start] == "}":
        raise PatternError("The brace }} at character {place} closes nothing. Write two for a "
                           "literal brace.", place=start + 1, position=start)
    end = text.find("}", start)
    if end < 0 or "{" in text[start + 1 : end]:
        raise PatternError("The brace {{ at character {place} is not closed. Close it, or write "
                           "two for a literal brace.", place=start + 1, position=start)
    return end


def _append_field(
    segments: list[Segment], inside: str, position: int, columns: tuple[str, ...]
) -> None:
    name, *modifiers = [part.strip() for part in inside.split("|")]
    _check_name(name, position, (*FIELDS, *columns))
    for modifier in modifiers:
        _check_modifier(modifier, name, position)
    space = "tight" not in modifiers and _take_space(segments)
    segments.append(_field(name, tuple(modifiers), space))


def _field(name: str, modifiers: tuple[str, ...], space: bool) -> Segment:
    if name in ("mask", "sep"):
        return Segment("mask" if name == "mask" else "sep", space=space, modifiers=modifiers)
    shortenable = "not_shortenable" not in modifiers
    return Segment("text", space=space, shortenable=shortenable, field=name, modifiers=modifiers)


def _take_space(segments: list[Segment]) -> bool:
    """Remove the space that ends the last literal text; whether there was one."""
    last = segments[-1] if segments else None
    if last is None or last.kind != "literal" or not last.text.endswith(" "):
        return False
    segments.pop()
    if last.text[:-1]:
        segments.append(replace(last, text=last.text[:-1]))
    return True


def _check_name(name: str, position: int, known: tuple[str, ...]) -> None:
    if name in known:
        return
    fields = ", ".join("{" + field + "}" for field in known[:_NAMED])
    more = " …" if len(known) > _NAMED else ""
    raise PatternError("There is no field {field} (character {place}). Fields are {fields}.{hint}",
                       field="{" + name + "}", place=position + 1, position=position,
                       fields=fields + more, hint=_hint(name, known))


def _check_modifier(modifier: str, name: str, position: int) -> None:
    if modifier not in MODIFIERS:
        raise PatternError("There is no modifier {modifier!r} (character {place}). Modifiers are "
                           "{known}.{hint}",
                           modifier=modifier, place=position + 1, position=position,
                           known=", ".join(MODIFIERS), hint=_hint(modifier, tuple(MODIFIERS)))
    if name in ("mask", "sep") and modifier != "tight":
        raise PatternError("{field} takes no modifier {modifier!r} (character {place}); modifiers "
                           "change the example's texts.",
                           field="{" + name + "}", modifier=modifier, place=position + 1,
                           position=position)


def _hint(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""
