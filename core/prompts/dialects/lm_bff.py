"""LM-BFF's star templates and label words (arXiv 2012.15723 and its published templates).

A template is `*cls**sent_0*_It_was*mask*.*sep+*`, label words are `{'0':'terrible','1':'great'}`.

Stars part the fields: `cls`, `mask`, `sep`, `sep+` (which also starts a new segment), `sent_i` (the
i-th sentence), `label_i` (the word of class i), `labelx_i` (the word of the i-th demonstration's
class); anything else is text with `_` for a space. Before the underscore of `sent_i`, `l` or `u`
changes the case of the first letter and `-` drops the last character; a leading `+` puts a space
before the sentence.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from core.data.task import TEXTS
from core.errors import PatternError, VerbalizerError
from core.prompts.pattern import Pattern, Prompt, Segment, changed
from core.prompts.verbalizer import Verbalizer

MAX_TEMPLATE_LENGTH = 20_000

StarKind = Literal["cls", "sep", "mask", "text", "sentence", "label", "labelx"]
_LETTERS: dict[str, tuple[str, ...]] = {"": (), "l": ("lower_first",), "u": ("upper_first",)}
_SENTENCE = re.compile(r"(?P<plus>\+?)sent(?P<letter>[lu]?)(?P<minus>-?)_(?P<index>[0-9]{1,3})")
_LABEL = re.compile(r"(?P<kind>labelx?)_(?P<index>[0-9]{1,3})")
_ALMOST = re.compile(r"\+?sent[lu]?-?_|labelx?_")
_KNOWN = "cls, mask, sep, sep+, sent_0, sent-_0, sentl_0, sentu_0, +sent_0, label_0, labelx_0"

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Star:
    """One field of a star template.

    Attributes:
        kind: `label` is the word of a given class, `labelx` that of a demonstration's own class.
        position: of the field in the template.
        text: of kind `text`, with spaces for underscores.
        index: of the sentence, class or demonstration.
        space: whether a space is put before the sentence.
        modifiers: of the sentence, as patterns name them.
        next_segment: whether a separator also starts a new segment.
    """

    kind: StarKind
    position: int = 0
    text: str = ""
    index: int = 0
    space: bool = False
    modifiers: tuple[str, ...] = ()
    next_segment: bool = False

    def written(self) -> str:
        """The field as a template writes it."""
        if self.kind == "text":
            return self.text.replace(" ", "_")
        if self.kind == "sentence":
            return f"*{'+' * self.space}sent{self._changes()}_{self.index}*"
        number = f"_{self.index}" if self.kind in ("label", "labelx") else ""
        return f"*{self.kind}{number}{'+' * self.next_segment}*"

    def _changes(self) -> str:
        """The modifiers as letters between `sent` and the underscore."""
        case = set(self.modifiers) - {"drop_last"}
        letter = next(key for key, change in _LETTERS.items() if set(change) == case)
        return letter + "-" * ("drop_last" in self.modifiers)


def parse_stars(template: str) -> tuple[Star, ...]:
    """Read the fields of a star template.

    Raises:
        PatternError: it is too long, a field looks like `sent_i` or `label_i` and is not, or there
            is no mask.
    """
    if len(template) > MAX_TEMPLATE_LENGTH:
        raise PatternError("The template has {length} characters; {limit} are allowed.",
                           length=len(template), limit=MAX_TEMPLATE_LENGTH,
                           position=MAX_TEMPLATE_LENGTH)
    stars, position = [], 0
    for field in template.split("*"):
        if field:
            stars.append(_star(field, position))
        position += len(field) + 1
    if not any(star.kind == "mask" for star in stars):
        raise PatternError("The LM-BFF template has no {field}: nothing is asked of the model.",
                           field="*mask*", position=len(template))
    return tuple(stars)


def render_stars(
    stars: Sequence[Star],
    texts: Sequence[str],
    words: Sequence[str] = (),
    shot_labels: Sequence[int] = (),
) -> Prompt:
    """Fill in sentences and label words.

    Args:
        texts: the sentences, those of the demonstrations after those of the query.
        words: the word of each class.
        shot_labels: the class of each demonstration.

    Raises:
        PatternError: the template asks for a sentence, word or demonstration that is not given.
    """
    return Prompt(tuple(_rendered(star, texts, words, shot_labels) for star in stars))


def demonstration_template(template: str, labels: int) -> str:
    """The template, then an answered copy for each of `labels` classes, as LM-BFF makes it.

    A copy has no `cls`, further sentences, and `label_i` in the mask's place.
    """
    stars = parse_stars(template)
    sentences = 1 + max((star.index for star in stars if star.kind == "sentence"), default=-1)
    shown = [star for star in stars if star.kind != "cls"]
    copies = (_answered(star, label, sentences) for label in range(labels) for star in shown)
    return "".join(star.written() for star in (*stars, *copies))


def read_lm_bff(template: str) -> Pattern:
    """Read a query template as a pattern.

    `*cls**sent_0*_It_was*mask*.*sep+*` is `{text_a} It was {mask}.`

    Raises:
        PatternError: besides `parse_stars`'s reasons, it does not go from `*cls*` to `*sep+*`, has
            more than two sentences, or has demonstrations, which are added to a pattern later.
    """
    first, *inner = parse_stars(template)
    last = inner.pop() if inner else first
    for star, kind, name in ((first, "cls", "*cls*"), (last, "sep", "*sep+*")):
        if star.kind != kind:
            raise PatternError("An LM-BFF template goes from *cls* to *sep+*; here {name} is "
                               "missing.", name=name, position=star.position)
    return Pattern.of(_segments(inner))


def write_lm_bff(pattern: Pattern) -> str:
    """Write the pattern as a star template; the model reads the same tokens from both.

    Raises:
        PatternError: stars cannot express it: a literal star, underscore or keyword, or some
            modifiers.
    """
    written, position = [], 0
    for segment in pattern.segments:
        written.append(_as_star(segment, position).written())
        position += len(segment.written())
    return "".join(("*cls*", *written, "*sep+*"))


def read_mapping(text: str) -> dict[str, str]:
    """Read LM-BFF's label words, `{'0':'terrible','1':'great'}`, also as JSON.

    Raises:
        VerbalizerError: it is no flat mapping of labels to words.
    """
    mapping = _literal(text) if len(text) <= MAX_TEMPLATE_LENGTH else None
    if not isinstance(mapping, dict) or not all(map(_is_entry, mapping.items())):
        raise VerbalizerError("Label words are given as {form}, not as {text!r}.",
                              form="{'0':'terrible','1':'great'}", text=text[:120])
    return {str(label): word for label, word in mapping.items()}


def write_mapping(verbalizer: Verbalizer) -> str:
    """Write label words as LM-BFF does.

    Raises:
        VerbalizerError: a label has several words; LM-BFF takes one.
    """
    for label, words in verbalizer.words:
        if len(words) > 1:
            raise VerbalizerError("LM-BFF takes one word for each label; {label!r} has {count}. "
                                  "Keep one.", label=label, count=len(words))
    return repr({label: words[0] for label, words in verbalizer.words})


def _star(field: str, position: int) -> Star:
    if field in ("cls", "mask"):
        return Star("cls" if field == "cls" else "mask", position)
    if field in ("sep", "sep+"):
        return Star("sep", position, next_segment=field == "sep+")
    if sentence := _SENTENCE.fullmatch(field):
        return _sentence_star(sentence, position)
    if label := _LABEL.fullmatch(field):
        kind: StarKind = "label" if label["kind"] == "label" else "labelx"
        return Star(kind, position, index=int(label["index"]))
    if _ALMOST.match(field):
        raise PatternError("{field!r} at character {place} is no field of LM-BFF's. Fields are "
                           "{known}.",
                           field=field[:40], place=position + 1, position=position, known=_KNOWN)
    return Star("text", position, text=field.replace("_", " "))


def _sentence_star(field: re.Match[str], position: int) -> Star:
    dropped = ("drop_last",) if field["minus"] else ()
    modifiers = _LETTERS[field["letter"]] + dropped
    index, space = int(field["index"]), bool(field["plus"])
    return Star("sentence", position, index=index, space=space, modifiers=modifiers)


def _rendered(
    star: Star, texts: Sequence[str], words: Sequence[str], shot_labels: Sequence[int]
) -> Segment:
    if star.kind == "text":
        return Segment("literal", star.text)
    if star.kind == "sentence":
        text = changed(_value_at(texts, star.index, star), star.modifiers)
        field = "text_b" if star.index else "text_a"
        return Segment("text", " " * star.space + text, shortenable=True, field=field)
    if star.kind == "label" or star.kind == "labelx":
        label = star.index if star.kind == "label" else _value_at(shot_labels, star.index, star)
        return Segment("word", _value_at(words, label, star), label=str(label))
    return Segment(star.kind)


def _value_at(values: Sequence[_Value], index: int, star: Star) -> _Value:
    if index >= len(values):
        raise PatternError("The template's field {field} (character {place}) asks for number "
                           "{index}; {count} are given, counted from 0.",
                           field=star.written(), place=star.position + 1, index=index,
                           count=len(values), position=star.position)
    return values[index]


def _answered(star: Star, label: int, sentences: int) -> Star:
    """The field in the copy for a class; each copy has `sentences` sentences of its own."""
    if star.kind == "sentence":
        return replace(star, index=star.index + (label + 1) * sentences)
    return replace(star, kind="label", index=label) if star.kind == "mask" else star


def _segments(stars: Sequence[Star]) -> Iterator[Segment]:
    before = Star("sep")
    for star in stars:
        if star.kind == "mask":  # label words carry their own space, unless they begin the text
            space = before.kind != "sep" and not before.text.endswith(" ")
            yield Segment("mask", space=space)
        else:
            yield _segment(star)
        before = star


def _segment(star: Star) -> Segment:
    if star.kind == "text":
        return Segment("literal", star.text)
    if star.kind == "sep":
        return Segment("sep")
    if star.kind == "sentence" and star.index < len(TEXTS):
        field = TEXTS[star.index]
        return Segment("text", field=field, space=star.space, modifiers=star.modifiers)
    raise PatternError("A pattern cannot take the field {field} (character {place}). It holds "
                       "sentences 0 and 1; demonstrations are added to it later.",
                       field=star.written(), place=star.position + 1, position=star.position)


def _as_star(segment: Segment, position: int) -> Star:
    if segment.kind == "literal":
        return _as_text(segment, position)
    if segment.kind != "text":
        return Star("mask") if segment.kind == "mask" else Star("sep", next_segment=True)
    modifiers = tuple(modifier for modifier in segment.modifiers if modifier != "tight")
    _check_sentence(segment, set(modifiers) - {"drop_last"}, position)
    index = TEXTS.index(segment.field)
    return Star("sentence", index=index, space=segment.space, modifiers=modifiers)


def _check_sentence(segment: Segment, case: set[str], position: int) -> None:
    """Raise if stars cannot express the field, or these modifiers of its case."""
    if segment.field not in TEXTS:
        raise PatternError("LM-BFF's templates show the first and the second text alone, not "
                           "{field}. Remove it.",
                           field=segment.written().strip(), position=position)
    if case not in map(set, _LETTERS.values()):
        raise PatternError("LM-BFF's templates cannot say the modifiers of {field}. They know "
                           "lower_first or upper_first, and drop_last.",
                           field=segment.written().strip(), position=position)


def _as_text(segment: Segment, position: int) -> Star:
    for place, char in enumerate(segment.text, position):
        if char in "*_":
            raise PatternError("LM-BFF's templates cannot hold {char!r} as text (character "
                               "{place}). Remove it.", char=char, place=place + 1, position=place)
    written = segment.text.replace(" ", "_")
    if _ALMOST.match(written) or _star(written, position).kind != "text":
        raise PatternError("LM-BFF would take the text {text!r} (character {place}) for a field. "
                           "Change it.", text=segment.text, place=position + 1, position=position)
    return Star("text", text=segment.text)


def _is_entry(entry: tuple[object, object]) -> bool:
    label, word = entry
    return isinstance(label, str | int) and isinstance(word, str)


def _literal(text: str) -> object:
    """The value that JSON or a Python literal holds; None if the text is neither."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None
