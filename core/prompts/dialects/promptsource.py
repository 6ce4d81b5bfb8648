"""promptsource's templates: Jinja whose text before `|||` is the prompt and after it the target.

Answer choices are Jinja too, parted by `|||`; the template sees them as `answer_choices`. A
separator inside an example's own text parts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from core.data.task import TEXTS
from core.errors import PatternError
from core.prompts.dialects import sandbox
from core.prompts.dialects.promptsource_yaml import promptsource_entries
from core.prompts.pattern import Pattern, Segment

SEPARATOR = "|||"
MAX_PRINTED = 2048  # characters of each printed value
FIXED_WORK = 2_000  # steps that fixed answer choices or fixed text may take

_PROTECTED = "\ufdd0" * len(SEPARATOR)  # replaces a separator in an example's own text


@dataclass(frozen=True)
class JinjaTemplate:
    """One template of a promptsource file.

    `answer_choices` is Jinja too, or None for open answers.
    """

    name: str
    jinja: str
    answer_choices: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Rendered:
    """A template filled with an example: its parts between separators, and its answer choices."""

    parts: tuple[str, ...]
    answer_choices: tuple[str, ...] | None

    @property
    def prompt(self) -> str:
        """The text that the model is shown."""
        return self.parts[0]

    @property
    def target(self) -> str | None:
        """The text that the model is to write, if any."""
        return self.parts[1] if len(self.parts) > 1 else None


def parse_promptsource(text: str) -> list[JinjaTemplate]:
    """Read a promptsource file (`templates.yaml`).

    Raises:
        PatternError: it is no such file; `position` is that of YAML's error.
    """
    return [as_template(values) for values in promptsource_entries(text)]


def as_template(values: object) -> JinjaTemplate:
    """One entry of a promptsource file as a template.

    Raises:
        PatternError: it has no Jinja, or its Jinja or its answer choices are no text.
    """
    entry = values if isinstance(values, dict) else {}
    name, jinja, choices = entry.get("name", ""), entry.get("jinja"), entry.get("answer_choices")
    if not isinstance(jinja, str) or not isinstance(choices, str | None):
        key = "answer_choices" if isinstance(jinja, str) else "jinja"
        raise PatternError("The template {name!r} of the file has no {key}, or it is no text.",
                           name=str(name)[:60], key=key)
    metadata = entry.get("metadata")
    return JinjaTemplate(str(name), jinja, choices, metadata if isinstance(metadata, dict) else {})


def render_promptsource(
    template: JinjaTemplate, example: Mapping[str, object], seed: int = 0
) -> Rendered:
    """Fill the template with an example; `seed` decides the filter `choice`.

    Raises:
        PatternError: the template cannot be read or fails, or the example has a column called
            answer_choices.
    """
    if "answer_choices" in example:
        raise PatternError("The example has a column {column!r}, a name that the template needs. "
                           "Rename it.", column="answer_choices")
    values = {name: _protected(value) for name, value in example.items()}
    choices = None
    if template.answer_choices is not None:
        choices = _split(_render(template.answer_choices, values, seed=seed))
    values["answer_choices"] = choices
    parts = _split(_render(template.jinja, values, seed=seed, cut=MAX_PRINTED))
    return Rendered(_restored(parts), None if choices is None else _restored(choices))


def fixed_choices(answer_choices: str | None) -> tuple[str, ...] | None:
    """The answer choices, if there are any and they are the same for every example.

    Raises:
        PatternError: they cannot be read.
    """
    if answer_choices is None or sandbox.variables(sandbox.parse(answer_choices)):
        return None
    return tuple(_split(_render(answer_choices, {}, work=FIXED_WORK)))


def shown_columns(jinja: str) -> list[str]:
    """The columns that a template shows unchanged, in their order.

    Raises:
        PatternError: it cannot be read.
    """
    outputs = sandbox.parse(jinja).find_all(nodes.Output)
    printed = (node for output in outputs for node in output.nodes)
    names = (node.name for node in printed if isinstance(node, nodes.Name))
    return [name for name in dict.fromkeys(names) if name != "answer_choices"]


def read_promptsource(
    jinja: str, columns: Mapping[str, str], answer_choices: str | None
) -> tuple[Pattern, tuple[str, ...]]:
    """Read a template as a pattern and the word of each label.

    The words are in the order of the data set's label numbers. The mask stands where the target
    begins, after a space.

    Args:
        columns: the pattern's field for each column: `text_a`, `text_b` or a further column.

    Raises:
        PatternError: the template does more than to show columns and fixed text and ask for one of
            fixed choices.
    """
    words = fixed_choices(answer_choices)
    if words is None:
        raise PatternError("The template has no fixed answer choices, so there are no label words. "
                           "A pattern needs the same words for every example.")
    return _pattern(jinja, columns, words), words


def read_jinja(jinja: str, columns: Mapping[str, str]) -> Pattern:
    """Read a template without its file, so without answer choices, as a pattern.

    Args:
        columns: as in `read_promptsource`.

    Raises:
        PatternError: as `read_promptsource`, and where the prompt shows the answer choices.
    """
    return _pattern(jinja, columns, ())


def _pattern(jinja: str, columns: Mapping[str, str], words: tuple[str, ...]) -> Pattern:
    parts: list[list[Segment]] = [[]]
    for segment in _segments(jinja, columns, words):
        if segment.kind == "sep":
            parts.append([])
        else:
            parts[-1].append(segment)
    _check_target(parts, jinja)
    further = [name for name in columns.values() if name not in TEXTS]
    prompt = "".join(segment.written() for segment in parts[0]).strip()
    return Pattern.parse(prompt + " {mask}", further)


def _render(source: str, values: Mapping[str, object], **options: int) -> str:
    return sandbox.render(sandbox.parse(source), source, values, **options)


def _split(rendered: str) -> list[str]:
    return [part.strip() for part in rendered.split(SEPARATOR)]


def _protected(value: object) -> object:
    """The value with every separator in its texts replaced."""
    if isinstance(value, str):
        return value.replace(SEPARATOR, _PROTECTED)
    if isinstance(value, list | tuple):
        return [_protected(item) for item in value]
    if isinstance(value, dict):
        return {key: _protected(item) for key, item in value.items()}
    return value


def _restored(texts: list[str]) -> tuple[str, ...]:
    return tuple(text.replace(_PROTECTED, SEPARATOR) for text in texts)


def _segments(jinja: str, columns: Mapping[str, str], words: tuple[str, ...]) -> Iterator[Segment]:
    """The template's pieces; a separator has kind `sep`, the label's answer choice kind `mask`."""
    for statement in sandbox.parse(jinja).body:
        if not isinstance(statement, nodes.Output):
            raise PatternError("A pattern has no conditions, loops or assignments; the template "
                               "has one in line {line}.",
                               line=statement.lineno,
                               position=sandbox.line_start(jinja, statement.lineno))
        for node in statement.nodes:
            if isinstance(node, nodes.TemplateData):
                yield from _literals(node.data)
            elif isinstance(node, nodes.Name) and node.name in columns:
                yield Segment("text", field=columns[node.name])
            else:
                yield _expression(node, jinja, columns, words)


def _literals(text: str) -> Iterator[Segment]:
    """Fixed text and the separators in it."""
    for index, part in enumerate(text.split(SEPARATOR)):
        if index:
            yield Segment("sep")
        yield Segment("literal", part)


def _expression(
    node: nodes.Expr, jinja: str, columns: Mapping[str, str], words: tuple[str, ...]
) -> Segment:
    """The label's answer choice, or the fixed text that an expression gives."""
    match node:
        case nodes.Getitem(node=nodes.Name(name="answer_choices"), arg=nodes.Name()):
            return Segment("mask")
    _check_fixed(node, jinja, columns, words)
    alone = nodes.Template([nodes.Output([node], lineno=node.lineno)], lineno=node.lineno)
    values = {"answer_choices": list(words)}
    return Segment("literal", sandbox.render(alone, jinja, values, work=FIXED_WORK))


