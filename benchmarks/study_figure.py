"""The figure of studies that come with the app, as a picture: the same as under Compare.

    python -m benchmarks.study_figure assets/studies/lm-bff.svg lm-bff-sst2 lm-bff-trec lm-bff-snli

Draws what the files of those names in `assets/studies` hold. Needs a Chromium on the PATH.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import urllib.parse
from pathlib import Path

from playwright.sync_api import sync_playwright

from core.figures.scores import score_figure
from core.runs.ready_made import FOLDER, read_ready_made

_WIDTH = 900
_AS_SVG = """async size => await Plotly.toImage(
    document.querySelector('.js-plotly-plot'), {format: 'svg', ...size})"""


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("studies", nargs="+")
    given = parser.parse_args()
    records = [
        run.record()
        for name in given.studies
        for run in read_ready_made(FOLDER / f"{name}.json").runs
    ]
    figure = score_figure(records)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "figure.html"
        page_file.write_text(figure.to_html(include_plotlyjs=True), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": _WIDTH, "height": 900})
        page.goto(page_file.as_uri())
        page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
        picture = page.evaluate(_AS_SVG, {"width": _WIDTH, "height": int(figure.layout.height)})
        browser.close()
    given.out.write_text(urllib.parse.unquote(picture.partition(",")[2]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
