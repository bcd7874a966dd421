"""Lists of cases: what somebody may see and nothing else, page after page, and by an index whatever is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, text

from bench import manycases
from countyhub.cases.acting import Acted, act
from countyhub.cases.book import Book
from countyhub.cases.finding import BadPage, Listed, board, entries_since, find, numbers_of_event, one
from countyhub.cases.listing import Filter
from countyhub.lifecycle.state import Act, Office
from countyhub.registry.content import Content
from countyhub.registry.forms import Area, Box, Duty, Person
from countyhub.registry.snapshot import Registry
from countyhub.sight.scope import WHOLE, Scope
from countyhub.store.engine import Store
from simulators.county.build import COUNTY, Plan, build
from tests.casebooks import (
    GRID,
    HOUR,
    MORNING,
    ROAD,
    VILLAGE,
    actor,
    book,
    opened,
    opening,
    people,
    small,
    staff,
)
from tests.registries import NEW, TOWNSHIP, VILLAGES, ZONE

POSTGRES_QUICK = True
OF = book()


async def every_page(store: Store, limit: int, *args: Any, **options: Any) -> list[Listed]:
    found: list[Listed] = []
    after, pages = "", 0
    async with store.read() as connection:
        while pages == 0 or after:
            page = await find(connection, *args, after=after, limit=limit, **options)
            assert len(page.cases) <= limit
            found += page.cases
            after, pages = page.after, pages + 1
    return found


def county(plan: Plan) -> manycases.County:
    rows = build(plan)
    registry = Registry(Content.bare(rows), ZONE)
    return manycases.made_of(Book(COUNTY, lambda: registry), iter(rows), MORNING)


MIDDLE = Plan(townships=4, villages=30, grids=90, cameras=30, departments=6)


@pytest.mark.slow
async def test_pages_are_what_one_finds_by_looking_at_every_case(store: Store) -> None:
    """R-CASE-11: for every filter, scope and order; none is left out between pages, none comes twice."""
    made = county(MIDDLE)
    await manycases.fill(store, made, 3000, 0)
    all_of_them = await every_page(store, 500)
    assert len(all_of_them) == 3000
    had: dict[str, set[Office]] = {}
    async with store.read() as connection:
        for number, level, office in await connection.execute(text("SELECT number, level, office FROM case_office")):
            had.setdefault(number, set()).add(Office(level, office))
    dice = Random(5)
    scopes = [WHOLE, Scope(), Scope(offices=frozenset({Office("department", "D04")})),
              *(made.scope(role) for role in ("township", "village_clerk", "grid_worker")),
              made.book.scope_of(f"{COUNTY}200", MORNING)]  # fmt: skip
    filters = [
        Filter(), Filter(open=True), Filter(open=False), Filter(lights=frozenset({"red"})),
        Filter(lights=frozenset({"yellow", "grey"})), Filter(stages=frozenset({"closed", "filed"})),
        Filter(categories=frozenset({"0101", "0202"})), Filter(supervised=True), Filter(urgent=True),
        Filter(owners=frozenset({Office("department", "D04")})), Filter(box=made.grids[0].village),
        Filter(grid=made.grids[1].code, origin="person"), Filter(area=scopes[-1], open=False),
        Filter(since=datetime(2026, 1, 1, tzinfo=ZONE), until=datetime(2026, 5, 30, tzinfo=ZONE)),
        Filter(numbers=frozenset(each.number for each in all_of_them[:5])), Filter(receipt="R000000400"),
        Filter(had=frozenset({Office("department", "D05")}), stages=frozenset({"archived"})),
    ]  # fmt: skip
    for wanted in filters:
        for scope in scopes:
            expected = [each for each in all_of_them if fits(each, wanted) and sees(each, scope, had)
                        and (not wanted.had or had[each.number] & wanted.had)]  # fmt: skip
            found = await every_page(store, dice.choice([7, 50, 400]), wanted, scope)
            assert [each.number for each in found] == [each.number for each in expected], (wanted, scope)
            by_due = await every_page(store, 50, wanted, scope, order="due")
            still_open = [each for each in expected if each.open]
            assert {each.number for each in by_due} == {each.number for each in still_open}
            assert [each.due for each in by_due if each.due] == sorted(each.due for each in still_open if each.due)


def fits(row: Listed, wanted: Filter) -> bool:
    sets = ((wanted.stages, row.stage), (wanted.lights, row.light), (wanted.categories, row.category),
            (wanted.numbers, row.number), (wanted.owners, Office(row.level, row.owner)))  # fmt: skip
    texts = ((wanted.box, row.box), (wanted.grid, row.grid), (wanted.origin, row.origin), (wanted.receipt, row.receipt))
    flags = ((wanted.open, row.open), (wanted.supervised, row.supervised > 0), (wanted.urgent, row.urgent))
    return (
        all(not some or each in some for some, each in sets)
        and all(not some or each == some for some, each in texts)
        and all(some is None or each == some for some, each in flags)
        and (wanted.since is None or row.arrived >= wanted.since)
        and (wanted.until is None or row.arrived < wanted.until)
        and (wanted.area is None or sees(row, wanted.area._replace(offices=frozenset()), {}))
    )


def sees(row: Listed, scope: Scope, had: dict[str, set[Office]]) -> bool:
    return (
        scope.whole
        or row.village in scope.villages
        or (not row.village and row.township in scope.townships)
        or row.grid in scope.grids
        or not scope.offices.isdisjoint(had.get(row.number, set()))
    )


@contextmanager
def spoken(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    engine = store._readers.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


_SCANS = {
    "sqlite": re.compile(r"^SCAN (?!.*USING (COVERING )?INDEX)(cases|case_\w+|event|attachment)\b"),
    "postgresql": re.compile(r"Seq Scan on (cases|case_\w+|event)\b"),
}


@pytest.mark.slow
async def test_no_list_reads_a_whole_table(store: Store, database: str) -> None:
    """R-CASE-12: by the database's own account, among 20,000 cases."""
    made = county(MIDDLE)
    await manycases.fill(store, made, 20_000, 0)
    async with store.read() as connection:
        last = (await find(connection, limit=1)).cases[0].number
    for title, ask in manycases.lists(made, last).items():
        with spoken(store) as statements:
            async with store.read() as connection:
                await ask(connection)
        assert statements
        for statement, parameters in statements:
            plan = await explained(store, database, statement, parameters)
            bad = [line for line in plan if _SCANS[database].search(line)]
            assert bad == [], (title, statement, plan)


