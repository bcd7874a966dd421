"""Several hub processes on one PostgreSQL, and a single one: cases are made once, whoever dies."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from countyhub.cli import run as cli_run
from countyhub.config import BrokerSettings, Config, DatabaseSettings
from countyhub.ingest.subscriber import filters
from gridwire.events import Alarm, Request
from tests.harness import until
from tests.hubs import COUNTY, BoxClient, HubProcess, birth, database_url, numbers, status
from tests.instances import BOX, event
from tests.mosquitto import Mosquitto

SMOKE = Alarm(kind="smoke", state="pulse")
CASES = "SELECT count(*) FROM cases"
TWO_BOXES = [f"{BOX[:-1]}{number}" for number in range(1, 9)]


async def test_an_alarm_and_a_request_become_cases(tmp_path: Path, broker: Mosquitto) -> None:
    now = datetime.now(UTC)
    with HubProcess(tmp_path / "hub", broker.port) as hub:
        await hub.until_connected()
        async with BoxClient(broker.port) as box:
            await box.say("status", status())
            await hub.until_rows("SELECT status FROM box", [("online",)])
            asked = Request(item="S01", mode="direct", receipt="R1")
            await box.events(event(SMOKE, 1, time=now, recordedtime=now), event(asked, 1, time=now, recordedtime=now))
            await hub.until_rows(CASES, [(2,)])
            await box.say("status", status("lost"))
            await hub.until_rows("SELECT connected FROM link ORDER BY id", [(1,), (0,)])
        listed = hub.cli("matters", "list")
        assert "smoke" in listed.stdout
        assert COUNTY in listed.stdout, listed.stderr
        assert '"key":"alarm/' in hub.cli("matters", "list", "--open", "--all", "--json").stdout
        assert "nothing was held back" in hub.cli("matters", "suppressed").stdout


@contextlib.asynccontextmanager
async def two(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[HubProcess, HubProcess]]:
    """Two workers with one database."""
    url = database_url(folder)
    hubs = [HubProcess(folder / name, broker.port, database=url) for name in ("a", "b")]
    for hub, name in zip(hubs, ("a", "b"), strict=True):
        hub.config.write_text(hub.config.read_text().replace("[broker]\n", '[broker]\nshared = "hub"\n'))
        hub.words = ("--worker", name, "--no-console")
    with hubs[0], hubs[1]:
        for hub in hubs:
            await hub.until_connected()
        yield hubs[0], hubs[1]


@pytest.mark.postgres_only
async def test_two_processes_share_the_events_and_one_makes_the_cases(
    database: str, tmp_path: Path, broker: Mosquitto
) -> None:
    """Both store, each event once; the one that makes the cases is killed, and the other goes on."""
    now = datetime.now(UTC)
    async with two(tmp_path, broker) as (first, second), contextlib.AsyncExitStack() as stack:
        boxes = [await stack.enter_async_context(BoxClient(broker.port, name)) for name in TWO_BOXES]
        for box in boxes:
            await box.say("status", status(boot=f"boot-{box.box}"))
        await first.until_rows("SELECT count(*) FROM box WHERE status = 'online'", [(8,)])
        for seq in range(1, 11):
            await send(boxes, seq, now)
        await first.until_rows("SELECT count(*) FROM event", [(80,)])
        await first.until_rows(CASES, [(8,)])
        holder = first.rows("SELECT holder FROM lease WHERE name = 'correlate'")[0][0]
        (dies, lives) = (first, second) if f"-{first.pid}-" in holder else (second, first)
        dies.kill()
        for seq in range(11, 21):
            await send(boxes, seq, now, device="cam-2")
        await lives.until_rows("SELECT count(*) > 8 FROM cases", [(True,)])
        dies.start()  # the broker has kept its share; a box would have sent it again to whoever lives
        await lives.until_rows("SELECT count(*) FROM event", [(160,)])
        for box in boxes:
            await box.until_acked(*range(1, 21))
        await lives.until_rows("SELECT count(*), max(size) FROM matter", [(16, 10)])
        assert lives.rows(CASES) == [(16,)]


async def send(boxes: list[BoxClient], seq: int, now: datetime, device: str = "cam-1") -> None:
    for box in boxes:
        source = f"grid/1/{COUNTY}/{box.box}"
        await box.events(event(SMOKE, seq, source=source, subject=device, time=now, recordedtime=now))


@pytest.mark.postgres_only
async def test_a_birth_reaches_the_process_that_does_the_chores(
    database: str, tmp_path: Path, broker: Mosquitto
) -> None:
    """What is missing is asked for, by whichever process has the lease."""
    async with two(tmp_path, broker) as (first, second), BoxClient(broker.port) as box:
        await box.say("status", status())
        await box.say("birth", birth(streams=(numbers(1, 4, 4),)))
        await until(lambda: any(command.op == "replay" for command in box.commands), 60)
        assert "Traceback" not in first.log + second.log


def test_what_a_worker_subscribes_to_and_what_it_needs() -> None:
    alone = Config(county=COUNTY)
    shared = Config(
        county=COUNTY, broker=BrokerSettings(shared="hub"), database=DatabaseSettings(url="postgresql://h@/h")
    )
    assert filters(alone) == [f"grid/1/{COUNTY}/+/up/#"]
    assert filters(shared) == [
        f"$share/hub/grid/1/{COUNTY}/+/up/#",
        f"grid/1/{COUNTY}/+/up/status",
        f"grid/1/{COUNTY}/+/up/birth",
    ]
    assert cli_run.as_worker(shared, "a").client_id == f"countyhub-{COUNTY}-a"
    assert cli_run.as_worker(alone, "") is alone
    with pytest.raises(cli_run.NotShared):
        cli_run.as_worker(alone, "a")
