"""The words by which texts speak of fields: spelling, numbers, negation, bands of prices and ratings.

Texts and values are brought to the same plain words, so that they can be compared as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

Words = tuple[str, ...]
_KEPT = 20_000  # answers about values and names, of which a data set has few

_SINGLE = r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # scripts without blanks
_WORD = re.compile(rf"\d+(?:[.,:]\d+)*|{_SINGLE}|(?:(?!{_SINGLE})[^\W\d_])+")
_CLAUSE_ENDS = re.compile(r"[.,:;!?](?=\s|$)|[()—–]|\b(?:but|and|with|while|although|though|whereas|yet)\b")
_DROPPED = frozenset(
    "the a an of and to in at by on for from with its it is are was were be there".split())

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen " \
         "fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_NUMBERS = {word: number for number, word in enumerate(_UNITS.split())}
_NUMBERS |= {word: 10 * number for number, word in enumerate(_TENS.split(), start=2)}
_NUMBERS |= {word: number for number, word in enumerate(_ORDINALS.split(), start=1)}
_SAME = {
    "center": "centre", "theater": "theatre", "riverside": "river", "riverfront": "river",
    "children": "child", "kid": "child", "toddler": "child", "adults": "adult",
    "moderately": "moderate", "reasonably": "reasonable", "highly": "high", "poorly": "poor",
    "cheaply": "cheap", "cheapest": "cheap", "cheaper": "cheap", "lowly": "low",
 "cannot": "not", "priced": "price", "pricing": "price",
}
_PHRASES = (
    (re.compile(r"\b(?:under|below|lower than|cheaper than|no more than|up to)\s+(?=[£$€]?\d)"),
     "less than "),
    (re.compile(r"\b(?:over|above|higher than|at least)\s+(?=[£$€]?\d)"), "more than "),
    (re.compile(r"\b(?:above|higher than|more than)(?: the)? average\b"), "high"),
    (re.compile(r"\b(?:below|lower than|less than)(?: the)? average\b"), "low"),
)

_NEGATIONS = frozenset(
    "not no none never without non nor neither unsuitable unfriendly lack avoid inappropriate "
    "unwelcome prohibited forbidden discouraged banned".split())
_NO_NEGATION = frozenset("far only just too very expensive cheap".split())  # `not far from`
_BEFORE, _AFTER = 4, 3  # words from a topic in which a negation is about it

_PRICE_NAMES, _PRICE_CUES = {"price", "cost"}, {"price", "cost", "costing", "pricey"}
_RATING_NAMES = {"rating", "review", "score"}
_RATING_CUES = {"rating", "rated", "rate", "review", "reviewed", "score", "customer"}
_BANDS = {
    "low": {"low", "lower", "poor"},
    "middle": {"average", "moderate", "medium", "middle", "mid", "decent", "reasonable"},
    "high": {"high", "higher", "top", "excellent"},
}
_OF_PRICES = {"low": {"cheap", "inexpensive", "affordable"}, "middle": set(),
              "high": {"expensive", "pricey", "costly", "upscale"}}
_MOST_STARS, _LOW, _HIGH = 5, 0.4, 0.7  # shares of the best rating that are low, and high
_NEAR = 4  # words between a band and what it is a band of
_CHILD = frozenset({"child", "family"})
_ALLOWED = frozenset({"welcome", "allowed", "friendly", "suitable"})
_ABOUT_ANYTHING = frozenset(
    "has have allow allowed friendly available offer serve accept access".split())
_OTHER_SENSE = {"family": {"run", "owned", "business"}}
_RATING = re.compile(r"(\d+(?:\.\d+)?)\s*(?:out of|of|/)\s*(\d+)|(\d+(?:\.\d+)?)\s*stars?")


def words_of(text: str) -> list[str]:
    """Plain words: lower case, no accents, no hyphens, singular, numbers in digits, no fillers."""
    plain = _plain(text)
    for phrase, same in _PHRASES:
        plain = phrase.sub(same, plain)
    words = [word for word in _in_digits(_WORD.findall(plain)) if word not in _DROPPED]
    return [_SAME.get(word, word) for word in map(_singular, words)]


def clauses(text: str) -> list[list[str]]:
    """The plain words of each clause."""
    parts = [words_of(part) for part in _CLAUSE_ENDS.split(_plain(text))]
    return [words for words in parts if words]


@lru_cache(maxsize=_KEPT)
def value_words(value: str) -> Words:
    """The plain words of a value; what stands in parentheses is left out."""
    return tuple(words_of(re.sub(r"\([^)]*\)", " ", value)) or words_of(value))


@lru_cache(maxsize=_KEPT)
def name_words(name: str) -> Words:
    """The plain words of a field's name: `familyFriendly` and `family friendly` are the same."""
    return tuple(words_of(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.replace("’", "'").replace("_", " ")).lower()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"'s\b", "", re.sub(r"n't\b", " not", plain))


def _in_digits(words: Sequence[str]) -> Iterator[str]:
    """The words with numbers in digits: `twenty`, `five` as `25`, `5,097` as `5097`, `3rd` as `3`."""
    place = 0
    while place < len(words):
        word = words[place]
        following = words[place + 1] if place + 1 < len(words) else ""
        number = _NUMBERS.get(word)
        if number is None:
            yield word.replace(",", "")
        elif number >= 20 and 0 < _NUMBERS.get(following, 0) < 10:
            yield str(number + _NUMBERS[following])
            place += 1
        else:
            yield str(number)
        is_ordinal = word[-1].isdigit() and following in ("st", "nd", "rd", "th")
        place += 2 if is_ordinal else 1


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "sses", "xes")) else word[:-1]


