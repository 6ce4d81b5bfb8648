"""A template of another project is pasted into the Lab, loaded, and answered at once."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_a_pasted_template_becomes_the_pattern_of_the_lab(page: Page) -> None:
    before = page.locator("#answer-panel").inner_text()
    page.locator("#templates button").first.click()
    box = page.locator("#template-text textarea")
    box.fill('{"placeholder": "text_a"} My verdict: it is {"mask"}!\n\ndull\nlovely')
    expect(page.locator("#template-told")).to_contain_text("negative = dull, positive = lovely")
    expect(page.locator("#template-picked")).to_contain_text("{text_a} My verdict: it is {mask}! · "
                                                             "dull / lovely")
    page.locator("#template-load").click()
    expect(page.locator("#pattern textarea")).to_have_value("{text_a} My verdict: it is {mask}!")
    expect(page.locator("#prompt-panel .cl-prompt")).to_contain_text("My verdict: it is")
    expect(page.locator("#answer-panel")).to_contain_text("lovely")
    assert page.locator("#answer-panel").inner_text() != before

    page.locator("#export-lm-bff").click()
    expect(page.locator("#template-written textarea")).to_have_value(
        "*cls**sent_0*_My_verdict:_it_is*mask*!*sep+*\n{'negative': 'dull', 'positive': 'lovely'}")

    results = "*cls**sent_0*_Such_a*mask*_one.*sep+*\t0.9\n*cls**sent_0*_How*mask*!*sep+*\t0.8\n"
    box.fill("")
    page.locator("#template-file input[type=file]").set_input_files(
        {"name": "16-13.score.txt", "mimeType": "text/plain", "buffer": results.encode()})
    expect(page.locator("#template-told")).to_contain_text("Patterns found: 2.")
    page.locator("#template-picked input").nth(1).check()
    page.locator("#template-keep").click()
    expect(page.locator("#template-note")).to_contain_text("Kept 2.")
    expect(page.locator("#variants tbody tr")).to_have_count(2)
