"""PostgreSQL is killed under load, whole and in parts, with the hub and without: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from gridwire.events import Alarm
from tests.chaos.seed import SEED
from tests.harness import until
from tests.hubs import BoxClient, HubProcess
from tests.instances import STREAM
from tests.mosquitto import Mosquitto
from tests.postgres import Postgres

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("postgres_installed"),
]
ALARM = Alarm(kind="motion", state="start")
TOTAL = 6000
WAYS = ("server", "one of its processes", "server in good order", "hub and server", "server for a while")


def strike(way: str, server: Postgres, hub: HubProcess) -> None:
    if way == "one of its processes":
        (pid,) = server.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'countyhub' LIMIT 1")[0]
        os.kill(pid, signal.SIGKILL)  # the server then ends every other, recovers, and goes on
        return
    if way == "server in good order":
        server.stop()
    else:
        server.kill()
    if way == "hub and server":
        hub.kill()
        hub.start()  # before the server: it has to wait


async def test_killed_postgresql_loses_nothing_and_doubles_nothing(tmp_path: Path, counted) -> None:
    dice = random.Random(SEED)
    strikes = [*WAYS, *dice.choices(WAYS, k=3)]
    dice.shuffle(strikes)
    with Mosquitto(tmp_path / "broker") as broker, Postgres(durable=True) as server:
        hub = HubProcess(tmp_path / "hub", broker.port, database=server.empty())
        async with BoxClient(broker.port) as box:
            with hub:
                await hub.until_connected()
                sending = asyncio.create_task(box.send_until_acked(ALARM, TOTAL))
                done = box.acked.setdefault((STREAM, "alarm"), set())
                for turn, way in enumerate(strikes, 1):
                    goal = TOTAL * turn // (len(strikes) + 2)
                    await until(lambda goal=goal: len(done) >= goal or sending.done(), 120)
                    before = len(done)
                    await asyncio.to_thread(strike, way, server, hub)
                    if way == "server for a while":
                        await asyncio.sleep(3)
                    if way != "one of its processes":
                        await asyncio.to_thread(server.start)
                    counted(f"seed {SEED}, after {before} acknowledged: {way}")
                sent = await asyncio.wait_for(sending, 240)
                await assert_each_once(hub)
    counted(f"{TOTAL} events, {sent - TOTAL} sent again, {len(strikes)} strikes: 0 lost, 0 twice")


async def assert_each_once(hub: HubProcess) -> None:
    assert hub.rows("SELECT count(*), count(DISTINCT seq), max(seq) FROM event") == [(TOTAL, TOTAL, TOTAL)]
    assert hub.rows("SELECT count(DISTINCT id), max(id) FROM event") == [(TOTAL, TOTAL)]
    assert hub.rows("SELECT count(*) FROM event_key k JOIN event e ON e.id = k.event_id AND e.seq = k.seq") == [
        (TOTAL,)
    ]
    assert hub.rows("SELECT stored_through, above FROM stream_state") == [(TOTAL, b"[]")]
    assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
