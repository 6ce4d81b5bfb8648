"""From bytes to text: which encoding a file is in, and whether it is text at all.

Decided in this order: a byte order mark, the NUL bytes of UTF-16, strict UTF-8, UTF-8 with a few
damaged characters, a guess among the encodings that came before Unicode.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from core.data.findings import Finding
from core.data.guessed_encoding import guess_encoding
from core.errors import DataError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FOREIGN = (
    (rb"%PDF", "a PDF document"),
    (rb"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (rb"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", "a compressed archive"),
    (rb"SQLite format 3", "an SQLite database"),
    (rb"ARROW1", "an Arrow file"),
    (rb"\x80[\x02-\x05][\x95}\](c\x8c]", "a pickle, which is never opened because it can run code"),
    (rb"(?i)\s*(<!doctype html|<html)", "a web page"),
)
_CHARACTERS_LOOKED_AT = 200_000
_LONGEST_QUOTED = 60  # characters of a line that a finding quotes
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufffd]")


def refuse_foreign(data: bytes, name: str) -> None:
    """Raise for content whose first bytes show that it is no table.

    Raises:
        DataError: it is empty, a document, picture, archive, database or pickle.
    """
    if not data.strip(b" \t\r\n"):
        raise DataError("The file {name!r} is empty.", name=name)
    for start, kind in _FOREIGN:
        if re.match(start, data):
            raise DataError(
                "The file {name!r} is {kind}, not a table. Save the data as CSV, TSV, JSONL or "
                "Parquet and choose that file.",
                name=name, kind=kind)


def decode(data: bytes, name: str) -> tuple[str, str, tuple[Finding, ...]]:
    """Return the text with LF line ends, the name of its encoding, and findings about the text.

    Raises:
        DataError: it is not text, or text with NUL bytes in it.
    """
    encoding = _encoding(data)
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    _check_is_text(text, name)
    text = text.replace("\r\n", "\n")
    # Beside other line ends, a CR is a stray character within a line.
    text = text.replace("\r", " " if "\n" in text else "\n")
    return text, encoding, tuple(_notes(text, encoding, name))


def _check_is_text(text: str, name: str) -> None:
    unreadable = _UNREADABLE.findall(text[:_CHARACTERS_LOOKED_AT])
    if len(unreadable) * 20 > min(len(text), _CHARACTERS_LOOKED_AT):
        raise DataError(
            "The file {name!r} does not hold text. Save the data as CSV, TSV, JSONL or Parquet and "
            "choose that file.",
            name=name)
    if "\0" in text:
        raise DataError(
            "Line {line} of {name!r} holds a NUL byte: the file is damaged or not text. Save it "
            "again as UTF-8.",
            line=text.count("\n", 0, text.index("\0")) + 1, name=name)


def _encoding(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data and (wide := _wide_encoding(data)):
        return wide
    if _is_utf8(data):
        return "utf-8"
    return guess_encoding(data)


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 in the byte order that gives more line ends and delimiters.

    None if there are none, or if it is UTF-8 with a few stray NULs.
    """
    if data.count(0) * 10 < len(data) and _is_utf8(data):
        return None
    signs = {
        encoding: len(re.findall("[\n\t,;]", data.decode(encoding, "replace")))
        for encoding in ("utf-16-le", "utf-16-be")
    }
    best = max(signs, key=lambda encoding: signs[encoding])
    return best if signs[best] else None


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8, or was until some characters were damaged or the last one cut off."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong  # beyond ASCII
    cut_off = wrong == 1 and text.endswith("\ufffd")
    return wrong == 0 or right > 10 * wrong or (right > 0 and cut_off)


def _notes(text: str, encoding: str, name: str) -> Iterator[Finding]:
    if not encoding.startswith("utf"):
        yield Finding(
            "note", "{name!r} was read as {encoding}, which is a guess: {text!r}. If letters look "
            "wrong, save the file as UTF-8.",
            {"name": name, "encoding": encoding, "text": _first_beyond_ascii(text)})
    if unreadable := text.count("\ufffd"):
        yield Finding(
            "warning", "{count} character(s) of {name!r} could not be read and were replaced by "
            "\ufffd. Save the file as UTF-8.",
            {"count": unreadable, "name": name})


def _first_beyond_ascii(text: str) -> str:
    """The first line beyond ASCII, shortened."""
    line = next((line for line in text.splitlines() if not line.isascii()), "")
    return line.strip()[:_LONGEST_QUOTED]
