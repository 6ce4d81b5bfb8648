"""promptsource's templates: Jinja whose text before `|||` is the prompt and after it the target, kept in YAML files.

Answer choices are Jinja too, parted by `|||`; the template sees them as `answer_choices`. A separator inside an
example's own text parts nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from jinja2 import nodes

from core.data.task import TEXTS
from core.errors import PatternError, VerbalizerError
from core.prompts.dialects import sandbox
from core.prompts.pattern import Pattern, Segment
from core.prompts.verbalizer import Verbalizer

SEPARATOR = "|||"
MAX_FILE_LENGTH = 200_000
MAX_TEMPLATES = 500  # of one file
MAX_PRINTED = 2048  # characters of each printed value
FIXED_WORK = 2_000  # steps that fixed answer choices or fixed text may take

_PROTECTED = "\ufdd0" * len(SEPARATOR)  # stands for a separator in an example's own text


@dataclass(frozen=True)
class JinjaTemplate:
    """One template of a promptsource file; `answer_choices` is Jinja too, or None for open answers."""

    name: str
    jinja: str
    answer_choices: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Rendered:
    """A template filled with an example: its parts between separators, and the answers to choose from, if any."""

    parts: tuple[str, ...]
    answer_choices: tuple[str, ...] | None

    @property
    def prompt(self) -> str:
        """What the model is shown."""
        return self.parts[0]

    @property
    def target(self) -> str | None:
        """What it should say."""
        return self.parts[1] if len(self.parts) > 1 else None


def parse_promptsource(text: str) -> list[JinjaTemplate]:
    """Read a promptsource file (`templates.yaml`).

    Raises:
        PatternError: it is no such file; `position` tells where, if YAML does.
    """
    return [as_template(values) for values in promptsource_entries(text)]


def promptsource_entries(text: str) -> list[object]:
    """The templates of a promptsource file as they stand in it, or the one template that the text is.

    Raises:
        PatternError: it is no such file, or holds too many; `position` tells where, if YAML does.
    """
    if len(text) > MAX_FILE_LENGTH:
        raise PatternError("The file has {length} characters; {limit} are allowed.", length=len(text),
                           limit=MAX_FILE_LENGTH, position=MAX_FILE_LENGTH)
    data = _yaml(text)
    if isinstance(data, dict) and "jinja" in data:
        return [data]
    templates = data.get("templates") if isinstance(data, dict) else None
    if not isinstance(templates, dict) or not templates:
        raise PatternError("This is no promptsource file: it has no {key}.", key="templates", position=0)
    if len(templates) > MAX_TEMPLATES:
        raise PatternError("The file has {count} templates; {limit} are allowed.", count=len(templates),
                           limit=MAX_TEMPLATES)
    return list(templates.values())


def as_template(values: object) -> JinjaTemplate:
    """One entry of a promptsource file as a template.

    Raises:
        PatternError: it has no Jinja, or what it has is no text.
    """
    values = values if isinstance(values, dict) else {}
    jinja, choices, metadata = values.get("jinja"), values.get("answer_choices"), values.get("metadata")
    if not isinstance(jinja, str) or not isinstance(choices, str | None):
        raise PatternError("The template {name!r} of the file has no {key}, or it is no text.",
                           name=str(values.get("name", ""))[:60],
                           key="answer_choices" if isinstance(jinja, str) else "jinja")
    return JinjaTemplate(str(values.get("name", "")), jinja, choices, metadata if isinstance(metadata, dict) else {})


def render_promptsource(template: JinjaTemplate, example: Mapping[str, object], seed: int = 0) -> Rendered:
    """Fill the template with an example; `seed` decides the filter `choice`.

    Raises:
        PatternError: the template cannot be read or fails, or the example has a column called answer_choices.
    """
    if "answer_choices" in example:
        raise PatternError("The example has a column {column!r}, a name that the template needs. Rename it.",
                           column="answer_choices")
    shielded = {name: _shielded(value) for name, value in example.items()}
    choices = None
    if template.answer_choices is not None:
        choices = _split(_render(template.answer_choices, shielded, seed))
    parts = _split(_render(template.jinja, {**shielded, "answer_choices": choices}, seed, MAX_PRINTED))
    return Rendered(tuple(map(_unshielded, parts)), None if choices is None else tuple(map(_unshielded, choices)))


def fixed_choices(answer_choices: str | None) -> tuple[str, ...] | None:
    """The answer choices, if there are any and they are the same for every example.

    Raises:
        PatternError: they cannot be read.
    """
    if answer_choices is None or sandbox.variables(sandbox.parse(answer_choices)):
        return None
    return tuple(_split(_render(answer_choices, {}, work=FIXED_WORK)))


def shown_columns(jinja: str) -> list[str]:
    """The columns that a template shows as they are, in their order.

    Raises:
        PatternError: it cannot be read.
    """
    printed = (node for output in sandbox.parse(jinja).find_all(nodes.Output) for node in output.nodes)
    names = (node.name for node in printed if isinstance(node, nodes.Name))
    return [name for name in dict.fromkeys(names) if name != "answer_choices"]


def read_promptsource(
    jinja: str, columns: Mapping[str, str], answer_choices: str | None
) -> tuple[Pattern, tuple[str, ...]]:
    """Read a template as a pattern and the word of each label, in the order of the data set's label numbers.

    `columns` says which column is `text_a`, which `text_b`, and which a further one keeps a name of its
    own. The mask stands where the target begins, after a space.

    Raises:
        PatternError: the template does more than to show columns and fixed text and ask for one of fixed choices.
    """
    words = fixed_choices(answer_choices)
    if words is None:
        raise PatternError("The template has no fixed answer choices, so there are no label words. A pattern needs "
                           "the same words for every example.")
    return _pattern(jinja, columns, words), words


def read_jinja(jinja: str, columns: Mapping[str, str]) -> Pattern:
    """Read a template without its file, so without answer choices, as a pattern; `columns` as in `read_promptsource`.

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
    more = [name for name in columns.values() if name not in TEXTS]
    return Pattern.parse("".join(segment.written() for segment in parts[0]).strip() + " {mask}", more)


