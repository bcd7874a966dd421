"""Cases that are over for long go as whole families; what is open stays with its evidence, and no number returns."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from countyhub.cases.acting import Acted, act, merge
from countyhub.cases.attaching import Attached, attach
from countyhub.cases.finding import one, timeline
from countyhub.config import RetentionSettings
from countyhub.lifecycle.state import Act
from countyhub.store import retention
from countyhub.store.casetables import attachment, case_entry, case_evidence, case_office, cases
from countyhub.store.engine import Store
from tests.casebooks import DAY, HOUR, MORNING, RUBBISH, book, opened, opening, people

POSTGRES_QUICK = True
OF = book()
CLERK = people(OF)["village_clerk"]
YEARS = timedelta(days=3660)
KEEPS = RetentionSettings(events_days=0)


async def case(store: Store, key: str, at: datetime = MORNING) -> str:
    wanted = opening(key, category=RUBBISH, events=(len(key), ord(key[0])), arrived=at, happened=at)
    return (await opened(store, OF, wanted, at)).number


async def settled(store: Store, number: str, at: datetime = MORNING + HOUR) -> None:
    assert isinstance(await act(store, OF, number, Act(name="settle", text="已清运"), CLERK, at), Acted)


async def pictured(store: Store, number: str) -> None:
    jpeg = b"\xff\xd8\xff\xe0" + number.encode() * 50 + b"\xff\xd9"
    assert isinstance(await attach(store, OF, number, "现场.jpg", jpeg, CLERK, MORNING), Attached)


async def left(store: Store) -> list[str]:
    async with store.read() as connection:
        return list((await connection.execute(select(cases.c.number).order_by(cases.c.number))).scalars())


async def rows(store: Store, number: str) -> list[int]:
    async with store.read() as connection:
        tables = (case_entry, case_evidence, case_office, attachment)
        queries = [select(func.count()).select_from(each).where(each.c.number == number) for each in tables]
        return [(await connection.execute(query)).scalar_one() for query in queries]


async def prune(store: Store, now: datetime, settings: RetentionSettings = KEEPS) -> dict[str, int]:
    """A look first; then it is done, and says the same."""
    looked = {each.kind: each.rows for each in await retention.prune(store, settings, now, dry_run=True)}
    done = {each.kind: each.rows for each in await retention.prune(store, settings, now)}
    assert looked == done
    return done


async def test_what_is_over_goes_with_all_its_parts_and_what_is_open_stays(store: Store) -> None:
    """R-CASE-15: open for years, or closed a day too late, it stays, with its evidence and pictures."""
    over, is_open, later, last = [await case(store, key) for key in "abcd"]
    for number in (over, is_open, later, last):
        await pictured(store, number)
    await settled(store, over)
    await settled(store, later, MORNING + DAY)
    kept = await rows(store, is_open)
    assert (await prune(store, MORNING + YEARS + 2 * HOUR))["cases"] == 1
    assert await left(store) == [is_open, later, last]
    assert await rows(store, over) == [0, 0, 0, 0]
    assert (await rows(store, is_open))[:3] == kept[:3]
    assert await left(store) == [is_open, later, last]


async def test_pictures_go_first_and_only_of_what_is_over(store: Store) -> None:
    """R-CASE-15: the timeline still says that they were there."""
    over, is_open, last = [await case(store, key) for key in "abc"]
    for number in (over, is_open, last):
        await pictured(store, number)
    await settled(store, over)
    done = await prune(store, MORNING + timedelta(days=1101))
    assert (done["attachments"], done["cases"]) == (1, 0)
    assert [(await rows(store, number))[3] for number in (over, is_open, last)] == [0, 1, 1]
    async with store.read() as connection:
        assert "attached" in [entry.act for entry in await timeline(connection, over)]


async def test_what_is_merged_goes_together_or_not_at_all(store: Store) -> None:
    """R-CASE-15: of a family one has been opened again by the resident."""
    parent, child, again, last = [await case(store, key) for key in "abcd"]
    for below in (child, again):
        assert isinstance(await merge(store, OF, parent, below, CLERK, MORNING), Acted)
    await settled(store, parent)
    assert (await prune(store, MORNING + 2 * YEARS))["cases"] == 0  # the newest line is of one of them
    assert isinstance(await act(store, OF, last, Act(name="note", text="x"), CLERK, MORNING), Acted)
    async with store.write() as connection:
        later = {"changed": MORNING + DAY}
        await connection.execute(cases.update().where(cases.c.number == again).values(**later))
    assert (await prune(store, MORNING + YEARS + 2 * HOUR))["cases"] == 0
    assert await left(store) == [parent, child, again, last]
    assert (await prune(store, MORNING + YEARS + 2 * DAY))["cases"] == 3
    assert await left(store) == [last]


async def test_no_number_is_given_out_again(store: Store) -> None:
    """R-CASE-03, R-CASE-15: neither of cases, though all of their day went, nor of lines by which others remember
    how far they are."""
    numbers = [await case(store, key) for key in "abc"]
    for number in numbers:
        await pictured(store, number)
        await settled(store, number)
    async with store.read() as connection:
        newest = [(await connection.execute(select(func.max(each.c.id)))).scalar() for each in (case_entry, attachment)]
    assert (await prune(store, MORNING + 2 * YEARS))["cases"] == 2
    fresh = await case(store, "d")
    await pictured(store, fresh)
    assert fresh.endswith("-0004")
    async with store.read() as connection:
        for table, before in zip((case_entry, attachment), newest, strict=True):
            mine = select(func.min(table.c.id)).where(table.c.number == fresh)
            assert (await connection.execute(mine)).scalar() > before
        assert await one(connection, numbers[0]) is None
