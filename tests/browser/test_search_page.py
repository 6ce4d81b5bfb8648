"""A person searches label words, watches candidates, keeps two and loads the best in the Lab."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def open_options(page: Page, patterns: bool = False) -> None:
    """Open the options once the page has answered; an unfinished tab loses what is typed."""
    page.get_by_role("tab", name="Search").click()
    expect(page.locator("#search-plan")).to_contain_text("It was {mask}")
    if patterns:
        page.get_by_label("Patterns for the words in the Lab").check()
        expect(page.locator("#search-plan")).to_contain_text("negative=")
    page.locator("#search-options button").first.click()


def plan(page: Page, patterns: bool = False, **numbers: int) -> None:
    open_options(page, patterns)
    fill(page, **numbers)


def fill(page: Page, **numbers: int) -> None:
    for name, value in numbers.items():
        box = page.locator(f"#search-{name} input")
        box.fill(str(value))
        box.press("Tab")


def test_words_are_searched_and_taken_along(page: Page) -> None:
    plan(page, tried=2, steps=10)
    expect(page.locator("#search-plan")).to_contain_text("at most 20 training steps")
    page.locator("#search-start").click()
    rows = page.locator("#candidates tbody tr")
    expect(rows).to_have_count(15)
    expect(page.locator("#search-stages .cl-state-done")).to_be_visible(timeout=400_000)
    expect(page.locator("#search-stages")).to_contain_text("Fine-tuned and ranked: 2 of 2")
    expect(page.locator("#search-stages")).to_contain_text(
        re.compile(r"Accuracy on the test rows: \d+\.\d %"))
    ranked = [row.inner_text() for row in rows.all()]
    assert sum("to the end" in row or "dropped at step" in row for row in ranked) == 2
    assert "not tried" in ranked[2]
    negative, positive = rows.first.locator("td").nth(1).inner_text().split(" / ")
    assert negative.isalpha()
    assert positive.isalpha()
    page.locator("#picked input").nth(1).check()
    page.locator("#search-keep").click()
    expect(page.locator("#search-taken")).to_contain_text("Kept 2.")
    page.locator("#search-load").click()
    expect(page.locator("#search-taken")).to_contain_text("Loaded.")
    page.get_by_role("tab", name="Lab").click()
    expect(page.locator("#variants tbody tr")).to_have_count(2)
    expect(page.locator("#words-0 textarea, #words-0 input").first).to_have_value(negative)
    page.reload()
    page.get_by_role("tab", name="Search").click()
    expect(page.locator("#candidates tbody tr")).to_have_count(15)


def test_a_cancelled_search_keeps_what_it_found(page: Page) -> None:
    plan(page, tried=50, steps=200)
    page.locator("#search-start").click()
    expect(page.locator("#candidates tbody tr")).to_have_count(15)
    page.locator("#search-cancel").click()
    expect(page.locator("#search-stages .cl-state-cancelled")).to_be_visible()
    expect(page.locator("#candidates tbody tr")).to_have_count(15)


def test_a_writer_that_cannot_write_is_refused_before_the_start(page: Page) -> None:
    open_options(page, patterns=True)
    writer = page.locator("#search-writer textarea, #search-writer input").first
    writer.fill("mini-masked")
    writer.press("Tab")
    expect(page.locator("#search-plan")).to_contain_text("patterns are written by models of the T5 "
                                                         "family, such as")
    expect(page.locator("#search-start")).to_be_disabled()


def test_patterns_are_written_and_loaded(page: Page) -> None:
    open_options(page, patterns=True)
    page.locator("#search-writer textarea, #search-writer input").first.fill("mini-seq2seq")
    fill(page, tried=2, steps=5, beam=8)
    page.locator("#search-start").click()
    expect(page.locator("#search-stages .cl-state-done")).to_be_visible(timeout=400_000)
    rows = page.locator("#candidates tbody tr")
    assert rows.count() >= 3
    best = rows.first.locator("td.cl-mono").inner_text()
    assert "{mask}" in best
    assert "{text_a" in best
    page.locator("#search-load").click()
    expect(page.locator("#search-taken")).to_contain_text("Loaded.")
    page.get_by_role("tab", name="Lab").click()
    expect(page.locator("#pattern textarea")).to_have_value(re.compile(re.escape(best.strip())))
    expect(page.locator("#prompt-panel .cl-prompt")).to_be_visible()


def test_several_words_a_label_are_searched_with_options_of_their_own(page: Page) -> None:
    open_options(page)
    expect(page.locator("#search-words_per_label")).to_be_hidden()
    page.get_by_label("Label words by likelihood ratio (PETAL)").check()
    expect(page.locator("#search-words_per_label")).to_be_visible()
    expect(page.locator("#search-combinations")).to_be_hidden()
    fill(page, words_per_label=3, tried=2, steps=5)
    expect(page.locator("#search-plan")).to_contain_text("at most 10 training steps")
    page.get_by_label("Patterns for the words in the Lab").check()
    expect(page.locator("#search-beam")).to_be_visible()
    page.get_by_label("Label words by likelihood ratio (PETAL)").check()
    expect(page.locator("#search-words_per_label input")).to_have_value("3")
    page.locator("#search-start").click()
    expect(page.locator("#search-stages .cl-state-done")).to_be_visible(timeout=400_000)
    expect(page.locator("#candidates tbody tr")).to_have_count(3)
    words = [row.locator("td").nth(1).inner_text()
             for row in page.locator("#candidates tbody tr").all()]
    assert sorted(typed.count(",") for typed in words) == [0, 2, 4]
