"""A task whose answers are texts, from a person's own file to a prefix that PEFT loads."""

import csv
import zipfile
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Page, expect
from test_runs_page import choose_seeds

from core.learning.saved_models import load_predictor
from core.models.loading import BackboneCache
from core.models.model_files import BUNDLED_FOLDER
from core.models.placement import Placement
from core.models.source_target import target_log_probs

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLACES = ["Plum Pot", "Old Mill", "Blue Goose", "Tin Kettle", "Corner Oak", "Salt Cellar",
          "Red Lantern", "Fig Tree", "Dry Dock", "Long Spoon", "Quiet Fox", "Green Door"]
FOODS = ["soup", "curry", "bread"]


def rows() -> list[tuple[str, str, str]]:
    """Places to eat: a source, a text, and whether it is a pub or a café."""
    found = []
    for at, place in enumerate(PLACES):
        food, kind = FOODS[at % 3], ("pub", "café")[at % 2]
        found.append((f"name[{place}], kind[{kind}], food[{food}]",
                      f"The {place} is a {kind} that serves {food}.", kind))
    return found


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "places.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("source", "target", "kind"), *rows()])
    return path


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#answer-panel .cl-card")
    return page


def take_own_data(page: Page, table: Path) -> None:
    page.locator("#own-data button").first.click()
    page.locator("#own-train input[type=file]").set_input_files(table)
    expect(page.locator("#own-preview")).to_contain_text("Plum Pot")
    page.locator("#own-use").click()
    expect(page.locator("#own-note .cl-good")).to_contain_text("It is chosen as the task now")


def start_three_lengths(page: Page) -> None:
    """Train prefixes of 1, 2 and 3 positions for four steps each."""
    page.locator("#model input").fill("mini-causal")
    page.locator("#model input").press("Enter")
    page.get_by_role("tab", name="Train").click()
    methods = page.locator("#methods")
    expect(methods.get_by_label("LM-BFF fine-tuning")).to_have_count(0)
    methods.get_by_label("Prefix-tuning").check()
    methods.get_by_label("Fine-tuning", exact=True).uncheck()
    choose_seeds(page, ["13"])
    page.locator("#shots .remove-all").click()
    page.locator("#shots input").fill("3")
    page.locator("#shots input").press("Enter")
    page.locator("#study-name input, #study-name textarea").first.fill("three lengths")
    set_options(page)
    expect(page.locator("#plan")).to_contain_text("4 runs")
    page.locator("#start").click()
    expect(page.locator("#start-note .cl-good")).to_contain_text("Started 4 runs")


def set_options(page: Page) -> None:
    page.locator("#options-prefix-tuning button").first.click()
    expect(page.locator("#prefix-tuning-preset")).to_be_visible()
    expect(page.locator("#prefix-tuning-beams")).to_be_visible()
    values = {"length": "1, 2, 3", "steps": "4", "evaluate_every": "2", "batch_size": "3",
              "max_tokens": "24"}
    for name, value in values.items():
        box = page.locator(f"#prefix-tuning-{name}").locator("input, textarea").first
        box.fill(value)
        box.press("Tab")


def compare(page: Page) -> None:
    """Curves over lengths, the groups of the file's own column, and outputs of a chosen run."""
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator("#compare-body")).to_be_visible()
    expect(page.locator("#length-figure .js-plotly-plot")).to_be_visible()
    expect(page.locator("#size-figure .js-plotly-plot")).to_be_visible()
    expect(page.get_by_role("tab", name="Confusion")).to_have_count(0)
    page.get_by_role("tab", name="Groups").click()
    expect(page.locator("#groups-table")).to_contain_text("café (n = ")
    page.get_by_role("tab", name="Outputs").click()
    expect(page.locator("#outputs-list .cl-output").first).to_be_visible()
    page.locator("#outputs-b input").click()
    page.locator("[role=option]", has_text="zero-shot").first.click()
    expect(page.locator("#outputs-list li").first.locator(".cl-output")).to_have_count(2)


def use(page: Page, table: Path, folder: Path) -> Path:
    """Write for a typed source and for the file, and take the model away."""
    page.get_by_role("tab", name="Use", exact=True).click()
    page.locator("#use-run input").click()
    page.locator("[role=option]", has_text="length 2").first.click()
    expect(page.locator("#use-ask")).to_have_text("Write it")
    expect(page.locator("#use-note")).to_contain_text("PEFT adapter")
    page.locator("#use-text textarea").fill(rows()[0][0])
    page.locator("#use-ask").click()
    expect(page.locator("#use-answer .cl-written, #use-answer .cl-card .cl-hint")).to_be_visible()
    page.locator("#use-file-part button").first.click()
    page.locator("#use-file input[type=file]").set_input_files(table)
    expect(page.locator("#use-file-note")).to_contain_text("12 rows")
    page.locator("#use-file-ask").click()
    expect(page.locator("#use-file-counts")).to_contain_text("12 of 12 rows")
    with page.expect_download() as written:
        page.locator("#use-file-csv").click()
    written.value.save_as(folder / "written.csv")
    with (folder / "written.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["source"] for row in csv.DictReader(file)] == [row[0] for row in rows()]
    with page.expect_download() as archive:
        page.locator("#use-model").click()
    archive.value.save_as(folder / "model.zip")
    zipfile.ZipFile(folder / "model.zip").extractall(folder / "model")
    (model,) = (folder / "model").iterdir()
    return model


def check_with_peft(folder: Path) -> None:
    """PEFT's forward pass with the adapter is ours with the prefix."""
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(BUNDLED_FOLDER / "mini-causal",
                                                dtype=torch.float32)
    model = peft.PeftModel.from_pretrained(base, folder).eval()
    cache = BackboneCache(Placement("cpu", "float32"))
    predictor = load_predictor(folder, cache.placement, cache.get)
    source, target = [5, 17, 230, 9, 77], [12, 400, 31]
    ours = target_log_probs(predictor.backbone, [source], [target], predictor.prefix).tokens
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*source, *target]])).logits[0]
    theirs = logits.log_softmax(-1)[len(source) - 1 : -1].gather(1, torch.tensor(target)[:, None])
    assert torch.allclose(ours.flatten(), theirs.flatten(), atol=1e-4)


def test_from_an_own_file_to_an_adapter(app, browser: Browser, table: Path,
                                        tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US",
                                  accept_downloads=True)
    page = opened(context, app.url)
    take_own_data(page, table)
    start_three_lengths(page)
    page.close()
    page = opened(context, app.url)
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#runs-heading .cl-state-done")).to_contain_text("4", timeout=400_000)
    compare(page)
    check_with_peft(use(page, table, tmp_path))
    context.close()
