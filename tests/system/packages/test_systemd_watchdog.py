"""The watchdog of the real processes, without systemd: fed while they live, and not while a part of them hangs."""

from __future__ import annotations

import contextlib
import os
import sqlite3

import pytest

from tests.harness import until
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.ports import NOBODY
from tests.processes import AgentProcess
from tests.systemd import Systemd
from tests.uplinks import Sink, box

WATCHDOG_S = 0.15
"""Asked three times within it."""
JPEG = b"\xff\xd8 no more is looked at \xff\xd9"


@pytest.fixture
def systemd(tmp_path):
    listener = Systemd(tmp_path, WATCHDOG_S)
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
    agent = AgentProcess(tmp_path / "box", NOBODY)  # nobody listens there: the link is down
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
        await until(lambda: systemd.ready == 2)
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
    with HubProcess(tmp_path / "hub", NOBODY) as hub:
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