def write_promptsource(pattern: Pattern, verbalizer: Verbalizer, name: str = "pattern") -> str:
    """Write the pattern and its label words as a promptsource file with one template.

    The columns are called `text_a`, `text_b` and `label` (a number). Blanks at both ends of the prompt are not kept.

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
    entries = dict(_entry(*template) for template in templates)
    return yaml.dump({"dataset": dataset, "templates": entries}, Dumper=_Dumper, allow_unicode=True,
                     sort_keys=False, width=1_000)


@dataclass(frozen=True)
class _Tagged:
    tag: str
    values: Mapping[str, object]


def _entry(name: str, pattern: Pattern, verbalizer: Verbalizer) -> tuple[str, _Tagged]:
    """A template as a file holds it, under the id that its content gives."""
    jinja = "".join(_written(pattern)) + f" {SEPARATOR} {{{{ answer_choices[label] }}}}"
    choices = f" {SEPARATOR} ".join(_choices(verbalizer))
    metadata = {"choices_in_prompt": False, "languages": [], "metrics": ["Accuracy"], "original_task": True}
    key = str(uuid.uuid5(uuid.NAMESPACE_URL, jinja + choices))
    return key, _Tagged("!Template", {
        "answer_choices": choices, "id": key, "jinja": jinja,
        "metadata": _Tagged("!TemplateMetadata", metadata), "name": name, "reference": ""})


class _Dumper(yaml.SafeDumper):
    """Writes promptsource's two tags."""


