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
    """A worker process.

    Attributes:
        address: how the scheduler reaches it.
        name: as it was given; the device of a local worker.
        host: its machine.
        gpu: whether it holds a GPU.
        open: whether it takes work.
    """

    address: str
    name: str
    host: str
    gpu: bool
    open: bool


class Cluster:
    """A connection to workers; `local` ones are named after their device."""

    def __init__(self, client: Any, local: bool) -> None:
        self.client = client
        self.local = local

    def workers(self) -> list[Worker]:
        """All workers that are alive.

        Raises:
            OSError: the scheduler does not answer.
        """
        identity = self.client.sync(self.client.scheduler.identity, n_workers=-1,
                                    callback_timeout=_ANSWER_SECONDS)
        return [Worker(address, str(worker["name"]), worker["host"],
                       gpu="GPU" in worker["resources"], open=worker["status"] == "running")
                for address, worker in identity["workers"].items()]

    def neighbours(self, workers: list[Worker]) -> int | None:
        """How many workers share a machine, at most; None for local ones, whose threads are set."""
        if self.local:
            return None
        return max(Counter(worker.host for worker in workers).values())

    def restart(self, worker: str) -> None:
        """End a worker's process, whatever it does, and wait for the one that its nanny starts."""
        with suppress(OSError, NoAnswer):  # the dispatcher checks itself whether the worker is gone
            self.client.restart_workers([worker], timeout=60, raise_for_error=False)


@contextmanager
def connected(settings: Settings) -> Iterator[Cluster]:
    """Connect to the scheduler that the settings name, or start workers here, for a block."""
    connection = _remote_cluster(settings.address) if settings.address else _local_cluster(settings)
    with connection as cluster:
        cluster.client.register_plugin(WarmModel(settings, cluster.local))
        yield cluster


@contextmanager
def _remote_cluster(address: str) -> Iterator[Cluster]:
    with Client(address, timeout=_ANSWER_SECONDS, set_as_default=False) as client:
        yield Cluster(client, local=False)


@contextmanager
def _local_cluster(settings: Settings) -> Iterator[Cluster]:
    """One worker process for each device, over loopback only, encrypted, without dashboards."""
    devices = local_devices(settings.device)
    threads = max(1, torch.get_num_threads() // len(devices))
    place = {"host": _LOOPBACK, "protocol": "tls://", "security": Security.temporary(),
             "dashboard": False, "dashboard_address": f"{_LOOPBACK}:0"}
    scheduler = {"cls": Scheduler, "options": {**place, "port": 0}}
    scratch = str(settings.data_folder / "scratch")
    with dask.config.set(_configuration(threads)):
        workers = {device: _worker_spec(device, place, scratch) for device in devices}
        with (SpecCluster(scheduler=scheduler, workers=workers, security=place["security"],
                          silence_logs=logging.ERROR) as cluster,
              Client(cluster, timeout=_ANSWER_SECONDS, set_as_default=False) as client):
            yield Cluster(client, local=True)


def _worker_spec(device: str, place: dict[str, Any], scratch: str) -> dict[str, Any]:
    options = {**place, "nthreads": 1, "memory_limit": 0, "silence_logs": logging.ERROR,
               "local_directory": scratch, "resources": {"GPU": 1} if "cuda" in device else {}}
    return {"cls": Nanny, "options": options}


def local_devices(device: str) -> list[str]:
    """The devices that get a worker each: every GPU if none is chosen, or the one that is."""
    chosen = Placement.choose(device).device
    if chosen != "cuda":
        return [chosen]
    return [f"cuda:{index}" for index in range(torch.cuda.device_count())]


def _configuration(threads: int) -> dict[str, Any]:
    """Dask's configuration, by which dead workers are the dispatcher's business alone.

    The cluster would give up a worker's nanny, and with it the worker, when two of its processes
    die within seconds. Nothing listens that nobody asks. Waiting threads of torch sleep: spinning,
    they would take the cores from the app, which answers people meanwhile.
    """
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads,
                   "OPENBLAS_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}
    before_start = "distributed.nanny.pre-spawn-environ"
    return {"distributed.deploy.lost-worker-timeout": "365 days",
            "distributed.scheduler.allowed-failures": 0,
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.worker.profile.enabled": False,
            **{f"{before_start}.{name}": value for name, value in environment.items()}}
