"""Fields of meaning representations: read in every form, and found in texts by their words."""

from __future__ import annotations

import pytest

from core.prompts.slots import KnownValues, Slot, covered, invented, mentions, read_slots, written

FORMS = {
    "name[Blue Spice], eatType[coffee shop]": [("name", "Blue Spice"), ("eatType", "coffee shop")],
    " name[Bean, There],price range[£20-25] ": [
        ("name", "Bean, There"), ("price range", "£20-25")],
    "near[]": [("near", "")],
    "name : Blue Spice | Type : coffee shop | price : more than £ 30 ": [
        ("name", "Blue Spice"), ("Type", "coffee shop"), ("price", "more than £ 30")],
    "name : Blue Spice": [("name", "Blue Spice")],
    " | Aarhus_Airport : cityServed : Aarhus, Denmark | Aarhus, Denmark : leader : Bundsgaard": [
        ("subject", "Aarhus_Airport"), ("cityServed", "Aarhus, Denmark"),
        ("leader", "Bundsgaard")],
    "Mars Hill College | JOINED | 1973 && Mars Hill College | LOCATION | Mars Hill": [
        ("subject", "Mars Hill College"), ("JOINED", "1973"), ("LOCATION", "Mars Hill")],
    "[TABLECONTEXT] | [TITLE] | Jeff Daniels && Jeff Daniels | ROLE | Glonb": [
        ("TITLE", "Jeff Daniels"), ("ROLE", "Glonb")],
    "Cocum | eatType | coffee shop && Cocum | customer rating | 1 out of 5": [
        ("subject", "Cocum"), ("eatType", "coffee shop"), ("customer rating", "1 out of 5")],
}


@pytest.mark.parametrize("source", FORMS)
def test_every_form_is_read(source: str) -> None:
    slots = read_slots(source)
    assert slots == tuple(Slot(*pair) for pair in FORMS[source])
    assert read_slots(written(slots)) == slots


@pytest.mark.parametrize("source", [
    "", "A coffee shop.", "Title: a story | of two", "see[1] and more", "name[Blue", "a: b",
    "summarize: the end", "This is what he said : nothing", "one | two words here | three",
    "He said [sic] that, a[b] c",
])
def test_plain_texts_have_no_fields(source: str) -> None:
    assert read_slots(source) == ()


def test_brackets_inside_a_field_become_parentheses() -> None:
    assert written([Slot("a[1]", "b [c]")]) == "a(1)[b (c)]"


