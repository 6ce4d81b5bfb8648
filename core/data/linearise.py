"""Tables written as one line of text, as Prefix-Tuning's code does (arXiv 2101.00190, section 5).

A model reads that line as its source. Values stay as they are published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Triple = tuple[str, str, str]  # subject, relation, object

_FIELD = re.compile(r"\s*([^\[\],]+?)\s*\[([^\[\]]*)\]\s*(?:,|$)")
_NAMES = {"eatType": "Type", "priceRange": "price", "customerRating": "customer rating",
          "familyFriendly": "family friendly"}
_ORDER = ("name", "Type", "food", "price", "customer rating", "area", "family friendly", "near")


def e2e_fields(text: str) -> list[tuple[str, str]]:
    """The fields of a meaning representation of the E2E challenge: `name[Mill], food[Thai]`.

    Empty if the text is none.
    """
    fields, place = [], 0
    while place < len(text.rstrip()):
        field = _FIELD.match(text, place)
        if field is None:
            return []
        fields.append((field[1], field[2].strip()))
        place = field.end()
    return fields


def e2e(text: str) -> str:
    """A meaning representation of the E2E challenge as `name : Mill | Type : pub | food : Thai`.

    Fields have Prefix-Tuning's names and order; others follow as they are.

    Raises:
        ValueError: the text is no meaning representation.
    """
    fields = [(_NAMES.get(name, name), value) for name, value in e2e_fields(text)]
    if not fields:
        raise ValueError(text)
    ordered = sorted(fields, key=lambda field: _rank(field[0]))  # stable: others keep their order
    return " | ".join(f"{name} : {value}" for name, value in ordered)


def webnlg(triples: Iterable[Triple]) -> str:
    """Triples of WebNLG as ` | subject : relation : object | subject : …`.

    Each begins with a bar, so the text begins with a blank.
    """
    return "".join(f" | {' : '.join(triple)}" for triple in triples)


def dart(triples: Iterable[Triple]) -> str:
    """Triples of DART as `subject : relation : object | subject : …`, relations in lower case."""
    return " | ".join(f"{subject} : {relation.lower()} : {value}"
                      for subject, relation, value in triples)


def question(question: str, context: str) -> str:
    """A question about a text as `question: … context: …` (arXiv 1910.10683, appendix D)."""
    return f"question: {question} context: {context}"


def sentences(first: str, second: str) -> str:
    """Two sentences as `sentence1: … sentence2: …` (arXiv 1910.10683, appendix D)."""
    return f"sentence1: {first} sentence2: {second}"


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
