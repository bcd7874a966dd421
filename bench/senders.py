"""Parent side of every sending contender: prepared with its events, then let go at a broker and a sink."""

from __future__ import annotations

import shutil
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from bench import alarm, mqttbytes
from bench.environment import CACHE, OURS, PEERS
from bench.processes import Child, cpu_s
from tests.mosquitto import Mosquitto

QUIET = "log_type none\nlog_type error"
"""mosquitto's log off: it would write a line for each message."""


class Sender(ABC):
    """One contender for one run."""

    @abstractmethod
    def prepare(self, folder: Path, port: int, count: int) -> None:
        """Everything but sending; nothing listens on `port` yet."""

    @abstractmethod
    def go(self) -> None:
        """Broker and sink stand."""

    @abstractmethod
    def began(self) -> None:
        """Its first event has arrived: from here its CPU time counts, when it does not count itself."""

    @abstractmethod
    def finish(self) -> dict[str, float]:
        """After the sink has all: `done` (monotonic seconds) when it knows that itself, `cpu_s` for the events."""

    @abstractmethod
    def stop(self) -> None: ...


class ChildSender(Sender):
    """A contender that is one Python process; `knows`: it says itself when it is done."""

    def __init__(self, python: Path, module: str, *, knows: bool, patience_s: float = 120) -> None:
        self._python, self._module, self._knows, self._patience_s = python, module, knows, patience_s
        self._child: Child | None = None
        self._cpu_s = 0.0

    @property
    def child(self) -> Child:
        assert self._child is not None, "prepare first"
        return self._child

    def arguments(self, folder: Path, port: int, count: int) -> Sequence[object]:
        """For `send`; what has a store copies it here from one that was filled before."""
        return ("send", filled(self._python, self._module, folder, count), port)

    def prepare(self, folder: Path, port: int, count: int) -> None:
        arguments = self.arguments(folder, port, count)
        self._child = Child(self._python, self._module, *arguments, log=folder / "sender.log")
        self._child.hear(self._patience_s)

    def go(self) -> None:
        self.child.say("go")

    def began(self) -> None:
        self._cpu_s = cpu_s(self.child.pid)

    def finish(self) -> dict[str, float]:
        if self._knows:
            return self.child.hear(self._patience_s)
        return {"cpu_s": cpu_s(self.child.pid) - self._cpu_s}

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(timeout_s=2)


class Ours(ChildSender):
    def __init__(self) -> None:
        super().__init__(OURS, "bench.peers.ours", knows=True)


class ThingsBoard(ChildSender):
    """It cannot be asked; the sink's last event counts, which is kind to it. `records` a read; None: as shipped."""

    def __init__(self, records: int | None = None) -> None:
        super().__init__(PEERS, "bench.peers.tb_gateway", knows=False)
        self._records = records

    def arguments(self, folder: Path, port: int, count: int) -> Sequence[object]:
        return (*super().arguments(folder, port, count), *([self._records] if self._records else []))


class Paho(ChildSender):
    def __init__(self, window: int) -> None:
        super().__init__(OURS, "bench.peers.paho_raw", knows=True)
        self._window = window

    def arguments(self, folder: Path, port: int, count: int) -> Sequence[object]:
        return ("send", port, count, self._window)


class Bridge(Sender):
    """A local mosquitto that holds the events in memory and bridges them at QoS 1.

    It is filled while nothing listens at the county, then stopped (SIGSTOP) until the sink has subscribed: what a
    bridge sends before is acknowledged and gone.
    """

    def __init__(self, settings: str) -> None:
        self._settings = settings
        self._broker: Mosquitto | None = None
        self._cpu_s = 0.0

    def prepare(self, folder: Path, port: int, count: int) -> None:
        bridge = (
            f"connection county\naddress 127.0.0.1:{port}\nbridge_protocol_version mqttv311\nrestart_timeout 1\n"
            "cleansession false\nnotifications false\ntopic bench/# out 1\n"
        )
        self._broker = Mosquitto(folder / "local", extra=f"{QUIET}\n{self._settings}\n{bridge}").start()
        fill_broker(self._broker.port, alarm.bodies(count))
        self._broker.pause()

    @property
    def broker(self) -> Mosquitto:
        assert self._broker is not None, "prepare first"
        return self._broker

    def go(self) -> None:
        self._cpu_s = cpu_s(self.broker.pid)  # it may be done before its first event is noticed here
        self.broker.resume()

    def began(self) -> None:
        """Nothing to note: waking up costs it nothing."""

    def finish(self) -> dict[str, float]:
        return {"cpu_s": cpu_s(self.broker.pid) - self._cpu_s}

    def stop(self) -> None:
        if self._broker is not None:
            self._broker.kill()


def filled(python: Path, module: str, folder: Path, count: int) -> Path:
    """A copy of this contender's store with so many events, filled once for all rounds."""
    original = CACHE / "filled" / f"{module.rpartition('.')[2]}-{count}"
    if not original.exists():
        filling = Child(python, module, "fill", original.with_suffix(".new"), count, log=folder / "fill.log")
        try:
            filling.hear(timeout_s=300)
        finally:
            filling.stop()
        original.with_suffix(".new").rename(original)
    copy = folder / "store"
    shutil.copytree(original, copy)
    return copy


def fill_broker(port: int, events: Sequence[bytes], patience_s: float = 60.0) -> None:
    """Publish at QoS 1 as fast as it goes; returns when all are acknowledged."""
    until = time.monotonic() + patience_s
    cutter, acknowledged = mqttbytes.Cutter(), 0
    with socket.create_connection(("127.0.0.1", port), timeout=patience_s) as link:
        link.sendall(mqttbytes.connect("bench-filler"))
        for first in range(0, len(events), 1000):
            group = events[first : first + 1000]
            link.sendall(b"".join(mqttbytes.publish("bench/event", body, 1 + n) for n, body in enumerate(group)))
            while acknowledged < first + len(group) and time.monotonic() < until:
                packets = cutter.feed(link.recv(1 << 16))
                acknowledged += sum(packet.kind == mqttbytes.PUBACK for packet in packets)
