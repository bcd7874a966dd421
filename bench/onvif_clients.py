"""The contenders of the work `cameras`, parent side: the whole agent, and libraries in small programs of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.cameras import Farm, OutboxWatch
from bench.county import agent_config
from bench.environment import OURS, ROOT, python_of
from bench.processes import tree_cpu_s
from bench.results import OURS as WE

_PATIENCE_S = 180.0


class Cold(NamedTuple):
    """`each_cpu_ms`: of each camera after the first. The others from the start: all subscribed; all set up too."""

    each_cpu_ms: float
    subscribed_s: float
    done_s: float


class Client(ABC):
    """One contender: a process that subscribes to the farm's cameras."""

    name = ""

    def __init__(self, folder: Path, found: Farm, count: int) -> None:
        self.folder, self.farm, self.count = folder, found, count
        self.began_s = time.monotonic()
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "start first"
        return self._process

    def start(self) -> None:
        """From the very beginning: nothing is cached."""
        self.folder.mkdir(parents=True, exist_ok=True)
        home = {"HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache"), "PYTHONPATH": str(ROOT)}
        self.began_s = time.monotonic()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=ROOT,
                env={**os.environ, **home, "PYTHONWARNINGS": "ignore"}, text=True,
            )  # fmt: skip

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def ready(self) -> Cold:
        """Waits until all cameras are subscribed and set up."""

    @abstractmethod
    def arrivals(self) -> list[list[float]]:
        """When events of each camera were known, monotonic seconds."""

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self._close()

    def stop(self) -> None:
        if self._process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self._close()

    def _close(self) -> None:
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process = None


class Library(Client):
    """A peer: its child says itself when all is set up, and what arrived."""

    def command(self) -> list[str]:
        cameras = self.folder / "cameras.json"
        listed = [[each["port"], each["user"], each["password"]] for each in self.farm.cameras[: self.count]]
        cameras.write_text(json.dumps(listed))
        return [str(python_of(self.name)), "-m", f"bench.peers.{self.name.replace('-', '_')}", str(cameras)]

    def ready(self) -> Cold:
        told = self._hear()
        done_s = told["done"] - self.began_s
        return Cold(told["each_cpu_ms"], done_s, done_s)

    def arrivals(self) -> list[list[float]]:
        assert self.process.stdin is not None
        self.process.stdin.write("report\n")
        self.process.stdin.flush()
        times: list[list[float]] = self._hear()["times"]
        return times

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise RuntimeError(f"{self.name} ended:\n{(self.folder / 'log').read_text(errors='replace')[-2000:]}")


class OnvifZeep(Library):
    name = "onvif-zeep"


class OnvifZeepAsync(Library):
    name = "onvif-zeep-async"


class OnvifPython(Library):
    name = "onvif-python"


class Agent(Client):
    """`edgeagent run`. `port`: the broker's."""

    name = WE
    port = 0
    _watch: OutboxWatch | None = None

    def command(self) -> list[str]:
        devices = "".join(
            f'[device.cam-{number}]\ndriver = "onvif"\naddress = "127.0.0.1:{camera["port"]}"\n'
            f'username = "{camera["user"]}"\npassword = "{camera["password"]}"\n'
            for number, camera in enumerate(self.farm.cameras[: self.count], 1)
        )
        config = agent_config(self.folder, self.port, more=devices)
        return [str(OURS), "-m", "edgeagent.cli", "run", "--config", str(config)]

    def ready(self) -> Cold:
        """`each_cpu_ms` is of all cameras, the first too."""
        kept = self.folder / "store" / "devices"
        _until(self._subscribed, "subscribed")
        subscribed_s = time.monotonic() - self.began_s
        _until(lambda: len(list(kept.glob("*/setup.json"))) == self.count, "set up")
        done_s = time.monotonic() - self.began_s
        return Cold(tree_cpu_s(self.process.pid) * 1000 / self.count, subscribed_s, done_s)

    def _subscribed(self) -> bool:
        return min(self.farm.subscriptions()[: self.count]) >= 1

    def arrivals(self) -> list[list[float]]:
        """The first call begins to watch."""
        if self._watch is None:
            self._watch = OutboxWatch(self.folder / "store" / "outbox.db", self.count)
            time.sleep(0.5)
        return self._watch.times

    def stop(self) -> None:
        if self._watch is not None:
            self._watch.stop()
        super().stop()


def _until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"not {what} within {_PATIENCE_S:g} s")
        time.sleep(0.02)
