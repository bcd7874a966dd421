"""One open case for each matter, whoever opens it, however often and from wherever at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from countyhub.cases.opening import Opened, open_case
from countyhub.lifecycle.state import Office
from countyhub.registry.forms import Camera, Grid
from countyhub.store import backup
from countyhub.store.casetables import case_entry, case_evidence, case_office, cases
from countyhub.store.engine import Store, open_store
from simulators.county.build import COUNTY
from tests.casebooks import (
    DAY,
    GRID,
    HOUR,
    MORNING,
    RUBBISH,
    VILLAGE,
    actor,
    acts,
    book,
    opened,
    opening,
    row,
)
from tests.registries import TOWNSHIP

POSTGRES_QUICK = True


async def test_what_a_machine_reports_is_registered_at_once(store: Store) -> None:
    """R-CASE-01: with the route of its box, the handling class of its category and its clocks running."""
    found = await opened(store, book(), opening(category=RUBBISH, events=(3, 4, 4)))
    assert found == Opened(f"{COUNTY}-20260603-0001", True)
    kept = await row(store, found.number)
    assert (kept.stage, kept.open, kept.version, kept.handling) == ("filed", True, 1, "at_once")
    assert (kept.level, kept.owner) == (kept.first_level, kept.first_owner) == ("village", VILLAGE)
    assert (kept.village, kept.township, kept.grid) == (VILLAGE, TOWNSHIP, "")
    assert (kept.registered, kept.light) == (MORNING, "green")
    assert kept.first_due == kept.due == MORNING + timedelta(minutes=5)
    assert kept.next_instant == MORNING + timedelta(seconds=225)
    assert await acts(store, found.number) == ["opened", "register"]
    async with store.read() as connection:
        assert (await connection.execute(select(case_evidence.c.event_id))).scalars().all() == [3, 4]
        assert (await connection.execute(select(case_office.c.office))).scalars().all() == [VILLAGE]


async def test_a_second_opening_joins_the_open_case(store: Store) -> None:
    """R-CASE-02: and once that is closed, the next is a new case with a number of its own."""
    first = await opened(store, book(), opening(events=(1,)))
    again = await opened(store, book(), opening(events=(1, 2)), MORNING + HOUR)
    other = await opened(store, book(), opening("alarm/2"))
    assert again == Opened(first.number, False)
    assert other == Opened(f"{COUNTY}-20260603-0002", True)
    assert await acts(store, first.number) == ["opened", "register", "turned_yellow", "turned_red", "joined"]
    async with store.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(case_evidence))).scalar() == 2


async def test_numbers_count_the_days_of_the_county(store: Store) -> None:
    """R-CASE-03: the day of the county's zone, not of the machine or of UTC."""
    late = datetime(2026, 6, 3, 15, 59, tzinfo=UTC)
    assert (await opened(store, book(), opening("a"), late)).number == f"{COUNTY}-20260603-0001"
    assert (await opened(store, book(), opening("b"), late + timedelta(minutes=1))).number.endswith("20260604-0001")
    assert (await opened(store, book(), opening("c"), late)).number == f"{COUNTY}-20260603-0002"


async def test_a_transaction_that_fails_takes_no_number(store: Store) -> None:
    with pytest.raises(RuntimeError):
        async with store.write() as connection:
            await open_case(connection, book(), opening(), MORNING)
            raise RuntimeError
    assert (await opened(store, book())).number.endswith("-0001")


async def test_a_residents_report_waits_for_a_person_but_an_urgent_one_does_not(store: Store) -> None:
    waiting = await row(store, (await opened(store, book(), opening("request/1", origin="person"))).number)
    assert (waiting.stage, waiting.owner, waiting.light) == ("found", "", "none")
    assert waiting.next_instant == MORNING + 2 * HOUR
    urgent = await row(store, (await opened(store, book(), opening("sos/1", origin="person", urgent=True))).number)
    assert (urgent.stage, urgent.urgent) == ("filed", True)


async def test_what_a_person_opens_by_hand_is_hers(store: Store) -> None:
    of = book()
    desk = actor(of, "dispatcher", COUNTY)
    found = await opened(store, of, opening("hand/1", origin="person"), opener=desk)
    kept = await row(store, found.number)
    assert (kept.stage, kept.level, kept.owner) == ("filed", "county", COUNTY)
    elsewhere = actor(of, "village_clerk", f"{TOWNSHIP}201")
    kept = await row(store, (await opened(store, of, opening("hand/2", origin="person"), opener=elsewhere)).number)
    assert (kept.stage, kept.owner) == ("filed", VILLAGE)


async def test_a_day_old_alarm_is_history_without_a_light(store: Store) -> None:
    kept = await row(store, (await opened(store, book(), opening(happened=MORNING - DAY - HOUR))).number)
    assert (kept.history, kept.light, kept.first_due, kept.next_instant) == (True, "none", None, None)


