"""A person's own file in a real browser: uploaded, checked, used in the Lab."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
PRAISE = "Très bon, on reviendra au café n° {0}!"
BLAME = "Le café n° {0} était froid, très décevant."


def upload(page: Page, path: Path) -> None:
    page.locator("#own-data button").first.click()
    page.locator("#own-train input[type=file]").set_input_files(path)


def test_an_uploaded_file_becomes_the_task(page: Page, tmp_path: Path) -> None:
    rows = [f"{(PRAISE if number % 2 else BLAME).format(number)};{number % 2}"
            for number in range(80)]
    path = tmp_path / "cafés.csv"
    path.write_bytes("\r\n".join(["avis;note", *rows]).encode("cp1252"))
    upload(page, path)
    expect(page.locator("#own-preview")).to_contain_text("Très bon")
    expect(page.locator("#own-balance")).to_contain_text("40")
    page.locator("#own-use").click()
    expect(page.locator("#own-note .cl-good")).to_contain_text("It is chosen as the task now")
    expect(page.locator("#gold")).to_contain_text("of 40")
    assert "café" in page.locator("#text-a textarea").input_value()
    page.locator("#words-0 textarea, #words-0 input").first.fill("bad")
    page.locator("#words-1 textarea, #words-1 input").first.fill("good")
    expect(page.locator("#dataset-panel .cl-over")).to_contain_text("of 40 test examples")


@pytest.mark.parametrize(("name", "content", "expected"), [
    ("photo.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "is a picture, not a table"),
    ("empty.csv", b"\n\n", "is empty"),
    ("one.csv", b"text,label\n" + b"fine,good\n" * 40, "only one label"),
])
def test_a_file_of_no_use_is_reported_at_once(page: Page, tmp_path: Path, name: str, content: bytes,
                                          expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    upload(page, path)
    expect(page.locator("#own-data")).to_contain_text(expected)
    expect(page.locator("#prompt-panel .cl-prompt")).to_be_visible()
