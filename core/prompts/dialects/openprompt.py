"""OpenPrompt's brace templates: `{"placeholder": "text_a"} It was {"mask"}.`

Between braces stands a Python dictionary or a single key; it is parsed, never run. Only
`post_processing` holds code, and only the modifiers of patterns are recognised in it.
"""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.data.columns import is_field_name
from core.data.task import TEXTS
from core.errors import PatternError
from core.prompts.pattern import MAX_PATTERN_LENGTH, Pattern, Segment, changed

KINDS = ("placeholder", "mask", "soft", "soft_id", "meta", "special", "text")
MAX_BRACE_LENGTH = 400

_KEYS = (*KINDS, "shortenable", "post_processing", "duplicate", "same")
_SEPARATORS = ("<sep>", "<eos>", "</s>", "[SEP]")
_STARTS = ("<cls>", "<s>", "[CLS]")
_CODE = {  # the body of `lambda x: …`, as ast.unparse writes it, for each modifier
    "strip_punctuation": "x.rstrip(string.punctuation)",
    "drop_last": "x[:-1]",
    "lower_first": "x[:1].lower() + x[1:]",
    "upper_first": "x[:1].upper() + x[1:]",
}
_UNREADABLE = (SyntaxError, ValueError, MemoryError, RecursionError)
_RSTRIP = re.compile(rf"x\.rstrip\(['\"][{re.escape(string.punctuation)} ]+['\"]\)")


@dataclass(frozen=True, slots=True)
class Code:
    """A lambda of a template, as far as it is understood.

    Attributes:
        source: its body, with the parameter called x.
        modifier: the pattern's modifier that does the same; empty if there is none.
        suffix: text that it appends.
    """

    source: str
    modifier: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Brace:
    """One piece of a brace template.

    Attributes:
        values: the dictionary in the braces; `{"text": …}` for text outside them; a key without
            value has None.
        space: whether blanks stand before it; they are not part of its text.
        position: in the template.
    """

    values: Mapping[str, object]
    space: bool
    position: int

    @property
    def kind(self) -> str:
        """The kind of the piece, one of `KINDS`."""
        return next(kind for kind in KINDS if kind in self.values)

    @property
    def shortenable(self) -> bool:
        """Whether truncation may shorten it: placeholders, unless it is set otherwise."""
        return bool(self.values.get("shortenable", self.kind == "placeholder"))


def parse_openprompt(template: str) -> tuple[Brace, ...]:
    """Read the pieces of a brace template.

    Raises:
        PatternError: it is too long, a brace is not closed, its content cannot be read, or there is
            no mask.
    """
    if len(template) > MAX_PATTERN_LENGTH:
        raise PatternError("The template has {length} characters; {limit} are allowed.",
                           length=len(template), limit=MAX_PATTERN_LENGTH,
                           position=MAX_PATTERN_LENGTH)
    pieces = tuple(_pieces(template))
    if not any(piece.kind == "mask" for piece in pieces):
        raise PatternError("The OpenPrompt template has no {field}: nothing is asked of the model.",
                           field='{"mask"}', position=len(template))
    return pieces


def filled(
    pieces: Sequence[Brace], values: Mapping[str, str], mask: str = "<mask>"
) -> list[str]:
    """The text of each piece, with the blank before it; a mask has none.

    Args:
        values: the texts of the placeholders and of the meta fields.
        mask: the text of a mask.

    Raises:
        PatternError: a value is missing, code is not understood, or there are soft tokens, which
            are no text.
    """
    return [
        mask if piece.kind == "mask" else " " * piece.space + _filled(piece, values)
        for piece in pieces
    ]


