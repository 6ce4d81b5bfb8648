"""From `python app.py` to the first page and the model's first answer, and the memory used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
from gradio_client import Client

ROOT = Path(__file__).resolve().parents[1]
PORT = 7991


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CLOZE_LAB_DATA": folder, "GRADIO_SERVER_PORT": str(PORT)}
        start = time.perf_counter()
        app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            times = _first_answers(start)
            time.sleep(15)  # until the worker and the first answer are warm
            print(json.dumps({**times, **_memory(app.pid)}, indent=2))
        finally:
            app.terminate()
            app.wait(30)


def _first_answers(start: float) -> dict[str, float]:
    """Seconds from `start` to the first page and to the model's first answer."""
    while not _answers():
        time.sleep(0.05)
    ready = time.perf_counter() - start
    client = Client(f"http://127.0.0.1:{PORT}", verbose=False)
    words = {"negative": ["bad"], "positive": ["good"]}
    client.predict("{text_a} It was {mask}.", words, "Fine.", api_name="/look")
    return {"seconds_until_the_page_answers": ready,
            "seconds_until_the_model_has_answered": time.perf_counter() - start}


def _memory(pid: int) -> dict[str, Any]:
    """Megabytes of the app's process and of each of its children."""
    process = psutil.Process(pid)
    children = {child.pid: child.memory_info().rss / 1e6
                for child in process.children(recursive=True)}
    return {"app_process_mb": process.memory_info().rss / 1e6, "children_mb": children}


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/config", timeout=1) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
