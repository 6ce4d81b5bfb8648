"""Further texts as lines of `name: text`."""

import pytest

from core.data.further_texts import format_texts, parse_texts
from core.errors import InputError

NAMES = ("word", "note")


def test_what_is_written_is_read_back():
    texts = (("word", "bank: river"), ("note", "two words"))
    assert parse_texts(format_texts(texts), NAMES) == texts


def test_missing_ones_are_empty_and_empty_ones_unwritten():
    assert parse_texts("\n note:  x \n\n", NAMES) == (("word", ""), ("note", "x"))
    assert format_texts((("word", ""), ("note", "a\nb"))) == "note: a b"


@pytest.mark.parametrize("line", ["just words", "other: x", ": x"])
def test_lines_that_name_nothing_are_told(line):
    with pytest.raises(
        InputError, match=r"is no further text of this task. Write name: text; the names are word,"
    ):
        parse_texts(f"word: a\n{line}", NAMES)
