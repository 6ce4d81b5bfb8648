"""The methods that exist, by name, in the order in which people meet them."""

from __future__ import annotations

from core.errors import SpecError
from core.methods.auto_patterns import AutoPatterns
from core.methods.auto_words import AutoWords
from core.methods.head import Head
from core.methods.in_context import InContext
from core.methods.ipet import Ipet
from core.methods.lm_bff import LmBff
from core.methods.method import Method
from core.methods.pet import Pet
from core.methods.petal import Petal
from core.methods.zero_shot import ZeroShot

METHODS: dict[str, Method] = {method.name: method for method in (
    ZeroShot(), InContext(), Head(), LmBff(), AutoWords(), AutoPatterns(), Petal(), Pet(), Ipet())}


def method_named(name: str) -> Method:
    """Return the method called `name`.

    Raises:
        SpecError: there is none; the known ones are named.
    """
    if name not in METHODS:
        raise SpecError("There is no method {name!r}. Methods are {known}.", name=str(name)[:80],
                        known=", ".join(METHODS))
    return METHODS[name]
