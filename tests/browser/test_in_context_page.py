"""Answered examples before the question, as a person moves, swaps and removes them in the Lab."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_answer_follows_the_cards(page: Page) -> None:
    page.get_by_label("Write answered examples before the question").check()
    cards = page.locator("#in-context-cards .cl-shown li")
    expect(cards).to_have_count(4)
    score = page.locator("#in-context-dataset .cl-big")
    expect(score).to_contain_text("%")
    expect(page.locator("#in-context-dataset")).to_contain_text("over 64 of 252 test examples")
    first, second = cards.nth(0).inner_text(), cards.nth(1).inner_text()
    answer = page.locator("#in-context-answer .cl-card").first

    def told() -> str:
        return re.sub(r"\s+", " ", answer.inner_text())

    before = told()
    cards.nth(1).get_by_role("button", name="Move up").click()
    expect(cards.nth(0)).to_have_text(re.compile(re.escape(second.split("\n")[0])))
    expect(answer).not_to_have_text(before)
    cards.nth(0).get_by_role("button", name="Remove").click()
    expect(cards).to_have_count(3)
    cards.nth(0).get_by_role("button", name="Another of this label").click()
    expect(cards.nth(0)).not_to_have_text(re.compile(re.escape(first[:40])))
    page.get_by_role("button", name="Add another").click()
    expect(cards).to_have_count(4)
    expect(score).to_contain_text("%")
    page.get_by_label("Write answered examples before the question").uncheck()
    expect(cards).to_have_count(0)
    expect(page.locator("#in-context-dataset .cl-big")).to_have_count(0)
    page.get_by_label("Write answered examples before the question").check()
    expect(cards).to_have_count(4)
    expect(score).to_contain_text("%")
