"""A narrow sandbox for Jinja templates that strangers wrote.

Besides what Jinja's own sandbox refuses (names that begin with an underscore), only the node types,
filters, functions and methods listed here may occur, and every loop step and every value made
counts as work, which is limited.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.filters import FILTERS, do_truncate
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from core.errors import PatternError
from core.randomness import rng

MAX_TEMPLATE_LENGTH = 10_000
MAX_OUTPUT_LENGTH = 200_000
MAX_RANGE = 1_000
MAX_WORK = 100_000  # loop steps, values made, and each hundred characters or items of them

_NODES = frozenset((
    "Add", "And", "Assign", "Call", "Compare", "Concat", "CondExpr", "Const", "Dict", "Div",
    "Filter", "FloorDiv", "For", "Getattr", "Getitem", "If", "Keyword", "List", "Mod", "Mul",
    "Name", "Neg", "Not", "Operand", "Or", "Output", "Pair", "Pos", "Slice", "Sub",
    "TemplateData", "Test", "Tuple",
))
_FUNCTIONS = ("range", "zip")
_METHODS = frozenset((
    "capitalize", "count", "endswith", "find", "get", "index", "items", "keys", "lower",
    "lstrip", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
    "values",
))
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items",
    "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse",
    "select", "selectattr", "sort", "string", "sum", "title", "tojson", "trim", "truncate",
    "unique", "upper", "wordcount",
)
# promptsource's filters, and two of Jinja's whose results can grow
_OWN_FILTERS = ("choice", "highlight", "join", "most_frequent", "replace")
_COUNTED, _JOINED = " counted", " joined"  # filters that a template cannot name

_Value = TypeVar("_Value")


def parse(source: str) -> nodes.Template:
    """Read a template and check that it uses nothing but what is offered here.

    Raises:
        PatternError: it is too long, Jinja cannot read it, or it holds what is not offered;
            `position` is that of the line.
    """
    if len(source) > MAX_TEMPLATE_LENGTH:
        raise PatternError("The template has {length} characters; {limit} are allowed.",
                           length=len(source), limit=MAX_TEMPLATE_LENGTH,
                           position=MAX_TEMPLATE_LENGTH)
    with _as_pattern_error(source):
        tree = SandboxedEnvironment().parse(source)
        for node in tree.find_all(nodes.Node):
            _check(node, source)
    return tree


def variables(node: nodes.Node) -> set[str]:
    """The names that an expression or template takes from the example."""
    if isinstance(node, nodes.Template):
        return meta.find_undeclared_variables(node)
    parts = (node, *node.find_all(nodes.Name))
    return {part.name for part in parts if isinstance(part, nodes.Name)} - {*_FUNCTIONS}


def line_start(source: str, line: int) -> int:
    """The index of the first character of a line, counted from 1."""
    return sum(len(before) + 1 for before in source.split("\n")[: line - 1])


def render(
    tree: nodes.Template,
    source: str,
    values: Mapping[str, object],
    seed: int = 0,
    cut: int = 0,
    work: int = MAX_WORK,
) -> str:
    """Render a parsed template, which is changed by it and can be rendered once.

    Args:
        seed: decides the filter `choice`.
        cut: each printed value is shortened to so many characters; 0 shortens none.
        work: the number of steps that it may take.

    Raises:
        PatternError: it fails on these values, or does more work or writes more than is allowed.
    """
    with _as_pattern_error(source):
        sandbox = _Sandbox(seed, cut, work)
        bounded = _Bounds().visit(tree).set_environment(sandbox)
        code, names = sandbox.compile(bounded), sandbox.make_globals(None)
        template = sandbox.template_class.from_code(sandbox, code, names)
        return _joined(template.generate(**values))


def _joined(pieces: Iterable[str]) -> str:
    """The pieces as one text, which is given up where it gets too long."""
    written, length = [], 0
    for piece in pieces:
        written.append(piece)
        length += len(piece)
        if length > MAX_OUTPUT_LENGTH:
            raise PatternError("The template writes more than {limit} characters.",
                               limit=MAX_OUTPUT_LENGTH)
    return "".join(written)


class _Sandbox(SandboxedEnvironment):
    """Jinja's sandbox with few filters and a limited amount of work."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%"))

    def __init__(self, seed: int, cut: int, work: int) -> None:
        super().__init__(finalize=functools.partial(self._printed, cut))
        self.globals = {"range": _short_range, "zip": zip}
        self.filters = self._jinja_filters() | self._own_filters(seed)
        self._allowed = self._work = work

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add anything, but multiply and divide moderate numbers only.

        So no text is repeated or formatted.
        """
        if operator not in "+-" and not (_is_moderate(left) and _is_moderate(right)):
            raise PatternError("The template uses {operator!r} on something other than moderate "
                               "numbers.", operator=operator)
        return self._made(super().call_binop(context, operator, left, right))

    def _jinja_filters(self) -> dict[str, Callable[..., Any]]:
        return {name: self._counting(FILTERS[name]) for name in _FILTERS}

    def _own_filters(self, seed: int) -> dict[str, Callable[..., Any]]:
        return {
            "choice": functools.partial(_choice, seed),
            "highlight": self._highlight,
            "join": self._join,
            "most_frequent": _most_frequent,
            "replace": self._replace,
            _COUNTED: self._counted,
            _JOINED: self._join,
        }

    def _spend(self, work: int) -> None:
        self._work -= work
        if self._work < 0:
            raise PatternError("The template does too much work: more than {limit} steps.",
                               limit=self._allowed)

    def _made(self, value: _Value) -> _Value:
        """The value, counted as work."""
        size = len(value) if isinstance(value, str | list | tuple | dict) else 0
        self._spend(1 + size // 100)
        return value

    def _counting(self, change: Callable[..., Any]) -> Callable[..., Any]:
        """The filter, with its results counted as work."""
        @functools.wraps(change)
        def counting(*given: Any, **named: Any) -> Any:
            return self._made(change(*given, **named))

        return counting

    def _printed(self, cut: int, value: object) -> str:
        text = self._made(str(value))
        return do_truncate(self, text, cut) if cut else text

    def _counted(self, items: Iterable[_Value]) -> Iterator[_Value]:
        """The items, each counted as a step."""
        for item in items:
            self._spend(1)
            yield item

    def _highlight(self, text: object) -> str:
        return self._made(f"<span style='color: #F08080'>{text}</span>")

    def _join(self, items: Iterable[object], separator: object = "") -> str:
        parts = [str(item) for item in self._counted(items)]
        self._spend(len(parts) * len(str(separator)) // 100)
        return self._made(str(separator).join(parts))

    def _replace(self, text: object, old: str, new: str) -> str:
        self._spend(str(text).count(old) * len(new) // 100)
        return self._made(str(text).replace(old, new))


class _Bounds(NodeTransformer):
    """Adds filters that count the steps of loops and the length of texts joined with `~`."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _filtered(node.iter, _COUNTED)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), _JOINED)


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _check(node: nodes.Node, source: str) -> None:
    if refused := _refused(node):
        raise PatternError("The template uses {what!r} (line {line}), which is not offered here.",
                           what=refused, line=node.lineno,
                           position=line_start(source, node.lineno))


