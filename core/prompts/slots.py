"""Meaning representations: a source's fields, and whether a text says what is in them.

Three ways of writing fields are read:

- `name[Blue Spice], eatType[coffee shop]`: the E2E challenge's own;
- `name : Blue Spice | Type : coffee shop`: the same as Prefix-Tuning linearises it;
- `| subject : relation : object | …` and `subject | RELATION | object && …`: triples of WebNLG and
  DART. Each subject is a field too, unless it is another triple's object.

Whether a text mentions a field is a heuristic. A value is mentioned if its words stand in the text,
whatever their case, accents, hyphens, plural and whether numbers are words or digits; the words of
one value may be a little apart and in another order (`city centre`, `the centre of the city`).
Yes and no are looked for by the field's name and by negation near it (`not family-friendly`, `no
kids`), bands of prices and ratings by words used for them (`cheap`, `highly rated`). A paraphrase
that shares no word with the value is missed, and a word used in another sense is found.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from core.prompts.slot_words import (
    Words,
    band_of,
    clauses,
    is_rating,
    rating_patterns,
    says_band,
    says_rating,
    statements,
    truth_of,
    value_words,
)

_BRACKETED = re.compile(r"\s*([^\[\]|,:]{1,40}?)\s*\[([^\[\]]*)\]\s*(?:,|$)")
_TABLE = "[TABLECONTEXT]"  # DART's subject of what is said of the whole table
_APART = 4  # words that may stand between those of one value
_LONG, _ENOUGH = 4, 0.75  # of a value of so many words this share is enough


class Slot(NamedTuple):
    """A field of a meaning representation."""

    name: str
    value: str


def read_slots(source: str) -> tuple[Slot, ...]:
    """The fields of a source in their order; none if the source is no meaning representation."""
    return _read_bracketed(source) or _read_triples(source) or _read_linearised(source)


def written(slots: Iterable[Slot]) -> str:
    """Fields as `name[value], name[value]`; brackets inside become parentheses."""
    return ", ".join(f"{_plain(slot.name).replace(',', ' ')}[{_plain(slot.value)}]"
                     for slot in slots)


def mentions(text: str, slot: Slot) -> bool:
    """Whether a text says what a field holds, as far as words show it."""
    return covered(text, [slot]) == [True]


def covered(text: str, slots: Sequence[Slot]) -> list[bool]:
    """Which of the fields a text mentions, in their order."""
    parts = clauses(text)
    return [_says(parts, slot, _is_near) for slot in slots]


class KnownValues:
    """The values that fields have anywhere in a data set: what a text could invent."""

    def __init__(self, sources: Iterable[Sequence[Slot]]) -> None:
        """Take the fields of all sources."""
        self._anyhow: list[Slot] = []  # yes and no, prices and ratings, said by other words
        self._by_first_word: dict[str, list[Slot]] = defaultdict(list)
        for slot in sorted({slot for slots in sources for slot in slots}):
            self._add(slot)

    def _add(self, slot: Slot) -> None:
        words = value_words(slot.value)
        if truth_of(*slot) is not None or band_of(*slot) is not None:
            self._anyhow.append(slot)
        elif not all(word.isdigit() for word in words):  # a bare number may stand for anything
            self._by_first_word[words[0]].append(slot)

    def among(self, words: Collection[str]) -> Iterator[Slot]:
        """Those that a text of these words may mention."""
        yield from self._anyhow
        for word in words:
            yield from self._by_first_word.get(word, ())


def invented(text: str, slots: Sequence[Slot], known: KnownValues) -> tuple[Slot, ...]:
    """Known values that a text mentions though its source does not have them.

    The words of a value have to stand together. A value is not invented if it is part of a value of
    the source (`Rice` of `Rice Boat`) or means the same (`cheap`, `less than £20`), and of several
    that mean the same one is given.
    """
    parts = clauses(text)
    found: list[Slot] = []
    for slot in known.among(dict.fromkeys(word for part in parts for word in part)):
        if any(_is_said_by(slot, own) for own in slots):
            continue
        if _says(parts, slot, _stands) and not any(_is_same(slot, other) for other in found):
            found.append(slot)
    return _longest(found)


def _read_bracketed(source: str) -> tuple[Slot, ...]:
    slots, place = [], 0
    while place < len(source.rstrip()):
        match = _BRACKETED.match(source, place)
        if match is None:
            return ()
        slots.append(Slot(match[1], match[2].strip()))
        place = match.end()
    return tuple(slots)


def _read_triples(source: str) -> tuple[Slot, ...]:
    by_marks = _parts(source, "&&", r"\s\|\s")
    if all(len(part) == 3 for part in by_marks) and ("&&" in source or _is_relation(by_marks[0][1])):
        return _of_triples(by_marks)
    by_colons = _parts(source.strip().strip("|"), "|", r"\s:\s")
    if all(len(part) == 3 for part in by_colons):
        return _of_triples(by_colons)
    return ()


def _is_relation(name: str) -> bool:
    """Whether a name between two bars looks like DART's, such as `AREA` or `eatType`."""
    return name == name.upper() or " " not in name


