"""Words that two texts share, and the closest of several references."""

from __future__ import annotations

import pytest

from core.metrics.word_diff import closest, word_diff


def marked(text: str, other: str) -> tuple[str, str]:
    """Both texts with the words that they do not share in brackets."""
    mine, theirs = ("".join(piece.text if piece.shared else f"[{piece.text.rstrip()}]"
                            + piece.text[len(piece.text.rstrip()):] for piece in pieces)
                    for pieces in word_diff(text, other))
    return mine, theirs


@pytest.mark.parametrize(("text", "other", "found"), [
    ("Aromi is a pub.", "Aromi is a cheap pub.", ("Aromi is a pub.", "Aromi is a [cheap] pub.")),
    ("The pub is big", "the cafe is big", ("The [pub] is big", "the [cafe] is big")),
    ("same", "Same ", ("same", "Same")),
    ("", "all new", ("", "[all new]")),
    ("", "", ("", "")),
    ("它是一家酒吧。", "它是便宜的酒吧。", ("它是[一家]酒吧。", "它是[便宜的]酒吧。")),
    ("a, b", "a b", ("a[,] b", "a b")),
])
def test_words_that_differ(text: str, other: str, found: tuple[str, str]) -> None:
    assert marked(text, other) == found


@pytest.mark.parametrize("text", ["It  was,\nwell – £5! <b>", "naïve_café 3.5 你好 world"])
def test_pieces_make_the_text_again(text: str) -> None:
    for other in ("", "well", text):
        assert "".join(piece.text for piece in word_diff(text, other)[0]) == text


def test_the_closest_reference() -> None:
    references = ["Quite another thing.", "Aromi is a cheap pub.", "Aromi is a cheap pub."]
    assert closest("aromi is a pub", references) is references[1]
    assert closest("nothing", []) == ""
    assert closest("", ["one", "two"]) == "one"


def test_long_texts_are_compared_quickly() -> None:
    text = " ".join(f"word{at % 50} the" for at in range(4000))
    mine, theirs = word_diff(text, text + " end")
    assert "".join(piece.text for piece in mine) == text
    assert theirs[-1].text.endswith("end")
