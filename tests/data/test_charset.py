"""Encodings: what bytes are read as, on one line and on many, and what is refused as no text."""

import codecs

import pytest

from core.data.charset import decode, refuse_foreign
from core.errors import DataError

CHINESE = "文本,标签\n这部电影很好看，我很喜欢。,正面\n"
SHORT_CHINESE = "好\t1\n差\t0\n"
TRADITIONAL = "這部電影很好看，我們都喜歡。\t1\n"
GERMAN = "text,label\nDas Essen war schön und günstig,gut\n"
GERMAN_PAIR = "text,label\nDie Größe passt nicht,schlecht\n"  # öß is also one Chinese character
FRENCH = "texte,étiquette\nC'était très beau, « déjà vu » à Noël,positif\n"
CURLY = "text,label\nIt’s a “great” film — really,1\n"
ENGLISH = "text,label\nplain words,1\n"


@pytest.mark.parametrize("times", [1, 40])
@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        (ENGLISH, "utf-8", "utf-8"),
        (ENGLISH, "utf-8-sig", "utf-8-sig"),
        (ENGLISH, "utf-16-le", "utf-16-le"),
        (ENGLISH, "utf-16-be", "utf-16-be"),
        (ENGLISH, "utf-32", "utf-32-le"),
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (CHINESE + "一,一\n", "utf-16-le", "utf-16-le"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "gb2312", "gb18030"),
        (SHORT_CHINESE, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (CHINESE + "😀,正面\n", "gb18030", "gb18030"),
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN_PAIR, "cp1252", "cp1252"),
        (FRENCH, "latin-1", "cp1252"),
        (CURLY, "cp1252", "cp1252"),
    ],
)
def test_decode(text, encoding, expected, times):
    found, name, _ = decode((text * times).encode(encoding), "a.csv")
    assert (found, name) == (text * times, expected)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF8, "utf-8"),
    ],
)
def test_byte_order_mark_is_dropped(mark, encoding):
    found, name, notes = decode(mark + CHINESE.encode(encoding), "a.csv")
    assert found == CHINESE
    assert name.startswith(encoding)
    assert notes == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_become_lf(end):
    assert decode(GERMAN.replace("\n", end).encode(), "a.csv")[0] == GERMAN


def test_stray_cr_does_not_break_a_line():
    assert decode(b"text,label\r\none\rline,1\r\n", "a.csv")[0] == "text,label\none line,1\n"


def test_guessed_encodings_are_said():
    assert "cp1252" in str(decode(GERMAN.encode("cp1252"), "a.csv")[2][0])


def test_what_windows_1252_does_not_define_is_read_as_latin():
    data = b"caf\xe9 \x90 cr\xe8me, assez long pour compter comme texte\n"
    text, name, _ = decode(data, "a.csv")
    assert text.startswith("café \x90 crème")
    assert name == "iso8859-15"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data.replace("看".encode(), b"\xff"),
    ],
)
def test_damaged_utf8_stays_utf8_with_a_warning(damage):
    text, name, notes = decode(damage((CHINESE * 20).strip().encode()), "a.csv")
    assert name == "utf-8"
    assert "\ufffd" in text
    assert [note.severity for note in notes] == ["warning"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"text,label\nfine,1\nbro\0ken,0\n" * 3, "Line 3 of 'a.csv' holds a NUL byte"),
        (bytes(range(256)) * 20, "does not hold text"),
        (b"\x01\x02\x03\x04text", "does not hold text"),
    ],
)
def test_no_text(data, message):
    with pytest.raises(DataError, match=message):
        decode(data, "a.csv")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "Excel"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"\x1f\x8b\x08", "archive"),
        (b"\x80\x04\x95\x10\x00", "pickle"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"SQLite format 3\0", "SQLite"),
    ],
)
def test_foreign_content(data, kind):
    with pytest.raises(DataError, match=kind):
        refuse_foreign(data, "a.csv")
