"""Where workers come from: processes on this machine, or a Dask scheduler that runs already."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import dask
import torch
from distributed import Client, Nanny, Scheduler, Security, SpecCluster
from distributed import TimeoutError as NoAnswer

from core.models.placement import Placement
from core.runs.worker_process import WarmModel
from core.settings import Settings

_ANSWER_SECONDS = 20
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Worker:
    """A worker process: its address, the name it was given, its machine, whether it holds a GPU and takes work."""

    address: str
    name: str
    host: str
    gpu: bool
    open: bool


class Cluster:
    """A connection to workers; `local` ones are named after the device that they use."""

    def __init__(self, client: Any, local: bool) -> None:
        self.client = client
        self.local = local

    def workers(self) -> list[Worker]:
        """All workers that live.

        Raises:
            OSError: the scheduler does not answer.
        """
        identity = self.client.sync(self.client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER_SECONDS)
        return [Worker(address, str(each["name"]), each["host"], gpu="GPU" in each["resources"],
                       open=each["status"] == "running")
                for address, each in identity["workers"].items()]

    def neighbours(self, workers: list[Worker]) -> int | None:
        """How many workers share a machine, at most; None if they share it out by themselves."""
        return None if self.local else max(Counter(worker.host for worker in workers).values())

    def restart(self, worker: str) -> None:
        """End a worker's process, whatever it is doing; its nanny starts a new one. Returns when that is there."""
        with suppress(OSError, NoAnswer):  # the dispatcher sees for itself whether the worker is gone
            self.client.restart_workers([worker], timeout=60, raise_for_error=False)


@contextmanager
def connected(settings: Settings) -> Iterator[Cluster]:
    """Connect to the scheduler that the settings name, or start workers here, until the end of the block."""
    with _local_cluster(settings) if not settings.address else _named(settings.address) as cluster:
        cluster.client.register_plugin(WarmModel(settings, cluster.local))
        yield cluster


@contextmanager
def _named(address: str) -> Iterator[Cluster]:
    with Client(address, timeout=_ANSWER_SECONDS, set_as_default=False) as client:
        yield Cluster(client, local=False)


@contextmanager
def _local_cluster(settings: Settings) -> Iterator[Cluster]:
    """One worker process for each device, talking over loopback only, encrypted, without dashboards."""
    devices = local_devices(settings.device)
    threads = max(1, torch.get_num_threads() // len(devices))
    place = {"host": _LOOPBACK, "protocol": "tls://", "security": Security.temporary(), "dashboard": False,
             "dashboard_address": f"{_LOOPBACK}:0"}
    worker = {**place, "nthreads": 1, "memory_limit": 0, "silence_logs": logging.ERROR,
              "local_directory": str(settings.data_folder / "scratch")}
    with dask.config.set(_calm(threads)):
        specs = {device: {"cls": Nanny, "options": {**worker, "resources": {"GPU": 1} if "cuda" in device else {}}}
                 for device in devices}
        with (SpecCluster(scheduler={"cls": Scheduler, "options": {**place, "port": 0}}, workers=specs,
                          security=place["security"], silence_logs=logging.ERROR) as cluster,
              Client(cluster, timeout=_ANSWER_SECONDS, set_as_default=False) as client):
            yield Cluster(client, local=True)


def local_devices(device: str) -> list[str]:
    """The devices that get a worker each: every GPU if none is chosen, or the one that is."""
    chosen = Placement.choose(device).device
    return [f"cuda:{index}" for index in range(torch.cuda.device_count())] if chosen == "cuda" else [chosen]


def _calm(threads: int) -> dict[str, Any]:
    """A dead worker is our business, not the scheduler's; nothing listens that nobody asks; all cores are for torch.

    The cluster would give up a worker's nanny, and with it the worker, when two of its processes die within seconds.
    Threads of torch that wait sleep: spinning, they would take the cores from the app, which answers people meanwhile.
    """
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads,
                   "OMP_WAIT_POLICY": "PASSIVE"}
    return {"distributed.deploy.lost-worker-timeout": "365 days",
            "distributed.scheduler.allowed-failures": 0, "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [], "distributed.worker.profile.enabled": False,
            **{f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in environment.items()}}
