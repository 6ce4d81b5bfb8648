"""An app without workers: runs are done inside the page's requests, and go on after a restart."""

from collections.abc import Iterator

import pytest
from conftest import App
from playwright.sync_api import Browser, Page, expect
from test_runs_page import start_study, wait_until_done

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def inline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("inline"), CLOZE_LAB_SCHEDULER="inline")
    yield running
    running.stop()


def open_train(page: Page, app: App) -> None:
    page.goto(app.url)
    page.wait_for_selector("#answer-panel .cl-bar")
    page.get_by_role("tab", name="Train").click()


def test_a_study_is_done_inside_requests_and_after_a_restart(inline: App, browser: Browser) -> None:
    page = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US").new_page()
    open_train(page, inline)
    expect(page.locator("#header")).to_contain_text("runs inside requests")
    start_study(page, "inline", steps=60, seeds=("87", "100"))
    expect(page.locator("#runs-heading .cl-state-running")).to_be_visible()
    inline.stop()
    inline.start()
    open_train(page, inline)
    wait_until_done(page, 3)
    page.context.close()
