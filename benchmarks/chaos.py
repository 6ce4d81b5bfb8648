"""What kill -9 does: the app or its worker is killed at random moments of a study, 20 times.

Prints as JSON how many runs were lost, done twice or left half written, and whether the store is
sound.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from core.data.catalog import load_task
from core.runs.folder import DataFolder
from core.runs.run import Run
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from core.runs.workers import Workers
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
VISITOR = "chaos"
RUNS = 20
LONGEST_CALM = 5.0  # seconds before a kill, at most; counted from when a run is running, but for
EARLY = 0.25  # of the kills, which also hit an app or worker that is just starting
TEST_ROWS = 16


def serve(folder: Path) -> None:
    """What the app does beside its pages: a store and its workers."""
    settings = Settings(data_folder=folder, device="cpu")
    Workers(DataFolder(folder).queue, settings).start()
    while True:
        time.sleep(3600)


def submit(store: RunStore, first_seed: int) -> list[str]:
    """Queue a study of short runs; return their ids."""
    study = StudySpec.from_dict(
        {
            "name": "chaos",
            "task": "reviews",
            "methods": ["lm-bff"],
            "shots": [4],
            "test_limit": TEST_ROWS,
            "patterns": [
                {
                    "pattern": "{text_a} It was {mask}.",
                    "words": {"negative": ["bad"], "positive": ["good"]},
                }
            ],
            "seeds": list(range(first_seed, first_seed + RUNS)),
            "options": {"lm-bff": {"steps": 10, "batch_size": 2, "evaluate_every": 10}},
        }
    )
    key = store.submit(study, study.runs(load_task("reviews")), VISITOR)
    return [run.id for run in store.runs(VISITOR, key)]


class App:
    """The app's process, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._command = [sys.executable, "-m", "benchmarks.chaos", "--serve", str(folder)]
        self.orphans = 0
        self.start()

    def start(self) -> None:
        """Start it."""
        self._started = time.time()
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def works(self, runs: Sequence[Run]) -> bool:
        """Whether a run is running that this very process started."""
        return any(
            run.status == "running" and run.started is not None and run.started > self._started
            for run in runs
        )

    def kill(self) -> None:
        """Kill it, count those of its processes that live on, and start it again."""
        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        _, alive = psutil.wait_procs(children, timeout=30)
        self.orphans += len(alive)
        for orphan in alive:
            orphan.kill()
        self.start()

    def kill_worker(self) -> bool:
        """Kill its worker; False if there is none at the moment."""
        for child in psutil.Process(self._process.pid).children(recursive=True):
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
                return True
        return False

    def end(self) -> None:
        """Kill it for good."""
        for child in psutil.Process(self._process.pid).children(recursive=True):
            child.kill()
        self._process.kill()
        self._process.wait()


def judge(store: RunStore, submitted: list[str]) -> dict[str, Any]:
    """Compare what the store and the disk hold with what was submitted."""
    runs = store.runs(VISITOR)
    done = [run for run in runs if run.status == "done"]
    endings = {
        run.id: sum(" Done in " in line for line in store.log(run.id, VISITOR)) for run in runs
    }
    with closing(sqlite3.connect(store.folder / "cloze-lab.sqlite")) as check:
        integrity = check.execute("PRAGMA integrity_check").fetchone()[0]
        dangling = len(check.execute("PRAGMA foreign_key_check").fetchall())
    hidden = [
        path.name for name in ("predictions", "models") for path in (store.folder / name).glob(".*")
    ]
    return {
        "submitted": len(submitted),
        "lost": len(set(submitted) - {run.id for run in runs}),
        "duplicated": len(runs)
        - len(set(submitted))
        + sum(max(0, count - 1) for count in endings.values()),
        "done_without_result": sum(
            len(store.predictions(run.id, VISITOR)) != TEST_ROWS for run in done
        ),
        "done_without_weights": sum(store.model_folder(run.id, VISITOR) is None for run in done),
        "half_written_files": hidden,
        "integrity_check": integrity,
        "dangling_rows": dangling,
        "statuses": dict(Counter(run.status for run in runs)),
        "reasons": dict(Counter(run.reason for run in runs if run.reason)),
        "attempts": dict(sorted(Counter(run.attempt for run in runs).items())),
    }


def kill_at_random(app: App, store: RunStore, seed: int,
                   count: int) -> tuple[Counter[str], list[str]]:
    """Kill app or worker `count` times; return how often each, and the ids of all runs queued."""
    chance, kills = random.Random(seed), Counter[str]()
    submitted = submit(store, 1)
    while kills.total() < count:
        early = chance.random() < EARLY
        while not early and not app.works(store.runs(VISITOR)):
            if not any(run.active for run in store.runs(VISITOR)):
                submitted += submit(store, len(submitted) + 1)
            time.sleep(0.05)
        time.sleep(chance.uniform(0.0, LONGEST_CALM))
        victim = chance.choice(("app", "worker"))
        if victim == "app":
            app.kill()
        elif not app.kill_worker():
            continue
        kills[victim] += 1
        print(f"killed: {dict(kills)}", file=sys.stderr, flush=True)
    return kills, submitted


def main() -> None:
    """Run the experiment and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--serve", type=Path)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        data = DataFolder(Path(folder))
        app = App(Path(folder))
        kills, submitted = kill_at_random(app, data.store, options.seed, options.kills)
        while any(run.active for run in data.store.runs(VISITOR)):
            time.sleep(0.2)
        app.end()
        data.queue.recover()
        result = {"seed": options.seed, "kills": dict(kills), "orphan_processes": app.orphans,
                  **judge(data.store, submitted), "seconds": round(time.perf_counter() - start, 1)}
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
