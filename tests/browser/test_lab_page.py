"""The Lab in a real browser: nothing is clicked to get an answer."""

import pytest
from playwright.sync_api import Browser, Page, Request, expect

pytestmark = pytest.mark.browser


def type_pattern(page: Page, text: str) -> None:
    page.locator("#pattern textarea").fill(text)


def test_typing_answers_at_once(page: Page) -> None:
    type_pattern(page, "{text_a} All in all, I found it {mask}.")
    expect(page.locator("#prompt-panel .cl-prompt")).to_contain_text("All in all, I found it")
    expect(page.locator("#answer-panel .cl-bar").first).to_be_visible()
    expect(page.locator("#dataset-panel .cl-big")).to_contain_text("%")


def test_the_last_keystroke_wins(page: Page) -> None:
    box = page.locator("#pattern textarea")
    box.fill("")
    box.press_sequentially("{text_a} So it was truly {mask}.", delay=15)
    expect(page.locator("#prompt-panel .cl-prompt")).to_contain_text("So it was truly")
    expect(page.locator("#pattern-note .cl-message")).to_have_count(0)


def test_a_new_label_word_changes_the_accuracy_panel(page: Page) -> None:
    before = page.locator("#dataset-panel").inner_text()
    page.locator("#words-0 textarea, #words-0 input").first.fill("ugly")
    expect(page.locator("#answer-panel")).to_contain_text("ugly")
    page.wait_for_function("before => document.querySelector('#dataset-panel').innerText !== "
                           "before", arg=before)


@pytest.mark.parametrize(("pattern", "expected"), [
    ("{text_a} It was.", "has no {mask}"),
    ("{text_a It was {mask}.", "is not closed"),
    ("{texta} It was {mask}.", "Did you mean 'text_a'"),
    ("{text_a} and {text_b}: {mask}", "have one text only"),
])
def test_what_is_wrong_with_a_pattern_is_reported_under_its_box(page: Page, pattern: str,
                                                            expected: str) -> None:
    type_pattern(page, pattern)
    expect(page.locator("#pattern-note .cl-message")).to_contain_text(expected)
    assert page.locator("#pattern textarea").input_value() == pattern


def test_a_word_of_several_pieces_is_filled_in_step_by_step(page: Page) -> None:
    page.locator("#words-1 textarea, #words-1 input").first.fill("really good fun")
    filled = page.locator("#answer-panel .cl-filled")
    expect(filled).to_have_count(2)
    expect(filled.nth(1).locator(".cl-place")).to_have_count(3)
    expect(page.locator("#dataset-panel .cl-big")).to_be_visible()
    page.locator("#words-1 textarea, #words-1 input").first.fill("really good fun, great")
    expect(page.locator("#words-note-1 .cl-message")).to_contain_text("has 2 words")
    expect(page.locator("#words-note-0 .cl-message")).to_have_count(0)


def test_a_text_of_ones_own_is_read(page: Page) -> None:
    text = "What a waste of a perfectly good evening."
    page.locator("#text-a textarea").fill(text)
    expect(page.locator("#prompt-panel .cl-prompt .cl-text")).to_contain_text(text)


def test_insert_buttons_write_at_the_cursor(page: Page) -> None:
    type_pattern(page, "Just  {text_a}")
    page.locator("#pattern textarea").evaluate("box => box.setSelectionRange(5, 5)")
    page.get_by_role("button", name="{mask}", exact=True).click()
    expect(page.locator("#pattern textarea")).to_have_value("Just {mask} {text_a}")


def test_variants_are_kept_over_a_reload(page: Page) -> None:
    type_pattern(page, "{text_a} Honestly, it was {mask}.")
    expect(page.locator("#prompt-panel .cl-prompt")).to_contain_text("Honestly")
    page.locator("#keep-variant").click()
    expect(page.locator("#variants .cl-table")).to_contain_text("Honestly")
    page.reload()
    expect(page.locator("#variants .cl-table")).to_contain_text("Honestly")


def test_a_link_opens_the_lab_as_it_was(page: Page) -> None:
    type_pattern(page, "{text_a} Frankly, it was {mask}.")
    expect(page.locator("#prompt-panel .cl-prompt")).to_contain_text("Frankly")
    page.locator("#share").click()
    link = page.locator("#share-link textarea, #share-link input").first
    page.wait_for_function("box => box.value.includes('?p=')", arg=link.element_handle())
    page.goto(link.input_value())
    expect(page.locator("#pattern textarea")).to_have_value("{text_a} Frankly, it was {mask}.")


