"""A county that lives: its registry, its boxes and cameras, hundreds of open cases in every light and stage."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import insert, select, update

from countyhub.accounts.users import User
from countyhub.cases import acting
from countyhub.cases.acting import act_within
from countyhub.cases.book import Book
from countyhub.cases.opening import Opening, open_case
from countyhub.lifecycle.state import Act, Actor, Office
from countyhub.registry import plan
from countyhub.registry.content import Content
from countyhub.registry.folder import write_folder
from countyhub.registry.forms import Box, Camera, Category, Duty, Grid
from countyhub.registry.live import LiveRegistry
from countyhub.store import tables as t
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store
from gridwire.messages import DeviceHealth, Health
from simulators.county.build import COUNTY, SMALL, Plan, build
from tests.browser.county import County, county
from tests.logins import user
from tests.registries import planned

ZONE = ZoneInfo("Asia/Shanghai")
TITLES = ("路灯不亮", "污水外溢", "垃圾堆放", "道路塌陷", "井盖缺失", "噪声扰民", "违规搭建", "山林烟雾", "水库戏水")
DUE = {"red": -5, "yellow": 2, "green": 30, "grey": 40}


class Living(County):
    """`book` says what belongs where; `grids` are all grids in order."""

    def __init__(self, store: Store, book: Book) -> None:
        super().__init__(store)
        self.book = book

    @property
    def grids(self) -> list[str]:
        return [row.code for row in self.book.registry.in_force(Grid, datetime.now(UTC))]

    @property
    def boxes(self) -> list[str]:
        return [row.box for row in self.book.registry.in_force(Box, self.now())]

    @property
    def cameras(self) -> list[tuple[str, str]]:
        """Box and device of each."""
        return [(row.box, row.device) for row in self.book.registry.in_force(Camera, self.now())]

    def grids_of_cameras(self, box: str, device: str = "") -> set[str]:
        """The grids in which the cameras of a box stand, or this one."""
        rows = self.book.registry.in_force(Camera, self.now())
        return {row.grid for row in rows if row.box == box and device in ("", row.device)}

    async def break_camera(self, box: str, device: str) -> None:
        wrong = t.device_state.update().where(t.device_state.c.box == box, t.device_state.c.device == device)
        async with self.store.write() as connection:
            await connection.execute(wrong.values(state="down", reason="wrong-password"))

    async def open(self, place: str, *, by: Actor | None = None, at: datetime | None = None, **given: object) -> str:
        """A case by hand, of the grid's worker unless `by` somebody else; gives its number."""
        now = at or datetime.now(UTC)
        values = {"origin": "person", "category": "0101", "title": "路灯不亮", "key": f"hand/{place}/{now.timestamp()}"}
        opening = Opening(arrived=now, happened=now, place=place, **(values | given))
        async with self.store.write() as connection:
            return (await open_case(connection, self.book, opening, now, by or self._worker(place))).number

    def _worker(self, grid: str) -> Actor:
        return self.book.actor(self.person("grid_worker", grid), self.now())

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    async def note(self, number: str, person: str, text: str) -> None:
        """Somebody writes something to it: every page that shows the case is told."""
        await self.act(number, Act(name="note", text=text), self.book.actor(person, self.now()))

    async def act(self, number: str, act: Act, actor: Actor) -> None:
        done = await acting.act(self.store, self.book, number, act, actor, self.now())
        assert isinstance(done, acting.Acted), done

    async def open_in(self, grid: str) -> list[str]:
        """The open cases of a grid."""
        async with self.store.read() as connection:
            found = await connection.execute(select(cases.c.number).where(cases.c.grid == grid, cases.c.open))
            return list(found.scalars())

    async def end(self, number: str) -> None:
        """Out of the lists of open cases, whatever it was."""
        async with self.store.write() as connection:
            await connection.execute(update(cases).where(cases.c.number == number).values(open=False, stage="void"))

    def person(self, role: str, place: str = "") -> str:
        """The staff number of the first who works so, there."""
        duties = self.book.registry.in_force(Duty, datetime.now(UTC))
        return next(row.person for row in duties if row.role == role and row.place.startswith(place))

    async def login(self, role: str, place: str = "") -> User:
        """A user of that person, with that role."""
        person = self.person(role, place)
        return await user(self.store, f"u-{person.lower()}", (role,), person=person)

    async def light(self, number: str, colour: str, due: datetime | None = None) -> None:
        """Shows a light at once, with its line in the timeline: nobody has to wait for its deadline."""
        async with self.store.write() as connection:
            await connection.execute(update(cases).where(cases.c.number == number).values(light=colour, due=due))
            line = {"number": number, "version": 1, "act": f"turned_{colour}", "at": self.now()}
            await connection.execute(insert(case_entry).values(line))


