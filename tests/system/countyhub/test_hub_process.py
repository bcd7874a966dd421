"""The hub's process as a whole: killed again and again under load, with its console, with a database of tomorrow."""

from __future__ import annotations

import asyncio
import sqlite3
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gridwire.events import Alarm
from tests.harness import until
from tests.hubs import BoxClient, HubProcess, status
from tests.instances import BOX, STREAM, event
from tests.mosquitto import Mosquitto
from tests.ports import NOBODY, free_port

pytestmark = pytest.mark.usefixtures("database")
ALARM = Alarm(kind="motion", state="start")


@pytest.mark.slow
async def test_killed_again_and_again_nothing_is_lost_and_nothing_is_twice(tmp_path: Path, broker: Mosquitto) -> None:
    total, kills = 4000, 6
    async with BoxClient(broker.port) as box:
        with HubProcess(tmp_path / "hub", broker.port) as hub:
            sending = asyncio.create_task(box.send_until_acked(ALARM, total))
            done = box.acked.setdefault((STREAM, "alarm"), set())
            for turn in range(1, kills + 1):
                goal = total * turn // (kills + 2)
                await until(lambda goal=goal: len(done) >= goal, 60)
                hub.kill()
                hub.start()
            await asyncio.wait_for(sending, 60)
            assert hub.rows("SELECT count(*), count(DISTINCT seq), max(seq) FROM event") == [(total, total, total)]
            assert hub.rows("SELECT stored_through, above FROM stream_state") == [(total, b"[]")]
            assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]


@pytest.mark.sqlite_only
async def test_a_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "hub", NOBODY)
    hub.database.unlink()
    with sqlite3.connect(hub.database) as connection:
        connection.executescript("CREATE TABLE alembic_version (version_num TEXT);"
                                 "INSERT INTO alembic_version VALUES ('9999')")  # fmt: skip
    connection.close()
    before = hub.database.read_bytes()
    hub.start()
    assert hub.wait() == 78
    assert "hub.database-newer" in hub.log
    assert hub.database.read_bytes() == before


async def test_the_console_is_served_beside_the_ingest(tmp_path: Path, broker: Mosquitto) -> None:
    port = free_port()
    hub = HubProcess(tmp_path / "hub", broker.port)
    hub.config.write_text(hub.config.read_text().replace("enabled = false", f"port = {port}"))
    with hub:
        async with BoxClient(broker.port) as box:
            await until(lambda: "console on" in hub.log, 30)
            await box.say("status", status())
            await hub.until_rows("SELECT status FROM box", [("online",)])
            await box.events(event(ALARM, 1))
            await box.until_acked(1)
        assert await asyncio.to_thread(_get, f"http://127.0.0.1:{port}/livez") == 200
        assert hub.cli("backup", str(tmp_path / "backup")).returncode == 0
        metrics = await asyncio.to_thread(_read, f"http://127.0.0.1:{port}/metrics")
        for line in (
            "countyhub_broker_connected 1.0", 'countyhub_ingested_total{result="stored"} 1.0',
            "countyhub_ingest_blocked 0.0", 'countyhub_lease_held{lease="chores"} 1.0',
            'countyhub_feed_held{feed="mqtt"} 0.0', f'countyhub_box_connected{{box="{BOX}"}} 1.0',
        ):  # fmt: skip
            assert f"\n{line}\n" in metrics
        assert 'countyhub_calendar_year_known{year="this"}' in metrics
        assert "countyhub_backup_timestamp_seconds 0.0" not in metrics
        assert hub.stop() == 0


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def _get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