def test_another_task_brings_its_own_labels(page: Page) -> None:
    page.locator("#task input").click()
    page.get_by_role("option",
                     name="headlines").or_(
                         page.locator("[role=option]", has_text="eadlines")).first.click()
    expect(page.locator("#words-3")).to_be_visible()
    expect(page.locator("#dataset-panel .cl-confusion tbody tr")).to_have_count(4)


def test_no_request_leaves_the_machine(app, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(app.url)
    page.wait_for_selector("#answer-panel .cl-bar")
    for tab in ("Train", "Compare", "Use"):
        page.get_by_role("tab", name=tab).click()
    outside = [url for url in asked if not url.startswith((app.url, "data:", "blob:"))]
    context.close()
    assert asked
    assert outside == []


def test_chinese_browsers_are_spoken_to_in_chinese(app, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(app.url)
    expect(page.get_by_role("tab", name="实验台")).to_be_visible()
    expect(page.locator("#prompt-panel")).to_contain_text("模型读到的内容")
    page.locator("#pattern textarea").fill("{text_a} It was.")
    expect(page.locator("#pattern-note .cl-message")).to_contain_text("没有")
    context.close()


def test_dark_mode_is_dark(app, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(app.url + "/?__theme=dark")
    page.wait_for_selector("#answer-panel .cl-bar")
    card = page.locator(".cl-card").first
    red, green, blue = card.evaluate(
        "card => getComputedStyle(card).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)")
    text = card.evaluate("card => getComputedStyle(card).color.match(/[0-9.]+/g).slice(0, "
                         "3).map(Number)")
    context.close()
    assert max(red, green, blue) < 90
    assert min(text) > 160


@pytest.mark.parametrize("width", [390, 1400])
def test_nothing_runs_over_the_side(app, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(app.url)
    page.wait_for_selector("#dataset-panel .cl-confusion")
    over = {}
    for tab in ("Lab", "Search", "Train", "Compare", "Use"):
        page.get_by_role("tab", name=tab).click()
        over[tab] = page.evaluate("document.documentElement.scrollWidth - "
                                  "document.documentElement.clientWidth")
    context.close()
    assert over == dict.fromkeys(over, 0)


def test_the_lab_can_be_used_by_keyboard_alone(page: Page) -> None:
    page.locator("#pattern textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Really.")
    expect(page.locator("#prompt-panel .cl-prompt")).to_contain_text("Really.")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#words-0') !== null"):
            break
    assert page.evaluate("document.activeElement.closest('#words-0') !== null")


def test_cards_of_task_and_model_open(page: Page) -> None:
    page.get_by_text("About this task and model").click()
    expect(page.locator("#model-card")).to_contain_text("mini-masked")
    expect(page.locator("#task-card")).to_contain_text("written for Cloze Lab")


def test_demonstrations_stand_beside_the_question(page: Page) -> None:
    page.locator("#text-a textarea").fill("The soup came cold, and nobody said sorry.")
    page.locator("#demonstrate input").check()
    card = page.locator("#demonstrations-panel")
    expect(card.locator("tbody tr")).to_have_count(2)
    expect(card.locator(".cl-prompt")).to_contain_text("The soup came cold, and nobody said sorry.")
    before = card.locator("tbody").inner_text()
    page.locator("#text-a textarea").fill("A lively novel with a hero whom nobody forgets.")
    expect(card.locator(".cl-prompt")).to_contain_text("A lively novel with a hero whom nobody "
                                                       "forgets.")
    assert card.locator("tbody").inner_text() != before


def test_the_page_falls_silent_when_all_is_answered(page: Page) -> None:
    asked: list[str] = []

    def heard(request: Request) -> None:
        if "/queue/join" in request.url and any(request.post_data_json["data"]):  # else a pulse
            asked.append(request.url)

    page.on("request", heard)
    type_pattern(page, "{text_a} To me it seemed {mask}.")
    expect(page.locator("#prompt-panel .cl-prompt")).to_contain_text("To me it seemed")
    page.wait_for_timeout(4000)  # a busy machine may take long to answer; it may not go on asking
    so_far = len(asked)
    page.wait_for_timeout(2000)
    assert len(asked) == so_far
    assert 2 <= so_far <= 12
