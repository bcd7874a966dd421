"""The watchdog of the real processes, without systemd: fed while they live, and not while a part of them hangs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sqlite3

import pytest

from tests.harness import until
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto, free_port
from tests.processes import AgentProcess
from tests.uplinks import Sink, box

WATCHDOG_S = 0.15
"""Asked three times within it."""
JPEG = b"\xff\xd8 no more is looked at \xff\xd9"


class Systemd:
    """The socket on which systemd listens, and what came: `fed` counts the watchdog's food."""

    def __init__(self, folder):
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(folder / "notify"))
        self._listener.setblocking(False)
        self.told = []
        self.environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}

    def hear(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.told.append(self._listener.recv(4096).decode())
        return self.told

    @property
    def fed(self):
        return self.hear().count("WATCHDOG=1")

    @property
    def ready(self):
        return any(text.startswith("READY=1") for text in self.hear())

    async def until_fed_again(self):
        before = self.fed
        await until(lambda: self.fed > before + 3)

    async def until_hungry(self):
        """What was asked before the fault has been answered; then nothing comes for several times its patience."""
        while True:
            before = self.fed
            await asyncio.sleep(3 * WATCHDOG_S)
            if self.fed == before:
                return

    def close(self):
        self._listener.close()


@pytest.fixture
def systemd(tmp_path):
    listener = Systemd(tmp_path)
    yield listener
    listener.close()


@contextlib.contextmanager
def taken(database):
    """Another program has the database and does not let go: to its writer the disk hangs."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_box_is_ready_once_it_works_and_fed_without_a_hub(tmp_path, systemd):
    agent = AgentProcess(tmp_path / "box", free_port())  # nobody listens there: the link is down
    agent.environment = systemd.environment
    with agent:
        await until(lambda: systemd.ready)
        assert agent.rows("SELECT count(*) FROM alarm") == [(0,)]  # the store is open
        await systemd.until_fed_again()
        assert not (await agent.status())["connected"]
        with taken(agent.database):
            await systemd.until_hungry()
            assert (await agent.status())["at"]  # the loop turns all the same
        await systemd.until_fed_again()
        agent.pause()
        await systemd.until_hungry()
        agent.resume()
        await systemd.until_fed_again()
        agent.reload()
        await until(lambda: sum(text.startswith("READY=1") for text in systemd.hear()) == 2)
        assert any(text.startswith("RELOADING=1") for text in systemd.told)
        assert agent.stop() == 0
        assert systemd.hear()[-1] == "STOPPING=1"


async def test_an_uplink_that_hangs_starves_the_watchdog(tmp_path, systemd, monkeypatch):
    for name, value in systemd.environment.items():
        monkeypatch.setenv(name, value)
    with Mosquitto(tmp_path / "broker") as broker:
        async with Sink(broker.port, acking=True) as sink, box(tmp_path / "box", broker.port) as village:
            await village.connected()
            village.uplink.hold_pictures(True)
            await village.emit(pictures=(JPEG,))
            (picture,) = [path for path in (tmp_path / "box" / "pictures").rglob("*") if path.is_file()]
            picture.unlink()
            os.mkfifo(picture)  # whoever opens it waits for ever, as for a network disk that has gone
            await systemd.until_fed_again()
            village.uplink.hold_pictures(False)
            await systemd.until_hungry()
            assert await village.outbox.answers()  # it is the uplink alone
            picture.write_bytes(b"")
            await systemd.until_fed_again()
            await until(lambda: len(sink.seqs()) == 1)


async def test_the_hub_is_ready_and_fed_without_a_broker(tmp_path, systemd, monkeypatch):
    for name, value in systemd.environment.items():
        monkeypatch.setenv(name, value)
    with HubProcess(tmp_path / "hub", free_port()) as hub:
        await until(lambda: systemd.ready)
        await systemd.until_fed_again()
        hub.pause()
        await systemd.until_hungry()
        hub.resume()
        await systemd.until_fed_again()
        with taken(hub.database):
            await systemd.until_hungry()
        await systemd.until_fed_again()
        assert hub.stop() == 0
        assert systemd.hear()[-1] == "STOPPING=1"
