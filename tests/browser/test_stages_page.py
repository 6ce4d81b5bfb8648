"""A person trains PET on two patterns of their own and opens the run into its stages."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_run_of_pet_opens_into_its_stages(page: Page) -> None:
    page.get_by_role("button", name="Keep as variant").click()
    expect(page.locator("#variants tbody tr")).to_have_count(1)
    page.locator("#pattern textarea").fill("{text_a} All in all, it was {mask}.")
    expect(page.locator("#prompt-panel")).to_contain_text("All in all")
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#plan")).to_contain_text("runs, about")
    expect(page.locator("#options-pet")).to_be_hidden()
    for name in ("Zero-shot", "Classification head", "LM-BFF fine-tuning"):
        page.get_by_label(name, exact=True).uncheck()
    page.get_by_label("PET", exact=True).check()
    expect(page.locator("#plan")).to_contain_text("lets several patterns vote, and one is chosen")
    expect(page.locator("#start")).to_be_disabled()
    page.locator("#patterns input").first.check()
    expect(page.locator("#plan")).to_contain_text("runs, about")
    page.locator("#seeds .remove-all").click()
    page.locator("#seeds input").fill("13")
    page.locator("#seeds input").press("Enter")
    page.locator("#limit input").fill("24")
    page.locator("#options-pet button").first.click()
    for name, value in (("steps", 6), ("repetitions", 1), ("pool", 40), ("student_steps", 8)):
        box = page.locator(f"#pet-{name} input")
        box.fill(str(value))
        box.press("Tab")
    expect(page.locator("#plan")).to_contain_text("1 run, about")
    page.locator("#start").click()
    expect(page.locator("#runs-heading .cl-state-done")).to_be_visible(timeout=400_000)
    page.locator("#runs").get_by_text("pet", exact=True).last.click()
    card = page.locator("#run-card")
    expect(card).to_contain_text("Accuracy on the test rows")
    for text in ("Models, on average", "All together", "Classifier", "13000", "13001",
                 "40 unlabelled examples"):
        expect(card).to_contain_text(text)
    card.get_by_text("Most disputed examples").click()
    expect(card.locator(".cl-mistakes li").first).to_be_visible()
    expect(page.locator("#loss-curve")).to_be_visible()