async def test_texts_that_a_database_refuses_stop_nothing(store: Store) -> None:
    found = await opened(store, book(), opening(title="a\x00b" + "长" * 300, text="\ud800"))
    kept = await row(store, found.number)
    assert (kept.title, kept.text) == ("ab" + "长" * 198, "?")
    with pytest.raises(ValueError, match="key"):
        await opened(store, book(), opening("k" * 161))


def test_routes_follow_the_registry() -> None:
    """R-CASE-04: level by level in the country, town grids straight to the county, at least the county."""
    of = book([
        Camera(box=VILLAGE, device="cam-x", name="x", grid=GRID),
        Grid(code=f"{VILLAGE}999", name="街", village=VILLAGE, kind="town"),
        Camera(box=VILLAGE, device="cam-town", name="y", grid=f"{VILLAGE}999"),
    ])  # fmt: skip
    county = Office("county", COUNTY)
    country = (Office("village", VILLAGE), Office("township", TOWNSHIP), county)
    assert of.route(VILLAGE, "no-such", MORNING) == country
    assert of.route(VILLAGE, "cam-x", MORNING) == (Office("grid", GRID), *country)
    assert of.route(VILLAGE, "cam-town", MORNING) == (Office("grid", f"{VILLAGE}999"), county)
    assert of.route("999999999999", "cam-1", MORNING) == (county,)
    assert of.route("", "", MORNING, GRID) == (Office("grid", GRID), *country)
    assert of.route("", "", MORNING, TOWNSHIP) == country[1:]


@pytest.mark.postgres_only
async def test_the_index_itself_refuses_a_second_open_case(store: Store) -> None:
    """Two connections that know nothing of our lock: the second is refused, and after a rollback admitted."""
    import asyncpg

    await opened(store, book())
    found = await row(store, f"{COUNTY}-20260603-0001")
    names = ", ".join(f'"{name}"' for name in found._mapping if name != "number")
    copy = f"INSERT INTO cases (number, {names}) SELECT $1::text, {names} FROM cases WHERE number = $2::text"
    again = copy.replace("FROM", "FROM", 1)
    url = str(store.url.render_as_string(hide_password=False))
    one, two = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        await one.execute("UPDATE cases SET open = false")
        first = one.transaction()
        await first.start()
        await one.execute("UPDATE cases SET open = true")
        opener = asyncio.create_task(two.execute(again, "other", found.number))
        await asyncio.wait({opener}, timeout=0.2)
        await first.commit()
        await opener  # the copy says what the row said before: closed
        with pytest.raises(asyncpg.UniqueViolationError):
            await two.execute("UPDATE cases SET open = true WHERE number = 'other'")
    finally:
        await one.close()
        await two.close()


async def test_the_same_key_is_refused_to_a_plain_insert(store: Store) -> None:
    """R-CASE-02, by the database alone."""
    await opened(store, book())
    found = dict((await row(store, f"{COUNTY}-20260603-0001"))._mapping)
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await connection.execute(cases.insert().values(**found | {"number": "other"}))
    async with store.write() as connection:
        await connection.execute(cases.insert().values(**found | {"number": "other", "open": False}))


async def test_many_workers_open_one_case_for_each_matter(store: Store, database: str) -> None:
    """Four stores, two hundred openings of fifty matters in all orders: fifty cases, numbers without a hole."""
    url = store.url.render_as_string(hide_password=False)
    stores = [await open_store(url) for _ in range(4)]
    of = book()

    async def work(mine: Store, offset: int) -> None:
        for index in range(50):
            await opened(mine, of, opening(f"alarm/{(index * 7 + offset * 13) % 50}", events=(offset * 100 + index,)))

    await asyncio.gather(*(work(mine, offset) for offset, mine in enumerate(stores)))
    for mine in stores:
        await mine.close()
    async with store.read() as connection:
        numbers = list((await connection.execute(select(cases.c.number).order_by(cases.c.number))).scalars())
        ids = list((await connection.execute(select(case_entry.c.act).order_by(case_entry.c.id))).scalars())
        assert (await connection.execute(select(func.count()).select_from(case_evidence))).scalar() == 200
    assert numbers == [f"{COUNTY}-20260603-{serial:04}" for serial in range(1, 51)]
    assert (ids.count("opened"), ids.count("joined")) == (50, 150)


async def test_after_a_restore_no_number_comes_again(store: Store) -> None:
    """What was given out after the backup is on paper already."""
    before = await opened(store, book(), opening())
    async with store.write() as connection:
        await backup.skip_ahead(connection)
    after = await opened(store, book(), opening("alarm/2"))
    assert int(after.number[-4:]) == int(before.number[-4:]) + backup.SKIPPED_CASES + 1
