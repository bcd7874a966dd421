"""Figures over days and months: looks that count once, days of the county's own time zone, rankings that are fair."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from countyhub.overview import boxviews
from countyhub.rollup import figures, sampling
from countyhub.sight.scope import WHOLE
from countyhub.store.casetables import cases
from countyhub.store.rolluptables import box_day, box_hour
from simulators.county.build import COUNTY

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 20, 15, 58, tzinfo=UTC)
"""Two minutes before midnight in the county."""
pytestmark = pytest.mark.usefixtures("database")


async def rows(here, table):
    async with here.store.read() as connection:
        return [row._mapping for row in await connection.execute(select(table))]


async def test_a_look_counts_once_and_in_the_countys_day(here):
    box, every = here.boxes[0], [device for each, device in here.cameras if each == here.boxes[0]]
    assert await sampling.look(here.store, ZONE, NIGHT)
    assert not await sampling.look(here.store, ZONE, NIGHT + timedelta(seconds=30)), "another process, the same slot"
    await here.change_box(box, status="lost")
    assert await sampling.look(here.store, ZONE, NIGHT + sampling.EVERY)
    assert await sampling.look(here.store, ZONE, NIGHT + 2 * sampling.EVERY)
    found = {row["day"]: row for row in await rows(here, box_day) if row["box"] == box}
    assert [(day.day, row["looks"], row["online"]) for day, row in sorted(found.items())] == [(20, 1, 1), (21, 2, 0)]
    assert found[date(2026, 11, 20)]["cameras_online"] == len(every)
    assert (found[date(2026, 11, 21)]["cameras"], found[date(2026, 11, 21)]["cameras_online"]) == (2 * len(every), 0)
    hours = [row["looks"] for row in await rows(here, box_hour) if row["box"] == box]
    assert sorted(hours) == [1, 2]
    for waiting in (3, 9, 1):
        async with here.store.write() as connection:
            view = replace((await boxviews.boxes(connection))[0], waiting=waiting)
            await sampling._add(connection, box_day, "day", date(2026, 11, 21), [view])
    assert max(row["waiting"] for row in await rows(here, box_day)) == 9
    await sampling.look(here.store, ZONE, NIGHT + timedelta(days=20))
    assert {row["hour"] for row in await rows(here, box_hour)} == {(NIGHT + timedelta(days=20)).replace(minute=0)}
    assert len({row["day"] for row in await rows(here, box_day)}) == 3


async def end(here, number, closed, **given):
    values = {"open": False, "stage": "closed", "closed": closed, **given}
    async with here.store.write() as connection:
        await connection.execute(update(cases).where(cases.c.number == number).values(**values))


async def test_cases_count_on_the_countys_day_and_drills_never(here):
    first, second, drill = [await here.open(here.grids[0], key=f"hand/{each}") for each in range(3)]
    async with here.store.write() as connection:
        await connection.execute(update(cases).values(arrived=NIGHT, light="red"))
        await connection.execute(update(cases).where(cases.c.number == drill).values(drill=True))
    await end(here, first, NIGHT + timedelta(minutes=1), light="green")
    await end(here, second, NIGHT + timedelta(minutes=3))
    await end(here, drill, NIGHT)
    async with here.store.read() as connection:
        found = await figures.flow(connection, WHOLE, ZONE, date(2026, 11, 21), 3)
        nothing = await figures.flow(connection, here.book.scope_of(here.grids[-1], NIGHT), ZONE, date(2026, 11, 21), 3)
    assert [(each.day.day, dict(each.opened), each.closed, each.in_time) for each in found] == [
        (19, {}, 0, 0), (20, {"red": 1, "green": 1}, 1, 1), (21, {}, 1, 0),
    ]  # fmt: skip
    assert sum(each.closed + each.opened.total() for each in nothing) == 0


async def test_a_ranking_goes_by_every_limit_and_few_ratings_are_drawn_to_the_mean(here):
    """One township with one five is not better rated than the county's mean allows; voids are no work done."""
    numbers = [await here.open(here.grids[0], key=f"hand/{each}") for each in range(5)]
    for index, number in enumerate(numbers[:3]):
        light = "green" if index else "red"
        await end(here, number, NIGHT, light=light, score=4, returned=index, first_due=NIGHT - timedelta(days=9))
    await end(here, numbers[3], NIGHT, light="none", score=5, village="", township="", grid="")
    await end(here, numbers[4], NIGHT, stage="void")
    async with here.store.read() as connection:
        args = (connection, WHOLE, here.book.registry)
        found = await figures.ranking(*args, date(2026, 11, 3), date(2026, 11, 21))
        other = await figures.ranking(*args, date(2026, 10, 31), date(2026, 11, 21))
        foreign = here.book.scope_of(here.grids[-1], NIGHT)
        nothing = await figures.ranking(connection, foreign, here.book.registry, date(2026, 11, 3), date(2026, 11, 21))
    known, unknown = found
    assert (known.code, known.closed, known.limited, known.in_time, known.returned) == (f"{COUNTY}100", 3, 3, 2, 2)
    assert (known.ratings, known.mean) == (3, pytest.approx((12 + 10 * 4.25) / 13))
    assert (unknown.code, unknown.limited, unknown.share, unknown.ratings) == ("", 0, None, 1)
    assert unknown.mean == pytest.approx((5 + 10 * 4.25) / 11)
    assert (other, nothing) == ([], [])


async def test_months_go_back_over_the_year(here):
    assert [f"{each:%Y-%m}" for each in figures.months(date(2026, 2, 28), 3)] == ["2026-02", "2026-01", "2025-12"]
    await here.insert(box_day, day=date(2026, 1, 1), box="x", looks=1, online=1, waiting=0, cameras=2,
                      cameras_online=1, cameras_intact=1)  # fmt: skip
    async with here.store.read() as connection:
        assert (await figures.rates(connection, date(2026, 1, 1)))[date(2026, 1, 1), "x"].cameras_online == 1
        assert await figures.rates(connection, date(2026, 1, 2)) == {}
