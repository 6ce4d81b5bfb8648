"""Outputs with references for tests of the metrics of texts."""

from __future__ import annotations

from core.metrics.answers import TextAnswers

SOURCES = [
    "name[Blue Spice], eatType[coffee shop], area[city centre]",
    "name[Blue Spice], eatType[pub], priceRange[less than £20]",
    "name[The Mill], eatType[restaurant], food[English], familyFriendly[yes]",
    "name[Green Man], eatType[pub], near[Burger King]",
    "name[Café Brazil], eatType[coffee shop], customer rating[5 out of 5]",
]
REFERENCES = [
    ["A coffee shop in the city centre area called Blue Spice.",
     "Blue Spice is a coffee shop in city centre."],
    ["Blue Spice is a cheap pub: it costs less than £20.",
     "The pub Blue Spice, at under £20, isn't expensive.", "Blue Spice is a pub for £20."],
    ["The Mill is a family-friendly restaurant that serves English food."],
    ["Near Burger King there is a pub called Green Man.", "Green Man is a pub near Burger King."],
    ["Café Brazil is a coffee shop, rated 5 out of 5.", "Coffee shop Café Brazil has five stars."],
]
OUTPUTS = [
    "Blue Spice is a coffee shop in the city centre.",
    "In the city centre, Blue Spice is a pub.",
    "The Mill serves English food and is a family-friendly restaurant.",
    "Green Man",
    "Café Brazil, a coffee shop, is rated 3 out of 5.",
]


def restaurants() -> TextAnswers:
    """Five outputs with one to three references."""
    return TextAnswers(OUTPUTS, REFERENCES, SOURCES)


def streams() -> list[list[str | None]]:
    """The references as sacrebleu takes them: the first of each example, the second …"""
    most = max(map(len, REFERENCES))
    return [[texts[at] if at < len(texts) else None for texts in REFERENCES]
            for at in range(most)]