async def explained(store: Store, database: str, statement: str, parameters: Any) -> list[str]:
    prefix = "EXPLAIN QUERY PLAN " if database == "sqlite" else "EXPLAIN "
    async with store.read() as connection:
        rows = (await connection.exec_driver_sql(prefix + statement, parameters)).all()
    return [str(row[-1]) for row in rows]


async def test_everybody_sees_what_is_theirs_and_nothing_else(store: Store) -> None:
    """R-CASE-13"""
    here, there = (await opened(store, OF, opening("a", box=VILLAGES[0]))).number, (
        await opened(store, OF, opening("b", box=VILLAGES[1]))).number  # fmt: skip
    nowhere = (await opened(store, OF, opening("c", box="999999999999"))).number

    async def seen(role: Any, place: str) -> set[str]:
        scope = OF.scope(staff(role, place), MORNING)
        return {each.number for each in await every_page(store, 10, None, scope)}

    assert await seen("county", COUNTY) == await seen("auditor", COUNTY) == {here, there, nowhere}
    assert await seen("township", TOWNSHIP) == await seen("township", "T100-grid") == {here, there}
    assert await seen("village_clerk", VILLAGES[0]) == {here}
    assert await seen("grid_worker", GRID) == set()
    assert await seen("department", "D04") == set()
    for name, who in (("pass_up", actor(OF, "village_clerk", VILLAGE)), ("pass_up", people(OF)["township"])):
        assert isinstance(await act(store, OF, here, Act(name=name, text="x"), who, MORNING), Acted)
    given = Act(name="assign", target=Office("department", "D04"))
    assert isinstance(await act(store, OF, here, given, people(OF)["dispatcher"], MORNING), Acted)
    assert await seen("department", "D04") == {here}
    async with store.read() as connection:
        clerk = OF.scope(staff("village_clerk", VILLAGES[1]), MORNING)
        assert await one(connection, here, clerk) is None
        assert (await one(connection, there, clerk)).listed.number == there
        assert await one(connection, "430181-20260101-0001") is None


async def test_a_merged_village_has_the_past_of_both(store: Store) -> None:
    """R-CASE-14: its people see and may handle what was opened before; never is a code cut into digits."""
    numbers = {(await opened(store, OF, opening(village, box=village))).number for village in VILLAGES[:2]}
    day = date(2026, 6, 10)
    later = MORNING.replace(day=12)
    merged = [row for row in small()._content.rows() if getattr(row, "code", "") not in VILLAGES[:2]]
    merged += [
        Area(code=village, name=village, level="village", parent=TOWNSHIP, valid_to=day, successor=NEW)
        for village in VILLAGES[:2]
    ]
    merged += [
        Area(code=NEW, name="新村", level="village", parent=TOWNSHIP, valid_from=day),
        Person(code="N1", name="新"), Duty(person="N1", role="village_clerk", place=NEW),
    ]  # fmt: skip
    registry = Registry(Content.bare(merged), ZONE)
    of = Book(COUNTY, lambda: registry)
    assert {each.number for each in await every_page(store, 10, None, of.scope("N1", later))} == numbers
    for number in numbers:
        assert isinstance(await act(store, of, number, Act(name="begin"), of.actor("N1", later), later), Acted)
    kept = [row for row in registry._content.of(Box) if row.box == VILLAGE]
    assert kept  # the box has kept its name
    new = await opened(store, of, opening("new", box=VILLAGE), later)
    async with store.read() as connection:
        assert (await one(connection, new.number)).listed.village == NEW


async def test_counts_receipts_and_what_is_new(store: Store) -> None:
    of = book(escalates=False)
    first = (await opened(store, of, opening("a", receipt="R1", events=(5,)))).number
    await opened(store, of, opening("b", drill=True))
    second = (await opened(store, of, opening("c", events=(5, 6)))).number
    clerk = actor(of, "village_clerk", VILLAGE)
    merging = Act(name="merge", parent=first)
    assert isinstance(await act(store, of, second, merging, clerk, MORNING + HOUR), Acted)
    async with store.read() as connection:
        found = await board(connection)
        assert (found.open, found.lights, found.drills) == (1, {"red": 1}, 1)
        assert (found.stages, found.levels) == ({"filed": 1, "merged": 1}, {"village": 1})
        assert [each.number for each in (await find(connection, Filter(receipt="R1"))).cases] == [first]
        assert await numbers_of_event(connection, 5) == (first, second)
        lines = await entries_since(connection, 0)
        assert [each.id for each in lines] == sorted(each.id for each in lines)
        assert await entries_since(connection, lines[-2].id) == lines[-1:]
        for after in ("x", "1.", "1.x", f"{1 << 63}.1", "9" * 5000 + ".1"):
            with pytest.raises(BadPage):
                await find(connection, after=after)
        assert (await find(connection, Filter(categories=frozenset({ROAD})), limit=0)).cases[0].number == second
