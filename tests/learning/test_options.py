"""Options explain themselves and refuse what they cannot mean."""

import dataclasses
import math

import pytest

from core.errors import SpecError
from core.learning.options import Options, option, options_dict, read_options
from core.methods.registry import METHODS, method_named


@dataclasses.dataclass(frozen=True)
class Sample(Options):
    """One option of each kind."""

    often: bool = option(False, "a switch")
    steps: int = option(10, "a count", 1, 100)
    rate: float = option(0.5, "a share", 0.0, 1.0)
    order: str = option("up", "a choice", choices=("up", "down"))


def test_defaults() -> None:
    assert options_dict(read_options(Sample, {}, "sample")) == {"often": False, "steps": 10,
                                                                "rate": 0.5, "order": "up"}


@pytest.mark.parametrize(("name", "given", "expected"), [
    ("often", True, True), ("steps", 1, 1), ("steps", 100,
                                             100), ("steps", 7.0,
                                                    7), ("rate", 1, 1.0), ("rate", 0, 0.0),
    ("rate", "1e-1", 0.1), ("order", "down", "down"),
])
def test_read(name: str, given: object, expected: object) -> None:
    found = getattr(read_options(Sample, {name: given}, "sample"), name)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("name", "given", "wanted"), [
    ("often", 1, "true or false"), ("often", "yes",
                                    "true or false"), ("often", None, "true or false"),
    ("steps", True, "a number"), ("steps", "5", "a number"), ("steps", None,
                                                              "a number"), (
                                                                  "steps", [1], "a number"),
    ("steps", 2.5, "a whole number"), ("steps", 0,
                                       "from 1 to 100"), ("steps", 101, "from 1 to 100"),
    ("steps", 10**400, "from 1 to 100"), ("steps", math.inf,
                                          "a number"), ("rate", math.nan, "a number"),
    ("rate", "nan", "a number"), ("rate", "fast", "a number"),
    ("rate", -math.inf, "a number"), ("rate", -0.1, "from 0 to 1"), ("rate", 1.1, "from 0 to 1"),
    ("order", "sideways",
     "one of up, down"), ("order", ["up"], "one of up, down"), ("order", None, "one of up, down"),
])
def test_refused(name: str, given: object, wanted: str) -> None:
    with pytest.raises(SpecError, match=f"'{name}' of 'sample' is .*; it must be {wanted}"):
        read_options(Sample, {name: given}, "sample")


@pytest.mark.parametrize("name", ["step", "", None, 3])
def test_unknown_option_names_the_known(name: object) -> None:
    with pytest.raises(SpecError,
                       match=f"no option '{name}'. Its options are often, steps, rate, order"):
        read_options(Sample, {name: 1}, "sample")  # type: ignore[dict-item]


@pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
def test_every_option_is_explained_and_has_a_valid_default(method) -> None:
    each = dataclasses.fields(method.options)
    assert all(field.metadata["explain"] for field in each)
    defaults = {field.name: field.default for field in each}
    assert options_dict(read_options(method.options, defaults, method.name)) == defaults


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_introduces_itself(name: str) -> None:
    method = method_named(name)
    assert method.name == name
    assert method.title
    assert "arXiv" in method.paper
    assert method.summary().endswith(".")
    assert (method.steps(method.options()) > 0) == method.trains


@pytest.mark.parametrize("name", ["", "LM-BFF", "pets", "x" * 500])
def test_unknown_method_names_the_known(name: str) -> None:
    with pytest.raises(SpecError, match=r"no method .* Methods are zero-shot, in-context"):
        method_named(name)