def _check_fixed(
    node: nodes.Expr, jinja: str, columns: Mapping[str, str], words: tuple[str, ...]
) -> None:
    """Raise if the expression depends on the example or on answer choices that are not given."""
    names, position = sandbox.variables(node), sandbox.line_start(jinja, node.lineno)
    if computed := names - {"answer_choices"}:
        raise PatternError("Line {line} of the template computes something from {names}. A pattern "
                           "shows the columns {columns} as they are.",
                           line=node.lineno, names=", ".join(sorted(computed)),
                           columns=", ".join(columns), position=position)
    if names and not words:
        raise PatternError("Line {line} of the template shows the answer choices, and none are "
                           "given. Give the template with its {key}.",
                           line=node.lineno, key="answer_choices", position=position)


def _check_target(parts: list[list[Segment]], jinja: str) -> None:
    """Raise unless the target is the label's answer choice, which the prompt does not show."""
    target = [segment for segment in parts[-1] if segment.kind != "literal" or segment.text.strip()]
    if len(parts) != 2 or [segment.kind for segment in target] != ["mask"]:
        raise PatternError("The template's target is not {target} alone, so it does not ask for a "
                           "label word.",
                           target=SEPARATOR + " {{ answer_choices[label] }}",
                           position=max(0, jinja.find(SEPARATOR)))
    if any(segment.kind == "mask" for segment in parts[0]):
        raise PatternError("The template gives the answer away: it shows {answer} before "
                           "{separator}.",
                           answer="{{ answer_choices[label] }}", separator=SEPARATOR,
                           position=max(0, jinja.find("answer_choices")))