# Yes and no


@lru_cache(maxsize=_KEPT)
def truth_of(name: str, value: str) -> bool | None:
    """What a field says if it only says yes or no, else None.

    `children[not allowed]` says no, and `children[welcome until 8 pm]` says yes.
    """
    plain = value.strip().lower()
    if plain in ("yes", "true", "no", "false"):
        return plain in ("yes", "true")
    words = words_of(value)
    if not _CHILD & set(name_words(name)) or not _ALLOWED & set(words):
        return None
    return not _NEGATIONS & set(words)


def statements(parts: Sequence[Sequence[str]], name: str) -> list[bool]:
    """Whether it is so, each time that clauses speak of what a field is named after."""
    topics = _topics(name)
    said = [not _is_negated(part, place) for part in parts for place, word in enumerate(part)
            if word in topics and not set(part[place + 1 : place + 2]) & _OTHER_SENSE.get(word, set())]
    adults = [part for part in parts if "adult" in part]
    if "child" in topics and adults and (not said or any("only" in part for part in adults)):
        return [False]
    return said


@lru_cache(maxsize=_KEPT)
def _topics(name: str) -> frozenset[str]:
    words = frozenset(name_words(name))
    return _CHILD if words & _CHILD else words - _ABOUT_ANYTHING or words


def _is_negated(part: Sequence[str], place: int) -> bool:
    if "free" in part[place + 1 : place + 2]:
        return True
    start = max(0, place - _BEFORE)
    near = range(start, min(len(part), place + _AFTER + 1))
    return any(part[at] in _NEGATIONS and not set(part[at + 1 : at + 2]) & _NO_NEGATION
               for at in near)


# Prices and ratings


def is_rating(value: str) -> bool:
    """Whether a value is one like `3 out of 5`, `3/5` or `3 stars`."""
    return _rating(value) is not None


@lru_cache(maxsize=_KEPT)
def rating_patterns(value: str) -> tuple[Words, ...]:
    """The plain words by which a text may give such a rating."""
    match = _rating(value)
    if match is None:
        return ()
    rating, most = match[1] or match[3], match[2]
    patterns = ((rating, "star"), ("rated", rating), ("rating", rating))
    return (*patterns, (rating, "out", most), (rating, most)) if most else patterns


def says_rating(parts: Sequence[Sequence[str]], value: str) -> bool:
    """Whether clauses give such a rating; the 5 of `1 out of 5 stars` is none."""
    return any(tuple(part[start : start + len(pattern)]) == pattern
               for pattern in rating_patterns(value) for part in parts
               for start in range(len(part))
               if "star" not in pattern or not start or part[start - 1] != "out")


@lru_cache(maxsize=_KEPT)
def band_of(name: str, value: str) -> tuple[str, str] | None:
    """Of a price or rating that is one of three bands, what it is of and which; else None.

    Prices in pounds are bands too, as in E2E (less than £20, £20-25, more than £30), and so are
    ratings such as 1, 3 and 5 out of 5.
    """
    topic = _topic(name)
    words = set(words_of(value))
    if (rating := _rating(value)) is not None:
        part = float(rating[1] or rating[3]) / float(rating[2] or _MOST_STARS)
        return "rating", "low" if part <= _LOW else "middle" if part < _HIGH else "high"
    if topic == "price" and re.search(r"[£$€]", value):
        if "than" in words:
            return topic, "low" if "less" in words else "high"
        return (topic, "middle") if re.search(r"\d\s*-\s*\D?\d", value) else None
    found = [band for band, several in _BANDS.items() if words <= several | _OF_PRICES[band]]
    return (topic, found[0]) if topic and found else None


def says_band(parts: Sequence[Sequence[str]], topic: str, band: str) -> bool:
    """Whether clauses give a price or a rating of this band."""
    return any(_says_band(part, place, topic, band)
               for part in parts for place in range(len(part)))


def _rating(value: str) -> re.Match[str] | None:
    return _RATING.fullmatch(value.strip().lower())


def _topic(name: str) -> str:
    words = set(name_words(name))
    return "price" if words & _PRICE_NAMES else "rating" if words & _RATING_NAMES else ""


def _says_band(part: Sequence[str], place: int, topic: str, band: str) -> bool:
    word = part[place]
    if set(part[max(0, place - 2) : place]) & _NEGATIONS:
        return False
    if topic == "price" and word in _OF_PRICES[band]:
        return True
    return word in _BANDS[band] and _nearest_cue(part, place) == topic


def _nearest_cue(part: Sequence[str], place: int) -> str:
    """What a band at a place is most likely of: the closest word for prices or ratings, if near."""
    cues = [(abs(at - place), at < place, "price" if word in _PRICE_CUES else "rating")
            for at, word in enumerate(part) if word in _PRICE_CUES | _RATING_CUES]
    distance, _, topic = min(cues, default=(_NEAR + 1, False, ""))
    return topic if distance <= _NEAR else ""