FOUND = [
    ("name", "Café Adriatic", "You will like CAFE ADRIATIC's food."),
    ("area", "city centre", "It lies in the centre of the city."),
    ("area", "city centre", "A city-center pub."),
    ("area", "riverside", "A pub by the river."),
    ("eatType", "coffee shop", "Two coffee shops."),
    ("food", "Fast food", "They sell fast-food."),
    ("near", "The Portland Arms", "near Portland Arms"),
    ("subject", "Aarhus_Airport", "The airport of Aarhus"),
    ("TITLE", "Eardrum (album)", "a song on Eardrum"),
    ("NUMBER", "25", "number twenty-five"),
    ("NUMBER", "3", "the third director"),
    ("OFFICIAL_POPULATION", "5,097,712", "5097712 people"),
    ("known for", "a shake topped with a whole doughnut", "for one topped with a whole doughnut"),
    ("familyFriendly", "yes", "Families are welcome here."),
    ("familyFriendly", "yes", "It is not cheap but kid-friendly."),
    ("family friendly", "no", "It isn't a family-friendly venue."),
    ("familyFriendly", "no", "Children are not welcome."),
    ("familyFriendly", "no", "This pub is for adults only."),
    ("familyFriendly", "no", "a kid free café"),
    ("children", "not allowed", "No kids, please."),
    ("children", "welcome until 8 pm", "The pub lets children stay until 8 pm."),
    ("hasTakeaway", "no", "There is no takeaway."),
    ("priceRange", "cheap", "an inexpensive place"),
    ("priceRange", "less than £20", "You pay under £20."),
    ("priceRange", "less than £20", "a low-priced pub"),
    ("priceRange", "£20-25", "between £20 and £25"),
    ("priceRange", "£20-25", "a moderately priced pub"),
    ("priceRange", "high", "an expensive restaurant"),
    ("price", "more than £ 30", "meals over £30"),
    ("customer rating", "5 out of 5", "a five-star café"),
    ("customer rating", "3 out of 5", "rated 3/5"),
    ("customer rating", "low", "It is poorly rated."),
    ("customer rating", "average", "with an average customer rating"),
    ("名称", "蓝色香料", "有一家叫蓝色香料的咖啡馆。"),
]
MISSED = [
    ("name", "Blue Spice", "The spice that they are proudest of in this old house is blue."),
    ("food", "English", "It serves French food."),
    ("familyFriendly", "yes", "It is not family-friendly."),
    ("familyFriendly", "no", "Kids are welcome."),
    ("familyFriendly", "yes", "A family-run pub."),
    ("familyFriendly", "no", "A family-friendly pub not far from the river."),
    ("familyFriendly", "yes", "A pub."),
    ("priceRange", "high", "with a high customer rating"),
    ("customer rating", "high", "a high price range with a low customer rating"),
    ("priceRange", "high", "It is not expensive."),
    ("customer rating", "5 out of 5", "rated 1 out of 5 stars"),
    ("customer rating", "1 out of 5", "rated 5 out of 5"),
    ("priceRange", "£20-25", "£20 each"),
    ("name", "", "A pub."),
]
ASIDE = [  # wordings that the rules were not made from
    ("name", "The Three Ferrets", "Quiz night is what the Three Ferrets is known for.", True),
    ("food", "pies", "You will be offered a pie.", True),
    ("near", "the corn exchange", "Opposite the Corn Exchange", True),
    ("rating", "4.5 out of 5", "an Old Harbour pub with 4.5 out of 5", True),
    ("rating", "4 out of 5", "an Old Harbour pub with 4.5 out of 5", False),
    ("price", "moderate", "a café with moderate prices", True),
    ("price", "expensive", "a costly evening", True),
    ("open", "until 10 pm", "it keeps its doors open until 10pm", True),
    ("dogsAllowed", "yes", "Dogs are allowed.", True),
    ("dogsAllowed", "yes", "Sadly you can't bring dogs.", False),
    ("familyFriendly", "no", "It's unsuitable for young children.", True),
    ("area", "Gull Quay", "down at the quay of Gull", True),
    ("area", "Gull Quay", "gulls cry over Pavilion Road", False),
]


@pytest.mark.parametrize(("name", "value", "text"), FOUND)
def test_a_value_is_found(name: str, value: str, text: str) -> None:
    assert mentions(text, Slot(name, value))


@pytest.mark.parametrize(("name", "value", "text"), MISSED)
def test_another_value_is_not(name: str, value: str, text: str) -> None:
    assert not mentions(text, Slot(name, value))


@pytest.mark.parametrize(("name", "value", "text", "found"), ASIDE)
def test_rules_hold_for_other_wordings(name: str, value: str, text: str, found: bool) -> None:
    assert mentions(text, Slot(name, value)) == found


def test_fields_are_covered_one_by_one() -> None:
    slots = read_slots("name[Nook], food[cake], familyFriendly[no]")
    assert covered("Nook has cake; kids are welcome.", slots) == [True, True, False]


SOURCES = [read_slots(source) for source in (
    "name[Rice Boat], food[Indian], priceRange[cheap], customer rating[high]",
    "name[Nook], food[Rice], priceRange[less than £20], customer rating[5 out of 5]",
    "name[Rice], near[Burger King], priceRange[high], customer rating[1 out of 5], seats[2]",
    "name[Nook], familyFriendly[no]", "name[Rice Boat], familyFriendly[yes]",
)]


@pytest.mark.parametrize(("source", "text", "values"), [
    (0, "The Rice Boat is a cheap Indian place, highly rated.", []),
    (0, "The Rice Boat, for less than £20, is rated 5 out of 5.", []),
    (0, "The Rice Boat near Burger King is expensive.", ["Burger King", "high"]),
    (1, "Nook by the Rice Boat is rated 1 out of 5.", ["Rice Boat", "1 out of 5"]),
    (3, "Nook welcomes children.", ["yes"]),
    (3, "Nook has 2 seats and welcomes no children.", []),  # bare numbers may stand for anything
    (4, "", []),
])
def test_values_of_other_sources_are_invented(source: int, text: str, values: list[str]) -> None:
    found = invented(text, SOURCES[source], KnownValues(SOURCES))
    assert sorted(slot.value for slot in found) == sorted(values)
