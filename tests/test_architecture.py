"""The rules of the tree, checked on its source; each rule is also given a breach to find."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = (  # a package imports from itself and from those before it
    "errors", "randomness", "settings", "data", "prompts", "models", "metrics", "inspection",
    "search", "learning", "methods", "runs", "figures", "pretraining", "commands", "__main__",
)
READ_ENVIRONMENT = ("app", "core.__main__")
INTERFACE_FORBIDS = {"torch", "transformers", "sqlite3"}
RUNS_FOREIGN_CODE = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
BANNED = {
    "manager", "helper", "handler", "processor", "wrapper", "engine", "util", "common", "misc",
}
RUNNING_CALLS = {
    "eval", "exec", "compile", "__import__", "torch.load", "yaml.unsafe_load", "os.system",
}
RUNNING_OPTIONS = {"trust_remote_code", "allow_pickle", "shell"}
MACHINE_PATH = re.compile(r"(?<![\w.:/}])/(work|home|root|Users|tmp|opt|mnt|farm)/")
LONGEST_FUNCTION, LONGEST_FILE = 60, 400
Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """A module's dotted name and text."""

    module: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def imports(self) -> set[str]:
        """Every module or name imported anywhere: `from a import b` as `a.b`, relative ones too."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                found |= {f"{self._base(node)}.{alias.name}" for alias in node.names}
        return found

    def _base(self, node: ast.ImportFrom) -> str:
        """The module from which a node imports."""
        if not node.level:
            return node.module or ""
        parents = self.module.split(".")[: -node.level]
        return ".".join([*parents, *filter(None, [node.module])])

    @property
    def imported_packages(self) -> set[str]:
        return {name.split(".")[0] for name in self.imports}


def read(path: Path) -> Source:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return Source(module.removesuffix(".__init__"), path.read_text(encoding="utf-8"))


FOLDERS = ("core", "ui", "benchmarks")
PATHS = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
SOURCES = [read(path) for path in (ROOT / "app.py", *PATHS)]
SHIPPED = [source for source in SOURCES if not source.module.startswith("benchmarks")]


def imports_earlier_packages(source: Source) -> Iterator[str]:
    """A package of core imports from its own modules or from packages before it."""
    own = source.module.split(".")[1:2]
    if not source.module.startswith("core.") or own[0] not in ORDER:
        return
    for name in source.imports:
        parts = name.split(".")
        if parts[0] == "core" and parts[1] in ORDER and ORDER.index(parts[1]) > ORDER.index(own[0]):
            yield name


def only_enters(source: Source) -> Iterator[str]:
    """The entry of the command line leaves all work to the commands."""
    if source.module == "core.__main__":
        yield from (name for name in source.imports
                    if name.startswith("core.") and not name.startswith("core.commands."))


def has_its_place(source: Source) -> Iterator[str]:
    """Every package of core is in the order, so that no new one escapes it."""
    parts = source.module.split(".")
    if parts[0] == "core" and len(parts) > 1 and parts[1] not in ORDER:
        yield parts[1]


def keeps_the_halves_apart(source: Source) -> Iterator[str]:
    """Core knows no interface; the interface touches neither models nor the database."""
    forbidden = {"core": {"gradio", "ui", "app"}, "ui": {*INTERFACE_FORBIDS, "app"}}
    yield from source.imported_packages & forbidden.get(source.module.split(".")[0], set())


def reads_no_environment(source: Source) -> Iterator[str]:
    """Settings are read in one place and handed down."""
    if source.module in READ_ENVIRONMENT:
        return
    yield from source.imports & {"os.environ", "os.getenv", "os.environb"}
    for node in ast.walk(source.tree):
        names = ("environ", "getenv", "environb", "putenv")
        if isinstance(node, ast.Attribute) and node.attr in names:
            yield f"{ast.unparse(node)}:{node.lineno}"


def is_short(source: Source) -> Iterator[str]:
    """No function over 60 lines, no file over 400."""
    if (lines := source.text.count("\n")) > LONGEST_FILE:
        yield f"{lines} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{node.name}: {lines} lines"


def explains_itself(source: Source) -> Iterator[str]:
    """Every public module, class and function has a docstring."""
    if not ast.get_docstring(source.tree):
        yield "module"
    for node in source.tree.body:
        public = isinstance(node, (*Function, ast.ClassDef)) and not node.name.startswith("_")
        if public and not ast.get_docstring(node):
            yield node.name


def names_say_something(source: Source) -> Iterator[str]:
    """No module, class or function is called by what every program has."""
    kinds = (*Function, ast.ClassDef)
    defined = [node.name for node in ast.walk(source.tree) if isinstance(node, kinds)]
    for name in (*source.module.split("."), *defined):
        words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
        if {word.lower().removesuffix("s") for word in words} & BANNED:
            yield name


def runs_no_foreign_code(source: Source) -> Iterator[str]:
    """Nothing that a person or a hub gives is ever executed."""
    yield from source.imported_packages & RUNS_FOREIGN_CODE
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in RUNNING_CALLS:
            yield f"{ast.unparse(node.func)}:{node.lineno}"
        if isinstance(node, ast.keyword) and node.arg in RUNNING_OPTIONS:
            is_off = isinstance(node.value, ast.Constant) and node.value.value is False
            if not is_off:
                yield f"{node.arg}:{node.lineno}"


def names_no_machine(source: Source) -> Iterator[str]:
    """No path of somebody's machine."""
    yield from (match.group() for match in MACHINE_PATH.finditer(source.text))


