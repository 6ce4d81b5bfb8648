"""Background runs as their owner, a second visitor and a restarted server see them."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from core.runs.spec import StudySpec

pytestmark = [pytest.mark.browser, pytest.mark.slow]


LATE_ENDS = """() => {
  const plain = window.fetch;
  window.lateEnds = 0;
  window.fetch = async (request, options) => {
    const response = await plain(request, options);
    if (!String(request.url || request).includes("queue/data")) return response;
    const late = new TransformStream({ async transform(piece, out) {
      const text = new TextDecoder().decode(piece);
      const end = text.lastIndexOf("data:", text.indexOf("close_stream"));
      if (text.includes("close_stream")) {
        out.enqueue(new TextEncoder().encode(text.slice(0, end)));
        await new Promise(done => setTimeout(done, 3000));
        window.lateEnds += 1;
        out.enqueue(new TextEncoder().encode(text.slice(end)));
      } else out.enqueue(piece);
    }});
    return new Response(response.body.pipeThrough(late), response);
  };
}"""
"""From now on the browser reads three seconds late that a stream of answers has ended, as on a
busy machine or a slow network."""


def choose_seeds(page: Page, seeds: list[str]) -> None:
    """Leave only `seeds` in the box of seeds."""
    box = page.locator("#seeds")
    box.locator(".remove-all").click()
    for seed in seeds:
        box.locator("input").fill(seed)
        box.locator("input").press("Enter")


def start_study(page: Page, name: str, steps: int = 6,
                seeds: tuple[str, ...] = ("13", "21")) -> None:
    """Train `lm-bff` and `zero-shot` for a few steps on the pattern in the Lab."""
    page.get_by_role("tab", name="Train").click()
    page.get_by_label("Classification head").uncheck()
    choose_seeds(page, list(seeds))
    page.locator("#study-name input, #study-name textarea").first.fill(name)
    page.locator("#limit input").fill("40")
    page.locator("#options-lm-bff button").first.click()
    page.locator("#lm-bff-steps input").fill(str(steps))
    page.locator("#lm-bff-steps input").press("Tab")
    expect(page.locator("#plan")).to_contain_text(f"{1 + len(seeds)} runs")
    page.locator("#start").click()
    expect(page.locator("#start-note .cl-good")).to_be_visible()


def wait_until_done(page: Page, runs: int) -> None:
    expect(page.locator("#runs-heading .cl-state-done")).to_contain_text(str(runs), timeout=400_000)


def test_runs_go_on_while_the_page_is_reloaded_and_are_compared(page: Page, tmp_path: Path) -> None:
    start_study(page, "reloaded")
    page.reload()
    page.wait_for_selector("#answer-panel .cl-bar")
    page.get_by_role("tab", name="Train").click()
    wait_until_done(page, 3)
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_role("tabpanel").filter(has_text="reloaded").first).to_be_visible()
    files = {}
    for kind in ("csv", "json", "yaml"):
        with page.expect_download() as found:
            page.locator(f"#download-{kind}").click()
        files[kind] = tmp_path / f"study.{kind}"
        found.value.save_as(files[kind])
    assert len(list(csv.DictReader(files["csv"].open()))) == 3
    assert len(json.loads(files["json"].read_text())["runs"]) == 3
    assert StudySpec.from_dict(yaml.safe_load(files["yaml"].read_text())).seeds == (13, 21)


def test_a_second_visitor_sees_nothing_of_the_first(app, page: Page, browser: Browser) -> None:
    start_study(page, "quiet-as-a-mouse", seeds=("42",))
    other = browser.new_context().new_page()
    other.goto(app.url)
    other.wait_for_selector("#answer-panel .cl-bar")
    other.get_by_role("tab", name="Train").click()
    expect(other.locator("#runs-heading")).to_contain_text("No runs yet")
    assert "quiet-as-a-mouse" not in other.content()
    other.context.close()
    wait_until_done(page, 2)


def test_a_running_run_is_cancelled_and_its_study_deleted(page: Page) -> None:
    start_study(page, "cancelled", steps=4000, seeds=("13",))
    expect(page.locator("#runs-heading .cl-state-running")).to_be_visible()
    page.locator("#cancel-all").click()
    expect(page.locator("#runs-heading .cl-state-cancelled")).to_be_visible()
    expect(page.locator("#runs-heading .cl-state-running")).to_have_count(0)
    page.locator("#delete-study").click()
    expect(page.locator("#delete-note")).to_contain_text("Delete the study “cancelled” with its "
                                                         "2 runs")
    page.locator("#delete-confirm").click()
    expect(page.locator("#delete-note .cl-good")).to_be_visible()
    expect(page.locator("#runs-heading")).to_contain_text("No runs yet")
    expect(page.locator("#delete-confirm")).to_be_hidden()


def test_a_page_that_is_only_watched_goes_on_when_answers_miss_their_stream(page: Page) -> None:
    start_study(page, "watched", steps=30, seeds=("13",))
    page.evaluate(LATE_ENDS)
    wait_until_done(page, 2)
    assert page.evaluate("window.lateEnds") > 0


def test_after_a_restart_of_the_server_history_is_there_and_runs_go_on(app, page: Page) -> None:
    start_study(page, "restarted", steps=60, seeds=("87", "100"))
    expect(page.locator("#runs-heading .cl-state-running")).to_be_visible()
    app.stop(kill=True)
    app.start()
    page.goto(app.url)
    page.wait_for_selector("#answer-panel .cl-bar")
    page.get_by_role("tab", name="Train").click()
    wait_until_done(page, 3)


def test_a_finished_run_labels_texts_and_its_model_can_be_taken_away(
    page: Page, tmp_path: Path) -> None:
    start_study(page, "used", seeds=("13",))
    wait_until_done(page, 2)
    page.get_by_role("tab", name="Use").click()
    page.locator("#use-run input").click()
    page.locator("[role=option]", has_text="lm-bff").first.click()
    page.locator("#use-text textarea").fill("A lovely little film.")
    page.locator("#use-ask").click()
    expect(page.locator("#use-answer .cl-bar").first).to_be_visible()
    with page.expect_download() as found:
        page.locator("#use-model").click()
    found.value.save_as(tmp_path / "model.zip")
    names = zipfile.ZipFile(tmp_path / "model.zip").namelist()
    assert any(name.endswith("model.safetensors") for name in names)
    assert any(name.endswith("tokenizer.json") for name in names)