def read_openprompt(template: str) -> Pattern:
    """Read a brace template as a pattern.

    `{"placeholder": "text_a"} It was {"mask"}.` is `{text_a} It was {mask}.` A meta field is a
    further column of the data: `{"meta": "word"}` is `{word}`. OpenPrompt shortens such a text only
    where the template allows it; a pattern, unless it forbids it.

    Raises:
        PatternError: besides `parse_openprompt`'s reasons, it has soft tokens, placeholders other
            than text_a and text_b, or code that is none of the pattern's modifiers.
    """
    pieces = parse_openprompt(template)
    if pieces[0].values.get("special") in _STARTS:
        pieces = pieces[1:]
    if pieces[-1].values.get("special") in _SEPARATORS:
        pieces = pieces[:-1]
    return Pattern.of(segment for piece in pieces for segment in _segments(piece))


def write_openprompt(pattern: Pattern) -> str:
    """Write the pattern as a brace template; reading it back gives the same pattern.

    Raises:
        PatternError: a literal brace, or several changes of one text.
    """
    written, position = [], 0
    for segment in pattern.segments:
        written.append(" " * segment.space + _written(segment, position))
        position += len(segment.written())
    return "".join(written)


def _pieces(template: str) -> Iterator[Brace]:
    at = 0
    while rest := template[at:].lstrip(" "):
        start = len(template) - len(rest)
        braced = rest[0] == "{"
        at = _closing(template, start) + 1 if braced else _next_brace(template, start)
        inside = template[start:at]
        values = _values(inside, start) if braced else {"text": inside.rstrip(" ")}
        yield Brace(values, template[:start].endswith(" "), start)


def _next_brace(template: str, start: int) -> int:
    end = template.find("{", start)
    return len(template) if end < 0 else end


def _closing(template: str, start: int) -> int:
    depth = 0
    for index in range(start, len(template)):
        depth += (template[index] == "{") - (template[index] == "}")
        if depth == 0:
            return index
    raise PatternError("The brace at character {place} is not closed.",
                       place=start + 1, position=start)


def _values(braced: str, position: int) -> dict[str, object]:
    """The dictionary between two braces, checked.

    Raises:
        PatternError: it cannot be read, has no kind or an unknown key, or a value is no text.
    """
    values = _dictionary(braced) if len(braced) <= MAX_BRACE_LENGTH else None
    if values is None:
        raise PatternError("{text} at character {place} cannot be read. Write a key, {key}, or a "
                           "dictionary, {example}.",
                           text=braced[:60], place=position + 1, position=position, key='{"mask"}',
                           example='{"placeholder": "text_a"}')
    if not values.keys() <= {*_KEYS} or values.keys().isdisjoint(KINDS):
        raise PatternError("{text} at character {place} has no kind of OpenPrompt's, or an unknown "
                           "key. Kinds are {known}.",
                           text=braced[:60], place=position + 1, position=position,
                           known=", ".join(KINDS))
    for key in ("placeholder", "meta", "special", "text"):
        if not isinstance(values.get(key, ""), str):
            raise PatternError("{key!r} at character {place} needs a text as its value.",
                               key=key, place=position + 1, position=position)
    return values


def _dictionary(braced: str) -> dict[str, object] | None:
    """The dictionary that a Python expression denotes, None for anything else; it is not run."""
    try:
        pairs = _pairs(ast.parse(braced, mode="eval").body)
        values = {_key(key): _value(value) for key, value in pairs}
    except _UNREADABLE:
        return None
    return values


def _pairs(node: ast.expr) -> list[tuple[ast.expr | None, ast.expr]]:
    """Keys and values of a dictionary; the members of a set are keys of None."""
    if isinstance(node, ast.Set):
        return [(key, ast.Constant(None)) for key in node.elts]
    if isinstance(node, ast.Dict):
        return list(zip(node.keys, node.values, strict=True))
    raise ValueError("no dictionary")


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError("no text")


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Lambda) and len(node.args.args) == 1:
        return _code(node)
    if isinstance(node, ast.Constant):
        return node.value
    raise ValueError("neither code nor a constant")


