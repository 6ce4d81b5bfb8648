"""The Lab on a task of texts in a real browser: the text follows what is typed and clicked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
FOODS = ("French", "Chinese", "Italian", "English", "Indian", "Greek", "Thai", "Spanish")
ROWS = [(f'"name[The Mill {at}], food[{food}], area[riverside]"',
         f"The Mill {at} serves {food} food in the riverside area.")
        for at, food in enumerate(FOODS * 3)]


def upload(page: Page, folder: Path) -> None:
    """Choose a small file of meaning representations as the task."""
    path = folder / "places.csv"
    path.write_text("source,target\n" + "".join(f"{source},{text}\n" for source, text in ROWS),
                    encoding="utf-8")
    page.locator("#own-data button").first.click()
    page.locator("#own-train input[type=file]").set_input_files(path)
    expect(page.locator("#own-preview")).to_contain_text("The Mill")
    page.locator("#own-use").click()
    page.wait_for_selector("#output-panel [data-token]")


def opened(app, browser: Browser, folder: Path, **options) -> Page:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, **options})
    page = context.new_page()
    page.goto(app.url)
    page.wait_for_selector("#answer-panel .cl-bar")
    upload(page, folder)
    return page


@pytest.fixture(scope="module")
def lab(app, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    page = opened(app, browser, tmp_path_factory.mktemp("places"), locale="en-US")
    yield page
    page.context.close()


def output(page: Page) -> str:
    """What the model has written, when it is written."""
    page.wait_for_selector("#output-panel [data-token]")
    return page.locator("#output-panel .cl-stream").inner_text()


def changed_from(page: Page, before: str) -> None:
    """Wait until something else is written."""
    page.wait_for_function(
        "before => document.querySelector('#output-panel [data-token]') && "
        "document.querySelector('#output-panel .cl-stream').innerText !== before", arg=before)


def source(page: Page) -> str:
    return page.locator("#text-a textarea").input_value()


def test_a_task_of_texts_has_its_own_lab(lab: Page) -> None:
    expect(lab.locator("#model input")).to_have_value("mini-seq2seq · bundled")
    expect(lab.locator("#words")).to_be_hidden()
    expect(lab.locator("#answer-panel")).to_be_hidden()
    expect(lab.locator("#output-panel h4").first).to_contain_text("In the place of")
    expect(lab.locator("#texts-panel .cl-big")).to_contain_text("%")
    expect(lab.locator("#texts-panel .cl-compared tbody tr").first).to_be_visible()
    expect(lab.locator("#gold")).to_contain_text("with 1 references")


def test_a_field_is_edited_and_the_text_follows(lab: Page) -> None:
    before = source(lab)
    box = lab.locator("#fields .cl-field-value").nth(1)
    box.fill("")
    box.press_sequentially("roast duck", delay=20)
    assert source(lab) == before.replace(before.split("food[")[1].split("]")[0], "roast duck")
    expect(lab.locator("#prompt-panel .cl-prompt")).to_contain_text("roast duck")
    expect(lab.locator("#output-panel .cl-slots")).to_contain_text("food: roast duck")
    expect(box).to_be_focused()
    expect(box).to_have_value("roast duck")


def test_fields_are_added_and_removed(lab: Page) -> None:
    chips = lab.locator("#fields .cl-field")
    expect(chips).to_have_count(3)
    lab.locator("#fields [data-act=add]").click()
    lab.keyboard.type("price")
    lab.keyboard.press("Tab")
    lab.keyboard.type("cheap")
    expect(lab.locator("#output-panel .cl-slots")).to_contain_text("price: cheap")
    assert source(lab).endswith(", price[cheap]")
    chips.nth(3).locator("button").click()
    expect(lab.locator("#output-panel .cl-slots")).not_to_contain_text("price")
    assert "price" not in source(lab)


def test_the_chips_follow_the_text_box_and_the_examples(lab: Page) -> None:
    lab.locator("#text-a textarea").fill("name[Giraffe], kind[pub]")
    chips = lab.locator("#fields .cl-field")
    expect(chips).to_have_count(2)
    expect(chips.nth(0).locator("input").nth(1)).to_have_value("Giraffe")
    lab.locator("#text-a textarea").fill("A harbour was closed.")
    expect(chips).to_have_count(0)
    lab.get_by_role("button", name="Next", exact=True).click()
    expect(chips).to_have_count(3)
    expect(lab.locator("#prompt-panel .cl-prompt")).to_contain_text("area[riverside]")


def test_a_token_is_picked_and_another_taken(lab: Page) -> None:
    before = output(lab)
    token = lab.locator("#output-panel [data-token]").nth(1)
    token.press("Enter")
    others = lab.locator("#output-panel .cl-others:not([hidden])")
    expect(others).to_have_count(1)
    expect(others).to_have_attribute("data-of", "1")
    others.locator("button[data-go]").first.click()
    changed_from(lab, before)
    expect(lab.locator("#output-panel .cl-forced")).to_have_count(2)
    expect(lab.locator("#output-panel .cl-lit").first).to_be_visible()
    lab.locator("#output-panel [data-again]").click()
    lab.wait_for_function("before => document.querySelector('#output-panel .cl-stream')?.innerText "
                          "=== before", arg=before)


def test_the_pattern_moves_the_metrics(lab: Page) -> None:
    lab.locator("#pattern textarea").fill("summarize: {text_a} {mask}")
    expect(lab.locator("#prompt-panel .cl-prompt")).to_contain_text("summarize:")
    expect(lab.locator("#texts-panel .cl-change").first).to_be_visible()
    lab.locator("#pattern textarea").fill("{mask} {text_a}")
    expect(lab.locator("#pattern-note .cl-message")).to_contain_text("nothing may come after it")
    lab.locator("#pattern textarea").fill("{text_a} {mask}")
    expect(lab.locator("#pattern-note .cl-message")).to_have_count(0)


def test_beams_have_a_tree_and_three_ways_stand_side_by_side(lab: Page) -> None:
    lab.locator("#way label", has_text="beam search").click()
    expect(lab.locator("#tree-panel .cl-rank").first).to_be_visible()
    expect(lab.locator("#decoding-beams")).to_be_visible()
    lab.locator("#compare-ways input").check()
    expect(lab.locator("#ways-panel .cl-ways > div")).to_have_count(3)
    lab.locator("#compare-ways input").uncheck()
    expect(lab.locator("#ways-panel .cl-ways")).to_have_count(0)
    lab.locator("#way label", has_text="greedy").click()
    expect(lab.locator("#tree-panel .cl-tree")).to_have_count(0)


def test_a_task_of_labels_brings_its_lab_and_model_back(lab: Page) -> None:
    lab.locator("#task input").click()
    lab.locator("[role=option]", has_text="eadlines").first.click()
    expect(lab.locator("#dataset-panel .cl-confusion tbody tr")).to_have_count(4)
    expect(lab.locator("#model input")).to_have_value("mini-masked · bundled")
    expect(lab.locator("#output-panel")).to_be_hidden()
    expect(lab.locator("#fields .cl-field")).to_have_count(0)
    expect(lab.locator("#answer-panel .cl-bar").first).to_be_visible()


def test_a_narrow_chinese_page_has_all_of_it(app, browser: Browser, tmp_path: Path) -> None:
    page = opened(app, browser, tmp_path, viewport={"width": 390, "height": 900}, locale="zh-CN")
    expect(page.locator("#output-panel h3")).to_contain_text("模型写出的文本")
    expect(page.locator("#fields [data-act=add]")).to_contain_text("添加字段")
    page.locator("#way label", has_text="束搜索").click()
    expect(page.locator("#tree-panel h3")).to_contain_text("搜索树")
    page.wait_for_selector("#texts-panel .cl-compared")
    over = page.evaluate("document.documentElement.scrollWidth - "
                         "document.documentElement.clientWidth")
    page.context.close()
    assert over == 0