class _Loader(yaml.SafeLoader):
    """Reads promptsource's two tags as plain mappings; aliases, which can grow without bound, are refused."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=self.get_mark())
        return super().compose_node(parent, index)


def _mapping(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    return loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # it refuses other nodes itself


_Dumper.add_representer(_Tagged, lambda dumper, data: dumper.represent_mapping(data.tag, data.values))
for _tag in ("!Template", "!TemplateMetadata"):
    _Loader.add_constructor(_tag, _mapping)


def _yaml(text: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise PatternError("The file is no YAML that can be read here: {why}", why=str(error).split("\n")[0][:200],
                           position=getattr(mark, "index", None)) from error
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:  # what PyYAML lets through
        raise PatternError("The file is no YAML that can be read here: {why}", why=str(error)[:200]) from error


def _render(source: str, values: Mapping[str, object], seed: int = 0, cut: int = 0,
            work: int = sandbox.MAX_WORK) -> str:
    return sandbox.render(sandbox.parse(source), source, values, seed, cut, work)


def _split(rendered: str) -> list[str]:
    return [part.strip() for part in rendered.split(SEPARATOR)]


def _shielded(value: object) -> object:
    if isinstance(value, str):
        return value.replace(SEPARATOR, _PROTECTED)
    if isinstance(value, list | tuple):
        return [_shielded(item) for item in value]
    if isinstance(value, dict):
        return {key: _shielded(item) for key, item in value.items()}
    return value


def _unshielded(text: str) -> str:
    return text.replace(_PROTECTED, SEPARATOR)


def _segments(jinja: str, columns: Mapping[str, str], words: tuple[str, ...]) -> Iterator[Segment]:
    """The template's pieces; a separator of kind `sep`, the chosen answer of kind `mask`."""
    for statement in sandbox.parse(jinja).body:
        if not isinstance(statement, nodes.Output):
            raise PatternError("A pattern has no conditions, loops or assignments; the template has one in line "
                               "{line}.", line=statement.lineno, position=sandbox.line_start(jinja, statement.lineno))
        for node in statement.nodes:
            if isinstance(node, nodes.TemplateData):
                for index, text in enumerate(node.data.split(SEPARATOR)):
                    yield from ([Segment("sep")] if index else [])
                    yield Segment("literal", text)
            elif isinstance(node, nodes.Name) and node.name in columns:
                yield Segment("text", field=columns[node.name])
            else:
                yield _expression(node, jinja, columns, words)


def _expression(node: nodes.Expr, jinja: str, columns: Mapping[str, str], words: tuple[str, ...]) -> Segment:
    match node:
        case nodes.Getitem(node=nodes.Name(name="answer_choices"), arg=nodes.Name()):
            return Segment("mask")
    if names := sandbox.variables(node) - {"answer_choices"}:
        raise PatternError("Line {line} of the template computes something from {names}. A pattern shows the columns "
                           "{columns} as they are.", line=node.lineno, names=", ".join(sorted(names)),
                           columns=", ".join(columns), position=sandbox.line_start(jinja, node.lineno))
    if not words and "answer_choices" in sandbox.variables(node):
        raise PatternError("Line {line} of the template shows the answer choices, and none are given. Give the "
                           "template with its {key}.", line=node.lineno, key="answer_choices",
                           position=sandbox.line_start(jinja, node.lineno))
    alone = nodes.Template([nodes.Output([node], lineno=node.lineno)], lineno=node.lineno)
    return Segment("literal", sandbox.render(alone, jinja, {"answer_choices": list(words)}, work=FIXED_WORK))


def _check_target(parts: list[list[Segment]], jinja: str) -> None:
    asked = [segment for segment in parts[-1] if segment.kind != "literal" or segment.text.strip()]
    if len(parts) != 2 or [segment.kind for segment in asked] != ["mask"]:
        raise PatternError("The template's target is not {target} alone, so it does not ask for a label word.",
                           target=SEPARATOR + " {{ answer_choices[label] }}", position=max(0, jinja.find(SEPARATOR)))
    if any(segment.kind == "mask" for segment in parts[0]):
        raise PatternError("The template gives the answer away: it shows {answer} before {separator}.",
                           answer="{{ answer_choices[label] }}", separator=SEPARATOR,
                           position=max(0, jinja.find("answer_choices")))


def _written(pattern: Pattern) -> Iterator[str]:
    *shown, mask = pattern.segments
    if mask.kind != "mask" or pattern.masks > 1:
        raise PatternError("promptsource asks for the end of a text: {field} must stand at the end of the pattern, "
                           "and only there.", field="{mask}", position=str(pattern).find("{mask"))
    position = 0
    for segment in shown:
        if segment.kind == "sep" or {*segment.modifiers} - {"tight"} or SEPARATOR in segment.text:
            raise PatternError("promptsource's templates cannot say {text!r} (character {place}).",
                               text=segment.written().strip(), place=position + 1, position=position)
        yield " " * segment.space + (_quoted(segment.text) if segment.kind == "literal" else f"{{{{{segment.field}}}}}")
        position += len(segment.written())


def _choices(verbalizer: Verbalizer) -> Iterator[str]:
    for label, words in verbalizer.words:
        if len(words) > 1 or SEPARATOR in words[0]:
            raise VerbalizerError("promptsource takes one word for each label, without {separator}; {label!r} has "
                                  "{words}.", label=label, separator=SEPARATOR, words=", ".join(words))
        yield _quoted(words[0])


def _quoted(text: str) -> str:
    """Text as Jinja writes it: braces would open a tag, so they stand in a string."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if "{" in text else text
