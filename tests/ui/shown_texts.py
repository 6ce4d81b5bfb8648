"""The texts that the code shows to people, read off its source: what every language has to have.

A text is shown if it is handed to `label`, `translate` or `sentence`, or is the template of an
error or a finding. What is handed over may be a literal, a name, an entry of a table, the variable
of a loop over literals, or a parameter, whose values are then looked up where the function is
called in its module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import get_args, get_type_hints

import core.errors
from core.data.findings import Finding
from core.methods.registry import METHODS
from core.metrics.metric import METRICS
from core.runs.run import RunStatus
from core.settings import Settings
from ui.services import Services

ROOT = Path(__file__).resolve().parents[2]
FIRST = {"label", "translate",
         *(name for name, kind in vars(core.errors).items() if isinstance(kind, type)
                  and issubclass(kind, core.errors.ClozeLabError))}
SEEN_BY_NO_BROWSER = {
    "core.runs.migrations",  # stops the app at its start
    "core.runs.ready_made",  # reads and writes files that come with the app
}
SECOND = {"sentence", "Finding", "Failure"}
Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Scoping = (*Function, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DEEPEST = 14
# from an expression to a part of it: "item" of what is looped over, or a position
Steps = tuple[object, ...]


@dataclass(frozen=True)
class Place:
    """Where texts are shown: the line, the texts in the source, and the names of other values."""

    line: int
    texts: set[str]
    values: set[str]


@dataclass
class Scope:
    """Names and their expressions, each with the steps to the part that is meant."""

    outer: Scope | None
    module: Module
    function: ast.AST | None = None
    names: dict[str, list[tuple[ast.expr, Steps]]] = field(default_factory=dict)

    def bind(self, target: ast.expr, value: ast.expr, steps: Steps) -> None:
        if isinstance(target, ast.Name):
            self.names.setdefault(target.id, []).append((value, steps))
        if isinstance(target, ast.Tuple | ast.List):
            for at, part in enumerate(target.elts):
                self.bind(part, value, (*steps, at))


class Module:
    """One source with all its scopes."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.scopes: dict[ast.AST, Scope] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.top = Scope(None, self)
        self._visit(self.tree, self.top)

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        self.scopes[node] = scope
        if isinstance(node, ast.ImportFrom):
            self.imports |= {name.asname or name.name: (node.module or "", name.name)
                             for name in node.names}
        if isinstance(node, Scoping):
            scope = Scope(scope, self, node)
        for child in ast.iter_child_nodes(node):
            self._visit(child, scope)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                scope.bind(target, node.value, ())
        if isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            scope.bind(node.target, node.value, ())
        if isinstance(node, ast.For | ast.comprehension):
            scope.bind(node.target, node.iter, ("item",))

    def _calls(self, name: str) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if called(node) == name and isinstance(node, ast.Call):
                yield node

    def candidates(self, expr: ast.expr, scope: Scope,
                   depth: int = 0) -> Iterator[tuple[ast.expr, Scope]]:
        """The expressions that one may stand for: names, choices and entries are looked up."""
        if depth > DEEPEST:
            return
        found: Iterator[tuple[ast.expr, Scope]] = iter(())
        if isinstance(expr, ast.Name):
            found = self._named(expr.id, scope, depth)
        elif isinstance(expr, ast.IfExp):
            found = iter([(expr.body, scope), (expr.orelse, scope)])
        elif isinstance(expr, ast.BoolOp):
            found = ((value, scope) for value in expr.values)
        elif isinstance(expr, ast.NamedExpr):
            found = iter([(expr.value, scope)])
        elif isinstance(expr, ast.Subscript):
            found = self._entries(expr.value, expr.slice, scope, depth)
        elif isinstance(expr, ast.Call) and called(expr) == "get" and isinstance(
            expr.func, ast.Attribute):
            found = iter([*self._entries(expr.func.value, expr.args[0], scope, depth),
                          *((value, scope) for value in expr.args[1:])])
        elif isinstance(expr, ast.Call) and called(expr) == "next":
            found = self.items(expr.args[0], scope, depth + 1)
        elif isinstance(expr, ast.Call) and isinstance(expr.func,
                                                       ast.Name) and expr.func.id in self.functions:
            found = ((node.value, self.scopes[node.value])
                     for node in ast.walk(self.functions[expr.func.id])
                     if isinstance(node, ast.Return) and node.value is not None)
        else:
            yield expr, scope
        for value, inner in found:
            yield from inner.module.candidates(value, inner, depth + 1)

    def items(self, expr: ast.expr, scope: Scope,
              depth: int = 0) -> Iterator[tuple[ast.expr, Scope]]:
        """What a loop over the expression yields."""
        for whole, inner in self.candidates(expr, scope, depth):
            again = inner.module.items
            if isinstance(whole, ast.Tuple | ast.List | ast.Set):
                for element in whole.elts:
                    yield from again(element.value, inner,
                                     depth + 1) if isinstance(element, ast.Starred) else (
    [(element, inner)])
            elif isinstance(whole, ast.Dict):
                yield from ((key, inner)
                            for key, _, inner in inner.module.pairs(whole, inner, depth))
            elif isinstance(whole, ast.ListComp | ast.SetComp | ast.GeneratorExp):
                yield whole.elt, inner.module.scopes[whole.elt]
            elif isinstance(whole, ast.BinOp):
                for side in (whole.left, whole.right):
                    yield from again(side, inner, depth + 1)
            elif isinstance(whole, ast.Call):
                yield from inner.module._items_of_call(whole, inner, depth + 1)

    def _items_of_call(self, call: ast.Call, scope: Scope,
                       depth: int) -> Iterator[tuple[ast.expr, Scope]]:
        name = called(call)
        if name in ("items", "values") and isinstance(call.func, ast.Attribute):
            for key, value, inner in self.pairs(call.func.value, scope, depth):
                yield (ast.Tuple([key, value], ast.Load()) if name == "items" else value), inner
        elif name == "enumerate":
            for element, inner in self.items(call.args[0], scope, depth):
                yield ast.Tuple([ast.Constant(0), element], ast.Load()), inner
        elif name == "zip":
            for at, argument in enumerate(call.args):
                for element, inner in self.items(argument, scope, depth):
                    others: list[ast.expr] = [ast.Constant(0)] * len(call.args)
                    yield ast.Tuple([*others[:at], element, *others[at + 1 :]], ast.Load()), inner
        elif name in ("sorted", "tuple", "list", "reversed", "set", "filter") and call.args:
            yield from self.items(call.args[-1], scope, depth)

    def pairs(self, expr: ast.expr, scope: Scope,
              depth: int = 0) -> Iterator[tuple[ast.expr, ast.expr, Scope]]:
        """Keys and values of what the expression may stand for."""
        for whole, inner in self.candidates(expr, scope, depth):
            if isinstance(whole, ast.Dict):
                for key, value in zip(whole.keys, whole.values, strict=True):
                    if key is None:
                        yield from inner.module.pairs(value, inner, depth + 1)
                    else:
                        yield key, value, inner
            elif isinstance(whole, ast.DictComp):
                yield whole.key, whole.value, inner.module.scopes[whole.value]

    def _entries(self, table: ast.expr, key: ast.expr, scope: Scope,
                 depth: int) -> Iterator[tuple[ast.expr, Scope]]:
        """The entry of a key, or all of them if the key is not known."""
        for known, value, inner in self.pairs(table, scope, depth + 1):
            if not isinstance(key, ast.Constant) or not isinstance(
                known, ast.Constant) or key.value == known.value:
                yield value, inner
        for at, (value, inner) in enumerate(self.items(table, scope, depth + 1)):
            if isinstance(key, ast.Constant) and key.value == at and isinstance(at, int):
                yield value, inner

    def _named(self, name: str, scope: Scope | None,
               depth: int) -> Iterator[tuple[ast.expr, Scope]]:
        while scope is not None:
            if name in scope.names:
                for value, steps in scope.names[name]:
                    yield from self._parts(value, steps, scope, depth)
                return
            if isinstance(scope.function, Function) and name in parameters(scope.function):
                yield from self._arguments(name, scope.function, depth)
                return
            scope = scope.outer
        if name in self.imports:
            origin, original = self.imports[name]
            module = module_named(origin)
            if module is not None:
                yield from module._named(original, module.top, depth + 1)

    def _parts(self, value: ast.expr, steps: Steps, scope: Scope,
               depth: int) -> Iterator[tuple[ast.expr, Scope]]:
        if not steps:
            yield value, scope
        elif steps[0] == "item":
            for element, inner in self.items(value, scope, depth + 1):
                yield from inner.module._parts(element, steps[1:], inner, depth + 1)
        else:
            for whole, inner in self.candidates(value, scope, depth + 1):
                if isinstance(whole, ast.Tuple | ast.List) and int(str(steps[0])) < len(whole.elts):
                    yield from inner.module._parts(whole.elts[int(str(steps[0]))], steps[1:], inner,
                                                   depth + 1)

    def _arguments(self, name: str, function: ast.FunctionDef | ast.AsyncFunctionDef,
                   depth: int) -> Iterator[tuple[ast.expr, Scope]]:
        """What the calls in this module give for a parameter."""
        place = parameters(function).index(name)
        for call in self._calls(function.name):
            place_here = place - (parameters(function)[0] in ("self", "cls"))
            given = [keyword.value for keyword in call.keywords if keyword.arg == name]
            yield from ((value, self.scopes[value])
                        for value in [*given, *call.args[place_here : place_here + 1]])

    def shown(self) -> Iterator[Place]:
        """Each place where texts are shown."""
        for node in ast.walk(self.tree):
            at = 0 if (name := called(node)) in FIRST or notes(
                node) else 1 if name in SECOND else None
            if isinstance(node, ast.Call) and at is not None and len(node.args) > at:
                found = [value for value, _ in self.candidates(node.args[at], self.scopes[node])]
                texts = {str(value.value) for value in found if isinstance(value, ast.Constant)}
                others = {rightmost(value)
                          for value in found if not isinstance(value, ast.Constant)}
                yield Place(node.lineno, {text for text in texts if any(map(str.isalpha, text))},
                            others if found else {rightmost(node.args[at])})

    @property
    def imported(self) -> set[str]:
        """The modules that this one imports, inside functions too, and perhaps names in them."""
        return {name for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)
                and node.module
                for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))}

    @property
    def functions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, Function)}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    arguments = function.args
    return [argument.arg
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def notes(node: ast.AST) -> bool:
    """Whether a reading of templates notes something, `reading.note("{n} were left out", n=2)`."""
    return called(node) == "note" and isinstance(node, ast.Call) and bool(node.args) and isinstance(
        node.args[0], ast.Constant)


def called(node: ast.AST) -> str:
    """The name of what is called; for `translator(request)(text)` that of what translates."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "translate":
        return ""  # of a string, or of all languages
    return "translate" if called(node.func) == "translator" else rightmost(node.func)


def rightmost(expr: ast.expr) -> str:
    """The last name of an expression, such as `status` of `run.status`."""
    if isinstance(expr, ast.Call):
        return rightmost(expr.func)
    if isinstance(expr, ast.Subscript):
        return rightmost(expr.slice)
    if isinstance(expr, ast.JoinedStr):
        return ast.unparse(expr)
    return str(getattr(expr, "attr",
                       getattr(expr, "id", getattr(expr, "value", ast.unparse(expr)))))


@cache
def module_named(name: str) -> Module | None:
    """A module of the project."""
    path = ROOT / name.replace(".", "/")
    files = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    return Module(files[0].read_text(encoding="utf-8")) if files else None


def modules_of_the_app() -> dict[str, Module]:
    """All that `app.py` imports, directly or not, but what no browser ever shows."""
    found: dict[str, Module] = {}
    waiting = ["app"]
    while waiting:
        name = waiting.pop()
        module = None if name in found or name in SEEN_BY_NO_BROWSER else module_named(name)
        if module is not None:
            found[name] = module
            waiting += module.imported
    return found


def by_value() -> dict[str, set[str]]:
    """Texts that the source hands over as a value: by the value's name, all that it can be."""
    options = {field.name: field for method in METHODS.values() for field in fields(method.options)}
    explained = {field.metadata["explain"] for method in METHODS.values()
                 for field in fields(method.options)}
    hosts = [Settings(data_folder=ROOT, temporary=temporary, scheduler=scheduler)
             for temporary in (False, True) for scheduler in ("", "inline")]
    badges = [Services(settings, SimpleNamespace(placement="1"), None,
                       None).badges()[1:]  # type: ignore[arg-type]
              for settings in hosts]
    return {
        "status": set(get_args(RunStatus)),
        "severity": set(get_args(get_type_hints(Finding)["severity"])),
        "title": {shown.title for shown in (*METHODS.values(), *METRICS.values(), *(
            method.search for method in METHODS.values() if method.search))},
        "f'Options: {method.title}'": {f"Options: {method.title}" for method in METHODS.values()
                                       if not method.search},
        "summary": {method.summary() for method in METHODS.values()}, "explain": explained,
        "replace": {name.replace("_", " ") for name in options}, "text": set().union(*badges),
        "template": {core.errors.Cancelled().template},
        "error": set(),  # the others are found where they are made
    }


@cache
def shown_texts() -> frozenset[str]:
    """Every English text that the app can show."""
    return _texts(modules_of_the_app().values())


@cache
def known_texts() -> frozenset[str]:
    """Those and the ones that only the command line shows: what a language may have."""
    files = [file for folder in ("core", "ui") for file in (ROOT / folder).rglob("*.py")]
    return shown_texts() | _texts(Module(file.read_text(encoding="utf-8")) for file in files)


def _texts(modules: Iterable[Module]) -> frozenset[str]:
    places = [place for module in modules for place in module.shown()]
    return frozenset().union(*(place.texts for place in places), *by_value().values())
