"""The whole event system in several processes that are killed at random: nothing is lost, and nothing happens twice.

One PostgreSQL, one mosquitto, four whole hubs that share the boxes' messages; boxes with real outboxes; people who act
on cases at the same time; a gateway, a webhook and a listener that only count.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from countyhub.cases.book import Book
from countyhub.cases.opening import Opening, open_case
from countyhub.ingest.rows import last_event_id
from countyhub.notify.loop import SLOTS
from countyhub.registry.forms import Camera
from countyhub.store import worktables
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store, open_store
from countyhub.store.hooktables import webhook_delivery
from countyhub.store.notifytables import alert, message, parcel
from simulators.county.build import COUNTY
from tests import postgres
from tests.chaos.fourhubs import Hubs, found_county, rows, subscribe
from tests.chaos.hubaudit import Audit
from tests.chaos.hubload import Box, Sent, Village, boxes
from tests.chaos.hubpeople import People
from tests.chaos.seed import SEED
from tests.chaos.slowgateway import SlowGateway
from tests.feedparts import Listener
from tests.gateways import Gateway
from tests.mosquitto import Mosquitto
from tests.receivers import Receiver
from tests.registries import ZONE, registry

pytestmark = pytest.mark.usefixtures("postgres_installed")
QUIET_S = 300.0
"""Until everything has come to rest; the last limit ends two minutes after the last event."""
SOON = timedelta(minutes=5)


class Size(NamedTuple):
    """`names` of the processes, of which `least` are always at work. `unit_min`: the shortest limit. `before`: cases
    that are there from the beginning, whose first limit ends `ends_s` later."""

    names: str
    least: int
    load_s: float
    kill_s: float
    pace_s: float
    kill_every_s: float = 3
    unit_min: int = 1
    before: int = 0
    ends_s: float = 15
    down_s: float = 200


class World:
    """Everything that runs beside the hubs."""

    def __init__(self, size: Size, store: Store, second: Store, dice: random.Random) -> None:
        self.size, self.store, self.dice = size, store, dice
        self.county = rows(size.unit_min)
        self.registry = registry(self.county)
        self.book = Book(COUNTY, lambda: self.registry, zone=ZONE)
        self.people = People((store, second), self.book, dice)

    async def prepare(self, folder: Path) -> None:
        """The registry, and cases of an earlier day."""
        await found_county(self.store, folder, self.county)
        opened = datetime.now(UTC) - timedelta(minutes=self.size.unit_min) + timedelta(seconds=self.size.ends_s)
        boxes = [row.box for row in self.county if isinstance(row, Camera)]
        async with self.store.write() as connection:
            for number in range(self.size.before):
                box = boxes[number % len(boxes)]
                opening = Opening(key=f"before/{number}", origin="machine", arrived=opened, happened=opened,
                                  category="0101", box=box, device="cam-1", title="路灯")  # fmt: skip
                await open_case(connection, self.book, opening, opened)

    async def go(self, hubs: Hubs, several: list[Box]) -> None:
        """Boxes send and people act for `load_s`, hubs are killed for `kill_s`."""
        begun, size = time.monotonic(), self.size

        def over() -> bool:
            return time.monotonic() - begun > size.load_s

        async with asyncio.TaskGroup() as tasks:
            for box in several:
                tasks.create_task(Village(box, self.dice, size.down_s).live(over, size.pace_s))
            tasks.create_task(self.people.work(over, size.pace_s))
            tasks.create_task(self._kill(hubs, lambda: time.monotonic() - begun > size.kill_s))

    async def _kill(self, hubs: Hubs, over: Callable[[], bool]) -> None:
        while not over():
            await asyncio.sleep(self.size.kill_every_s * self.dice.uniform(0.3, 1.7))
            if not over():
                await hubs.kill_some(self.dice, self.size.least, await self._holder())

    async def _holder(self) -> int:
        """The process that has one of the leases."""
        async with self.store.read() as connection:
            holders = (await connection.execute(select(worktables.lease.c.holder))).scalars().all()
        return int(self.dice.choice(holders).split("-")[-2]) if holders else 0

    async def rest(self, several: list[Box], sent: list[Sent], heard: Callable[[], tuple[int, int]]) -> None:
        """Until nothing is under way any more. `heard`: the last event and step that the listener has."""
        left, settled = "?", max(each.settled for each in sent)
        try:
            async with asyncio.timeout(QUIET_S):
                while left := await self._left(several, heard) or "time" * (datetime.now(UTC) < settled):
                    await self.people.answer()
                    await asyncio.sleep(1)
        except TimeoutError:
            pytest.fail(f"not done after {QUIET_S:.0f} s: {left}")

    async def _left(self, several: list[Box], heard: Callable[[], tuple[int, int]]) -> str:
        """What is not done yet; empty: everything is."""
        if any(box.waiting for box in several):
            return "boxes"
        async with self.store.read() as connection:

            async def value(query: object) -> int:
                return (await connection.execute(query)).scalar() or 0

            cursor = worktables.cursor.c
            last = await last_event_id(connection)
            entry = await value(select(func.max(case_entry.c.id)))
            cursors = {name: await value(select(cursor.value).where(cursor.name == name))
                       for name in ("correlate", "notify")}  # fmt: skip
            soon = datetime.now(UTC) + SOON
            counts = {
                "limits": select(func.count()).select_from(cases).where(cases.c.next_instant < soon),
                "messages": select(func.count()).select_from(message).where(message.c.due.is_not(None)),
                "parcels": select(func.count()).select_from(parcel).where(parcel.c.due.is_not(None)),
                "calls": select(func.count()).select_from(alert).where(alert.c.due < soon),
                "webhook": select(func.count()).select_from(webhook_delivery).where(webhook_delivery.c.state != "done"),
            }
            delivered = {source: await value(select(func.max(webhook_delivery.c.source_id))
                                             .where(webhook_delivery.c.source == source))
                         for source in ("event", "case")}  # fmt: skip
            left = [name for name, query in counts.items() if await value(query)]
        if (cursors["correlate"], cursors["notify"]) != (last, entry):
            left.append("cursors")
        if (delivered["event"], delivered["case"]) != (last, entry) or heard() != (last, entry):
            left.append("feeds")
        return " ".join(left)


def heard(listener: Listener) -> tuple[int, int]:
    """The last event and the last step of a case that have come."""
    last = {True: 0, False: 0}
    for _, got in listener.got:
        is_step = got["type"] == "cn.gridwire.case.v1"
        last[is_step] = max(last[is_step], int(got["sequence"]))
    return last[False], last[True]


async def judged(
    world: World, hubs: Hubs, sent: list[Sent], gateway: Gateway, receiver: Receiver, listener: Listener
) -> str:
    """The line of counts; fails when anything is wrong."""
    audit = await Audit.read(world.store, world.registry, sent)
    people, kills = world.people, hubs.kills
    audit.check_events()
    audit.check_matters()
    audit.check_cases()
    audit.check_timelines(people)
    audit.check_ratings()
    turns, moves = audit.check_deadlines(), audit.check_escalations()
    states = audit.check_messages(Counter(asked.json["id"] for asked in gateway.asked), kills * SLOTS)
    again = audit.check_feed("webhook", [json.loads(got.body) for got in receiver.got])
    again += audit.check_feed("mqtt", [got for _, got in listener.got])
    audit.wrong("two who won", range(people.both))
    lost = sum(int(found[0]) for what, found in audit.found.items() if "lost" in what or "not made" in what)
    twice = sum(int(found[0]) for what, found in audit.found.items() if "twice" in what or "two" in what)
    line = (
        f"seed {SEED}: {kills} kills, {len(audit.events)} events, {len(audit.known)} matters, {len(audit.rows)} cases, "
        f"{turns} lights turned, {moves} escalations, {len(people.acted)} acts ({people.stale} stale, {people.refused} "
        f"refused), {len(audit.messages)} messages in {len(audit.parcels)} parcels {dict(states)}, "
        f"{again} repeats in feeds: {lost} lost, {twice} twice"
    )
    assert not audit.found, f"{line}\n" + "\n".join(f"{what}: {found}" for what, found in audit.found.items())
    assert "Traceback" not in hubs.log, hubs.log[-8000:]
    assert gateway.url not in hubs.log, "no log tells telephones and texts"
    return line


async def run(folder: Path, size: Size) -> str:
    dice = random.Random(SEED)
    url = postgres.cluster().fresh()
    store, second = await open_store(url), await open_store(url)
    world, sent = World(size, store, second, dice), []
    await world.prepare(folder / "registry")
    with Mosquitto(folder / "broker") as broker:
        async with SlowGateway(dice).open() as gateway, Receiver() as receiver, Listener(broker.port) as listener:
            await subscribe(store, receiver.url)
            hubs = Hubs(folder / "hubs", size.names, port=broker.port, url=url, gateway=gateway.url)
            try:
                await hubs.until_up()
                async with boxes(folder / "boxes", broker.port, world.county, sent) as several:
                    await world.go(hubs, several)
                    await world.rest(several, sent, lambda: heard(listener))
                    line = await judged(world, hubs, sent, gateway, receiver, listener)
            finally:
                hubs.close()
    await store.close()
    await second.close()
    return line


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_four_hubs_killed_at_random(tmp_path: Path, counted: Callable[[str], None]) -> None:
    counted(await run(tmp_path, Size("abcd", least=2, load_s=90, kill_s=150, pace_s=1.2)))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_two_hubs_and_a_kill(tmp_path: Path, counted: Callable[[str], None]) -> None:
    """The same, small: the first limits of cases that were there before end while a process dies."""
    counted(await run(tmp_path, Size("ab", 1, 10, 8, 0.5, kill_every_s=4, unit_min=60, before=12, down_s=310)))