def _code(function: ast.Lambda) -> Code:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == function.args.args[0].arg:
            node.id = "x"
    source = ast.unparse(function.body)
    known = {code: modifier for modifier, code in _CODE.items()}
    modifier = "strip_punctuation" if _RSTRIP.fullmatch(source) else known.get(source, "")
    match function.body:
        case ast.BinOp(ast.Name("x"), ast.Add(), ast.Constant(str(suffix))):
            return Code(source, suffix=suffix)
    return Code(source, modifier)


def _understood(piece: Brace) -> Code:
    """The piece's code, which does nothing if there is none."""
    code = piece.values.get("post_processing") or Code("x")
    if isinstance(code, Code) and (code.source == "x" or code.modifier or code.suffix):
        return code
    raise PatternError("The post_processing at character {place} is not understood, and code is "
                       "never run. Understood are {known} and x + \"…\".",
                       place=piece.position + 1, position=piece.position,
                       known=", ".join(_CODE.values()))


def _filled(piece: Brace, values: Mapping[str, str]) -> str:
    if piece.kind in ("text", "special"):
        return str(piece.values[piece.kind])
    name = str(piece.values[piece.kind])
    if piece.kind in ("soft", "soft_id") or name not in values:
        raise PatternError("{name!r} (character {place}) has no text to put in.",
                           name=name, place=piece.position + 1, position=piece.position)
    code = _understood(piece)
    return changed(values[name], (code.modifier,)) + code.suffix


def _segments(piece: Brace) -> Iterator[Segment]:
    value = piece.values[piece.kind]
    if piece.kind == "text":
        yield Segment("literal", " " * piece.space + str(value))
    elif piece.kind == "mask":
        yield Segment("mask", space=piece.space)
    elif piece.kind == "special" and value in _SEPARATORS:
        yield Segment("sep", space=piece.space)
    elif _is_column(piece):
        yield from _column(piece, str(value))
    else:
        raise PatternError("A pattern cannot say {what} (character {place}): it holds text, "
                           "text_a, text_b, masks, separators and columns of the data. Soft tokens "
                           "are trained vectors.",
                           what=f"{piece.kind} {value!r}", place=piece.position + 1,
                           position=piece.position)


def _column(piece: Brace, name: str) -> Iterator[Segment]:
    """A text of the example, and the text that its code appends."""
    code = _understood(piece)
    changes = (code.modifier,) if code.modifier else ()
    fixed = () if piece.values.get("shortenable", True) else ("not_shortenable",)
    yield Segment("text", space=piece.space, field=name, modifiers=(*changes, *fixed))
    if code.suffix:
        yield Segment("literal", code.suffix)


def _is_column(piece: Brace) -> bool:
    """Whether a pattern can show the piece as one of the example's texts."""
    name = str(piece.values[piece.kind])
    if piece.kind == "placeholder":
        return name in TEXTS
    return piece.kind == "meta" and is_field_name(name)


def _written(segment: Segment, position: int) -> str:
    if segment.kind == "literal":
        return _as_text(segment.text, position)
    if segment.kind != "text":
        return '{"mask"}' if segment.kind == "mask" else '{"special": "<sep>"}'
    changes = [modifier for modifier in segment.modifiers if modifier in _CODE]
    if len(changes) > 1:
        raise PatternError("OpenPrompt's templates take one change of a text; {field} has several.",
                           field=segment.written().strip(), position=position)
    code = f', "post_processing": lambda x: {_CODE[changes[0]]}' if changes else ""
    fixed = "" if segment.shortenable else ', "shortenable": False'
    kind = "placeholder" if segment.field in TEXTS else "meta"
    return f'{{"{kind}": "{segment.field}"{fixed}{code}}}'


def _as_text(text: str, position: int) -> str:
    """The text as it is where a reader keeps its blanks, else in braces."""
    for place, char in enumerate(text, position):
        if char in "{}":
            raise PatternError("OpenPrompt's templates cannot hold a literal brace (character "
                               "{place}). Remove it.", place=place + 1, position=place)
    bare = text.strip(" ")
    if bare and text in (bare, " " + bare):
        return text
    return f'{{"text": {json.dumps(text, ensure_ascii=False)}}}'