def _refused(node: nodes.Node) -> str:
    """The name of what the node uses and is not offered; empty if all is offered."""
    match node:
        case nodes.For(recursive=True):
            return "recursive"
        case nodes.Filter(name=name):
            return "" if name in _FILTERS + _OWN_FILTERS else name
        case nodes.Call(node=nodes.Name(name=name)):
            return "" if name in _FUNCTIONS else name
        case nodes.Call(node=nodes.Getattr(attr=name)):
            return "" if name in _METHODS else name
    kind = type(node).__name__
    return "" if kind in _NODES and kind != "Call" else kind


def _is_moderate(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= 1e9


def _short_range(*bounds: int) -> range:
    wanted = range(*bounds)
    if len(wanted) > MAX_RANGE:
        raise PatternError("The template counts to {count}; {limit} is the limit.",
                           count=len(wanted), limit=MAX_RANGE)
    return wanted


def _choice(seed: int, items: Sequence[object]) -> object:
    return items[int(rng(seed, "choice").integers(len(items)))]


def _most_frequent(items: Sequence[object]) -> list[object] | None:
    counts = Counter(items)
    most = max(counts.values(), default=0)
    return [item for item, count in counts.items() if count == most] or None


@contextmanager
def _as_pattern_error(source: str) -> Iterator[None]:
    """Turn every error that a stranger's template causes into a PatternError."""
    try:
        yield
    except PatternError:
        raise
    except TemplateSyntaxError as error:
        raise PatternError("Jinja cannot read the template (line {line}): {why}",
                           line=error.lineno, why=str(error.message)[:200],
                           position=line_start(source, error.lineno)) from error
    except Exception as error:
        raise PatternError("The template fails: {why}",
                           why=f"{type(error).__name__}: {error}"[:200]) from error