def leaves_nothing_undone(source: Source) -> Iterator[str]:
    """What is not done is not announced."""
    yield from re.findall(r"\b(?:TODO|FIXME|XXX)\b", source.text)


RULES: tuple[Callable[[Source], Iterator[str]], ...] = (
    imports_earlier_packages, only_enters, has_its_place, keeps_the_halves_apart,
    reads_no_environment, is_short, explains_itself, names_say_something, runs_no_foreign_code,
    names_no_machine, leaves_nothing_undone,
)
BREACHES = [
    (imports_earlier_packages, "core.data.files", "from core.prompts.pattern import Pattern"),
    (imports_earlier_packages, "core.models.a", "def load():\n    from core.methods import head"),
    (imports_earlier_packages, "core.runs.spec", "if TYPE_CHECKING:\n    import core.figures"),
    (imports_earlier_packages, "core.data.files", "from ..runs import spec"),
    (imports_earlier_packages, "core.pretraining.recipe", "import core.commands.command"),
    (only_enters, "core.__main__", "from core.runs.study import run_study"),
    (has_its_place, "core.plugins.one", ""),
    (keeps_the_halves_apart, "core.data.files", "def show():\n    import gradio as gr"),
    (keeps_the_halves_apart, "core.runs.store", "from ui.languages import t"),
    (keeps_the_halves_apart, "ui.lab", "import torch.nn"),
    (keeps_the_halves_apart, "ui.lab", "from transformers import pipeline"),
    (keeps_the_halves_apart, "ui.lab", "def rows():\n    import sqlite3"),
    (reads_no_environment, "core.runs.store", "import os\nHOME = os.environ['HOME']"),
    (reads_no_environment, "core.runs.store", "from os import getenv"),
    (reads_no_environment, "core.commands.look", "import os\nHOME = os.environ['HOME']"),
    (reads_no_environment, "ui.lab", "import os\nHOME = os.getenv('HOME')"),
    (is_short, "core.a", "def long():\n" + "    pass\n" * 60),
    (is_short, "core.a", "class A:\n    async def long(self):\n" + "        pass\n" * 60),
    (is_short, "core.a", "x = 1\n" * 401),
    (explains_itself, "core.a", "x = 1"),
    (explains_itself, "core.a", '"""What it is."""\ndef public(): pass'),
    (explains_itself, "core.a", '"""What it is."""\nclass Public: pass'),
    (names_say_something, "core.utils", ""),
    (names_say_something, "core.data.common", ""),
    (names_say_something, "core.a", "class RunManager: pass"),
    (names_say_something, "core.a", "class A:\n    def error_handlers(self): pass"),
    (runs_no_foreign_code, "core.a", "import pickle"),
    (runs_no_foreign_code, "core.a", "def f(x): return eval(x)"),
    (runs_no_foreign_code, "core.a", "exec('x = 1')"),
    (runs_no_foreign_code, "core.a", "torch.load(path)"),
    (runs_no_foreign_code, "core.a", "load(name, trust_remote_code=True)"),
    (runs_no_foreign_code, "core.a", "load(name, trust_remote_code=given)"),
    (names_no_machine, "core.a", "FOLDER = '/home/somebody/data'"),
    (leaves_nothing_undone, "core.a", "x = 1  # TO" + "DO: more"),
]
ALLOWED = [
    (imports_earlier_packages, "core.runs.spec", "from core.data.task import Task"),
    (imports_earlier_packages, "core.runs.spec", "from core.runs import store"),
    (only_enters, "core.__main__", "import os\nfrom core.commands.command_line import run_command"),
    (keeps_the_halves_apart, "ui.lab", "import gradio\nfrom core.inspection import look_at_prompt"),
    (reads_no_environment, "app", "import os\nos.environ.setdefault('A', 'b')"),
    (is_short, "core.a", "def long():\n" + "    pass\n" * 59),
    (explains_itself, "core.a", '"""What it is."""\ndef _private(): pass'),
    (names_say_something, "core.a", "def managed(): pass"),
    (runs_no_foreign_code, "core.a", "model.eval()\nload(name, trust_remote_code=False)"),
    (names_no_machine, "core.a", "URL = 'https://host/home/page'"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Callable[[Source], Iterator[str]]) -> None:
    scope = SOURCES if rule is not reads_no_environment else SHIPPED
    assert {source.module: found for source in scope if (found := sorted(rule(source)))} == {}


@pytest.mark.parametrize(("rule", "module", "text"), BREACHES)
def test_rule_finds_breach(rule: Callable[[Source], Iterator[str]], module: str, text: str) -> None:
    assert list(rule(Source(module, text)))


@pytest.mark.parametrize(("rule", "module", "text"), ALLOWED)
def test_rule_allows(rule: Callable[[Source], Iterator[str]], module: str, text: str) -> None:
    assert list(rule(Source(module, text))) == []


def test_every_rule_is_shown_a_breach() -> None:
    assert {rule for rule, _, _ in BREACHES} == set(RULES)


def imported_modules(source: Source, modules: set[str]) -> set[str]:
    """Those of `modules` that the source imports, or from which it imports a name."""
    names = source.imports
    return {name if name in modules else name.rpartition(".")[0] for name in names} & modules


def import_cycle(sources: list[Source]) -> list[str]:
    """The modules of one cycle of imports, lazy ones included; empty if there is none."""
    modules = {source.module for source in sources}
    graph = {source.module: imported_modules(source, modules) for source in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_import_cycle() -> None:
    assert import_cycle(SOURCES) == []


def test_import_cycle_is_found() -> None:
    first = Source("core.a", "from core.b import x")
    sources = [first, Source("core.b", "def f():\n    from core import a")]
    assert set(import_cycle(sources)) == {"core.a", "core.b"}


@pytest.mark.parametrize(
    "module", [source.module for source in SOURCES if not source.module.endswith("__main__")]
)
def test_module_can_be_imported(module: str) -> None:
    assert importlib.import_module(module).__doc__


def test_all_of_the_tree_is_seen() -> None:
    modules = {source.module for source in SOURCES}
    assert {"app", "core.errors", "core.runs.execution", "ui.shell"} <= modules
    assert "benchmarks.training" in modules
