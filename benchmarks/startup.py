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

import psutil
from gradio_client import Client

ROOT = Path(__file__).resolve().parents[1]
PORT = 7991


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CLOZE_LAB_DATA": folder, "GRADIO_SERVER_PORT": str(PORT)}
        start = time.perf_counter()
        app = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not _answers():
                time.sleep(0.05)
            ready = time.perf_counter() - start
            client = Client(f"http://127.0.0.1:{PORT}", verbose=False)
            client.predict(
                "{text_a} It was {mask}.",
                {"negative": ["bad"], "positive": ["good"]},
                "Fine.",
                api_name="/look",
            )
            answered = time.perf_counter() - start
            time.sleep(15)  # until the worker and the first answer are warm
            process = psutil.Process(app.pid)
            children = {
                child.pid: child.memory_info().rss / 1e6
                for child in process.children(recursive=True)
            }
            print(
                json.dumps(
                    {
                        "seconds_until_the_page_answers": ready,
                        "seconds_until_the_model_has_answered": answered,
                        "app_process_mb": process.memory_info().rss / 1e6,
                        "children_mb": children,
                    },
                    indent=2,
                )
            )
        finally:
            app.terminate()
            app.wait(30)


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/config", timeout=1) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
