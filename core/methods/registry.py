"""The methods that exist, by name, in the order in which people meet them."""

from __future__ import annotations

from typing import Any

from core.data.task import Kind
from core.errors import SpecError
from core.learning.method import Method, Problem, SearchFacts
from core.learning.options import Options
from core.methods.auto_patterns import AutoPatterns
from core.methods.auto_words import AutoWords
from core.methods.fine_tuning import FineTuning
from core.methods.head import Head
from core.methods.in_context import InContext
from core.methods.ipet import Ipet
from core.methods.lm_bff import LmBff
from core.methods.pet import Pet
from core.methods.petal import Petal
from core.methods.prefix_tuning import PrefixTuning
from core.methods.text_to_text import TextToText
from core.methods.zero_shot import ZeroShot

METHODS: dict[str, Method[Any]] = {method.name: method for method in (
    ZeroShot(), InContext(), Head(), FineTuning(), TextToText(), PrefixTuning(), LmBff(),
    AutoWords(), AutoPatterns(), Petal(), Pet(), Ipet())}


def methods_for(kind: Kind) -> list[Method[Any]]:
    """The methods that serve tasks of a kind."""
    return [method for method in METHODS.values() if kind in method.kinds]


def searches() -> list[Method[Any]]:
    """The methods that search label words or patterns."""
    return [method for method in METHODS.values() if method.search]


def search_of_kind(kind: str) -> tuple[Method[Any], SearchFacts]:
    """The method that searches what the command line calls `kind`, and what is known of its search.

    Raises:
        SpecError: there is none; the known ones are named.
    """
    known = {method.search.kind: (method, method.search) for method in METHODS.values()
             if method.search}
    if kind not in known:
        raise SpecError("There is no search {kind!r}. Searches are {known}.", kind=kind[:40],
                        known=", ".join(known))
    return known[kind]


def check_method(method: Method[Any], problem: Problem, options: Options) -> None:
    """Raise InputError if a method serves no tasks of this kind, or cannot work on this one."""
    check_kind(method, problem.schema.kind)
    method.check(problem, options)


def check_kind(method: Method[Any], kind: Kind) -> None:
    """Raise SpecError, which names the methods that do, unless a method serves tasks of a kind."""
    if kind not in method.kinds:
        raise _wrong_kind(method, kind)


def _wrong_kind(method: Method[Any], kind: Kind) -> SpecError:
    known = ", ".join(repr(serving.name) for serving in methods_for(kind))
    if kind == "choice":
        return SpecError(
            "The method {method!r} needs the same labels for all examples, and each example of "
            "this task brings its own answers. Methods for multiple choice are {known}.",
                         method=method.name, known=known)
    if kind == "classification":
        return SpecError(
            "The method {method!r} does not choose among labels, as this task needs. Methods that "
            "do are {known}.", method=method.name, known=known)
    if known:
        return SpecError(
            "The method {method!r} chooses among labels, and the answers of this task are texts. "
            "Methods that write texts are {known}.", method=method.name, known=known)
    return SpecError(
        "The method {method!r} chooses among labels, and the answers of this task are texts. No "
        "method writes texts yet; choose a task with labels.", method=method.name)


def method_named(name: str) -> Method[Any]:
    """Return the method called `name`, or raise SpecError, which names the known ones."""
    if name not in METHODS:
        raise SpecError("There is no method {name!r}. Methods are {known}.", name=str(name)[:80],
                        known=", ".join(METHODS))
    return METHODS[name]
