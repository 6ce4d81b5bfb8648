"""WebNLG's XML, which DART's test part has too: one row for each entry.

A document that declares a type is refused at once, so that no entity is ever expanded and no other
file is ever named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from xml.parsers import expat

from core.errors import ClozeLabError, DataError, LimitError

COLUMNS = ("category", "modifiedtripleset", "lexicalisations")
_TEXTS = ("mtriple", "lex", "text")  # elements whose text is kept


def looks_like_xml(text: str) -> bool:
    """Whether text begins as an XML document, or without a declaration as WebNLG's, does."""
    return re.match(r"\s*(<\?xml|<benchmark|<entries)[\s>]", text) is not None


def read_entries(text: str, name: str, most: int) -> list[list[str]]:
    """The entries of a WebNLG document, as cells of `COLUMNS`.

    Triples and texts are JSON: a list of `subject | relation | object`, and a list of objects
    `{comment, lex, lang}`.

    Raises:
        DataError: it is no valid XML, declares a document type, or holds no entries.
        LimitError: there are more than `most` entries.
    """
    reader = _Reader(name, most)
    begin = len(text) - len(text.lstrip())
    reader.first_line = text.count("\n", 0, begin)
    reader.read(text[begin:])
    if not reader.rows:
        raise DataError(
            "The file {name!r} is XML without entries as WebNLG has them: {form}. Save the data as "
            "CSV, TSV, JSONL or Parquet and choose that file.",
            name=name, form="<entry><modifiedtripleset><mtriple>… <lex>")
    return reader.rows


class _Reader:
    """What has been read so far.

    Attributes:
        rows: of the entries that have ended.
        path: names of the elements that are open.
        first_line: lines of the file before the document.
    """

    def __init__(self, name: str, most: int) -> None:
        self.name, self.most = name, most
        self.rows: list[list[str]] = []
        self.path: list[str] = []
        self.first_line = 0
        self.category = ""
        self.triples: list[str] = []
        self.lexes: list[dict[str, str]] = []
        self.written: list[str] = []  # the text of the innermost kept element so far

    def read(self, text: str) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            raise self._broken(error) from error

    def _refuse_type(self, *_: object) -> None:
        raise DataError(
            "The file {name!r} declares a document type (DTD), which is never read: it could name "
            "other files or grow without end. Remove {declaration} from it.",
            name=self.name, declaration="<!DOCTYPE …>")

    def _broken(self, error: expat.ExpatError) -> ClozeLabError:
        return DataError(
            "Line {line} of {name!r} is not valid XML (column {column}: {problem}). Is the file "
            "complete?",
            line=self.first_line + error.lineno, name=self.name, column=error.offset + 1,
            problem=expat.ErrorString(error.code))

    def _start(self, element: str, attributes: Mapping[str, str]) -> None:
        self.path.append(element)
        if element == "entry":
            self.category, self.triples, self.lexes = attributes.get("category", ""), [], []
        if element == "lex":
            given = {key: attributes.get(key, "") for key in ("comment", "lang")}
            self.lexes.append({**given, "lex": ""})
        if element in _TEXTS:
            self.written = []

    def _text(self, text: str) -> None:
        if self.path[-1] in _TEXTS:
            self.written.append(text)

    def _end(self, element: str) -> None:
        self.path.pop()
        text = " ".join("".join(self.written).split())
        if element == "mtriple":
            self.triples.append(text)
        if self.lexes and (element == "text" or (element == "lex" and text)):
            self.lexes[-1]["lex"] = self.lexes[-1]["lex"] or text
        if element in _TEXTS:
            self.written = []
        if element == "entry":
            self._end_entry()

    def _end_entry(self) -> None:
        if len(self.rows) == self.most:
            raise LimitError(
                "The file {name!r} has more than {limit} rows. Use a part of it.",
                name=self.name, limit=self.most)
        lists = (json.dumps(found, ensure_ascii=False) for found in (self.triples, self.lexes))
        self.rows.append([self.category, *lists])
