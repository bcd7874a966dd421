"""The ledger of check-ins: each once, on the day of the county on which it happened, at a box of those days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from countyhub.rollup import checkins, ledger
from countyhub.rollup.ledger import Sums
from countyhub.sight.scope import NOTHING, WHOLE, Scope
from countyhub.store.checkintables import checkin
from countyhub.store.tables import event, stream
from gridwire.events import Alarm, Checkin

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 20, 15, 58, tzinfo=UTC)
"""Two minutes before midnight in the county."""
FIRST, SECOND = date(2026, 11, 20), date(2026, 11, 21)
pytestmark = pytest.mark.usefixtures("database")


def card(**given):
    return Checkin(method="card", person="p" * 64, key="k1", name="张三丰", **given)


async def filled(here):
    while await checkins.step(here.store, ZONE):
        pass


async def sums(here, scope=WHOLE, boxes=None):
    async with here.store.read() as connection:
        return await ledger.sums(connection, scope, FIRST, SECOND, boxes)


async def test_each_counts_once_on_its_day_and_drills_never(here, monkeypatch):
    monkeypatch.setattr(checkins, "PIECE", 2)
    box, other = here.boxes[:2]
    await here.event(box, card(slot="morning", verified=True), at=NIGHT)
    await here.event(box, card(slot="afternoon"), at=NIGHT + timedelta(minutes=3), delay=timedelta(hours=5))
    await here.event(box, card(slot="night"), at=NIGHT + timedelta(minutes=4))
    await here.event(box, card(drill=True), at=NIGHT)
    await here.event(other, Alarm(kind="fire", state="pulse"), at=NIGHT)
    await filled(here)
    assert not await checkins.step(here.store, ZONE)
    await here.event(other, card(), at=NIGHT)
    await filled(here)
    found = await sums(here)
    assert found == {
        (FIRST, box): Sums(1, 1, 0, 1, 0, 0),
        (SECOND, box): Sums(2, 0, 1, 0, 1, 0),
        (FIRST, other): Sums(1, 0, 0, 0, 0, 0),
    }
    assert (found[SECOND, box].outside, found[SECOND, box].unverified) == (1, 2)
    assert set(await sums(here, boxes=[other])) == {(FIRST, other)}


async def test_who_had_no_clock_moves_to_the_day_when_the_box_tells(here):
    box = here.boxes[0]
    wrong = datetime(2000, 1, 1, tzinfo=UTC)
    await here.event(box, card(), at=wrong, clock="unsynced", delay=NIGHT + timedelta(minutes=9) - wrong)
    await filled(here)
    assert await sums(here) == {(SECOND, box): Sums(1, 0, 0, 0, 0, 1)}
    booted = NIGHT - timedelta(milliseconds=12345)
    values = {"box": box, "stream": here.stream(box), "booted": booted, "first_seen": NIGHT, "last_seen": NIGHT}
    wanted = {column.name for column in stream.c}
    await here.insert(stream, **{name: value for name, value in values.items() if name in wanted})
    await filled(here)
    assert await sums(here) == {(FIRST, box): Sums(1, 0, 0, 0, 1, 0)}


async def test_a_day_is_read_in_pages_in_sight_alone_and_goes_with_its_events(here):
    mine, foreign = here.boxes[0], here.boxes[-1]
    for minute in (3, 1, 2):
        await here.event(mine, card(point=f"p{minute}"), at=NIGHT - timedelta(minutes=minute))
        await here.event(foreign, card(), at=NIGHT - timedelta(minutes=minute))
    await filled(here)
    village = Scope(villages=frozenset({here.book.registry.belongs(mine, NIGHT).village}))
    assert set(await sums(here, village)) == {(FIRST, mine)}
    assert await sums(here, NOTHING) == {}
    seen, after = [], None
    async with here.store.read() as connection:
        while page := await ledger.lines(connection, WHOLE, FIRST, None, 2, after):
            seen += page
            after = page[-1].place
        own = await ledger.lines(connection, village, FIRST, None, 10)
    assert [line.box for line in seen] == sorted([mine] * 3 + [foreign] * 3)
    assert [line.said.point for line in own] == ["p3", "p2", "p1"]
    async with here.store.write() as connection:
        await connection.execute(delete(event).where(event.c.box == mine))
    assert await checkins.forget(here.store) == 3
    async with here.store.read() as connection:
        left = (await connection.execute(select(checkin.c.box))).scalars().all()
    assert left == [foreign] * 3
