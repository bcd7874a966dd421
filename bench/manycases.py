"""A county's cases of some years, written straight into the tables, and the lists that people ask for all day.

For measuring, and for the test that every list is answered by an index. The same seed gives the same rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import finding
from countyhub.cases.book import Book
from countyhub.cases.listing import Filter
from countyhub.lifecycle.number import case_number
from countyhub.lifecycle.state import Case, Office
from countyhub.registry.forms import Duty, Grid
from countyhub.sight.scope import WHOLE, Scope
from countyhub.store.casetables import case_entry, case_evidence, case_office, cases
from countyhub.store.engine import Store
from countyhub.store.tables import event
from countyhub.store.upsert import write_all

PIECE = 2000
SPAN = timedelta(days=730)
STAGES = (
    ("archived", 930),
    ("void", 20),
    ("closed", 20),
    ("merged", 20),
    ("handling", 90),
    ("filed", 50),
    ("assigned", 60),
)
CLOSED = frozenset({"archived", "void", "closed"})
Rows = dict[Table, list[dict[str, Any]]]


class County(NamedTuple):
    """What the rows are made of."""

    book: Book
    grids: Sequence[Grid]
    duties: Sequence[Duty]
    categories: Sequence[str]
    now: datetime

    def scope(self, role: str) -> Scope:
        """Of the first who has this role."""
        return self.book.scope(next(row.person for row in self.duties if row.role == role), self.now)


async def fill(store: Store, county: County, count: int, checkins: int) -> None:
    """So many cases, each with its timeline, offices and evidence, and so many check-ins in the inbox."""
    dice = Random(1)
    for start in range(0, count, PIECE):
        rows: Rows = {table: [] for table in (cases, case_entry, case_office, case_evidence)}
        for index in range(start, min(count, start + PIECE)):
            _case(county, dice, index, count, rows)
        async with store.write() as connection:
            for table, some in rows.items():
                await write_all(connection, table, some)
    for start in range(0, checkins, PIECE):
        async with store.write() as connection:
            made = [_checkin(county, number) for number in range(start + 1, min(checkins, start + PIECE) + 1)]
            await write_all(connection, event, made)
    async with store.write() as connection:
        await connection.execute(text("ANALYZE"))


def _case(county: County, dice: Random, index: int, count: int, rows: Rows) -> None:
    arrived = county.now - SPAN + SPAN * index / count
    (stage,) = dice.choices([name for name, _ in STAGES], [share for _, share in STAGES])
    if county.now - arrived > timedelta(days=30):
        stage = "void" if stage == "void" else "archived"
    grid = dice.choice(county.grids)
    place = county.book.place("", "", county.now, grid.code)
    route = county.book.route_of(place, county.now)
    owner = dice.choice((*route, *(Office("department", f"D{dice.randrange(2, 20):02}"),) * 2))
    is_open = stage not in CLOSED
    light = dice.choices(("green", "yellow", "red", "grey"), (80, 8, 10, 2))[0] if is_open else dice.choice(
        ("green",) * 12 + ("red", "none"))  # fmt: skip
    category = dice.choice(county.categories)
    number = case_number(county.book.county, arrived.date(), index + 1)
    case = Case(number=number, category=category, route=route, origin="machine", handling="within_limit",
                arrived=arrived, happened=arrived, owner=owner, first_owner=route[0])  # fmt: skip
    rows[cases].append({
        "number": number, "key": f"alarm/{index}", "open": is_open, "version": 4, "edition": 5, "stage": stage,
        "origin": dice.choice(("machine", "person")), "light": light, "handling": "within_limit", "mode": "",
        "level": owner.level, "first_level": route[0].level, "category": category, "owner": owner.id,
        "first_owner": route[0].id, "drill": False, "history": False, "urgent": dice.random() < 0.002,
        "guessed": False, "grid": place.grid, "village": place.village, "township": place.township,
        "box": place.village, "device": f"cam-{index % 12}", "receipt": f"R{index:09}" if index % 4 == 0 else "",
        "title": "路灯不亮", "text": "村口第三盏路灯不亮，晚上看不清。", "happened": arrived, "arrived": arrived,
        "registered": arrived, "closed": None if is_open else arrived + timedelta(days=2),
        "first_due": arrived + timedelta(days=3), "due": arrived + timedelta(days=3) if is_open else None,
        "next_instant": county.now + timedelta(days=dice.random()) if is_open else None, "told": "y",
        "supervised": int(dice.random() < 0.003), "returned": 0, "reworked": 0, "escalated": 0, "parent": "",
        "score": None, "changed": arrived, "state": msgspec.json.encode(case),
    })  # fmt: skip
    for office in dict.fromkeys((route[0], owner)):
        rows[case_office].append({"number": number, "level": office.level, "office": office.id, "arrived": arrived})
    for step, act in enumerate(("opened", "register", "pass_up", "assign", "begin")):
        rows[case_entry].append({
            "id": index * 5 + step + 1, "number": number, "version": step, "act": act, "at": arrived, "actor": "hub",
            "role": "machine", "before": "filed", "after": stage, "level_before": "", "owner_before": "",
            "level": owner.level, "owner": owner.id, "text": "",
        })  # fmt: skip
    rows[case_evidence].append({"number": number, "event_id": index + 1})


def _checkin(county: County, number: int) -> dict[str, Any]:
    at = county.now - SPAN + SPAN * number / 1_000_000
    grid = county.grids[number % len(county.grids)]
    return {
        "id": number, "event_id": f"{number:026}", "box": grid.village, "stream": "0" * 26, "lane": "record",
        "seq": number, "type": "cn.gridwire.checkin.v1", "subject": "terminal", "time": at, "recorded": at,
        "received": county.now, "clock": "synced", "monotonic_ms": number, "grid": grid.code, "drill": False,
        "raw": b"{}" * 300,
    }  # fmt: skip


Asked = Callable[[AsyncConnection], Awaitable[object]]


def lists(county: County, last: str) -> Mapping[str, Asked]:
    """What the console, the handsets and the interfaces ask for. `last`: the number of some case."""
    township, village, grid = (county.scope(role) for role in ("township", "village_clerk", "grid_worker"))
    department = Scope(offices=frozenset({Office("department", "D04")}))
    first_township = county.book.scope_of(f"{county.book.county}201", county.now)
    is_open, box = Filter(open=True), county.grids[0].village
    kind = frozenset({county.categories[0]})
    since = county.now - timedelta(days=90)

    def listed(wanted: Filter | None, scope: Scope, order: Any = "newest") -> Asked:
        return lambda connection: finding.find(connection, wanted, scope, order=order)

    return {
        "county, newest": listed(None, WHOLE),
        "county, open, soonest due": listed(is_open, WHOLE, "due"),
        "county, red and open": listed(Filter(open=True, lights=frozenset({"red"})), WHOLE, "due"),
        "county, red ever": listed(Filter(lights=frozenset({"red"})), WHOLE),
        "county, closed": listed(Filter(stages=frozenset({"closed"})), WHOLE),
        "county, archived": listed(Filter(stages=frozenset({"archived"})), WHOLE),
        "county, one kind": listed(Filter(categories=kind), WHOLE),
        "county, one kind, 90 days": listed(Filter(categories=kind, since=since), WHOLE),
        "county, supervised": listed(Filter(supervised=True), WHOLE),
        "county, urgent": listed(Filter(urgent=True), WHOLE),
        "county, drills": listed(Filter(drill=True), WHOLE),
        "county, one township": listed(Filter(area=first_township), WHOLE),
        "township, newest": listed(None, township),
        "township, open, soonest due": listed(is_open, first_township, "due"),
        "township, one kind": listed(Filter(categories=kind), first_township),
        "village, newest": listed(None, village),
        "village, open": listed(is_open, village, "due"),
        "grid, newest": listed(None, grid),
        "department, newest": listed(None, department),
        "department, one kind": listed(Filter(categories=kind, open=False), department),
        "department, open": listed(Filter(open=True, owners=department.offices), department, "due"),
        "box": listed(Filter(box=box), WHOLE),
        "receipt": listed(Filter(receipt="R000000400"), WHOLE),
        "one case": lambda connection: finding.one(connection, last),
        "timeline": lambda connection: finding.timeline(connection, last),
        "what is new": lambda connection: finding.entries_since(connection, 100),
        "cases of an event": lambda connection: finding.numbers_of_event(connection, 100),
        "board, county": finding.board,
        "board, township": lambda connection: finding.board(connection, first_township),
        "board, village": lambda connection: finding.board(connection, village),
    }


def made_of(book: Book, rows: Iterator[object], now: datetime) -> County:
    """Of the rows of a registry."""
    every = list(rows)
    grids = [row for row in every if isinstance(row, Grid)]
    duties = [row for row in every if isinstance(row, Duty)]
    categories = [f"{group:02}{kind:02}" for group in range(1, 11) for kind in range(1, 4)]
    return County(book, grids, duties, categories, now)
