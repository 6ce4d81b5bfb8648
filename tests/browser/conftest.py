"""The app as a person starts it, and a real Chromium to use it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120_000  # milliseconds; a busy machine is slow, not wrong
expect.set_options(timeout=PATIENCE)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class App:
    """`python app.py` on a free port and with its own data folder; can be killed and restarted."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start and wait until it answers."""
        environment = {**os.environ, "CLOZE_LAB_DATA": str(self.folder),
                       "GRADIO_SERVER_PORT": str(self.port), "HF_HUB_OFFLINE": "1", **self.settings}
        self.log = (self.folder / "app.log").open("ab")
        self.process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment,
                                        stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.url + "/config", timeout=2).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "app.log").read_text()[-2000:]
                time.sleep(0.2)
        pytest.fail("the app did not answer within two minutes")

    def stop(self, kill: bool = False) -> None:
        """End it, by kill -9 if wanted."""
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(60)
        self.log.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("app"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
        "google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on the PATH")
        pytest.skip("no Chromium on the PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        new_context = chromium.new_context

        def patient_context(**options: object) -> BrowserContext:
            context = new_context(**options)
            context.set_default_timeout(PATIENCE)
            return context

        chromium.new_context = patient_context
        yield chromium
        chromium.close()


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US",
                                  accept_downloads=True)
    opened = context.new_page()
    opened.goto(app.url)
    opened.wait_for_selector("#answer-panel .cl-bar")
    yield opened
    context.close()
