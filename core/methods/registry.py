"""The methods that exist, by name, in the order in which people meet them."""

from __future__ import annotations

from core.data.task import Kind
from core.errors import SpecError
from core.methods.auto_patterns import AutoPatterns
from core.methods.auto_words import AutoWords
from core.methods.head import Head
from core.methods.in_context import InContext
from core.methods.ipet import Ipet
from core.methods.lm_bff import LmBff
from core.methods.method import Method, Problem
from core.methods.options import Options
from core.methods.pet import Pet
from core.methods.petal import Petal
from core.methods.zero_shot import ZeroShot

_WRONG_KIND: dict[Kind, str] = {
    "classification": "The method {method!r} does not serve tasks with labels. Methods that do are {known}.",
    "choice": "The method {method!r} needs the same labels for all examples, and each example of this task brings its "
              "own answers. Methods for multiple choice are {known}.",
    "generation": "The method {method!r} chooses among labels, and the answers of this task are texts. Methods that "
                  "write texts are {known}.",
}
_NOT_SERVED = ("The method {method!r} does not serve this task: its answers are texts, and no method writes texts yet. "
               "Choose a task with labels.")

METHODS: dict[str, Method] = {method.name: method for method in (
    ZeroShot(), InContext(), Head(), LmBff(), AutoWords(), AutoPatterns(), Petal(), Pet(), Ipet())}


def methods_for(kind: Kind) -> list[Method]:
    """The methods that serve tasks of a kind."""
    return [method for method in METHODS.values() if kind in method.kinds]


def check_method(method: Method, problem: Problem, options: Options) -> None:
    """Check, before anything starts, that a method can work on a problem.

    Raises:
        InputError: it does not serve tasks of this kind, or cannot work on this one.
    """
    kind = problem.schema.kind
    if kind not in method.kinds:
        known = ", ".join(repr(each.name) for each in methods_for(kind))
        raise SpecError(_WRONG_KIND[kind] if known else _NOT_SERVED, method=method.name, known=known)
    method.check(problem, options)


def method_named(name: str) -> Method:
    """Return the method called `name`.

    Raises:
        SpecError: there is none; the known ones are named.
    """
    if name not in METHODS:
        raise SpecError("There is no method {name!r}. Methods are {known}.", name=str(name)[:80],
                        known=", ".join(METHODS))
    return METHODS[name]