@contextlib.asynccontextmanager
async def living(
    folder: Path, size: Plan = SMALL, many: int = 60, seed: int = 7, *, still: bool = False
) -> AsyncIterator[Living]:
    """`still`: every box is online and every camera fine."""
    async with county(folder) as place:
        rows = build(size)
        write_folder(folder / "registry", Content.bare(rows), "zh")
        found = planned(folder / "registry")
        assert not found.mistakes, found.mistakes
        await plan.apply(place.store, found, by="test", now=datetime.now(UTC), zone=ZONE)
        live = LiveRegistry(place.store, ZONE)
        await live.refresh()
        here = Living(place.store, Book(COUNTY, live, zone=ZONE))
        random = Random(seed)
        await _boxes(here, rows, None if still else random)
        await _cases(here, random, many)
        yield here


async def _boxes(here: Living, rows: list[object], random: Random | None) -> None:
    """One in eight is away, one camera in fifteen is dark; without chance none."""
    now = datetime.now(UTC)
    cameras: dict[str, list[Camera]] = {}
    for row in rows:
        if isinstance(row, Camera):
            cameras.setdefault(row.box, []).append(row)
    is_still, random = random is None, random or Random(0)
    boxes, devices = [], []
    for row in (row for row in rows if isinstance(row, Box)):
        link = "online" if is_still else random.choices(("online", "lost", "offline"), (88, 8, 4))[0]
        seen = now - timedelta(seconds=random.randint(1, 200) if link == "online" else random.randint(3600, 90000))
        waiting = {"alarm": random.randint(1, 40)} if random.random() < 0.06 else {}
        dark = {each.device for each in cameras.get(row.box, ()) if not is_still and random.random() < 0.07}
        told = tuple(
            DeviceHealth(id=each.device, state="down" if each.device in dark else "up",
                         faults=("black",) if not is_still and random.random() < 0.02 else ())
            for each in cameras.get(row.box, ())
        )  # fmt: skip
        health = Health(
            at=now, uptime_s=86400.0, clock="unsynced" if random.random() < 0.02 else "synced", devices=told,
            waiting=waiting, counters={"data_month_bytes": random.randint(10**7, 10**9)},
        )  # fmt: skip
        boxes.append({"box": row.box, "name": row.name, "status": link, "since": seen, "version": "0.1.0",
                      "last_seen": seen, "health": msgspec.json.encode(health), "health_at": now})  # fmt: skip
        devices += [
            {"box": each.box, "device": each.device, "name": each.name, "driver": "onvif", "updated": now,
             "state": "down" if each.device in dark else "up", "since": now - timedelta(hours=5),
             "reason": "wrong-password" if each.device in dark else ""}
            for each in cameras.get(row.box, ())
        ]  # fmt: skip
    async with here.store.write() as connection:
        await connection.execute(insert(t.box), boxes)
        if devices:
            await connection.execute(insert(t.device_state), devices)


async def _cases(here: Living, random: Random, many: int) -> None:
    """Reported by grid workers over the last days, each gone some steps of the way."""
    now = datetime.now(UTC)
    grids = here.grids
    kinds = [row.code for row in here.book.registry.in_force(Category, now) if len(row.code) == 4]
    async with here.store.write() as connection:
        for number in range(many):
            grid, at = random.choice(grids), now - timedelta(minutes=random.randint(5, 5000))
            worker = here.book.registry.workers(grid, at)[0]
            actor = here.book.actor(worker.code, at)
            opening = Opening(
                key=f"hand/{number}", origin="person", arrived=at, happened=at, place=grid, title=random.choice(TITLES),
                category=random.choice(kinds), text="村民在网格群反映，已到现场查看。",
            )  # fmt: skip
            found = (await open_case(connection, here.book, opening, at, actor)).number
            village = Actor("x", "village_clerk", frozenset({Office("village", grid[:12])}))
            if number % 3:
                await act_within(connection, here.book, found, Act(name="pass_up", text="网格内无法处理"), actor, at)
            if number % 3 == 2:
                await act_within(connection, here.book, found, Act(name="begin"), village, at)
            colour = random.choices(("green", "yellow", "red", "grey"), (60, 18, 15, 7))[0]
            due = now + timedelta(hours=DUE[colour])
            await connection.execute(update(cases).where(cases.c.number == found).values(light=colour, due=due))
