"""Tables in one line, as Prefix-Tuning writes them."""

from __future__ import annotations

import pytest

from core.data import linearise


@pytest.mark.parametrize(("meaning", "line"), [
    ("name[The Oak], eatType[pub], near[Hill Inn]",
     "name : The Oak | Type : pub | near : Hill Inn"),
    # fields come in the order of the published files, unknown ones last
    ("near[Hill Inn], familyFriendly[yes], priceRange[less than £20], seats[40], name[The Oak]",
     "name : The Oak | price : less than £20 | family friendly : yes | near : Hill Inn "
     "| seats : 40"),
    ("name[Fish, Chips & Co], customer rating[5 out of 5]",
     "name : Fish, Chips & Co | customer rating : 5 out of 5"),
    ("name[]", "name : "),
])
def test_meaning_representations(meaning: str, line: str) -> None:
    assert linearise.e2e(meaning) == line


@pytest.mark.parametrize("text", ["", "name", "name[The Oak", "name[The Oak] food[fish]",
                                  "The Oak is a pub.", "name[[x]]"])
def test_other_texts_are_none(text: str) -> None:
    assert linearise.e2e_fields(text) == []
    with pytest.raises(ValueError):
        linearise.e2e(text)


def test_triples() -> None:
    triples = [("Oak_Hall", "builtIn", "1880"), ("Oak_Hall", "LOCATION", '"Rye"')]
    assert linearise.webnlg(triples) == ' | Oak_Hall : builtIn : 1880 | Oak_Hall : LOCATION : "Rye"'
    assert linearise.dart(triples) == 'Oak_Hall : builtin : 1880 | Oak_Hall : location : "Rye"'
