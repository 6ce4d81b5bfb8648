"""Further texts as lines of `name: text`."""

import pytest

from core.data.further_texts import read_texts, written
from core.errors import InputError

NAMES = ("word", "note")


def test_what_is_written_is_read_back():
    texts = (("word", "bank: river"), ("note", "two words"))
    assert read_texts(written(texts), NAMES) == texts


def test_missing_ones_are_empty_and_empty_ones_unwritten():
    assert read_texts("\n note:  x \n\n", NAMES) == (("word", ""), ("note", "x"))
    assert written((("word", ""), ("note", "a\nb"))) == "note: a b"


@pytest.mark.parametrize("line", ["just words", "other: x", ": x"])
def test_lines_that_name_nothing_are_told(line):
    with pytest.raises(InputError, match=r"is no further text of this task. Write name: text; the names are word,"):
        read_texts(f"word: a\n{line}", NAMES)
