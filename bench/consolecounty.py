"""The database of a full-scale county for the console: registry, boxes, cameras, years of cases and check-ins, users.

406 villages in 20 townships, 1,661 grids, 4,600 cameras. One box in eight is away and one camera in fifteen is dark,
as on an ordinary day; the same seed gives the same county.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import func, insert, select, text, update

from bench import manycases
from countyhub.cases.book import Book
from countyhub.registry import plan
from countyhub.registry.columns import Row
from countyhub.registry.content import Content
from countyhub.registry.folder import write_folder
from countyhub.registry.forms import Box, Camera, Duty
from countyhub.registry.snapshot import Registry
from countyhub.rollup import checkins as ledger
from countyhub.store import tables as t
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store, open_store
from countyhub.store.upsert import write_all
from countyhub.store.worktables import cursor
from gridwire.codec import encode_event
from gridwire.events import Checkin
from gridwire.messages import DeviceHealth, Health
from simulators.county.build import COUNTY, Plan, build
from tests import instances
from tests.logins import cookie, user
from tests.registries import ZONE, planned

MONTH = timedelta(days=30)


class Sight(NamedTuple):
    """What the measurement needs to know. `cookies`: name of a user -> his session; `links`: box -> online or lost."""

    cookies: Mapping[str, str]
    links: Mapping[str, str]
    cameras: Mapping[str, tuple[str, ...]]
    case: str
    """One that is open."""


async def fill(folder: Path, count: int, checkins: int, users: int) -> Sight:
    """A new `hub.db` in the folder, as the hub will find it."""
    now, rows = datetime.now(UTC), build(Plan())
    store = await open_store(f"sqlite:///{folder}/hub.db")
    try:
        await _register(store, folder / "registry", rows, now)
        cameras = _cameras(rows)
        links = await _boxes(store, rows, cameras, Random(7), now)
        registry = Registry(Content.bare(rows), ZONE)
        made = manycases.made_of(Book(COUNTY, lambda: registry, zone=ZONE), iter(rows), now)
        await manycases.fill(store, made, count, 0)
        await _checkins(store, made, checkins)
        while await ledger.step(store, ZONE):
            """The ledger of them, as the hub keeps it up."""
        async with store.write() as connection:  # nobody's deadline comes while it is measured
            await connection.execute(update(cases).where(cases.c.open).values(next_instant=now + timedelta(days=2)))
        async with store.read() as connection:
            query = select(cases.c.number).where(cases.c.open).order_by(cases.c.arrived.desc()).limit(1)
            newest = str((await connection.execute(query)).scalar_one())
        return Sight(await _users(store, rows, users), links, cameras, newest)
    finally:
        await store.close()


async def _register(store: Store, folder: Path, rows: list[Row], now: datetime) -> None:
    write_folder(folder, Content.bare(rows), "zh")
    found = planned(folder)
    if found.mistakes:
        raise RuntimeError(f"the county's files have mistakes: {found.mistakes[0]}")
    await plan.apply(store, found, by="bench", now=now, zone=ZONE)


def _cameras(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if isinstance(row, Camera):
            found[row.box].append(row.device)
    return {box: tuple(devices) for box, devices in found.items()}


async def _boxes(
    store: Store, rows: Iterable[Row], cameras: Mapping[str, tuple[str, ...]], dice: Random, now: datetime
) -> dict[str, str]:
    """Box -> its link."""
    boxes: list[dict[str, Any]] = []
    devices: list[dict[str, Any]] = []
    for row in (row for row in rows if isinstance(row, Box)):
        link = "lost" if dice.random() < 0.12 else "online"
        seen = now - timedelta(seconds=dice.randint(1, 200) if link == "online" else dice.randint(3600, 90_000))
        dark = {device for device in cameras.get(row.box, ()) if dice.random() < 0.07}
        boxes.append({"box": row.box, "name": row.name, "status": link, "since": seen, "version": "0.1.0",
                      "last_seen": seen, "health": msgspec.json.encode(health(cameras.get(row.box, ()), dark, now)),
                      "health_at": now})  # fmt: skip
        devices += [
            {"box": row.box, "device": device, "name": "村口", "driver": "onvif", "updated": now,
             "state": "down" if device in dark else "up", "since": now - timedelta(hours=5),
             "reason": "wrong-password" if device in dark else ""}
            for device in cameras.get(row.box, ())
        ]  # fmt: skip
    async with store.write() as connection:
        await write_all(connection, t.box, boxes)
        await connection.execute(insert(t.device_state), devices)
    return {row["box"]: row["status"] for row in boxes}


def health(cameras: Iterable[str], dark: Iterable[str], now: datetime) -> Health:
    """What a box says of itself every five minutes."""
    gone = set(dark)
    told = tuple(DeviceHealth(id=device, state="down" if device in gone else "up", faults=()) for device in cameras)
    return Health(at=now, uptime_s=86_400.0, clock="synced", devices=told, counters={"data_month_bytes": 10**8})


async def _checkins(store: Store, county: manycases.County, count: int) -> None:
    """Those of the last 30 days, each received as soon as it happened; no follower has to go through them again."""
    raw = encode_event(instances.event(Checkin(method="card", person="p", key="k")))
    for start in range(0, count, manycases.PIECE):
        numbers = range(start + 1, min(count, start + manycases.PIECE) + 1)
        async with store.write() as connection:
            await write_all(connection, t.event, [_checkin(county, number, count, raw) for number in numbers])
    async with store.write() as connection:
        last = (await connection.execute(select(func.coalesce(func.max(case_entry.c.id), 0)))).scalar_one()
        await write_all(connection, t.counter, [{"name": "event", "value": count}], key=("name",), update=("value",))
        await write_all(connection, cursor, [{"name": "correlate", "value": count}, {"name": "notify", "value": last}])
        await connection.execute(text("ANALYZE"))


def _checkin(county: manycases.County, number: int, count: int, raw: bytes) -> dict[str, Any]:
    at = county.now - MONTH * (count - number + 1) / count
    grid = county.grids[number % len(county.grids)]
    return {
        "id": number, "event_id": f"{number:026}", "box": grid.village, "stream": "0" * 26, "lane": "record",
        "seq": number, "type": "cn.gridwire.checkin.v1", "subject": "terminal", "time": at, "recorded": at,
        "received": at, "clock": "synced", "monotonic_ms": number, "grid": grid.code, "drill": False, "raw": raw,
    }  # fmt: skip


async def _users(store: Store, rows: Iterable[Row], count: int) -> dict[str, str]:
    """Of the county's centre, who see all: `all0` …; and `some0` …, one after another of the townships' staff."""
    staff = [row.person for row in rows if isinstance(row, Duty) and row.role == "township"]
    found = {}
    for number in range(count):
        found[f"all{number}"] = await cookie(store, await user(store, f"all{number}", ("county",)))
        person = staff[number % len(staff)]
        some = await user(store, f"some{number}", ("township",), person=person)
        found[f"some{number}"] = await cookie(store, some)
    return found
