"""OpenPrompt's brace templates: `{"placeholder": "text_a"} It was {"mask"}.`

Between braces stands a Python dictionary or a single key; it is parsed, never run. Code is only given for
`post_processing`, and only the changes that patterns know are recognised in it.
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
_CODE = {  # what `lambda x: …` says, as ast.unparse writes it, for each modifier
    "strip_punctuation": "x.rstrip(string.punctuation)",
    "drop_last": "x[:-1]",
    "lower_first": "x[:1].lower() + x[1:]",
    "upper_first": "x[:1].upper() + x[1:]",
}
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
        values: the dictionary in the braces; `{"text": …}` for text outside them; a key without value has None.
        space: whether blanks stand before it; they are not part of its text.
        position: in the template.
    """

    values: Mapping[str, object]
    space: bool
    position: int

    @property
    def kind(self) -> str:
        """What the piece is: one of `KINDS`."""
        return next(kind for kind in KINDS if kind in self.values)

    @property
    def shortenable(self) -> bool:
        """Whether truncation may shorten it: placeholders, unless they say otherwise."""
        return bool(self.values.get("shortenable", self.kind == "placeholder"))


def parse_openprompt(template: str) -> tuple[Brace, ...]:
    """Read the pieces of a brace template.

    Raises:
        PatternError: it is too long, a brace is not closed, what stands in it cannot be read, or there is no mask.
    """
    if len(template) > MAX_PATTERN_LENGTH:
        raise PatternError("The template has {length} characters; {limit} are allowed.", length=len(template),
                           limit=MAX_PATTERN_LENGTH, position=MAX_PATTERN_LENGTH)
    pieces, at = [], 0
    while at < len(template):
        start = at + len(template[at:]) - len(template[at:].lstrip(" "))
        if start == len(template):
            break
        at = _closing(template, start) + 1 if template[start] == "{" else _next_brace(template, start)
        inside = template[start:at]
        values = _values(inside, start) if inside[0] == "{" else {"text": inside.rstrip(" ")}
        pieces.append(Brace(values, start > 0 and template[start - 1] == " ", start))
    if not any(piece.kind == "mask" for piece in pieces):
        raise PatternError("The OpenPrompt template has no {field}: nothing is asked of the model.",
                           field='{"mask"}', position=len(template))
    return tuple(pieces)


def filled(pieces: Sequence[Brace], values: Mapping[str, str], mask: str = "<mask>") -> list[str]:
    """The text of each piece, with the blank before it; `values` holds the placeholders' and the meta fields' texts.

    Raises:
        PatternError: a value is missing, code is not understood, or there are soft tokens, which are no text.
    """
    return [mask if piece.kind == "mask" else " " * piece.space + _filled(piece, values) for piece in pieces]


def read_openprompt(template: str) -> Pattern:
    """Read a brace template as a pattern: `{"placeholder": "text_a"} It was {"mask"}.` is `{text_a} It was {mask}.`

    A meta field is a further column of the data: `{"meta": "word"}` is `{word}`. OpenPrompt shortens
    such a text only where the template says so; a pattern, unless it says otherwise.

    Raises:
        PatternError: besides `parse_openprompt`'s reasons, it has soft tokens, placeholders other than
            text_a and text_b, or code that is none of the pattern's modifiers.
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


def _next_brace(template: str, start: int) -> int:
    end = template.find("{", start)
    return len(template) if end < 0 else end


def _closing(template: str, start: int) -> int:
    depth = 0
    for index in range(start, len(template)):
        depth += (template[index] == "{") - (template[index] == "}")
        if depth == 0:
            return index
    raise PatternError("The brace at character {place} is not closed.", place=start + 1, position=start)


def _values(braced: str, position: int) -> dict[str, object]:
    try:
        values = _dictionary(braced) if len(braced) <= MAX_BRACE_LENGTH else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        values = None
    if values is None:
        raise PatternError("{text} at character {place} cannot be read. Write a key, {key}, or a dictionary, "
                           "{example}.", text=braced[:60], place=position + 1, position=position, key='{"mask"}',
                           example='{"placeholder": "text_a"}')
    unknown = [key for key in values if key not in _KEYS]
    if unknown or not any(kind in values for kind in KINDS):
        raise PatternError("{text} at character {place} has no kind of OpenPrompt's, or an unknown key. Kinds are "
                           "{known}.", text=braced[:60], place=position + 1, position=position, known=", ".join(KINDS))
    for key in ("placeholder", "meta", "special", "text"):
        if not isinstance(values.get(key, ""), str):
            raise PatternError("{key!r} at character {place} needs a text as its value.", key=key, place=position + 1,
                               position=position)
    return values


def _dictionary(braced: str) -> dict[str, object] | None:
    """The dictionary that the source writes down, None if it is something else; nothing is run."""
    node = ast.parse(braced, mode="eval").body
    pairs: list[tuple[ast.expr | None, ast.expr]]
    if isinstance(node, ast.Set):
        pairs = [(key, ast.Constant(None)) for key in node.elts]
    elif isinstance(node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
    else:
        return None
    values: dict[str, object] = {}
    for key, value in pairs:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return None
        if isinstance(value, ast.Lambda) and len(value.args.args) == 1:
            values[key.value] = _code(value)
        elif isinstance(value, ast.Constant):
            values[key.value] = value.value
        else:
            return None
    return values


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
    code = piece.values.get("post_processing") or Code("x")
    if not isinstance(code, Code) or (code.source != "x" and not code.modifier and not code.suffix):
        raise PatternError("The post_processing at character {place} is not understood, and code is never run. "
                           "Understood are {known} and x + \"…\".", place=piece.position + 1, position=piece.position,
                           known=", ".join(_CODE.values()))
    return code


def _filled(piece: Brace, values: Mapping[str, str]) -> str:
    if piece.kind in ("text", "special"):
        return str(piece.values[piece.kind])
    name = str(piece.values[piece.kind])
    if piece.kind in ("soft", "soft_id") or name not in values:
        raise PatternError("{name!r} (character {place}) has no text to put in.", name=name, place=piece.position + 1,
                           position=piece.position)
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
        code = _understood(piece)
        fixed = () if piece.values.get("shortenable", True) else ("not_shortenable",)
        modifiers = ((code.modifier,) if code.modifier else ()) + fixed
        yield Segment("text", space=piece.space, field=str(value), modifiers=modifiers)
        if code.suffix:
            yield Segment("literal", code.suffix)
    else:
        raise PatternError("A pattern cannot say {what} (character {place}): it holds text, text_a, text_b, masks, "
                           "separators and columns of the data. Soft tokens are trained vectors.",
                           what=f"{piece.kind} {value!r}", place=piece.position + 1, position=piece.position)


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
    """Plain where the blanks that a reader keeps are all there are, else in braces."""
    for index, char in enumerate(text):
        if char in "{}":
            raise PatternError("OpenPrompt's templates cannot hold a literal brace (character {place}). Remove it.",
                               place=position + index + 1, position=position + index)
    bare = text.strip(" ")
    return text if bare and text in (bare, " " + bare) else f'{{"text": {json.dumps(text, ensure_ascii=False)}}}'