def _read_linearised(source: str) -> tuple[Slot, ...]:
    parts = _parts(source.strip().strip("|"), "|", r"\s:\s")
    named = all(len(part) > 1 and len(part[0].split()) <= 4 for part in parts)
    if not named:
        return ()
    return tuple(Slot(name, " : ".join(value)) for name, *value in parts)


def _parts(source: str, between: str, within: str) -> list[list[str]]:
    """The parts of a source, each split into at most three."""
    return [[piece.strip() for piece in re.split(within, part.strip(), maxsplit=2)]
            for part in source.split(between)]


def _of_triples(triples: Sequence[Sequence[str]]) -> tuple[Slot, ...]:
    objects = {value for _, _, value in triples}
    slots: dict[Slot, None] = {}
    for subject, relation, value in triples:
        if subject not in (*objects, _TABLE):
            slots[Slot("subject", subject)] = None
        slots[Slot(relation.strip("[]"), value)] = None
    return tuple(slots)


def _plain(text: str) -> str:
    return text.translate(str.maketrans("[]", "()")).strip()


# Whether a text says it


def _says(parts: Sequence[Sequence[str]], slot: Slot,
          has: Callable[[Sequence[str], Words], bool]) -> bool:
    """Whether clauses, each a sequence of words, say what a field holds."""
    truth = truth_of(slot.name, slot.value)
    if truth is not None:
        return truth in statements(parts, slot.name)
    words, band = value_words(slot.value), band_of(slot.name, slot.value)
    if band is not None and says_band(parts, *band):
        return True
    if is_rating(slot.value):
        return says_rating(parts, slot.value)
    if band is not None and len(words) == 1:
        return False
    return bool(words) and has([word for part in parts for word in part], words)


def _stands(text: Sequence[str], words: Words) -> bool:
    """Whether words stand in a text, one after the other."""
    n = len(words)
    return n > 0 and any(tuple(text[start : start + n]) == words
                         for start in range(len(text) - n + 1))


def _is_near(text: Sequence[str], words: Words) -> bool:
    """Whether words stand in a text close together, in any order; of long values most of them."""
    if len(words) < 2 or _stands(text, words):
        return _stands(text, words)
    enough = len(words) if len(words) < _LONG else math.ceil(_ENOUGH * len(words))
    length = len(words) + _APART
    return any(_shared(text[start : start + length], words) >= enough
               for start in range(len(text)) if text[start] in words)


def _shared(window: Sequence[str], words: Words) -> int:
    return (Counter(window) & Counter(words)).total()


def _is_said_by(slot: Slot, own: Slot) -> bool:
    """Whether a text that says a field of its source cannot but mention this value."""
    return _is_same(slot, own) or _stands(value_words(own.value), value_words(slot.value))


def _is_same(a: Slot, b: Slot) -> bool:
    """Whether two values mean the same; of two ratings in numbers, whether they are equal."""
    band = band_of(*a)
    if band is not None and band == band_of(*b):
        numbers = is_rating(a.value) and is_rating(b.value)
        return not numbers or rating_patterns(a.value) == rating_patterns(b.value)
    truth = truth_of(*a)
    if truth is not None:
        return a.name == b.name and truth == truth_of(*b)
    return a.name == b.name and value_words(a.value) == value_words(b.value)


def _longest(found: Sequence[Slot]) -> tuple[Slot, ...]:
    """Those that are no part of another's value: of `Rice` and `Rice Boat` the latter."""
    words = {slot: value_words(slot.value) for slot in found}
    return tuple(slot for slot in found if not any(
        words[other] != words[slot] and _stands(words[other], words[slot]) for other in found))
