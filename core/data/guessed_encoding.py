"""The encoding of text that is neither UTF-8 nor UTF-16, guessed with chardet.

Only lines beyond ASCII are looked at, since a few of them among many English ones decide nothing.
They are looked at in parts, so that a damaged character takes away the vote of one part only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import chardet

_WESTERN = "cp1252"
_MULTIBYTE = ("gb18030", "big5hkscs", "cp932", "euc_jis_2004", "cp949")
_ENCODINGS = (  # of equally good ones the first counts
    _WESTERN, "cp1251", *_MULTIBYTE, "cp1250", "cp1254", "cp1253", "cp1256", "cp1255", "cp1257",
    "cp1258", "cp874", "koi8-u", "koi8-r", "iso8859-1", "iso8859-15", "iso8859-2", "iso8859-5",
    "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-13", "cp866", "cp850", "cp852",
    "mac-roman",
)
_PART_BYTES, _PARTS = 100, 50
_CLEARLY = 0.02  # by so much another alphabet must be more likely than the Western one
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+[\x00-\x7f]?")  # a second byte may be an ASCII one
_WORD = re.compile(r"[^\W\d_]+")
_GREEK, _THAI = "\u0370", "\u0e00"  # first letters beyond Latin, and of alphabets with vowel signs
_EAST_ASIAN = re.compile("[\u1100-\uffef]{2}")  # written without spaces, also beside Latin words


def guess_encoding(data: bytes) -> str:
    """The most likely encoding; Windows-1252 where there is too little to tell."""
    parts = _parts(data)
    votes, text = _votes(parts), b"".join(parts)
    plausible = [name for name in _ENCODINGS if _is_plausible(text.decode(name, "replace"))]
    best = max(plausible, key=lambda name: votes[name], default=_WESTERN)
    if best in _MULTIBYTE or _WESTERN not in plausible:
        return best
    return best if votes[best] >= votes[_WESTERN] + _CLEARLY else _WESTERN


def _parts(data: bytes) -> list[bytes]:
    """Up to 50 parts, evenly spread, of the different lines beyond ASCII."""
    lines = dict.fromkeys(line for line in data.splitlines(True) if not line.isascii())
    parts = list(_all_parts(lines))
    return parts[:: -(-len(parts) // _PARTS) or 1]


def _all_parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    part = b""
    for line in lines:
        part += line
        if len(part) >= _PART_BYTES:
            yield part
            part = b""
    if part:
        yield part


def _votes(parts: Sequence[bytes]) -> defaultdict[str, float]:
    """How sure chardet is of each encoding, as a mean over the parts."""
    votes: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        for name, confidence in _confidences(part).items():
            votes[name] += confidence / len(parts)
    return votes


def _confidences(part: bytes) -> dict[str, float]:
    """How sure chardet is of each encoding.

    It overlooks characters of several bytes among many of one, so they are asked about alone too.
    """
    alone = _detect(b"".join(dict.fromkeys(_BEYOND_ASCII.findall(part))))
    several = {name: confidence for name, confidence in alone.items() if name in _MULTIBYTE}
    return several | _detect(part)


def _detect(data: bytes) -> dict[str, float]:
    found = chardet.detect_all(
        data, ignore_threshold=True, compat_names=False, include_encodings=_ENCODINGS,
        max_bytes=len(data))
    return {each["encoding"] or "": each["confidence"] for each in found}


def _is_plausible(text: str) -> bool:
    """Whether most letters beyond ASCII stand in words as languages write them."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    odd = sum(_letters_beyond_ascii(word) for word in words if _is_odd(word))
    return 2 * odd <= sum(map(_letters_beyond_ascii, words))


def _letters_beyond_ascii(word: str) -> int:
    return sum(not letter.isascii() for letter in word)


def _is_odd(word: str) -> bool:
    """Whether a word mixes alphabets, is a lone Greek letter or the like, or all of accents."""
    foreign = sum(letter >= _GREEK for letter in word)
    if not foreign:
        return len(word) > 2 and _letters_beyond_ascii(word) == len(word)
    if foreign < len(word):
        return _EAST_ASIAN.search(word) is None
    return len(word) == 1 and word < _THAI
