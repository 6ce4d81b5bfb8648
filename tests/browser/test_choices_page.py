"""A person's own file in which each row brings its answers, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ROWS = [("The cup fell", "it broke", "it sang", "choice1"),
        ("He was tired", "he flew", "he slept", "choice2"),
        ("She was cold", "she lit a fire", "she ate the moon", "choice1"),
        ("It rained", "the sky burnt", "we got wet",
         "choice2")]


def test_each_row_brings_its_answers(page: Page, tmp_path: Path) -> None:
    lines = [f"{text} {number},{one},{other},{right}" for number in range(4)
             for text, one, other, right in ROWS]
    path = tmp_path / "what-next.csv"
    path.write_text("\n".join(["text,choice1,choice2,label", *lines]), encoding="utf-8")
    page.locator("#own-data button").first.click()
    page.locator("#own-train input[type=file]").set_input_files(path)
    expect(page.locator("#own-preview")).to_contain_text("it broke")
    page.locator("#own-use").click()
    expect(page.locator("#gold")).to_contain_text("of 8")
    expect(page.locator("#words-note")).to_contain_text("Each example brings its own answers")
    expect(page.locator("#words-0")).to_be_hidden()
    page.locator("#pattern textarea").fill("")
    for name in ("{text_a}", "{choice2}", "{mask}"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#pattern textarea")).to_have_value("{text_a}{choice2}{mask}")
    expect(page.get_by_role("button", name="{text_b}", exact=True)).to_be_hidden()
    page.locator("#pattern textarea").fill("{text_a}, so {mask}.")
    page.locator("#more textarea").fill("choice1: the glass broke\nchoice2: nothing")
    answer = page.locator("#answer-panel")
    expect(answer).to_contain_text("the glass broke")
    expect(answer).to_contain_text("surest place first")
    expect(page.locator("#dataset-panel .cl-over")).to_contain_text("over 8 of 8")
    page.locator("#more textarea").fill("choice9: what")
    expect(page.locator("#pattern-note")).to_contain_text("is no further text of this task")
    page.locator("#pattern textarea").fill("{text_a} {chioce1} {mask}.")
    expect(page.locator("#pattern-note")).to_contain_text("Did you mean 'choice1'?")
